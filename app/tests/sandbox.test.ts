import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { openSandbox, type SandboxResult, type SandboxRun } from '../src/sandbox.ts';
import { type SandboxProcess, startSandbox } from './sandbox-world.ts';

jest.setTimeout(120_000);

let sandbox: SandboxProcess;

beforeAll(async () => {
  sandbox = await startSandbox();
});

afterAll(() => sandbox.remove());

const run = (code: string, more: Partial<SandboxRun> = {}): Promise<SandboxResult> =>
  openSandbox(sandbox.url).run({ workspace: 'one', language: 'sh', code, ...more });
const post = (body: unknown, path = '/runs', method = 'POST') =>
  fetch(`${sandbox.url}${path}`, {
    method,
    ...(method === 'POST' ? { body: typeof body === 'string' ? body : JSON.stringify(body) } : {}),
  });

test('code gets its input and files, and gives output, an exit code and files back', async () => {
  const result = await run(
    'cat; cat in/data.bin | wc -c >out.txt; echo oh >&2; mkdir -p made; cp in/data.bin made/copy; exit 3',
    {
      stdin: 'hello',
      files: { 'in/data.bin': Buffer.from([0, 255, 10, 0]) },
      collect: ['out.txt', 'made', 'absent'],
    },
  );
  expect(result).toMatchObject({ exitCode: 3, signal: undefined, timedOut: false, stdout: 'hello', stderr: 'oh\n' });
  expect(
    Buffer.from(result.files['out.txt'] ?? [])
      .toString()
      .trim(),
  ).toBe('4');
  expect([...(result.files['made/copy'] ?? [])]).toEqual([0, 255, 10, 0]);
  expect(result.omitted).toEqual([{ path: 'absent', why: 'there is none' }]);
});

test('JavaScript runs, and sees no variable of the server', async () => {
  const result = await run('console.log(Object.keys(process.env).sort().join())', { language: 'javascript' });
  expect(result.stdout).toBe('HOME,LANG,PATH,PWD,SANDBOX_RUN,TMPDIR\n');
});

test('a workspace stays from run to run, and is its own', async () => {
  await run('echo kept >file', { workspace: 'two' });
  expect((await run('cat file', { workspace: 'two' })).stdout).toBe('kept\n');
  expect((await run('ls', { workspace: 'three' })).stdout).toBe('');
});

test('what ignores SIGTERM ends at its time, with all that it started in other sessions', async () => {
  const flight =
    'trap "" TERM HUP; setsid sh -c "trap \\"\\" TERM HUP; (setsid sleep 7654 &) ; sleep 7654" & (sleep 7654 &) ; env -i setsid sleep 7654 & sleep 7654';
  const result = await run(flight, { timeoutSeconds: 1 });
  expect(result).toMatchObject({ timedOut: true, exitCode: undefined, signal: 'SIGKILL' });
  expect(sleepers('7654')).toEqual([]);
});

test('what a run leaves behind does not hold the answer back, and is ended', async () => {
  const result = await run('setsid sleep 8765 & echo done');
  expect(result).toMatchObject({ exitCode: 0, stdout: 'done\n', timedOut: false });
  expect(sleepers('8765')).toEqual([]);
});

/** The processes that sleep so many seconds. */
function sleepers(seconds: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `sleep\0${seconds}\0`;
      } catch {
        return false;
      }
    });
}

test('endless output is cut where it was asked, and the run goes on to its end', async () => {
  const result = await run('yes | head -c 5000000; yes x | head -c 70 >&2; exit 4', { outputBytes: 1_000 });
  expect(result.stdout).toHaveLength(1_000);
  expect(result).toMatchObject({ exitCode: 4, truncated: { stdout: true, stderr: false } });
});

test('links lead nowhere: neither what is written nor what comes back', async () => {
  const outside = join(sandbox.root, '..', `outside-${process.pid}`);
  mkdirSync(outside, { recursive: true });
  writeFileSync(join(outside, 'secret'), 'not yours');
  mkdirSync(join(sandbox.root, 'links'), { recursive: true });
  symlinkSync(outside, join(sandbox.root, 'links', 'away'));
  symlinkSync(join(outside, 'secret'), join(sandbox.root, 'links', 'file'));
  const read = await run('true', { workspace: 'links', collect: ['file', 'away', 'away/secret'] });
  expect(read.files).toEqual({});
  expect(read.omitted.map(({ path }) => path)).toEqual(['file', 'away', 'away/secret']);
  for (const path of ['file', 'away/secret', 'away/new/deep'])
    await expect(run('true', { workspace: 'links', files: { [path]: Buffer.from('x') } })).rejects.toThrow(path);
  expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('not yours');
  expect(readdirSync(outside)).toEqual(['secret']);
  execFileSync('rm', ['-r', outside]);
});

