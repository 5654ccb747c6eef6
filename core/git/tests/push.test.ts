import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createScratchGit, type Git } from '#core/git/repository.ts';
import { createGitTransport, type Transport } from '#core/git/transport.ts';
import { createExec } from '#core/system/exec.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';
import { type GitServer, startGitServer } from '#tests/support/git-server.ts';
import { commitFiles, git, openRepositories } from '#tests/support/repositories.ts';

const AT = new Date('2030-01-02T12:00:00Z');
const MAIN = 'refs/heads/main';
const INTENT = 'refs/slipway/intents/01';

let root: string;
let remote: string;
let server: GitServer;
let scratch: Git;
let transport: Transport;
let head: CommitSha;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'slipway-push-'));
  remote = join(root, 'remote.git');
  openRepositories(remote, join(root, 'clone'));
  head = parseCommitSha('main', commitFiles(join(root, 'clone'), { 'a.txt': 'a\n', 'b.txt': 'b\n' }, 'First'));
  server = await startGitServer(remote);
  scratch = await createScratchGit({
    exec: createExec(process.env),
    dir: join(root, 'scratch'),
    remote: { url: server.url, token: '' },
    configCount: 0,
  });
  await scratch.fetch({ refspecs: [`${MAIN}:refs/slipway/head`] });
  transport = createGitTransport(scratch);
});

afterEach(async () => {
  await server.close();
  rmSync(root, { recursive: true });
});

const file = (path: string, text: string) => ({ path, mode: '100644', content: Buffer.from(text) });
const refs = (): string[] =>
  git(remote, 'for-each-ref', '--format=%(refname) %(objectname)').split('\n').filter(Boolean);

describe('a root commit', () => {
  test('has only its files, no parent, and disturbs no other commit', async () => {
    const child = await transport.commit({ parent: head, message: 'Child', files: [file('a.txt', 'A\n')], at: AT });
    const lone = await transport.commit({ message: 'Root', files: [file('intent.json', '{}\n')], at: AT });
    const again = await transport.commit({ message: 'Root 2', files: [file('x', 'x')], at: AT });
    await transport.update([
      { ref: MAIN, commit: child, lease: head },
      { ref: INTENT, commit: lone, lease: undefined },
      { ref: 'refs/slipway/intents/02', commit: again, lease: undefined },
    ]);
    expect(git(remote, 'log', '--format=%s %P', MAIN).split('\n')[0]).toBe(`Child ${head}`);
    expect(git(remote, 'ls-tree', '-r', '--name-only', MAIN).split('\n')).toEqual(['a.txt', 'b.txt']);
    expect(git(remote, 'rev-list', '--parents', INTENT)).toBe(lone);
    expect(git(remote, 'rev-list', '--parents', 'refs/slipway/intents/02')).toBe(again);
    expect(git(remote, 'ls-tree', '-r', '--name-only', INTENT)).toBe('intent.json');
  });
});

describe('a delete and a move in one push', () => {
  let intent: CommitSha;
  let next: CommitSha;

  beforeEach(async () => {
    intent = await transport.commit({ message: 'Intent', files: [file('intent.json', '{}\n')], at: AT });
    await transport.update([{ ref: INTENT, commit: intent, lease: undefined }]);
    next = await transport.commit({ parent: head, message: 'Next', files: [file('a.txt', 'A\n')], at: AT });
  });

  test('land together', async () => {
    const result = await transport.update([
      { ref: MAIN, commit: next, lease: head },
      { ref: INTENT, commit: undefined, lease: intent },
    ]);
    expect(result).toEqual({ outcome: 'pushed' });
    expect(refs()).toEqual([`${MAIN} ${next}`]);
  });

  test.each<[string, () => Parameters<Transport['update']>[0]]>([
    [
      'the branch is elsewhere',
      () => [
        { ref: MAIN, commit: next, lease: intent },
        { ref: INTENT, commit: undefined, lease: intent },
      ],
    ],
    [
      'the ref to delete is elsewhere',
      () => [
        { ref: MAIN, commit: next, lease: head },
        { ref: INTENT, commit: undefined, lease: head },
      ],
    ],
    [
      'the ref to delete is gone',
      () => [
        { ref: MAIN, commit: next, lease: head },
        { ref: 'refs/slipway/intents/02', commit: undefined, lease: intent },
      ],
    ],
    [
      'the ref to make exists',
      () => [
        { ref: MAIN, commit: next, lease: head },
        { ref: INTENT, commit: head, lease: undefined },
      ],
    ],
  ])('do nothing where %s', async (_why, updates) => {
    const before = refs();
    expect(await transport.update(updates())).toMatchObject({ outcome: 'rejected' });
    expect(refs()).toEqual(before);
  });

  test('an answer lost on the wire is unclear', async () => {
    server.intercept = async (request) => (request.method === 'POST' ? 'drop-answer' : undefined);
    expect(await transport.update([{ ref: INTENT, commit: undefined, lease: intent }])).toMatchObject({
      outcome: 'unclear',
    });
    expect(refs()).toEqual([`${MAIN} ${head}`]);
  });
});
