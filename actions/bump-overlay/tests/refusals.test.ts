import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { expectRefused } from '#tests/support/refusals.ts';
import { type ActionResult, kustomizeFolder, startTenant, type Tenant } from '#tests/support/tenant.ts';
import { bump } from '#tests/support/writers.ts';

let tenant: Tenant;
let digest: string;

beforeEach(async () => {
  tenant = await startTenant();
  digest = tenant.push('discord-bot', 'one');
});

afterEach(() => tenant.close());

async function refused(run: Promise<ActionResult>, sentence: RegExp): Promise<void> {
  const result = await run;
  expect(result.log).toMatch(sentence);
  expect(result.code).toBe(1);
  expect(result.log).not.toContain('bug in Slipway');
  expect(tenant.remoteGit('log', '--all', '--format=%B')).not.toContain('Slipway-Release');
  expect(readdirSync(tenant.temp)).toEqual([]);
}

test('a deleted branch is named and not created again', async () => {
  const source = tenant.commit({ 'app/main.js': '// 1\n' });
  await refused(
    tenant.bump({ images: `discord-bot=${digest}`, branch: 'gone', 'source-sha': source }),
    /has no branch "gone"/,
  );
  expect(tenant.remoteGit('branch', '--list', 'gone')).toBe('');
});

test('a branch deleted between reading and writing is not created again', async () => {
  const source = tenant.remoteGit('rev-parse', 'main');
  tenant.git('push', '-q', 'origin', 'main:refs/heads/release');
  tenant.server.intercept = async (request) => {
    if (request.url?.endsWith('/git-receive-pack')) tenant.remoteGit('update-ref', '-d', 'refs/heads/release');
    return undefined;
  };
  await refused(
    tenant.bump({ images: `discord-bot=${digest}`, branch: 'release', 'source-sha': source }),
    /has no branch "release"/,
  );
  expect(tenant.remoteGit('branch', '--list', 'release')).toBe('');
});

test('a protected branch: the words of the server and the remedy', async () => {
  const hook = join(tenant.remote, 'hooks', 'pre-receive');
  writeFileSync(hook, '#!/bin/sh\necho "GH006: Protected branch update failed for refs/heads/main." >&2\nexit 1\n');
  chmodSync(hook, 0o755);
  await refused(tenant.bump({ images: `discord-bot=${digest}` }), /main does not take the commit.*GH006.*bypass list/);
});

test('an unrelated history', async () => {
  const tree = tenant.remoteGit('rev-parse', 'main^{tree}');
  const orphan = tenant.git('commit-tree', '-m', 'orphan', tree);
  tenant.git('push', '-q', 'origin', `${orphan}:refs/heads/orphan`);
  await refused(tenant.bump({ images: `discord-bot=${digest}`, 'source-sha': orphan }), /is not on the branch/);
});

test('a source that the repository does not have', async () => {
  const inputs = { images: `discord-bot=${digest}`, 'source-sha': 'a'.repeat(40) };
  const run = tenant.bump(inputs, { checkoutAt: tenant.remoteGit('rev-parse', 'main') });
  await refused(run, /the repository has no commit a{40}/);
});

test('a source that was not pushed; pushed, it is deployed', async () => {
  tenant.git('commit', '-q', '--allow-empty', '-m', 'not pushed');
  const inputs = { images: `discord-bot=${digest}`, 'source-sha': tenant.git('rev-parse', 'HEAD') };
  await expectRefused(import.meta.dirname, 'no-commit', tenant, () => bump(tenant, inputs));
  tenant.git('push', '-q', 'origin', 'main');
  expect((await bump(tenant, inputs)).outcome).toBe('landed');
});

test('an image that slipway.yaml does not know, and one that no container uses', async () => {
  await refused(
    tenant.bump({ images: `discord-bott=${digest}` }),
    /"discord-bott\\?" is not an image of slipway.yaml; did you mean/,
  );
  tenant.commit({ 'base/kustomization.yaml': 'resources: [dev-sandbox.yaml]\n' });
  await refused(tenant.bump({ images: `discord-bot=${digest}` }), /discord-bot matches no container/);
});

test('an overlay that no longer renders', async () => {
  tenant.commit({ 'base/discord-bot.yaml': 'kind: [broken\n' });
  await refused(tenant.bump({ images: `discord-bot=${digest}` }), /overlays\/production does not render/);
});

test('a malformed digest', async () => {
  await refused(tenant.bump({ images: 'discord-bot=sha256:123' }), /is not a digest/);
});

test('a repository that does not answer', async () => {
  tenant.server.intercept = async () => 'drop';
  await refused(tenant.bump({ images: `discord-bot=${digest}` }), /does not answer/);
});

test('a checkout of another user: the cause and the line that helps', async () => {
  // git's own switch for tests: what it finds by itself counts as another user's
  const folder = join(tenant.temp, '..', 'bin');
  mkdirSync(folder);
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  writeFileSync(
    join(folder, 'git'),
    `#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec ${real} -c protocol.version=2 "$@"\n`,
  );
  chmodSync(join(folder, 'git'), 0o755);
  const path = `${folder}:${kustomizeFolder}:${process.env['PATH'] ?? ''}`;
  const run = tenant.bump({ images: `discord-bot=${digest}` }, { path });
  await refused(run, /belongs to another user of this machine.*git config --global --add safe.directory/);
});

test('a token of another server is not sent: why, and what to do', async () => {
  tenant.server.intercept = async ({ headers }) => (headers.authorization === undefined ? 403 : undefined);
  const env = { GITHUB_SERVER_URL: 'https://github.example' };
  const run = tenant.bump({ images: `discord-bot=${digest}` }, { env });
  await refused(run, /The token is not sent to 127.0.0.1:\d+: it belongs to github.example; set origin to/);
  expect(tenant.server.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
});

test('a repository on another server that is read without the token: no push either', async () => {
  tenant.server.intercept = async ({ url }) => (url?.includes('git-receive-pack') ? 403 : undefined);
  const env = { GITHUB_SERVER_URL: 'https://github.example' };
  const run = tenant.bump({ images: `discord-bot=${digest}` }, { env });
  await refused(run, /takes no push without credentials: The token is not sent to/);
});

test('a token that may not push', async () => {
  tenant.server.intercept = async (request) => (request.url?.includes('git-receive-pack') ? 403 : undefined);
  await refused(tenant.bump({ images: `discord-bot=${digest}` }), /contents: write/);
});
