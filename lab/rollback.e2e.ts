import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readServedSource } from '#lab/cluster/serving.ts';
import { findEnvironment } from '#lab/environments.ts';
import { describeFailure } from '#lab/github/runner/failure.ts';
import { untilProven } from '#lab/proven.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import { openTerminal } from '#lab/terminal.ts';
import { openWorld, type World } from '#lab/world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld(
    lineProgress((line) => process.stderr.write(`${line}\n`)),
    { cluster: true },
  );
  await untilServed('staging', await pushLine('the first'));
}, 2_700_000); // on a new machine it builds the cluster's programs first

afterAll(async () => {
  await world?.stop();
  expect(findTraces(world.lab.id, world.lab.dir)).toEqual([]);
}, 60_000);

/** Pushes a change of the app and returns its commit. */
async function pushLine(text: string): Promise<string> {
  const files = { 'app/src/log.ts': (before: string) => `${before}\n// ${text}\n` };
  return (await world.push({ files, message: text })).sha;
}

const servedBy = (environment: string): Promise<string | undefined> => {
  if (world.delivery === undefined) throw new Error('the world has no cluster');
  return readServedSource(world.delivery.cluster, findEnvironment(world.environments, environment).namespace);
};
/** What it serves, whatever it is; on a busy machine a pod misses an answer now and then. */
const nowServed = (environment: string) => world.until(`${environment} serves`, () => servedBy(environment), 30_000);
const untilServed = (environment: string, sha: string) =>
  world.until(
    `${environment} serves ${sha}`,
    async () => ((await servedBy(environment)) === sha ? true : undefined),
    240_000,
  );

/** Starts a workflow as its button does, and expects it to be green. */
async function click(workflow: string, inputs: Readonly<Record<string, string>>): Promise<void> {
  const run = await world.dispatch(workflow, { environment: 'staging', reason: 'a scenario', ...inputs });
  await world.settled();
  expect(run.conclusion === 'success' ? '' : describeFailure(run)).toBe('');
}

const digestsOf = async (environment: string): Promise<string[]> =>
  [...(await world.read(`overlays/${environment}/kustomization.yaml`)).matchAll(/sha256:[0-9a-f]{64}/g)].map(
    ([digest]) => digest,
  );

test('a bad push: a rollback brings the old pod back, the next push stays held, release deploys the newest', async () => {
  const good = await pushLine('good');
  await untilServed('staging', good);
  await untilServed('staging', await pushLine('bad'));
  await click('rollback.yml', {});
  await untilServed('staging', good);
  const better = await pushLine('better');
  await world.settled();
  expect(await nowServed('staging')).toBe(good);
  await click('hold.yml', { action: 'release' });
  await untilServed('staging', better);
}, 400_000);

test('git revert does the same: the run that it starts leaves it alone, and so does the next push', async () => {
  const good = await pushLine('good again');
  await untilServed('staging', good);
  await untilServed('staging', await pushLine('bad again'));
  await world.settled();
  await (await openTerminal(world)).revert('staging');
  await untilServed('staging', good);
  const better = await pushLine('better again');
  await world.settled();
  expect(await nowServed('staging')).toBe(good);
  await click('hold.yml', { action: 'release' });
  await untilServed('staging', better);
}, 400_000);

test('the terminal does the same while nothing but git answers', async () => {
  const good = await pushLine('good for the terminal');
  await untilServed('staging', good);
  await untilServed('staging', await pushLine('bad for the terminal'));
  await world.settled();
  const type = await openTerminal(world);
  world.github.isOnlyGit = true;
  expect((await fetch(`${world.github.url}/api/v3/meta`)).status).toBe(503);
  await type.slipway('rollback', 'staging', '--steps', '1', '--reason', 'it answers 500', '--yes');
  await type.refresh('staging');
  await untilServed('staging', good);
  expect(await type.slipway('status')).toContain('it answers 500');
  world.github.isOnlyGit = false;
  const better = await pushLine('better for the terminal');
  await world.settled();
  expect(await nowServed('staging')).toBe(good);
  world.github.isOnlyGit = true;
  await type.slipway('release', 'staging', '--reason', 'it is fixed', '--yes');
  await type.refresh('staging');
  await untilServed('staging', better);
  world.github.isOnlyGit = false;
}, 400_000);

test('a promotion brings the same digests on in one commit; a push changes staging alone', async () => {
  await world.settled();
  const staging = await digestsOf('staging');
  expect(await digestsOf('production')).not.toEqual(staging);
  const before = await world.releases();
  await untilProven(world, 'staging');
  await click('promote.yml', { environment: 'production' });
  expect(await digestsOf('production')).toEqual(staging);
  const landed = (await world.releases()).slice(0, (await world.releases()).length - before.length);
  expect(new Set(landed.map(({ intent }) => intent)).size).toBe(1);
  const served = await nowServed('staging');
  await untilServed('production', served ?? '');
  const next = await pushLine('not promoted');
  await untilServed('staging', next);
  await world.settled();
  expect(await digestsOf('production')).toEqual(staging);
}, 400_000);

test('the schedule finds nothing to do, and says so', async () => {
  const head = await world.lab.exec(['git', '-C', world.github.bareRepository, 'rev-parse', 'main']);
  const run = await world.dispatch('reconcile.yml');
  await world.settled();
  expect(run.conclusion === 'success' ? '' : describeFailure(run)).toBe('');
  const after = await world.lab.exec(['git', '-C', world.github.bareRepository, 'rev-parse', 'main']);
  expect(after.stdout.toString()).toBe(head.stdout.toString());
}, 120_000);

test("GitHub's stand-in gave no answer that GitHub never gives", () => {
  expect(world.github.rest.violations).toEqual([]);
});
