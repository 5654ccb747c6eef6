import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { jumpOverPauses } from '#tests/support/clock.ts';
import { listIntents } from '#tests/support/intents.ts';
import { killAfter, killAt, type Moment } from '#tests/support/kill.ts';
import { createRandom } from '#tests/support/random.ts';
import { resetTo } from '#tests/support/stage.ts';
import { type RunOptions, startTenant, type Tenant } from '#tests/support/tenant.ts';
import { bump, hold, reconcile, rollBack } from '#tests/support/writers.ts';

jest.setTimeout(120_000);

const IS_CI = process.env['CI'] === 'true';
/** SLIPWAY_KILLS: how many random moments; where it is given, everyone goes on from each named one. */
const KILLS = process.env['SLIPWAY_KILLS'];
const RUNS = Number(KILLS ?? (IS_CI ? 12 : 50));

let tenant: Tenant;
/** A good and a bad build were released. */
let base: string;

beforeAll(async () => {
  tenant = await startTenant();
  for (const content of ['good', 'bad']) await bump(tenant, { images: pushAll(content) });
  base = tenant.remoteGit('rev-parse', 'main');
});

beforeEach(() => resetTo(base, tenant));

afterAll(() => tenant.close());

const push = (image: string, content: string) => `${image}=${tenant.push(image, content)}`;
const pushAll = (content: string) => `${push('discord-bot', content)}\n${push('dev-sandbox', content)}`;
const rerun = () => ({ sha: base, change: jumpOverPauses });

/** A writer: how the runner starts it, how its job is run again, and the trailers of what it wants, one each time that it lands. */
interface Writer {
  readonly steps: Readonly<Record<string, Moment>>;
  readonly start: (options: RunOptions) => ReturnType<Tenant['bump']>;
  readonly again: () => Promise<unknown>;
  readonly wish: () => RegExp;
}

const wishOfBuild = () =>
  new RegExp(`^Slipway-Release: production/discord-bot to=${built().images.split('=')[1]}`, 'gm');
const built = () => ({ images: push('discord-bot', 'the build'), 'source-sha': base });
const publishing = { 'write the intent': ['git', 'fast-import', 1], 'publish it': ['git', 'push', 1] } as const;
const landing = { 'write the commit': ['git', 'fast-import', 2], 'move the branch': ['git', 'push', 2] } as const;

/** The commands that a writer runs on its way, by what they do: which program, words of its arguments, which time. */
const WRITERS: Readonly<Record<string, Writer>> = {
  bump: {
    steps: {
      ...publishing,
      'list the refs': ['git', 'ls-remote', 1],
      'read the history': ['git', '--filter=tree:0', 1],
      render: ['kustomize', 'build', 1],
      ...landing,
    },
    start: (options) => tenant.bump(built(), options),
    again: () => bump(tenant, built(), rerun()),
    wish: wishOfBuild,
  },
  'bump with an older checkout': {
    steps: { ...publishing, 'read the tip': ['git', '--prune', 1], ...landing },
    start: (options) => tenant.bump(built(), { ...options, checkoutAt: tenant.remoteGit('rev-parse', `${base}^`) }),
    again: () => bump(tenant, built(), rerun()),
    wish: wishOfBuild,
  },
  rollback: {
    steps: {
      'read the branch': ['git', '--prune', 1],
      'read the history': ['git', '--filter=tree:0', 1],
      ...publishing,
      'list the refs': ['git', 'ls-remote', 1],
      render: ['kustomize', 'build', 1],
      ...landing,
    },
    start: (options) => tenant.dispatch('rollback-overlay', { steps: '1', reason: 'bad' }, options),
    again: () => rollBack(tenant, { reason: 'bad' }, rerun()),
    wish: () => /^Slipway-Release: production\/discord-bot .*kind=rollback/gm,
  },
  hold: {
    steps: {
      ...publishing,
      'list the refs': ['git', 'ls-remote', 1],
      'read the history': ['git', '--filter=tree:0', 1],
      ...landing,
    },
    start: (options) => tenant.dispatch('hold-overlay', { action: 'set', reason: 'wait' }, options),
    again: () => hold(tenant, { reason: 'wait' }, rerun()),
    wish: () => /^Slipway-Hold: production\/\* action=set/gm,
  },
};

/** Who goes on. */
const SUCCESSORS: readonly (readonly [string, (writer: Writer) => Promise<unknown>])[] = [
  ['the same job, run again', (writer) => writer.again()],
  ['another writer', () => bump(tenant, { images: push('dev-sandbox', 'other') }, { change: jumpOverPauses })],
  ['Reconcile', () => reconcile(tenant, {}, { change: jumpOverPauses })],
];

