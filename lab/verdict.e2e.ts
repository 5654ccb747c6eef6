import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { describeFailure } from '#lab/github/runner/failure.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import { commitsWith, openVerdictStage, type VerdictStage } from '#lab/tests/verdict-stage.ts';
import { openWorld, type World } from '#lab/world.ts';

let world: World;
let stage: VerdictStage;

beforeAll(async () => {
  world = await openWorld(
    lineProgress((line) => process.stderr.write(`${line}\n`)),
    { cluster: true },
  );
  stage = openVerdictStage(world);
}, 2_700_000); // on a new machine it builds the cluster's programs first

afterAll(async () => {
  await world?.stop();
  expect(findTraces(world.lab.id, world.lab.dir)).toEqual([]);
}, 60_000);

const recorded = z.object({ digest: z.string() });
const digestOf = (payload: unknown): string | undefined => recorded.safeParse(payload).data?.digest;

test('a push runs: Argo CD says so on a commit that has its digest, by the App, and the source commit has the verdict', async () => {
  const first = await stage.release('the first');
  const { digest: to, digits: runs, source: sha } = first;
  const status = await stage.untilSaid(
    'it runs',
    ({ context, state, description }) =>
      context === 'argocd/staging' && state === 'success' && description?.includes(runs) === true,
  );
  expect(status).toMatchObject({ context: 'argocd/staging', login: 'acme-slipway[bot]' });
  expect(status.description).toMatch(/^v1 phase=Succeeded sync=Synced health=Healthy at=\S+ runs=\S+$/);
  expect(await commitsWith(world, to)).toContain(status.sha);
  const source = await stage.untilJudged(first, 'success');
  expect(source).toMatchObject({ login: 'github-actions[bot]', description: expect.stringMatching(/^Running: /) });
  const record = world.github.rest.deployments.find(({ payload }) => digestOf(payload) === to);
  expect(record).toMatchObject({ environment: 'staging', task: 'slipway:discord-bot', sha });
  expect(record?.statuses.at(-1)?.state).toBe('success');
  expect(world.github.rest.violations).toEqual([]);
});

test('a release that never gets ready: its source says that it failed, the one before stays proven, and no run is red', async () => {
  const good = world.github.rest.deployments.findLast(({ task }) => task === 'slipway:discord-bot');
  const bad = await stage.release('never ready', (text) => text.replaceAll("'/ready'", "'/never-ready'"));
  expect(await stage.untilJudged(bad, 'failure')).toMatchObject({ description: expect.stringMatching(/^Failed: /) });
  expect(good?.statuses.map(({ state }) => state).slice(-2)).toEqual(['success', 'inactive']);
  const verdicts = world.github.runs.filter(({ path }) => path.endsWith('/verdict.yml'));
  expect(verdicts.filter(({ conclusion }) => conclusion === 'failure')).toEqual([]);
  expect(world.github.rest.violations).toEqual([]);
});

test('a failure whose report was lost: reconcile finds it, and takes it back by itself', async () => {
  const proven = world.github.rest.deployments.findLast(({ environment, task, statuses }) => {
    return (
      environment === 'staging' && task === 'slipway:discord-bot' && statuses.some(({ state }) => state === 'success')
    );
  });
  await world.push({
    files: {
      'slipway.yaml': (text) => text.replace(/(?<=overlays\/staging, deploys: on-push)/, ', on-failure: rollback'),
      '.github/workflows/verdict.yml': (text) => text.replace('on: status', 'on: workflow_dispatch'),
    },
    message: 'Reports start no run',
  });
  const {
    digest: to,
    digits: runs,
    revision: commit,
  } = await stage.release('never ready, and no notification says so');
  await stage.untilSaid(
    'Argo CD says that it failed',
    ({ sha, context, state }) => sha === commit && context === 'argocd/staging' && state === 'failure',
  );
  const run = await world.dispatch('reconcile.yml');
  await world.settled();
  expect(run.conclusion === 'success' ? '' : describeFailure(run)).toBe('');
  const [back] = (await world.releases()).filter(({ image }) => image === 'discord-bot');
  expect(back).toMatchObject({ environment: 'staging', kind: 'rollback', from: to, to: digestOf(proven?.payload) });
  expect(back?.reason).toBe(`on-failure: release ${commit.slice(0, 7)} failed in staging`);
  const [current] = await commitsWith(world, back?.to ?? '');
  await stage.untilSaid(
    'the set before runs again',
    ({ sha, state, description }) => sha === current && state === 'success' && !description?.includes(runs),
  );
  expect(world.github.rest.violations).toEqual([]);
}, 600_000);
