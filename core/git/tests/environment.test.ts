import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readOriginUrl } from '#core/git/checkout.ts';
import { countSettings, withoutRepository } from '#core/git/environment.ts';
import { openRemote } from '#core/git/remote.ts';
import { createScratchGit } from '#core/git/repository.ts';
import { openSourceTree } from '#core/source/source-tree.ts';
import { createExec } from '#core/system/exec.ts';
import { commitFiles, git, gitEnv, openRepositories } from '#tests/support/repositories.ts';

const root = mkdtempSync(join(tmpdir(), 'slipway-environment-'));
const [remote, clone] = [join(root, 'remote.git'), join(root, 'clone')];
let head: string;

beforeAll(() => {
  openRepositories(remote, clone);
  head = commitFiles(clone, { 'slipway.yaml': 'a\n' }, 'first');
  git(root, 'init', '-q', 'other');
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const other = join(root, 'other');

describe('what an earlier step told git does no harm', () => {
  test.each<[string, Record<string, string>]>([
    ['another repository', { GIT_DIR: join(other, '.git') }],
    ['a repository that is not there', { GIT_DIR: '/nowhere' }],
    ['another work tree', { GIT_WORK_TREE: other }],
    ['both', { GIT_DIR: join(other, '.git'), GIT_WORK_TREE: other }],
    ['another index', { GIT_INDEX_FILE: join(other, 'index') }],
    ['a namespace', { GIT_NAMESPACE: 'elsewhere' }],
    ['where the search for a repository ends', { GIT_CEILING_DIRECTORIES: clone }],
    ['another folder of objects', { GIT_OBJECT_DIRECTORY: join(other, '.git/objects') }],
    ['another common folder', { GIT_COMMON_DIR: join(other, '.git') }],
    ['another shallow file', { GIT_SHALLOW_FILE: '/nowhere' }],
    ['the quarantine of a hook', { GIT_QUARANTINE_PATH: join(other, '.git') }],
    ['another kind of object ids', { GIT_DEFAULT_HASH: 'sha256' }],
    ['paths read as patterns', { GIT_ICASE_PATHSPECS: '1', GIT_NOGLOB_PATHSPECS: '1' }],
    ['to talk about everything', { GIT_TRACE: '1', GIT_TRACE_CURL: '1', GIT_CURL_VERBOSE: '1' }],
    ['a number of settings that is not one', { GIT_CONFIG_COUNT: 'many' }],
    ['settings with a gap', { GIT_CONFIG_COUNT: '2', GIT_CONFIG_KEY_0: 'a.b', GIT_CONFIG_VALUE_0: 'c' }],
  ])('%s', async (_what, told) => {
    const environment = withoutRepository({ ...gitEnv, ...told });
    const exec = createExec(environment);
    const url = await readOriginUrl(exec, clone);
    expect(url).toBe(`file://${remote}`);
    expect((await openSourceTree(exec, clone)).commit).toBe(head);
    const dir = mkdtempSync(join(root, 'scratch-'));
    const configCount = countSettings(environment);
    const scratch = createScratchGit({ exec, dir, remote: openRemote(url, '', ''), configCount, borrow: clone });
    expect(await scratch.fetch({ refspecs: ['+refs/heads/main:refs/slipway/head'], depth: 1 })).toBe(true);
    expect(await scratch.readText('refs/slipway/head', 'slipway.yaml')).toBe('a\n');
    const commit = await scratch.commit({ message: 'x', files: [], at: new Date(0) });
    expect(await scratch.push([{ ref: 'refs/slipway/x', commit, lease: undefined }])).toEqual({ outcome: 'pushed' });
    expect(git(remote, 'for-each-ref', '--format=%(refname)', 'refs/slipway/', 'refs/namespaces/')).toBe(
      'refs/slipway/x',
    );
    git(remote, 'update-ref', '-d', 'refs/slipway/x');
  });
});

test('whatever kind of ids new repositories get, ours have the ones of GitHub', async () => {
  const exec = createExec({ ...gitEnv, GIT_DEFAULT_HASH: 'sha256' }); // as init.defaultObjectFormat of a newer git does
  const dir = mkdtempSync(join(root, 'scratch-'));
  const scratch = createScratchGit({ exec, dir, remote: openRemote(`file://${remote}`, '', ''), configCount: 0 });
  expect(await scratch.commit({ message: 'x', files: [], at: new Date(0) })).toHaveLength(40);
});

describe('what says how git reaches a remote stays', () => {
  test.each([
    'GIT_SSH_COMMAND',
    'GIT_SSH',
    'GIT_ASKPASS',
    'GIT_SSL_CAINFO',
    'GIT_SSL_NO_VERIFY',
    'GIT_PROXY_SSL_CAINFO',
    'GIT_HTTP_LOW_SPEED_LIMIT',
    'GIT_CONFIG_GLOBAL',
    'GIT_CONFIG_NOSYSTEM',
    'GIT_ALLOW_PROTOCOL',
    'HTTPS_PROXY',
    'HOME',
    'SSH_AUTH_SOCK',
  ])('%s', (name) => {
    expect(withoutRepository({ [name]: 'x' })).toEqual({ [name]: 'x' });
  });

  test('settings in the environment, with their number', () => {
    const settings = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'http.proxy', GIT_CONFIG_VALUE_0: 'http://proxy' };
    expect(withoutRepository({ ...settings, GIT_CONFIG_KEY_7: 'stray' })).toEqual(settings);
    expect(countSettings(settings)).toBe(1);
  });
});
