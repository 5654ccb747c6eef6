import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createApiTransport } from '#core/git/api-transport.ts';
import { openGitHubApi } from '#core/git/github-api.ts';
import { openGitHubTrust } from '#core/git/github-trust.ts';
import type { AskPorts } from '#core/release/ask.ts';
import { createTrust } from '#core/release/trust.ts';
import type { Fault } from '#lab/github/faults.ts';
import { createJumpingClock } from '#tests/support/clock.ts';
import { type GitHubStage, openGitHubStage } from '#tests/support/github.ts';
import { leaveHold, listIntents } from '#tests/support/intents.ts';
import { silentLog } from '#tests/support/silent-log.ts';
import { configure, resetTo } from '#tests/support/stage.ts';
import { bump, hold, promote, rollBack } from '#tests/support/writers.ts';

jest.setTimeout(60_000);

const MAIN = 'refs/heads/main';
const MINUTE = 60_000;

let stage: GitHubStage;
let base: string;
let next: { source: string; digest: string };

/** Production takes promotions; staging runs one set more. */
beforeAll(async () => {
  stage = await openGitHubStage();
  configure(stage, 'production', 'deploys: on-promotion, from: staging');
  next = await stage.change('next');
  await bump(stage.tenant, toStaging());
  base = stage.tenant.remoteGit('rev-parse', 'main');
});

const toStaging = () => ({
  images: stage.all(next.digest),
  'source-sha': next.source,
  environment: 'staging',
});

beforeEach(() => {
  resetTo(base, stage.tenant);
  stage.github.calls.length = 0;
  stage.github.requests.length = 0;
});

afterEach(() => {
  expect(stage.github.violations).toEqual([]);
  expect(stage.github.faults.countWaiting()).toBe(0);
  stage.github.rules.lift(MAIN);
});

afterAll(() => stage.tenant.close());

const count = (line: string): number => stage.github.calls.filter((call) => call.line === line).length;
const pushes = (): number =>
  stage.github.requests.filter(({ method, url }) => method === 'POST' && url.endsWith('/git-receive-pack')).length;

/** Expects a red end within 5 s that names the remedy, and that nothing is left. */
async function expectRed(run: () => Promise<unknown>, sentence: RegExp): Promise<void> {
  const started = Date.now();
  await expect(run()).rejects.toMatchObject({ name: 'Refusal', message: expect.stringMatching(sentence) });
  expect(Date.now() - started).toBeLessThan(5_000);
  expect(stage.tenant.remoteGit('rev-parse', 'main')).toBe(base);
  expect(listIntents(stage.tenant)).toEqual([]);
}

/** A build that is not there yet. */
async function bumpNew(inputs: Inputs): Promise<unknown> {
  const images = `discord-bot=${stage.tenant.push('discord-bot', 'new')}`;
  return bump(stage.tenant, { ...toStaging(), 'source-sha': base, images, ...inputs });
}

type Inputs = Readonly<Record<string, string>>;
const writers: [string, (inputs: Inputs) => Promise<unknown>][] = [
  ['rollback', (inputs) => rollBack(stage.tenant, inputs)],
  ['hold', (inputs) => hold(stage.tenant, inputs)],
  ['promotion', (inputs) => promote(stage.tenant, inputs)],
  ['bump', bumpNew],
];

describe.each(writers)('a %s', (_kind, run) => {
  test('by the API with a token that may only read is red, and asked once', async () => {
    const token = stage.github.tokenOf({ contents: 'read', deployments: 'read' });
    await expectRed(() => run({ ...stage.api, token }), /HTTP 403.*give the job `permissions: contents: write`/);
    expect(count('POST git/trees')).toBe(1);
    expect(count('POST git/commits') + count('POST git/refs')).toBe(0);
  });

  test('by git with a token that may only read is red, and pushed once', async () => {
    const token = stage.github.tokenOf({ contents: 'read', deployments: 'read' });
    await expectRed(() => run({ token }), /403.*give the job `permissions: contents: write`/);
    const asked = stage.github.requests.filter(({ url }) => url.includes('git-receive-pack'));
    expect(asked).toHaveLength(1);
  });

  test("by the API against a rule that refuses is red with the server's words, and not tried again", async () => {
    stage.github.rules.protect(MAIN);
    await expectRed(() => run(stage.api), /GH006: Protected branch update failed.*to the bypass list/);
    // the intent's, where it is published first, and the fold's
    expect(count('POST git/commits')).toBeLessThanOrEqual(2);
  });

  test('by git against a rule that asks for signatures is red, names the API, and is not tried again', async () => {
    stage.github.rules.requireSignatures(MAIN);
    await expectRed(() => run({}), /GH013.*verified signatures.*use `transport: api`, by which GitHub signs/);
    // at most: published, refused, withdrawn
    expect(pushes()).toBeLessThanOrEqual(3);
  });

  test('with a token that the server does not know is red', async () => {
    await expectRed(
      () => run({ ...stage.api, token: 'ghs_unknown' }),
      /check that the token input may read|does not know the token/,
    );
  });
});

