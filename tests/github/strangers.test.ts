import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createApiTransport } from '#core/git/api-transport.ts';
import { openGitHubApi } from '#core/git/github-api.ts';
import type { HoldIntent } from '#core/release/intent.ts';
import { formatIntent } from '#core/release/intent-file.ts';
import { systemClock } from '#core/system/clock.ts';
import { createExec } from '#core/system/exec.ts';
import { jumpOverPauses } from '#tests/support/clock.ts';
import { type GitHubStage, openGitHubStage } from '#tests/support/github.ts';
import { describeWriter, listIntents } from '#tests/support/intents.ts';
import { gitEnv } from '#tests/support/repositories.ts';
import { silentLog } from '#tests/support/silent-log.ts';
import { resetTo } from '#tests/support/stage.ts';
import { bump, reconcile } from '#tests/support/writers.ts';

jest.setTimeout(60_000);

const MAIN = 'refs/heads/main';
const BOT = { name: 'github-actions[bot]', email: '41898282+github-actions[bot]@users.noreply.github.com' };
const APP = { name: 'slipway[bot]', email: '3003+slipway[bot]@users.noreply.github.com' };
const PERSON = { name: 'Mallory', email: 'mallory@example.com' };
/** What GitHub writes as the committer where it signs. */
const GITHUB = { name: 'GitHub', email: 'noreply@github.com' };

let stage: GitHubStage;
let next: string;
let base: string;

beforeAll(async () => {
  stage = await openGitHubStage();
  next = (await stage.change('next')).digest;
  base = stage.tenant.remoteGit('rev-parse', 'main');
});

beforeEach(() => resetTo(base, stage.tenant));

afterEach(() => {
  expect(stage.github.violations).toEqual([]);
  stage.github.rules.lift(MAIN);
});

afterAll(() => stage.tenant.close());

const hold = (reason: string, image = '*'): HoldIntent => ({
  kind: 'hold',
  environment: 'production',
  image,
  until: undefined,
  ...describeWriter(reason),
});

type Names = Readonly<Record<'name' | 'email', string>>;

/** Pushes an intent by git, under any name; returns its ref. */
async function pushIntent(token: string, author: Names, committer: Names = author): Promise<string> {
  const { tenant } = stage;
  const intent = hold('a stranger');
  const exec = createExec({
    ...gitEnv,
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_COMMITTER_NAME: committer.name,
    GIT_COMMITTER_EMAIL: committer.email,
  });
  const git = async (...args: string[]): Promise<string> =>
    (await exec(['git', '-C', tenant.clone, ...args])).stdout.toString().trim();
  const commit = await git('commit-tree', '-m', formatIntent(intent), tenant.git('mktree'));
  const ref = `refs/slipway/intents/${intent.id}`;
  const remote = tenant.server.url.replace('://', `://x-access-token:${token}@`);
  await git('push', '-q', remote, `${commit}:${ref}`);
  return ref;
}

/** Publishes an intent by the API, as a writer does that is killed afterwards; returns its ref. */
async function publish(token: string, image: string): Promise<string> {
  const { GITHUB_API_URL: apiUrl = '', GITHUB_GRAPHQL_URL: graphqlUrl = '' } = stage.github.connection.env;
  const server = { apiUrl, graphqlUrl, repository: 'acme/tenant', token, clock: systemClock, log: silentLog };
  const transport = createApiTransport(openGitHubApi(server), silentLog);
  const intent = hold('left behind', image);
  const message = formatIntent(intent);
  const files = [{ path: 'intent.json', mode: '100644', content: Buffer.from(message) }];
  const commit = await transport.commit({ message, files, at: intent.at });
  const ref = `refs/slipway/intents/${intent.id}`;
  expect(await transport.update([{ ref, commit, lease: undefined }])).toEqual({ outcome: 'pushed' });
  return ref;
}

/** A bump by the API that need not wait for anyone. */
const write = (inputs: Readonly<Record<string, string>>) =>
  bump(stage.tenant, { images: stage.all(next), ...stage.api, ...inputs }, { change: jumpOverPauses });
