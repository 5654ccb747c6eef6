import { writeFileSync } from 'node:fs';
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

const run = (code: string, more: Partial<SandboxRun>): Promise<SandboxResult> =>
  openSandbox(sandbox.url).run({ workspace: 'one', language: 'sh', code, ...more });

test('code finds the files that came with it, and is gone afterwards', async () => {
  const files = { 'helper.js': Buffer.from('module.exports = "helped"') };
  const code = "console.log(require('./helper.js'))";
  expect((await run(code, { language: 'javascript', files, workspace: 'helped' })).stdout).toBe('helped\n');
  expect((await run('ls -A | grep -c main', { workspace: 'helped' })).stdout).toBe('1\n'); // its own
});

test('of a folder with very many files some come back, and the output is not lost', async () => {
  const code = 'echo made; mkdir -p many; cd many; seq 12000 | xargs touch';
  const { stdout, files, omitted } = await run(code, { collect: ['many'], workspace: 'many', timeoutSeconds: 60 });
  expect([stdout, Object.keys(files).length, omitted.length]).toEqual(['made\n', 100, 1]);
  const folders = 'mkdir -p deep; cd deep; seq 12000 | xargs mkdir';
  const empty = await run(folders, { collect: ['deep'], workspace: 'deep', timeoutSeconds: 60 });
  expect(empty.omitted).toEqual([{ path: expect.any(String), why: 'more than 10000 files and folders' }]);
});

test('a file where a workspace should be is refused with the way out, which works', async () => {
  writeFileSync(join(sandbox.root, 'taken'), 'x');
  await expect(run('true', { workspace: 'taken' })).rejects.toThrow('is not a folder: delete it');
  expect((await fetch(`${sandbox.url}/workspaces/taken`, { method: 'DELETE' })).status).toBe(200);
  expect((await run('echo free', { workspace: 'taken' })).stdout).toBe('free\n');
});
