import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { StatusRecord } from '#lab/github/rest/statuses.ts';
import { describeFailure } from '#lab/github/runner/failure.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import { openWorld, type World } from '#lab/world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld(
    lineProgress((line) => process.stderr.write(`${line}\n`)),
    { cluster: true },
  );
}, 2_700_000); // on a new machine it builds the cluster's programs first

afterAll(async () => {
  await world?.stop();
  expect(findTraces(world.lab.id, world.lab.dir)).toEqual([]);
}, 60_000);

/** Pushes a change of the app and returns the release that it became in staging, and its source. */
async function release(text: string, change: (server: string) => string = (server) => `${server}\n// ${text}\n`) {
  const { sha } = await world.push({ files: { 'app/src/server.ts': change }, message: text });
  const landed = await world.until(
    `the release of ${text}`,
    async () =>
      (await world.releases()).find(
        ({ environment, image, source }) => environment === 'staging' && image === 'discord-bot' && source === sha,
      ),
    180_000,
  );
  return { ...landed, sha };
}

/** The verdict on a source commit. */
const untilJudged = (sha: string, state: StatusRecord['state']): Promise<StatusRecord> =>
  world.until(
    `the verdict of ${sha.slice(0, 7)} is ${state}`,
    () =>
      world.github.rest.statuses.findLast(
        (status) => status.sha === sha && status.context === 'slipway/staging/discord-bot' && status.state === state,
      ),
    180_000,
  );

const recorded = z.object({ digest: z.string() });
const digestOf = (payload: unknown): string | undefined => recorded.safeParse(payload).data?.digest;

const untilSaid = (what: string, fits: (status: StatusRecord) => boolean): Promise<StatusRecord> =>
  world.until(
    what,
    () => world.github.rest.statuses.find((status) => status.context.startsWith('argocd/staging') && fits(status)),
    180_000,
  );

/** Commits whose overlay has a digest, newest first. */
async function commitsWith(digest: string): Promise<string[]> {
  const git = ['git', '-C', world.github.bareRepository] as const;
  const { stdout } = await world.lab.exec([...git, 'log', '--format=%H', 'main']);
  const found: string[] = [];
  for (const sha of stdout.toString().split('\n').filter(Boolean)) {
    const shown = await world.lab.exec([...git, 'show', `${sha}:overlays/staging/kustomization.yaml`]);
    if (shown.stdout.toString().includes(digest)) found.push(sha);
  }
  return found;
}

test('a push runs: Argo CD says so on a commit that has its digest, by the App, and the source commit has the verdict', async () => {
  const { to, sha } = await release('the first');
  const runs = to.slice('sha256:'.length, 'sha256:'.length + 12);
  const status = await untilSaid(
    'it runs',
    ({ context, state, description }) =>
      context === 'argocd/staging' && state === 'success' && description?.includes(runs) === true,
  );
  expect(status).toMatchObject({ context: 'argocd/staging', login: 'acme-slipway[bot]' });
  expect(status.description).toMatch(/^v1 phase=Succeeded sync=Synced health=Healthy at=\S+ runs=\S+$/);
  expect(await commitsWith(to)).toContain(status.sha);
  const source = await untilJudged(sha, 'success');
  expect(source).toMatchObject({ login: 'github-actions[bot]', description: expect.stringMatching(/^Running: /) });
  const record = world.github.rest.deployments.find(({ payload }) => digestOf(payload) === to);
  expect(record).toMatchObject({ environment: 'staging', task: 'slipway:discord-bot', sha });
  expect(record?.statuses.at(-1)?.state).toBe('success');
  expect(world.github.rest.violations).toEqual([]);
});

test('a release that never gets ready: its source says that it failed, the one before stays proven, and no run is red', async () => {
  const good = world.github.rest.deployments.findLast(({ task }) => task === 'slipway:discord-bot');
  const { sha } = await release('never ready', (text) => text.replaceAll("'/ready'", "'/never-ready'"));
  expect(await untilJudged(sha, 'failure')).toMatchObject({ description: expect.stringMatching(/^Failed: /) });
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
  const { to } = await release('never ready, and no notification says so');
  const commit = (await commitsWith(to)).at(-1) ?? '';
  const runs = to.slice('sha256:'.length, 'sha256:'.length + 12);
  await untilSaid(
    'Argo CD says that it failed',
    ({ sha, context, state }) => sha === commit && context === 'argocd/staging' && state === 'failure',
  );
  const run = await world.dispatch('reconcile.yml');
  await world.settled();
  expect(run.conclusion === 'success' ? '' : describeFailure(run)).toBe('');
  const [back] = (await world.releases()).filter(({ image }) => image === 'discord-bot');
  expect(back).toMatchObject({ environment: 'staging', kind: 'rollback', from: to, to: digestOf(proven?.payload) });
  expect(back?.reason).toBe(`on-failure: release ${commit.slice(0, 7)} failed in staging`);
  const [landed] = await commitsWith(back?.to ?? '');
  await untilSaid(
    'the set before runs again',
    ({ sha, state, description }) => sha === landed && state === 'success' && !description?.includes(runs),
  );
  expect(world.github.rest.violations).toEqual([]);
}, 600_000);