const held = () => stage.tenant.remoteGit('ls-tree', '--name-only', 'main', 'overlays/production/').includes('holds');
const job = () => stage.github.tokenOf({ contents: 'write' });
const app = () => stage.github.tokenOf({ contents: 'write' }, 'slipway');

/** Who tries: what their intent is, and why it is left. */
const strangers: [string, () => Promise<string>, RegExp][] = [
  ['a person pushes', () => pushIntent(stage.github.person, PERSON), /is not signed by GitHub/],
  ['a person pushes under our name', () => pushIntent(stage.github.person, BOT), /is not signed by GitHub/],
  ['a person pushes under our name as GitHub', () => pushIntent(stage.github.person, BOT, GITHUB), /is not signed/],
  ["another job pushes under the App's name", () => pushIntent(job(), APP, GITHUB), /is not signed by GitHub/],
];

/** The two ways to protect a branch, and with whose token and name the pipeline writes there. */
const protections: [string, () => void, () => { token: string; identity: string }][] = [
  [
    'requires signatures',
    () => stage.github.rules.requireSignatures(MAIN),
    () => ({ token: job(), identity: 'github-actions[bot]' }),
  ],
  [
    'lets the App alone through',
    () => {
      stage.github.rules.protect(MAIN);
      stage.github.rules.letThrough(MAIN, 'slipway[bot]');
    },
    () => ({ token: app(), identity: 'slipway[bot]' }),
  ],
];

describe.each(protections)('a branch that %s', (_rule, protect, pipeline) => {
  beforeEach(protect);

  test.each(strangers)('an intent that %s is not folded, is reported and left', async (_who, tries, why) => {
    const ref = await tries();
    const result = await write(pipeline());
    expect(result).toMatchObject({ outcome: 'landed', batch: 1 });
    expect(stage.github.rules.isSigned(result.commit ?? '')).toBe(true);
    expect(listIntents(stage.tenant)).toEqual([ref]);
    expect(held()).toBe(false);
    const said = result.runner.warnings.filter((line) => line.includes(ref));
    expect(said).toEqual([expect.stringMatching(why)]);
  });

  test('what strangers made is left by reconcile as well', async () => {
    const refs = [await pushIntent(stage.github.person, BOT), await pushIntent(job(), APP)];
    const { folded, runner } = await reconcile(stage.tenant, { ...stage.api, ...pipeline() });
    expect(folded).toBe(0);
    for (const ref of refs) expect(runner.warnings.join('\n')).toContain(ref);
    expect(listIntents(stage.tenant)).toEqual(refs);
  });

  test("the pipeline's own that was left behind is folded", async () => {
    const own = pipeline();
    await publish(own.token, 'dev-sandbox');
    const result = await write(own);
    expect(result).toMatchObject({ outcome: 'landed', batch: 2 });
    expect(listIntents(stage.tenant)).toEqual([]);
    expect([stage.read(), held()]).toEqual([next, true]);
    expect(stage.read('dev-sandbox')).toBe(stage.bad);
  });
});

test('on a branch that lets the App alone through, an intent that GitHub signed for another job is left', async () => {
  protections[1]?.[1]();
  const ref = await publish(job(), '*');
  const result = await write({ token: app(), identity: 'slipway[bot]' });
  expect(result.outcome).toBe('landed');
  expect(listIntents(stage.tenant)).toEqual([ref]);
  expect(result.runner.warnings.join('\n')).toContain('is signed by github-actions[bot]');
});

test.each(strangers.slice(0, 2))(
  'on a branch without rules, an intent that %s counts as the push it could have been',
  async (_who, tries) => {
    await tries();
    const result = await write({});
    expect(result).toMatchObject({ outcome: 'held', images: [{ hold: { reason: 'a stranger' } }, {}] });
    expect(listIntents(stage.tenant)).toEqual([]);
    expect([stage.read(), held()]).toEqual([stage.bad, true]);
  },
);
