import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openRemote } from '#core/git/remote.ts';
import { createScratchGit, type Git } from '#core/git/repository.ts';
import { openSourceTree } from '#core/source/source-tree.ts';
import { createExec } from '#core/system/exec.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';
import { type GitFront, openFront } from '#tests/support/git-fronts.ts';
import { commitFiles, git, gitEnv, openRepositories } from '#tests/support/repositories.ts';

const MAIN = 'refs/heads/main';
const AT = new Date('2030-01-02T12:00:00Z');

let root: string;
let remote: string;
let head: CommitSha;
let scratch: Git;
let front: GitFront | undefined;

const open = (url: string, name = 'scratch'): Git =>
  createScratchGit({
    exec: createExec(gitEnv),
    dir: join(root, name),
    remote: openRemote(url, '', ''),
    configCount: 0,
  });

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'slipway-lacks-'));
  remote = join(root, 'remote.git');
  openRepositories(remote, join(root, 'clone'));
  head = parseCommitSha('main', commitFiles(join(root, 'clone'), { 'a.txt': 'a\n' }, 'First'));
  scratch = open(`file://${remote}`);
  await scratch.fetch({ refspecs: [`${MAIN}:refs/slipway/head`] });
});

afterEach(async () => {
  await front?.close();
  front = undefined;
  rmSync(root, { recursive: true, force: true });
});

const refs = (): string[] => git(remote, 'for-each-ref', '--format=%(refname) %(objectname)').split('\n');
const write = (message: string, parent?: CommitSha): Promise<CommitSha> =>
  scratch.commit({ parent, message, files: [{ path: 'x', mode: '100644', content: Buffer.from(message) }], at: AT });

describe('a server without atomic pushes', () => {
  const [ONE, TWO] = ['refs/slipway/intents/01', 'refs/slipway/intents/02'];
  let next: CommitSha;
  let intents: [CommitSha, CommitSha];

  beforeEach(async () => {
    git(remote, 'config', 'receive.advertiseAtomic', 'false');
    [next, ...intents] = [await write('next', head), await write('one'), await write('two')];
    for (const [ref, commit] of [
      [ONE, intents[0]],
      [TWO, intents[1]],
    ] as const)
      expect(await scratch.push([{ ref, commit, lease: undefined }])).toEqual({ outcome: 'pushed' });
  });

  test('takes the branch and then the intents, and it is said', async () => {
    const updates = [
      { ref: MAIN, commit: next, lease: head },
      { ref: ONE, commit: undefined, lease: intents[0] },
      { ref: TWO, commit: undefined, lease: intents[1] },
    ];
    expect(await scratch.push(updates)).toEqual({ outcome: 'pushed', oneByOne: true });
    expect(refs()).toEqual([`${MAIN} ${next}`]);
  });

  test('keeps everything where the branch has moved', async () => {
    const moved = commitFiles(join(root, 'clone'), { 'b.txt': 'b\n' }, 'Second');
    const updates = [
      { ref: MAIN, commit: next, lease: head },
      { ref: ONE, commit: undefined, lease: intents[0] },
    ];
    expect(await scratch.push(updates)).toMatchObject({ outcome: 'rejected' });
    expect(refs()).toEqual([`${MAIN} ${moved}`, `${ONE} ${intents[0]}`, `${TWO} ${intents[1]}`]);
  });

  test('has landed what the branch has, also where another writer was faster with an intent', async () => {
    git(remote, 'update-ref', '-d', ONE);
    const updates = [
      { ref: MAIN, commit: next, lease: head },
      { ref: ONE, commit: undefined, lease: intents[0] },
      { ref: TWO, commit: undefined, lease: intents[1] },
    ];
    expect(await scratch.push(updates)).toMatchObject({ outcome: 'pushed' });
    expect(refs()).toEqual([`${MAIN} ${next}`]);
  });
});

describe('a repository with SHA-256 ids', () => {
  const sha256 = (): string => join(root, 'sha256');

  beforeEach(() => {
    git(root, 'init', '-q', '--object-format=sha256', '-b', 'main', sha256());
    git(sha256(), 'commit', '-q', '--allow-empty', '-m', 'first');
  });

  const asked: [string, () => Promise<unknown>][] = [
    ['fetched', () => open(`file://${sha256()}`, 'other').fetch({ refspecs: [`${MAIN}:refs/x`], depth: 1 })],
    ['listed', () => open(`file://${sha256()}`, 'other').lsRefs([MAIN])],
    ['read as a checkout', () => openSourceTree(createExec(gitEnv), sha256())],
  ];

  test.each(asked)('is told so where it is %s, at once', async (_how, ask) => {
    const began = Date.now();
    await expect(ask()).rejects.toThrow(
      /has SHA-256 object ids, which neither GitHub nor Slipway takes; copy its history/,
    );
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  test('is another one after the lines that are told', async () => {
    const message = await asked[0]?.[1]().then(() => '', String);
    const [, copy = '', make = ''] =
      /: (git fast-export .*), where NEW comes from (git init .*)$/.exec(message ?? '') ?? [];
    execFileSync('sh', ['-c', `${make}\n${copy}`.replaceAll('NEW', 'copied')], {
      cwd: sha256(),
      env: gitEnv as NodeJS.ProcessEnv,
      stdio: 'ignore',
    });
    const copied = open(`file://${join(sha256(), 'copied')}`, 'other');
    expect(await copied.fetch({ refspecs: [`${MAIN}:refs/x`], depth: 1 })).toBe(true);
  });
});

test('a server of plain files is told from one that does not answer', async () => {
  front = await openFront((request, response) =>
    response
      .writeHead(200, { 'content-type': 'text/plain' })
      .end(request.url?.includes('info/refs') ? `${head}\t${MAIN}\n` : ''),
  );
  const fetching = open(`${front.origin}/tenant.git`, 'other').fetch({ refspecs: [`${MAIN}:refs/x`], depth: 1 });
  await expect(fetching).rejects.toThrow(/is served as plain files: serve it by smart HTTP/);
});

test('a server that gives out no commit but a tip is told from a commit that is not there', async () => {
  commitFiles(join(root, 'clone'), { 'b.txt': 'b\n' }, 'Second');
  git(remote, 'config', 'uploadpack.allowAnySHA1InWant', 'false');
  const old = { ...gitEnv, GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'protocol.version', GIT_CONFIG_VALUE_0: '0' };
  const exec = createExec(old);
  const other = createScratchGit({
    exec,
    dir: join(root, 'other'),
    remote: openRemote(`file://${remote}`, '', ''),
    configCount: 1,
  });
  const fetch = () => other.fetch({ refspecs: [`${head}:refs/x`], depth: 1 });
  const message = await fetch().then(() => '', String);
  const [, remedy = ''] = /\((git config [^)]+)\)$/.exec(message) ?? [];
  expect(message).toContain('gives out only what a branch or a tag points at');
  execFileSync('sh', ['-c', remedy], { cwd: remote, env: gitEnv as NodeJS.ProcessEnv });
  expect(await fetch()).toBe(true);
});
