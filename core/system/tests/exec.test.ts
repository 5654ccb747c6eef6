import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CommandError, createExec, type ExecOptions } from '#core/system/exec.ts';

const exec = createExec(process.env);
/** Runs a script in a Node of its own; `args` are its `process.argv` from the second on. */
const node = (script: string, options: ExecOptions = {}, ...args: string[]) =>
  exec([process.execPath, '-e', script, ...args], options);

async function failure(run: Promise<unknown>): Promise<CommandError> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof CommandError) return error;
  throw new Error(`expected a CommandError, got ${inspect(error)}`);
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-exec-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('secrets', () => {
  const secrets = ['hunter2', ''];
  /** Everything that a log or a debugger could show of an error. */
  const shown = (error: CommandError) => [error.message, error.stderr, error.argv.join(' '), inspect(error)].join('\n');

  test('are hidden in the argument vector, each time', async () => {
    const error = await failure(node('process.exit(3)', { secrets }, 'user:hunter2@host', 'hunter2hunter2'));
    expect(error.argv.slice(-2)).toEqual(['user:***@host', '******']);
    expect(error.message).toContain('user:***@host ****** exited with code 3');
    expect(shown(error)).not.toContain('hunter2');
  });

  test('are hidden in what was printed to standard error, on every line', async () => {
    const error = await failure(node('console.error("a hunter2\\nb hunter2 hunter2"); process.exit(1)', { secrets }));
    expect(error.stderr).toBe('a ***\nb *** ***\n');
  });

  test('are hidden in standard output where an error shows it, because standard error is empty', async () => {
    const error = await failure(node('console.log("denied for hunter2"); process.exit(1)', { secrets }));
    expect(error.message).toMatch(/exited with code 1\ndenied for \*\*\*$/);
    expect(error.stderr).toBe('denied for ***\n');
  });

  test('are hidden in the standard error of a success, and stay in the output that the caller asked for', async () => {
    const result = await node('console.log("hunter2"); console.error("hunter2")', { secrets });
    expect(result.stderr).toBe('***\n');
    expect(result.stdout.toString('utf8')).toBe('hunter2\n');
  });

  test('of which one begins another are both hidden whole, in any order', async () => {
    for (const both of [
      ['abc', 'abc-def'],
      ['abc-def', 'abc'],
    ]) {
      const error = await failure(node('console.error("abc-def abc"); process.exit(1)', { secrets: both }));
      expect(error.stderr).toBe('*** ***\n');
    }
  });

  test('that are empty hide nothing', async () => {
    const error = await failure(node('console.error("plain"); process.exit(1)', { secrets: ['', ''] }));
    expect(error.stderr).toBe('plain\n');
  });

  test('are hidden where the program cannot be started, in the cause too', async () => {
    const error = await failure(exec(['no-such-program-hunter2', '--token=hunter2'], { secrets }));
    expect(error.argv).toEqual(['no-such-program-***', '--token=***']);
    expect(shown(error)).not.toContain('hunter2');
  });
});

describe('credentials of a URL', () => {
  const url = 'https://name:hunter2@host/path';
  const everything = (error: CommandError) =>
    [error.message, error.stderr, error.argv.join(' '), inspect(error)].join();

  test.each([
    ['in an argument', () => node('process.exit(1)', {}, url)],
    ['in standard error', () => node(`console.error("no access to ${url}"); process.exit(1)`)],
    ['in standard output that an error shows', () => node(`console.log("no access to ${url}"); process.exit(1)`)],
    ['of a program that cannot be started', () => exec(['no-such-program', url])],
    ['in a folder that is not there', () => node('', { cwd: `/missing/${url}` })],
  ])('are hidden without being told: %s', async (_where, run) => {
    const error = await failure(run());
    expect(everything(error)).not.toContain('hunter2');
    expect(everything(error)).toContain('https://***@host/path');
  });

  test('are hidden in the standard error of a success, and stay in the output that the caller asked for', async () => {
    const result = await node(`console.log("${url}"); console.error("${url}")`);
    expect([result.stderr, result.stdout.toString('utf8')]).toEqual(['https://***@host/path\n', `${url}\n`]);
  });
});