const messages = () => tenant.remoteGit('log', '--format=%B', `${base}..main`);
const countLanded = ({ wish }: Writer): number => messages().match(wish())?.length ?? 0;

/** Expects that no intent is left, that each landed by one commit, and the killed one's wish as often as it says. */
function expectEnd(writer: Writer, times: number): void {
  expect(listIntents(tenant)).toEqual([]);
  const commits = tenant.remoteGit('log', '-z', '--format=%B', `${base}..main`).split('\0');
  const intents = commits.flatMap((text) => [...new Set(text.match(/(?<= intent=)\S+/g))]);
  expect(new Set(intents).size).toBe(intents.length);
  expect(countLanded(writer)).toBe(times);
}

/** A step of a writer that is killed there, and who goes on. */
type Case = readonly [kind: string, when: 'before' | 'after', step: string, who: string];

function listCases(kind: string): Case[] {
  const moments = Object.keys(WRITERS[kind]?.steps ?? {}).flatMap((step) =>
    (['before', 'after'] as const).map((when) => [kind, when, step] as const),
  );
  const names = SUCCESSORS.map(([who]) => who);
  if (kind === 'bump' || KILLS !== undefined)
    return moments.flatMap((moment) => names.map((who): Case => [...moment, who]));
  const cases = moments.map((moment, index): Case => [...moment, names[index % names.length] ?? '']);
  return IS_CI ? sample(cases, 4) : cases;
}

/** A few of them, others in each run of the workflow. */
function sample<T>(all: readonly T[], count: number): T[] {
  const random = createRandom(Number(process.env['GITHUB_RUN_NUMBER'] ?? 1));
  const drawn = all.map((one) => [random(), one] as const).sort(([one], [other]) => one - other);
  return drawn.slice(0, count).map(([, one]) => one);
}

const writerOf = (kind: string): Writer => WRITERS[kind] ?? fail(kind);
const successorOf = (name: string) => SUCCESSORS.find(([who]) => who === name)?.[1] ?? fail(name);
function fail(name: string): never {
  throw new Error(`there is no ${name}`);
}

describe.each(Object.keys(WRITERS))('a killed %s', (name) => {
  test.each(listCases(name))('%s, %s the step: %s; %s goes on', async (kind, when, step, who) => {
    const writer = writerOf(kind);
    const steps = Object.keys(writer.steps);
    const path = killAt(tenant, writer.steps[step] ?? fail(step), when);
    expect((await writer.start({ path })).code).toBeNull();
    const isLanded = when === 'after' && step === 'move the branch';
    const past = steps.indexOf(step) - steps.indexOf('publish it');
    const isPublished = past > 0 || (past === 0 && when === 'after');
    expect(countLanded(writer)).toBe(isLanded ? 1 : 0);
    expect(listIntents(tenant)).toHaveLength(isPublished && !isLanded ? 1 : 0);
    await successorOf(who)(writer);
    expectEnd(writer, isPublished || who.startsWith('the same job') ? 1 : 0);
  });
});

/** What the git of a killed writer has sent arrives. */
async function settle(): Promise<void> {
  const refs = () => tenant.remoteGit('for-each-ref');
  for (let [seen, now] = ['', refs()]; seen !== now; [seen, now] = [now, refs()])
    await new Promise((resolve) => setTimeout(resolve, 250));
}

test(`killed at ${RUNS} random moments: anyone goes on, each intent lands once, nothing is left`, async () => {
  const writers = Object.values(WRITERS);
  const durations: number[] = [];
  for (const writer of writers) {
    const started = performance.now();
    expect((await writer.start({})).code).toBe(0);
    durations.push(performance.now() - started);
    expectEnd(writer, 1);
    resetTo(base, tenant);
  }
  for (let run = 0; run < RUNS; run++) {
    const index = run % writers.length;
    const writer = writers[index] ?? fail(`${index}`);
    const [who, goOn] = SUCCESSORS[Math.floor(run / writers.length) % SUCCESSORS.length] ?? fail(`${run}`);
    await writer.start({ onStart: killAfter(Math.random() * (durations[index] ?? 0)) });
    await settle();
    const isThere = listIntents(tenant).length + countLanded(writer) > 0;
    await goOn(writer);
    expectEnd(writer, isThere || who.startsWith('the same job') ? 1 : 0);
    resetTo(base, tenant);
  }
}, 900_000);