test('a pipe or a device that a run made holds nothing up', async () => {
  const result = await run('mkfifo pipe; mkdir -p d; mkfifo d/other', { workspace: 'pipes', collect: ['pipe', 'd'] });
  expect(result.omitted.map(({ why }) => why)).toEqual(Array(2).fill('it is neither a file nor a folder'));
  await expect(run('true', { workspace: 'pipes', files: { pipe: Buffer.from('x') } })).rejects.toThrow('pipe');
});

test('what comes back is limited', async () => {
  const big = await run(
    'head -c 9000000 /dev/zero >big; for i in $(seq 120); do echo $i >f$i; done; mkdir many; mv f* many',
    {
      workspace: 'big',
      collect: ['big', 'many'],
    },
  );
  expect(big.omitted[0]).toMatchObject({ path: 'big', why: expect.stringContaining('9000000 bytes') });
  expect(Object.keys(big.files)).toHaveLength(100);
  expect(big.omitted.at(-1)?.why).toBe('more than 100 files');
});

const refused: [string, unknown, number, string][] = [
  ['no JSON', '{', 400, 'the body is not JSON'],
  ['no workspace', { language: 'sh', code: '' }, 400, 'workspace is not a name'],
  ['a workspace that leads elsewhere', { workspace: '../x', language: 'sh', code: '' }, 400, 'workspace is not a name'],
  [
    'an unknown language',
    { workspace: 'a', language: 'cobol', code: '' },
    400,
    'language is none of bash, javascript, python, sh',
  ],
  ['a language of the prototype', { workspace: 'a', language: 'constructor', code: '' }, 400, 'language is none of'],
  ['two ways at once', { workspace: 'a', command: ['ls'], code: '' }, 400, 'not both'],
  [
    'a path that leaves',
    { workspace: 'a', command: ['ls'], collect: ['../one/file'] },
    400,
    'is not a path inside the workspace',
  ],
  [
    'an absolute path',
    { workspace: 'a', command: ['ls'], files: { '/etc/x': '' } },
    400,
    'is not a path inside the workspace',
  ],
  [
    'too long a time',
    { workspace: 'a', command: ['ls'], timeoutSeconds: 301 },
    400,
    'timeoutSeconds is not a whole number from 1 to 300',
  ],
  ['a key that is not known', { workspace: 'a', command: ['ls'], root: true }, 400, 'root is not known'],
  [
    'too many files',
    {
      workspace: 'a',
      command: ['ls'],
      files: Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`f${at}`, ''])),
    },
    413,
    '101 files are more than 100',
  ],
  ['too large a body', `"${'x'.repeat(17 * 1024 * 1024)}"`, 413, 'the body has more than 16777216 bytes'],
];

test.each(refused)('%s is refused with a sentence', async (_name, body, status, sentence) => {
  const answer = await post(body);
  expect([answer.status, (await answer.json()) as object]).toEqual([
    status,
    { error: expect.stringContaining(sentence) },
  ]);
});

test('a program that is not there is exit code 127, not a failure of the sandbox', async () => {
  const answer = await post({ workspace: 'one', command: ['no-such-program'] });
  expect(await answer.json()).toMatchObject({ exitCode: 127 });
});

test('runs take turns; past eight that wait, one is refused, and the bot is told that it may ask again', async () => {
  const all = Array.from({ length: 12 }, (_, at) =>
    run(`echo ${at} >>order; sleep ${at === 0 ? 3 : 0}; tail -n 1 order`, { workspace: 'turns' }).then(
      ({ stdout }) => stdout.trim() === String(at),
      (error: { isBusy?: boolean }) => (error.isBusy === true ? 'busy' : error),
    ),
  );
  const ended = await Promise.all(all);
  expect(ended.filter((one) => one !== true && one !== 'busy')).toEqual([]);
  expect(ended.filter((one) => one === true)).toHaveLength(9);
  expect(ended.filter((one) => one === 'busy')).toHaveLength(3);
});

test('a bot that goes away ends its run', async () => {
  const gone = AbortSignal.timeout(700);
  await expect(
    openSandbox(sandbox.url).run({ workspace: 'gone', language: 'sh', code: 'sleep 9876' }, gone),
  ).rejects.toThrow();
  expect((await run('echo next')).stdout).toBe('next\n');
  expect(sleepers('9876')).toEqual([]);
});