describe('a program that cannot be started', () => {
  test('is named, with the place where it was looked for', async () => {
    const error = await failure(exec(['no-such-program', 'x']));
    expect(error.message).toBe('no-such-program x could not be started: not found on PATH');
    expect(error.code).toBeUndefined();
    expect(error.cause).toMatchObject({ message: 'spawn no-such-program ENOENT' });
  });

  test('because its folder is missing says so', async () => {
    const cwd = join(folder, 'missing');
    expect((await failure(node('', { cwd }))).message).toContain(`could not be started: there is no folder ${cwd}`);
  });

  test('because it may not be executed is not called missing', async () => {
    expect((await failure(exec([folder]))).message).toBe(`${folder} could not be started`);
  });
});

describe('time', () => {
  const wait = 'setTimeout(() => {}, 60_000);';

  test('that is up ends the program by SIGTERM', async () => {
    const error = await failure(node(wait, { timeoutMs: 300 }));
    expect(error.message).toMatch(/ran longer than 300 ms and was ended by SIGTERM$/);
    expect(error.code).toBeUndefined();
  });

  test('that is up ends one that does not listen by SIGKILL, after the grace', async () => {
    const began = performance.now();
    const deaf = `process.on('SIGTERM', () => console.error('no')); ${wait}`;
    const error = await failure(node(deaf, { timeoutMs: 1_500, graceMs: 500 }));
    expect(error.message).toMatch(/ran longer than 1500 ms and was ended by SIGKILL\nno$/);
    expect(performance.now() - began).toBeGreaterThan(1_990);
  });

  test('that is up leaves a program the grace in which it can end by itself', async () => {
    const tidy = `process.on('SIGTERM', () => { console.error('tidied'); process.exit(7); }); ${wait}`;
    const error = await failure(node(tidy, { timeoutMs: 1_500 }));
    expect(error.message).toMatch(/ran longer than 1500 ms and exited with code 7\ntidied$/);
    expect(error.code).toBe(7);
  });

  test('that is not up is not spent, and a signal from elsewhere is told apart', async () => {
    expect((await node('', { timeoutMs: 60_000 })).code).toBe(0);
    const error = await failure(node('process.kill(process.pid, "SIGINT")', { timeoutMs: 60_000 }));
    expect(error.message).toMatch(/\) was ended by SIGINT$/);
    expect(error.message).not.toContain('ran longer');
  });
});

describe('input', () => {
  const cat = 'process.stdin.pipe(process.stdout)';
  const large = Buffer.alloc(1_000_000, 'x');

  test.each([
    ['text', 'grüße\n', Buffer.from('grüße\n')],
    ['bytes', new Uint8Array([0, 255, 10]), Buffer.from([0, 255, 10])],
    ['more than a pipe holds', large, large],
  ])('arrives: %s', async (_name, input, bytes) => {
    expect((await node(cat, { input })).stdout.equals(bytes)).toBe(true);
  });

  test('is closed where there is none', async () => {
    expect((await node(cat)).stdout).toHaveLength(0);
  });

  test('that is not read does no harm', async () => {
    expect((await node('process.exit(0)', { input: large })).code).toBe(0);
  });
});

describe('output through a file', () => {
  const through = () => ({ through: join(folder, 'output') });

  test('is every byte that was printed, and the file is gone', async () => {
    const { stdout } = await node('process.stdout.write(Buffer.from([0, 255, 10, 128]))', through());
    expect([...stdout]).toEqual([0, 255, 10, 128]);
    expect(readdirSync(folder)).not.toContain('output');
  });

  test('leaves no file behind a program that fails', async () => {
    const error = await failure(node('console.log("half"); console.error("why"); process.exit(3)', through()));
    expect(error).toMatchObject({ code: 3, stderr: 'why\n' });
    expect(readdirSync(folder)).not.toContain('output');
  });

  test('never goes into a file that is there', async () => {
    const taken = join(folder, 'taken');
    writeFileSync(taken, 'mine');
    await expect(node('console.log("other")', { through: taken })).rejects.toThrow('EEXIST');
    expect(readFileSync(taken, 'utf8')).toBe('mine');
  });
});

