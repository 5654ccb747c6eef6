import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { encodeTime } from 'ulid';
import type { AskPorts } from '#core/release/ask.ts';
import { createJumpingClock } from '#tests/support/clock.ts';
import { type GitHubStage, openGitHubStage } from '#tests/support/github.ts';
import { leaveHold, listIntents } from '#tests/support/intents.ts';
import { configure, resetTo } from '#tests/support/stage.ts';
import { bump, hold, promote, reconcile, rollBack, type WriterOptions } from '#tests/support/writers.ts';

jest.setTimeout(120_000);

const NOON = Date.UTC(2030, 0, 2, 12);
const MINUTE = 60_000;

let stage: GitHubStage;
let base: string;
let next: { source: string; digest: string };

/** Production takes promotions; staging runs one set more, and the newest build is not deployed yet. */
beforeAll(async () => {
  stage = await openGitHubStage();
  configure(stage, 'production', 'deploys: on-promotion, from: staging');
  const older = await stage.change('older');
  await bump(stage.tenant, { images: stage.all(older.digest), environment: 'staging' });
  next = await stage.change('next');
  base = stage.tenant.remoteGit('rev-parse', 'main');
});

afterEach(() => expect(stage.github.violations).toEqual([]));

afterAll(() => stage.tenant.close());

type Inputs = Readonly<Record<string, string>>;
type Write = (inputs: Inputs, options: WriterOptions) => Promise<{ readonly outcome?: string }>;

/** A run at a time after noon, in milliseconds: the time, the intents and the page are the same whenever it is run. */
function at(milliseconds: number): WriterOptions {
  const clock = createJumpingClock(NOON + milliseconds);
  let count = 0;
  const newIntent = () => `${encodeTime(NOON + milliseconds)}${String(++count).padStart(16, '0')}`;
  return { run: '7', change: (ports: AskPorts) => ({ ...ports, clock, newIntent }) };
}

/** The branch after one write on the same base, and who signed its commit. */
async function write(prepare: () => Promise<unknown>, act: Write, transport: 'git' | 'api') {
  const { tenant, github } = stage;
  resetTo(base, tenant);
  await prepare();
  const before = tenant.remoteGit('rev-parse', 'main');
  const { outcome } = await act({ transport }, at(MINUTE));
  const commits = tenant.remoteGit('rev-list', '--first-parent', `${before}..main`).split('\n').filter(Boolean);
  return {
    outcome,
    content: commits.map((commit) => tenant.remoteGit('log', '-1', '--format=%T%n%B', commit)),
    signed: commits.map((commit) => github.rules.isSigned(commit)),
    authors: commits.map((commit) => tenant.remoteGit('log', '-1', '--format=%an <%ae>', commit)),
  };
}

const nothing = async () => {};
const kinds: [string, () => Promise<unknown>, Write][] = [
  [
    'bump',
    nothing,
    (inputs, options) =>
      bump(stage.tenant, { images: stage.all(next.digest), environment: 'staging', ...inputs }, options),
  ],
  [
    'rollback',
    nothing,
    (inputs, options) => rollBack(stage.tenant, { environment: 'staging', to: stage.good, ...inputs }, options),
  ],
  ['hold', nothing, (inputs, options) => hold(stage.tenant, { image: 'discord-bot', ...inputs }, options)],
  [
    'release',
    () => hold(stage.tenant, { environment: 'staging', image: 'discord-bot' }, at(0)),
    (inputs, options) =>
      hold(stage.tenant, { environment: 'staging', image: 'discord-bot', action: 'release', ...inputs }, options),
  ],
  ['promotion', nothing, (inputs, options) => promote(stage.tenant, inputs, options)],
  ['reconcile', nothing, (inputs, options) => reconcile(stage.tenant, inputs, options)],
];

describe.each(kinds)('a %s', (_kind, prepare, act) => {
  test('by the API is one commit that GitHub signed, with the content that git writes; again changes nothing', async () => {
    const byGit = await write(prepare, act, 'git');
    const byApi = await write(prepare, act, 'api');
    expect(byApi.content).toEqual(byGit.content);
    expect(byApi.outcome).toEqual(byGit.outcome);
    expect(byApi.authors).toEqual(byGit.authors);
    expect([byGit.signed, byApi.signed]).toEqual([[false], [true]]);
    const refs = stage.tenant.remoteGit('for-each-ref');
    expect(refs.split('\n')).toHaveLength(1);
    const again = await act(stage.api, at(2 * MINUTE)).catch((error: unknown) => error);
    if (again instanceof Error) expect(again).toMatchObject({ name: 'Refusal' });
    expect(stage.tenant.remoteGit('for-each-ref')).toBe(refs);
  });
});

test('an intent that was left behind is folded, and its ref goes with the same mutation', async () => {
  const { tenant, github } = stage;
  resetTo(base, tenant);
  leaveHold(tenant, 'production', 'stop');
  github.calls.length = 0;
  const result = await reconcile(tenant, { transport: 'api' });
  expect(result.folded).toBe(1);
  expect(listIntents(tenant)).toEqual([]);
  expect(tenant.remoteGit('show', 'main:overlays/production/holds.yaml')).toContain('reason: stop');
  for (const commit of result.commits) expect(github.rules.isSigned(commit)).toBe(true);
});

test('a single bump asks for little', async () => {
  const { tenant, github } = stage;
  resetTo(base, tenant);
  github.calls.length = 0;
  await bump(tenant, { images: stage.all(next.digest), environment: 'staging', transport: 'api' });
  expect(github.calls.map(({ line }) => line)).toEqual([
    // the intent
    'POST git/trees',
    'POST git/commits',
    'POST git/refs',
    // the fold
    'POST graphql',
    'POST git/trees',
    'POST git/commits',
    'POST graphql',
  ]);
});