test('a workspace is full: refused with the way out, which works', async () => {
  const small = await startSandbox({ SANDBOX_WORKSPACE_BYTES: '100000' });
  const client = openSandbox(small.url);
  const wanted = { workspace: 'full', language: 'sh' as const, code: 'head -c 200000 /dev/zero >big' };
  await client.run(wanted);
  await expect(client.run(wanted)).rejects.toThrow('DELETE /workspaces/full');
  expect((await fetch(`${small.url}/workspaces/full`, { method: 'DELETE' })).status).toBe(200);
  await client.run(wanted);
  await small.remove();
});

test('folders deeper than a path may be long, and folders without rights, are measured, used and removed', async () => {
  const deep =
    'for (let i = 0; i < 200; i++) { require("fs").mkdirSync("d".repeat(50)); process.chdir("d".repeat(50)); }';
  const one = await startSandbox();
  const client = openSandbox(one.url);
  await client.run({ workspace: 'deep', language: 'javascript', code: deep });
  await client.run({ workspace: 'deep', language: 'sh', code: 'mkdir -p a/b; chmod 000 a' });
  expect((await client.run({ workspace: 'deep', language: 'sh', code: 'echo used' })).stdout).toBe('used\n');
  await client.run({ workspace: 'next', language: 'sh', code: ':' });
  for (const name of ['deep', 'next']) utimesSync(join(one.root, name), 1, 1);
  await one.end('SIGKILL');
  const swept = await startSandbox({ SANDBOX_SWEEP_SECONDS: '1' }, one.root);
  for (const limit = Date.now() + 20_000; readdirSync(one.root).length > 0 && Date.now() < limit; )
    await new Promise((resolve) => setTimeout(resolve, 100));
  expect(readdirSync(one.root)).toEqual([]);
  await swept.remove();
});

test('a file that is called __proto__ comes back', async () => {
  const { files } = await run('echo x >__proto__', { collect: ['__proto__'] });
  expect(Object.keys(files)).toEqual(['__proto__']);
});

test('kill -9 in the middle of a run: the next server has the workspace', async () => {
  const first = await startSandbox();
  await openSandbox(first.url).run({ workspace: 'kept', language: 'sh', code: 'echo here >file' });
  const cut = openSandbox(first.url).run({ workspace: 'kept', language: 'sh', code: 'sleep 5' });
  const failed = expect(cut).rejects.toThrow('does not answer');
  await new Promise((resolve) => setTimeout(resolve, 500));
  await first.end('SIGKILL');
  await failed;
  const second = await startSandbox({}, first.root);
  expect((await openSandbox(second.url).run({ workspace: 'kept', language: 'sh', code: 'cat file' })).stdout).toBe(
    'here\n',
  );
  await second.remove();
});

test('SIGTERM ends it with 0', async () => {
  const one = await startSandbox();
  expect(await one.end('SIGTERM')).toBe(0);
  expect(one.lines.at(-1)).toContain('stopping on SIGTERM');
  await one.remove();
});

test('a workspace that no one used is removed; what is used, and what is not ours, stays', async () => {
  const { root } = sandbox;
  const old = (name: string, days: number): void => {
    mkdirSync(join(root, name), { recursive: true });
    writeFileSync(join(root, name, 'file'), '');
    const time = new Date(Date.now() - days * 86_400_000);
    utimesSync(join(root, name), time, time);
  };
  old('stale', 8);
  old('fresh', 6);
  old('future', -900);
  old('lost+found', 30);
  const swept = await startSandbox({ SANDBOX_SWEEP_SECONDS: '1' }, root);
  const said = () => swept.lines.join('\n').includes('removed the workspace stale');
  for (const limit = Date.now() + 20_000; !said() && Date.now() < limit; )
    await new Promise((resolve) => setTimeout(resolve, 100));
  expect(['stale', 'fresh', 'future', 'lost+found'].map((name) => existsSync(join(root, name)))).toEqual([
    false,
    true,
    true,
    true,
  ]);
  expect(said()).toBe(true);
  await swept.end('SIGTERM');
});

test('the example of docs/sandbox.md, from the side of the bot', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/sandbox.md'), 'utf8');
  const [, asked = '', answered = ''] = /```json\n(.*?)\n```\n.*?```json\n(.*?)\n```/s.exec(text) ?? [];
  const printed = execFileSync(process.execPath, ['src/run.ts'], {
    cwd: join(import.meta.dirname, '..'),
    input: asked,
    env: { PATH: process.env['PATH'], SANDBOX_URL: sandbox.url },
    encoding: 'utf8',
  });
  const { durationMs: _time, ...result } = JSON.parse(printed) as Record<string, unknown>;
  expect(result).toEqual(JSON.parse(answered));
});