describe('exit codes', () => {
  test('other than 0 are failures unless they are accepted', async () => {
    expect((await failure(node('process.exit(2)'))).code).toBe(2);
    expect((await node('process.exit(2)', { accept: [0, 2] })).code).toBe(2);
    expect((await failure(node('process.exit(3)', { accept: [0, 2] }))).code).toBe(3);
    expect((await failure(node('', { accept: [2] }))).code).toBe(0);
    expect((await node('process.exit(99)', { accept: 'any' })).code).toBe(99);
  });

  test('"any" does not accept an end by a signal', async () => {
    const error = await failure(node('process.kill(process.pid, "SIGTERM")', { accept: 'any' }));
    expect(error.message).toMatch(/was ended by SIGTERM$/);
  });

  test('come with the last twelve lines of what was printed', async () => {
    const script = 'for (let i = 1; i <= 20; i++) console.error("line " + i); process.exit(1)';
    const error = await failure(node(script));
    expect(error.message.split('\n').slice(1)).toEqual(Array.from({ length: 12 }, (_, index) => `line ${index + 9}`));
    expect(error.stderr).toContain('line 1\n');
  });
});

describe('lines', () => {
  /** Writes the hexadecimal pieces one after the other, with a pause that makes each a chunk of its own. */
  const drip =
    'const [name, ...pieces] = process.argv.slice(1); const next = () => { const piece = pieces.shift();' +
    'if (piece !== undefined) process[name].write(Buffer.from(piece, "hex"), () => setTimeout(next, 100)); }; next()';
  const hex = (text: string) => Buffer.from(text, 'utf8').toString('hex');

  async function lines(stream: 'stdout' | 'stderr', ...pieces: string[]): Promise<string[]> {
    const seen: string[] = [];
    await node(drip, { onLine: (line) => void seen.push(line) }, stream, ...pieces);
    return seen;
  }

  test.each(['stdout', 'stderr'] as const)('of %s come whole, wherever the chunks end', async (stream) => {
    expect(await lines(stream, hex('one li'), hex('ne\ntwo\nthr'), hex('ee\n'))).toEqual(['one line', 'two', 'three']);
  });

  test('keep a character whose bytes come in two chunks', async () => {
    const [text, cut] = [hex('a€😀b\n'), 4]; // two bytes of the euro sign's three
    expect(await lines('stdout', text.slice(0, cut), text.slice(cut, 14), text.slice(14))).toEqual(['a€😀b']);
  });

  test('lose their carriage return, and the last one needs no end', async () => {
    expect(await lines('stdout', hex('a\r\n\r'), hex('\nrest'))).toEqual(['a', '', 'rest']);
  });

  test('show an unfinished character at the end as such', async () => {
    expect(await lines('stdout', hex('a€').slice(0, -2))).toEqual(['a\ufffd']);
  });
});

describe('the environment', () => {
  const print = 'console.log(JSON.stringify([process.env.A, process.env.B, process.env.C]))';
  const read = async (run: ReturnType<typeof exec>) => JSON.parse((await run).stdout.toString('utf8')) as unknown;
  const bare = createExec({ A: '1', B: undefined });
  const argv = [process.execPath, '-e', print] as const;

  test('is what the exec was made with, and nothing of this process', async () => {
    process.env['C'] = 'of this process';
    try {
      expect(await read(bare(argv))).toEqual(['1', null, null]);
    } finally {
      delete process.env['C'];
    }
  });

  test('is added to, or replaced', async () => {
    expect(await read(bare(argv, { extraEnv: { B: '2' } }))).toEqual(['1', '2', null]);
    expect(await read(bare(argv, { env: { B: '3' }, extraEnv: { C: '4' } }))).toEqual([null, '3', '4']);
  });
});

test('words reach the program as they are: there is no shell', async () => {
  const words = ['$(touch pwned)', '`id`', 'a b', '"', "'", '*', '; exit 9', ''];
  const { stdout } = await node('console.log(JSON.stringify(process.argv.slice(1)))', { cwd: folder }, '--', ...words);
  expect(JSON.parse(stdout.toString('utf8'))).toEqual(words);
});
