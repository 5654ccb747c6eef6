import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readOriginUrl } from '#core/git/checkout.ts';
import { readClone } from '#core/git/clone.ts';
import { openSourceTree } from '#core/source/source-tree.ts';
import { createExec } from '#core/system/exec.ts';
import { commitFiles, git, gitEnv, openRepositories } from '#tests/support/repositories.ts';

let root: string;
let clone: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slipway-checkout-'));
  clone = join(root, 'a clone');
  openRepositories(join(root, 'remote.git'), clone);
  commitFiles(clone, { 'a.txt': 'a\n' }, 'first');
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Types the command that a message ends with, with a home of its own. */
function type(message: string, env: Record<string, string | undefined>): void {
  const command = /git (?:config|-C) .*$/.exec(message)?.[0] ?? '';
  expect(command).not.toBe('');
  execFileSync('sh', ['-c', command], { env: env as NodeJS.ProcessEnv, stdio: 'ignore' });
}

const reading: [string, (exec: ReturnType<typeof createExec>, folder: string) => Promise<unknown>][] = [
  ['a step that writes', (exec, folder) => readOriginUrl(exec, folder)],
  ['a build', (exec, folder) => openSourceTree(exec, folder)],
  ['a person at a terminal', (exec, folder) => readClone(exec, folder, {})],
];

describe.each(reading)('%s', (_who, read) => {
  test('in a checkout of another user is told so, and the line that is told helps', async () => {
    // git's own switch for tests: the folder counts as another user's
    const env = {
      PATH: process.env['PATH'],
      HOME: root,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TEST_ASSUME_DIFFERENT_OWNER: '1',
    };
    const message = await read(createExec(env), clone).then(() => '', String);
    expect(message).toContain(`git does not read ${clone}, which belongs to another user of this machine`);
    expect(message).not.toContain('is not a git checkout');
    type(message, env);
    await expect(read(createExec(env), clone)).resolves.toBeDefined();
  });

  test('in a folder without a repository is told to check it out where git is', async () => {
    mkdirSync(join(root, 'files'));
    const exec = createExec({ ...gitEnv, GIT_CEILING_DIRECTORIES: root });
    await expect(read(exec, join(root, 'files'))).rejects.toThrow(
      /files is not a git checkout: .*where git is installed/,
    );
  });

  test.each<[string, () => void, RegExp]>([
    ['a broken setting', () => appendFileSync(join(clone, '.git/config'), '[broken\n'), /bad config line \d+ in file/],
    [
      'a repository that is newer than git',
      () => git(clone, 'config', 'core.repositoryformatversion', '7'),
      /version <= 1, found 7/,
    ],
    [
      'a work tree whose repository is elsewhere',
      () => {
        rmSync(join(clone, '.git'), { recursive: true });
        writeFileSync(join(clone, '.git'), 'gitdir: /host/only/.git/worktrees/x\n');
      },
      /not a git repository: \/host\/only\/.git\/worktrees\/x/,
    ],
  ])('in a checkout with %s hears the words of git', async (_what, spoil, words) => {
    spoil();
    await expect(read(createExec(gitEnv), clone)).rejects.toThrow(words);
  });
});

describe('a remote that has another name', () => {
  test('is named, and the line that is told helps', async () => {
    git(clone, 'remote', 'rename', 'origin', 'upstream');
    const message = await readOriginUrl(createExec(gitEnv), clone).then(() => '', String);
    expect(message).toContain('has no remote named origin, but upstream: git -C');
    type(message, gitEnv);
    expect(await readOriginUrl(createExec(gitEnv), clone)).toMatch(/remote\.git$/);
  });

  test('is one of several', async () => {
    git(clone, 'remote', 'rename', 'origin', 'fork');
    git(clone, 'remote', 'add', 'upstream', 'https://github.example/acme/tenant');
    await expect(readOriginUrl(createExec(gitEnv), clone)).rejects.toThrow(
      'no remote named origin, but fork, upstream',
    );
  });

  test('is added where there is none', async () => {
    git(clone, 'remote', 'remove', 'origin');
    const message = await readOriginUrl(createExec(gitEnv), clone).then(() => '', String);
    type(message.replace('ADDRESS', 'https://github.example/acme/tenant'), gitEnv);
    expect(await readOriginUrl(createExec(gitEnv), clone)).toBe('https://github.example/acme/tenant');
  });
});
