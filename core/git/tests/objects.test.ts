import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Objects, openObjects } from '#core/git/objects.ts';
import type { RunGit } from '#core/git/remote.ts';
import { createExec } from '#core/system/exec.ts';
import { git, gitEnv } from '#tests/support/repositories.ts';

let dir = '';
const exec = createExec(gitEnv);
const run: RunGit = (args, options) => exec(['git', '-C', dir, ...args], options);
const open = (): Objects =>
  openObjects(run, (args, options) => run(args, { ...options, through: join(dir, `out-${Math.random()}`) }));
const write = (input: string | Buffer): string =>
  execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: dir, input, encoding: 'utf8' }).trim();

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-objects-'));
  git(dir, 'init', '--quiet', '--bare', '.');
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** The processes that read objects of our folder. */
function readers(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${dir}\0cat-file`);
      } catch {
        return false; // it ended
      }
    });
}

test('answers come in the order of the questions, whatever their size, from questions that overlap', async () => {
  const objects = open();
  const contents = [
    '',
    'x',
    '\n',
    'f477f724 blob 3\n',
    'y'.repeat(300_000),
    Buffer.from([0, 10, 255]).toString('latin1'),
    'z',
  ];
  const oids = contents.map(write);
  const absent = '0'.repeat(40);
  const asked = await Promise.all(
    Array.from({ length: 40 }, (_, at) => objects.read([oids[at % 7] ?? '', absent, oids[(at + 3) % 7] ?? ''])),
  );
  for (const [at, [first, none, second]] of asked.entries()) {
    expect(first?.bytes.toString()).toBe(Buffer.from(contents[at % 7] ?? '').toString());
    expect(none).toBeUndefined();
    expect(second?.bytes.toString()).toBe(Buffer.from(contents[(at + 3) % 7] ?? '').toString());
  }
  expect(readers()).toHaveLength(1);
  await objects.close();
  expect(readers()).toEqual([]);
});

test('many names get a process of their own, and the same answers', async () => {
  const objects = open();
  const oids = Array.from({ length: 500 }, (_, at) => (at % 5 === 0 ? '1'.repeat(40) : write(`content ${at}`)));
  const found = await objects.read(oids);
  expect(found.map((object) => object?.bytes.toString())).toEqual(
    oids.map((_oid, at) => (at % 5 === 0 ? undefined : `content ${at}`)),
  );
  expect(readers()).toEqual([]);
});

test('an object that comes later is found, in a pack too', async () => {
  const objects = open();
  const content = `later ${Date.now()}`;
  const oid = execFileSync('git', ['hash-object', '--stdin'], { cwd: dir, input: content, encoding: 'utf8' }).trim();
  expect(await objects.read([oid])).toEqual([undefined]);
  write(content);
  execFileSync('git', ['pack-objects', '-q', join(dir, 'objects/pack/pack')], { cwd: dir, input: oid });
  rmSync(join(dir, 'objects', oid.slice(0, 2), oid.slice(2)), { force: true });
  expect((await objects.read([oid]))[0]?.bytes.toString()).toBe(content);
  await objects.close();
});

test('a process that is killed: who waits hears of it, and the next question starts another one', async () => {
  const objects = open();
  const oid = write('still here');
  await objects.read([oid]);
  const [pid = 0] = readers();
  process.kill(pid, 'SIGSTOP');
  const waiting = objects.read([oid]);
  process.kill(pid, 'SIGKILL');
  await expect(waiting).rejects.toThrow('was ended by SIGKILL');
  expect((await objects.read([oid]))[0]?.bytes.toString()).toBe('still here');
  await objects.close();
  await objects.close();
});

test('it does not keep a program from ending that forgot to close it, and ends with it', () => {
  const oid = write('a word');
  const script = `
    import { openObjects } from '${new URL('../objects.ts', import.meta.url).pathname}';
    import { createExec } from '${new URL('../../system/exec.ts', import.meta.url).pathname}';
    const exec = createExec(process.env);
    const run = (args, options) => exec(['git', '-C', ${JSON.stringify(dir)}, ...args], options);
    const objects = openObjects(run, run);
    for (let time = 0; time < 3; time++) {
      const [object] = await objects.read(['${oid}']);
      console.log(object.bytes.toString());
      await new Promise((resolve) => setTimeout(resolve, 20));
    }`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(printed).toBe('a word\na word\na word\n');
  const until = Date.now() + 5_000;
  while (readers().length > 0 && Date.now() < until);
  expect(readers()).toEqual([]);
});