test('what the remedy names is a remedy', async () => {
  stage.github.rules.requireSignatures(MAIN);
  expect((await rollBack(stage.tenant, stage.api)).outcome).toBe('landed');
  resetTo(base, stage.tenant);
  stage.github.rules.lift(MAIN);
  stage.github.rules.protect(MAIN);
  stage.github.rules.letThrough(MAIN, 'slipway[bot]');
  const token = stage.github.tokenOf({ contents: 'write' }, 'slipway');
  expect((await rollBack(stage.tenant, { ...stage.api, token, identity: 'slipway[bot]' })).outcome).toBe('landed');
  resetTo(base, stage.tenant);
  expect((await rollBack(stage.tenant, { token, identity: 'slipway[bot]' })).outcome).toBe('landed');
});

/** The API on a clock that jumps over its pauses, and every question: when it was sent, and whether a limit met it. */
function onTestClock() {
  const clock = createJumpingClock();
  const asked: { readonly at: number; readonly isLimit: boolean }[] = [];
  const change = (ports: AskPorts): AskPorts => {
    const { GITHUB_API_URL: apiUrl = '', GITHUB_GRAPHQL_URL: graphqlUrl = '' } = stage.github.connection.env;
    const token = stage.github.tokenOf({ contents: 'write' });
    const ask: typeof fetch = async (input, init) => {
      const at = clock.now().getTime();
      const response = await fetch(input, init);
      const isLimit = [403, 429].includes(response.status) || (await response.clone().text()).includes('rate limit');
      asked.push({ at, isLimit });
      return response;
    };
    const server = { apiUrl, graphqlUrl, repository: 'acme/tenant', token, clock, log: silentLog, fetch: ask };
    const api = openGitHubApi(server);
    const trust = createTrust(openGitHubTrust(api), 'github-actions[bot]', silentLog);
    return { ...ports, clock, transport: createApiTransport(api, silentLog), trust };
  };
  return { asked, options: { change } };
}

describe('a rate limit', () => {
  const limits: [string, () => Fault, number][] = [
    ['403 with retry-after', () => ({ kind: 'secondary-limit', retryAfter: 90 }), 90_000],
    ['429 with retry-after', () => ({ kind: 'secondary-limit', retryAfter: 7, status: 429 }), 7_000],
    ['429 without a time', () => ({ kind: 'secondary-limit', status: 429 }), MINUTE],
    // it is over five minutes after the test began, and the question comes a little later
    ['the end of the hour', () => ({ kind: 'primary-limit', reset: new Date(Date.now() + 5 * MINUTE) }), 4.5 * MINUTE],
  ];

  test.each(limits)('of %s: no request before its time, and the rollback lands', async (_what, fault, pause) => {
    const { asked, options } = onTestClock();
    stage.github.faults.inject('git/create-tree', fault());
    const { outcome } = await rollBack(stage.tenant, {}, options);
    expect(outcome).toBe('landed');
    expect(stage.read()).toBe(stage.good);
    const limited = asked.findIndex(({ isLimit }) => isLimit);
    const until = (asked[limited]?.at ?? 0) + pause;
    expect(asked.length).toBeGreaterThan(limited + 1);
    for (const { at } of asked.slice(limited + 1)) expect(at).toBeGreaterThanOrEqual(until);
  });

  test.each(['git/create-commit', 'git/create-ref', 'updateRefs', 'repos/get-branch'])(
    'at %s stops every other question as well, and the rollback lands',
    async (operation) => {
      // another writer's intent, so that this one is published and the branch's rules are asked for
      leaveHold(stage.tenant, 'staging', 'wait');
      const { asked, options } = onTestClock();
      stage.github.faults.inject(operation, { kind: 'secondary-limit', retryAfter: 45 });
      expect((await rollBack(stage.tenant, {}, options)).outcome).toBe('landed');
      const limited = asked.findIndex(({ isLimit }) => isLimit);
      for (const { at } of asked.slice(limited + 1))
        expect(at - (asked[limited]?.at ?? 0)).toBeGreaterThanOrEqual(45_000);
    },
  );

  test('that lasts longer than a job waits is red at once, with its end', async () => {
    const reset = new Date(Date.now() + 31 * MINUTE);
    stage.github.faults.inject('git/create-tree', { kind: 'primary-limit', reset });
    const end = new Date(Math.ceil(reset.getTime() / 1000) * 1000).toISOString();
    await expectRed(() => rollBack(stage.tenant, stage.api), new RegExp(`before ${end}.*run it again after that`));
    expect(count('POST git/trees')).toBe(1);
  });

  test('that hinders taking the intent back as well: red at once, with what becomes of the intent', async () => {
    const reset = new Date(Date.now() + 31 * MINUTE);
    stage.github.faults.inject('updateRefs', { kind: 'primary-limit', reset });
    const sentence = /run it again after that.*its intent \w{26} stays open, and the next writer .* lands it$/;
    await expect(rollBack(stage.tenant, stage.api)).rejects.toMatchObject({ message: expect.stringMatching(sentence) });
    expect(stage.tenant.remoteGit('rev-parse', 'main')).toBe(base);
    expect(listIntents(stage.tenant)).toHaveLength(1);
  });

  test('is kept by the connection that a step opens: a second is a second', async () => {
    stage.github.faults.inject('git/create-tree', { kind: 'secondary-limit', retryAfter: 1 });
    expect((await rollBack(stage.tenant, stage.api)).outcome).toBe('landed');
    const [first, second] = stage.github.calls.filter(({ line }) => line === 'POST git/trees').map(({ at }) => at);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(1_000);
  });
});
