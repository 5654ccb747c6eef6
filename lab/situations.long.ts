import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { findEnvironment } from '#lab/environments.ts';
import type { StatusRecord } from '#lab/github/rest/statuses.ts';
import { describeFailure } from '#lab/github/runner/failure.ts';
import { SITUATIONS } from '#lab/notifications/situations.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import { addHook, DEADLINE_MINUTES, describeRefusal, FAILS_AFTER_SYNC, hurry } from '#lab/tests/situation-files.ts';
import { type Landed, openVerdictStage, type VerdictStage } from '#lab/tests/verdict-stage.ts';
import { openWorld, type World } from '#lab/world.ts';

const MINUTE = 60_000;
let world: World;
let stage: VerdictStage;
let namespace: string;

beforeAll(async () => {
  world = await openWorld(
    lineProgress((line) => process.stderr.write(`${line}\n`)),
    { cluster: true, edit: hurry },
  );
  stage = openVerdictStage(world);
  namespace = findEnvironment(world.environments, 'staging').namespace;
}, 2_700_000); // on a new machine it builds the cluster's programs first

afterAll(async () => {
  await world?.stop();
  expect(findTraces(world.lab.id, world.lab.dir)).toEqual([]);
}, MINUTE);

async function kubectl(...args: string[]): Promise<string> {
  if (world.delivery === undefined) throw new Error('the world has no cluster');
  return world.delivery.cluster.kubectl(args);
}

const patch = (kind: string, name: string, change: object, of = 'argocd'): Promise<string> =>
  kubectl('patch', kind, '-n', of, name, '--type=merge', '-p', JSON.stringify(change));

const application = z.looseObject({
  status: z.looseObject({
    sync: z.looseObject({ status: z.string(), revision: z.string().optional() }),
    operationState: z.looseObject({ phase: z.string(), retryCount: z.number().default(0) }).optional(),
  }),
});

/** Resolves when staging's Application is in a state. */
const untilIs = (what: string, fits: (status: z.output<typeof application>['status']) => boolean): Promise<true> =>
  world.until(
    what,
    async () => {
      const read = await kubectl('get', 'application', '-n', 'argocd', 'staging', '-o', 'json');
      return fits(application.parse(JSON.parse(read)).status) ? true : undefined;
    },
    2 * MINUTE,
  );

/**
 * What was said, as a situation expects it. The time and the digests are those of the lab, and so is whether pods were
 * being replaced while a sync was under way.
 */
function tell({ state, description }: Pick<StatusRecord, 'state' | 'description'>): string {
  const words = (description ?? '').replace(/ (at|runs)=\S+/g, '');
  return `${state} ${state === 'pending' ? words.replace(/health=(Healthy|Progressing)/, 'health=any') : words}`;
}

const isUnderWay = /^pending v1 phase=(Running|Succeeded) sync=\w+ health=any$/;
const proof = 'success v1 phase=Succeeded sync=Synced health=Healthy';

/** What the replayed situation of this name says of its new release: the real Argo CD brings the same. */
function replayed(name: string): string[] {
  const { expected = [] } = SITUATIONS.find((situation) => situation.name === name) ?? {};
  const said = expected.filter(([, commit, , context]) => commit === 'b1' && context === undefined);
  return said.map(([state, , description]) => tell({ state: state as StatusRecord['state'], description }));
}

/** Resolves when Argo CD has said this of the release; all else that it said of it before is that it is under way. */
async function untilTold(landed: Landed, name: string): Promise<void> {
  const said = (): string[] => stage.saidOn(landed).map(tell);
  const [last = ''] = replayed(name).slice(-1);
  await world.until(`${name}: ${last}`, () => (said().includes(last) ? true : undefined), 3 * MINUTE);
  expect(said().filter((one) => !isUnderWay.test(one) && !/ window=true$/.test(one))).toEqual([]);
}

/** Runs reconcile.yml, which reads what was reported, and what was not. */
async function reconcile(): Promise<void> {
  const run = await world.dispatch('reconcile.yml');
  await world.settled();
  expect(run.conclusion === 'success' ? '' : describeFailure(run)).toBe('');
}

/** It runs in the end: its source has the verdict, by a report that names its digest. */
async function untilRuns(landed: Landed): Promise<void> {
  const { description } = await stage.untilJudged(landed, 'success');
  expect(description).toBe('Running: its digest runs, and the Application is healthy');
  const proven = stage.saidOn(landed).findLast((status) => tell(status) === proof);
  const [, runs = ''] = / runs=(\S+)$/.exec(proven?.description ?? '') ?? [];
  expect(runs.split(',')).toContain(landed.digits);
}

test('a deny window: held by it, under way or not, and said to run only once it is over', async () => {
  await untilRuns(await stage.release('the first'));
  const window = { kind: 'deny', schedule: '* * * * *', duration: '24h', applications: ['staging'], manualSync: false };
  await patch('appproject', 'discord-bot', { spec: { syncWindows: [window] } });
  const landed = await stage.release('in a window');
  try {
    await untilTold(landed, '13-sync-window');
    await reconcile();
    expect((await stage.untilJudged(landed, 'pending')).description).toBe('Pending: a sync window holds it back');
    // as `argocd app sync` leaves it where a window begins at the same moment
    await patch('application', 'staging', { operation: { sync: { revision: landed.revision } } });
    await untilTold(landed, '13b-sync-window-of-an-operation');
    await reconcile();
    expect((await stage.untilJudged(landed, 'pending')).description).toBe('Pending: a sync window holds it back');
  } finally {
    await patch('appproject', 'discord-bot', { spec: { syncWindows: [] } });
  }
  await untilRuns(landed);
});

