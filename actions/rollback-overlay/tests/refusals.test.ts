import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { expectRefused } from '#tests/support/refusals.ts';
import { configure, openStage, resetTo, type Stage } from '#tests/support/stage.ts';
import { bump, hold, rollBack } from '#tests/support/writers.ts';

jest.setTimeout(60_000);

let stage: Stage;
let worse: { source: string; digest: string };
let base: string;

beforeAll(async () => {
  stage = await openStage({ environments: ['production'] });
  worse = await stage.change('worse');
  await bump(stage.tenant, { images: stage.all(worse.digest) });
  base = stage.tenant.remoteGit('rev-parse', 'main');
});

beforeEach(() => resetTo(base, stage.tenant));

afterAll(() => stage.tenant.close());

const refused = (name: string, inputs: Record<string, string>, options = {}) =>
  expectRefused(import.meta.dirname, name, stage.tenant, () => rollBack(stage.tenant, inputs, options));

/** Returns the commits of a message's table. */
const offered = (message: string) =>
  [...message.matchAll(/^ {2}\d+ +([0-9a-f]{7}) /gm)].map(([, commit = '']) => commit);

test('an unknown target: what it can go back to; the last of the table works', async () => {
  const message = await refused('unknown-commit', { to: 'abcdef0123' });
  await refused('unknown-digest', { to: `sha256:${'7'.repeat(64)}` });
  expect(offered(message)).toHaveLength(2);
  expect((await rollBack(stage.tenant, { to: offered(message).at(-1) ?? '' })).outcome).toBe('landed');
  expect(stage.read()).toBe(stage.good);
});

test('a source of several sets is ambiguous; its commit is not', async () => {
  const { tenant } = stage;
  const { digest, source } = await stage.change('one by one');
  for (const image of ['discord-bot', 'dev-sandbox'])
    await bump(tenant, { images: `${image}=${digest}`, 'source-sha': source });
  const message = await refused('ambiguous', { to: source });
  const [first = ''] = offered(message);
  expect((await rollBack(tenant, { to: first })).outcome).toBe('landed');
  expect([stage.read(), stage.read('dev-sandbox')]).toEqual([digest, worse.digest]);
});

test('too many steps: the most that works is in the table', async () => {
  await refused('too-many-steps', { steps: '7' });
  expect((await rollBack(stage.tenant, { steps: '2' })).outcome).toBe('landed');
  expect(stage.read()).toBe(stage.good);
  await refused('nothing-to-go-back-to', { steps: '1' });
  expect((await hold(stage.tenant, { action: 'release' })).outcome).toBe('landed');
  expect(stage.read()).toBe(worse.digest);
});

test('an image that was never released', async () => {
  const { tenant } = stage;
  const config = tenant.remoteGit('show', 'main:slipway.yaml');
  const image = '  sidecar: {template: docker/build.pkr.hcl, inputs: [app], keep: 10}';
  tenant.commit({ 'slipway.yaml': `${config.replace('images:', `images:\n${image}`)}\n` });
  await refused('never-released', { image: 'sidecar' });
});

test.each([
  ['both-ways', { steps: '1', to: 'abcdef0' }],
  ['neither-way', { steps: '' }],
  ['steps-eleven', { steps: '11' }],
  ['to-malformed', { to: 'yesterday' }],
  ['no-reason', { reason: ' ' }],
  ['reason-long', { reason: 'why '.repeat(126) }],
  ['transport-unknown', { transport: 'ssh' }],
  ['transport-api-nowhere', { transport: 'api' }],
  ['environment-unknown', { environment: 'producton' }],
  ['image-unknown', { image: 'discord-bott' }],
  ['branch-unknown', { branch: 'mian' }],
] as const)('%s', async (name, inputs) => {
  await refused(name, inputs);
});

test('a commit that is not on the branch', async () => {
  const { tenant } = stage;
  tenant.git('checkout', '-q', '-b', 'side');
  tenant.git('commit', '-q', '--allow-empty', '-m', 'beside');
  tenant.git('push', '-q', 'origin', 'side');
  await refused('anchor-beside', {}, { sha: tenant.git('rev-parse', 'side') });
  expect((await rollBack(tenant, {}, { sha: base })).outcome).toBe('landed');
});

test('an old job that is run again after a later release; a new run works', async () => {
  const { tenant, bad } = stage;
  await rollBack(tenant, {}, { run: '900', sha: base });
  expect(stage.read()).toBe(bad);
  expect(await rollBack(tenant, {}, { run: '900', sha: base })).toMatchObject({ outcome: 'unchanged' });
  await hold(tenant, { action: 'release' });
  for (let count = 0; count < 2; count++)
    await bump(tenant, { images: stage.all((await stage.change(`${count}`)).digest) });
  const there = stage.read();
  await refused('run-again', {}, { run: '900', sha: base });
  expect(stage.read()).toBe(there);
  expect((await rollBack(tenant, {}, { run: '901' })).outcome).toBe('landed');
});

test('an image that the overlay does not list any more', async () => {
  const { tenant } = stage;
  const overlay = tenant.readOverlay();
  const without = overlay.replace(/ {2}# discord-bot\n {2}- name: discord-bot\n.*\n.*\n/, '');
  tenant.commit({ 'overlays/production/kustomization.yaml': `${without}\n` });
  await refused('not-listed', { image: 'discord-bot' });
  await refused('not-listed', { image: 'discord-bot', override: 'true' });
  expect((await rollBack(tenant, { image: 'dev-sandbox' })).outcome).toBe('landed');
  tenant.commit({ 'overlays/production/kustomization.yaml': `${overlay}\n` });
  expect((await rollBack(tenant, { image: 'discord-bot' })).outcome).toBe('landed');
  expect(stage.read()).toBe(stage.bad);
});

test('an unreadable slipway.yaml, an unreadable hold file; fixing the line works', async () => {
  const { tenant } = stage;
  const config = tenant.remoteGit('show', 'main:slipway.yaml');
  tenant.commit({ 'slipway.yaml': `${config}\nimagez: {}\n` });
  await refused('config-unreadable', {});
  tenant.commit({
    'slipway.yaml': `${config}\n`,
    'overlays/production/holds.yaml': '- image: discord-bot\n  kind: hold\n',
  });
  await refused('holds-unreadable', {});
  const hold = '  kind: manual\n  reason: we look at it\n  by: octocat\n  since: 2026-01-02T03:04:05Z\n';
  tenant.commit({ 'overlays/production/holds.yaml': `- image: discord-bott\n${hold}` });
  await refused('holds-misspelt', {});
  tenant.commit({ 'overlays/production/holds.yaml': '[]\n' });
  expect((await rollBack(tenant)).outcome).toBe('landed');
});

test('an environment that takes promotions is rolled back as any other', async () => {
  configure(stage, 'production', 'deploys: by-hand');
  expect((await rollBack(stage.tenant)).outcome).toBe('landed');
});