test('an Application that does not sync by itself: it waits, then it is unknown, and it runs once it syncs again', async () => {
  const automated = { prune: true, selfHeal: true };
  await patch('application', 'staging', { spec: { syncPolicy: { automated: null } } });
  const landed = await stage.release('no one syncs');
  const landedAt = Date.now();
  await untilIs('Argo CD sees it', ({ sync }) => sync.status === 'OutOfSync' && sync.revision === landed.revision);
  await reconcile();
  expect((await stage.untilJudged(landed, 'pending')).description).toBe('Pending: it waits for Argo CD');
  await world.until(
    'the deadline',
    () => (Date.now() - landedAt > DEADLINE_MINUTES * MINUTE ? true : undefined),
    DEADLINE_MINUTES * MINUTE + 30_000,
  );
  await reconcile();
  const { description } = await stage.untilJudged(landed, 'error');
  expect(description).toBe(`Unknown: Argo CD has said nothing of it for ${DEADLINE_MINUTES} minutes`);
  expect(stage.saidOn(landed)).toEqual([]);
  await patch('application', 'staging', { spec: { syncPolicy: { automated } } });
  await untilRuns(landed);
});

test('a Deployment that someone paused: unknown, by the report alone, until it goes on', async () => {
  await patch('deployment', 'discord-bot', { spec: { paused: true } }, namespace);
  const landed = await stage.release('paused');
  expect((await stage.untilJudged(landed, 'error')).description).toBe('Unknown: a Deployment is paused');
  expect(stage.saidOn(landed).map(tell)).toEqual(expect.arrayContaining(replayed('07-suspended')));
  expect(stage.saidOn(landed).map(tell)).not.toContain(proof);
  await patch('deployment', 'discord-bot', { spec: { paused: false } }, namespace);
  await untilRuns(landed);
});

test('a sync that is tried again: no word of failure before it runs', async () => {
  const refusal = describeRefusal(namespace);
  await world.delivery?.cluster.apply(refusal);
  const landed = await stage.release('tried again');
  await untilIs(
    'it is tried again',
    ({ operationState }) => operationState?.phase === 'Running' && operationState.retryCount > 0,
  ).finally(() => kubectl('delete', 'validatingadmissionpolicy,validatingadmissionpolicybinding', 'no-new-bot'));
  await untilRuns(landed);
  const said = stage.saidOn(landed).map(tell);
  expect(said.filter((one) => one !== proof && !isUnderWay.test(one))).toEqual([]);
  expect(said).toEqual(expect.arrayContaining(replayed('15-retried-sync')));
});

test('a release that is degraded, and recovers at the same commit: failed, then running', async () => {
  const aws = (...words: string[]) =>
    world.lab.exec(['aws', '--endpoint-url', world.aws.endpoint, 'sqs', ...words], { extraEnv: world.aws.adminEnv });
  const { stdout } = await aws('get-queue-url', '--queue-name', 'agentic-events', '--output', 'text');
  await aws('delete-queue', '--queue-url', stdout.toString().trim());
  const landed = await stage.release('its queue is gone');
  expect((await stage.untilJudged(landed, 'failure')).description).toBe('Failed: the Application is degraded');
  await aws('create-queue', '--queue-name', 'agentic-events');
  await untilRuns(landed);
  const said = stage.saidOn(landed).map(tell);
  expect([...new Set(said.filter((one) => !isUnderWay.test(one)))]).toEqual(replayed('03-degraded-then-recovered'));
});

test('a hook after the sync fails: the release has failed, its digest runs all the same, and the next one runs', async () => {
  await world.push(addHook());
  // two minutes less to wait until Argo CD gives up
  await patch('application', 'staging', { spec: { syncPolicy: { retry: { limit: 1 } } } });
  const landed = await stage.release('a migration', (server) => `${server}\n// ${FAILS_AFTER_SYNC}\n`);
  const failed = await stage.untilJudged(landed, 'failure');
  expect(failed.description).toBe('Failed: the sync failed; its digest runs all the same');
  expect(stage.saidOn(landed).map(tell)).toEqual(expect.arrayContaining(replayed('14-post-sync-hook-fails')));
  expect(stage.saidOn(landed).map(tell)).not.toContain(proof);
  const next = await stage.release('a migration', (server) => server.replace(FAILS_AFTER_SYNC, 'a migration'));
  await untilRuns(next);
  expect((await stage.untilJudged(landed, 'failure')).description).toBe(failed.description);
});

test('an Application that is taken away: unknown, since nothing keeps it running', async () => {
  const landed = await stage.release('the last');
  await untilRuns(landed);
  // what `argocd app delete` does
  await patch('application', 'staging', { metadata: { finalizers: ['resources-finalizer.argocd.argoproj.io'] } });
  await kubectl('delete', 'application', '-n', 'argocd', 'staging', '--wait=false');
  const { description } = await stage.untilJudged(landed, 'error');
  expect(description).toBe('Unknown: the Application is being removed');
  expect(stage.saidOn(landed).map(tell).at(-1)).toBe(replayed('08b-removed').at(-1));
});

test('no run of the verdict is red, and GitHub took every word', async () => {
  await world.settled();
  const verdicts = world.github.runs.filter(({ path }) => path.endsWith('/verdict.yml'));
  expect(verdicts.length).toBeGreaterThan(8);
  expect(verdicts.filter(({ conclusion }) => conclusion === 'failure')).toEqual([]);
  expect(world.github.rest.violations).toEqual([]);
});
