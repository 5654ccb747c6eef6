import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RunRecord } from '#lab/github/runner/run-record.ts';
import { forkAs, openPullRequest, type PullRequest, type Stranger } from '#lab/pull-request.ts';
import { type Found, hostileModule, hostileWorkflow, readProbes } from '#lab/strangers/probe.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import { openWorld, type World } from '#lab/world.ts';

let world: World;
let stranger: Stranger;
const TABLES = 'terraform/modules/tables/main.tf';
const BOT = 'base/discord-bot/deployment.yaml';

beforeAll(async () => {
  world = await openWorld(
    lineProgress((line) => process.stderr.write(`${line}\n`)),
    { cluster: false },
  );
  await world.push({ files: {}, message: 'The tenant' });
  await world.settled();
  stranger = await forkAs(world, 'mallory');
}, 600_000);

afterAll(async () => {
  await world?.stop();
  expect(findTraces(world.lab.id, world.lab.dir)).toEqual([]);
}, 60_000);

const lastRun = (): RunRecord | undefined =>
  world.github.runs.filter(({ path }) => path.endsWith('pull-request.yml')).at(-1);
const endsOf = (run: RunRecord | undefined): string[] | undefined =>
  run?.jobs.map(({ id, conclusion }) => `${id} ${conclusion}`);
const summaryOf = (run: RunRecord | undefined, job: string): string =>
  run?.jobs
    .filter(({ id }) => id === job)
    .flatMap(({ steps }) => steps.map(({ summary }) => summary))
    .join('') ?? '';
/** Steps and logs, for a failed expectation. */
const told = (run: RunRecord | undefined): string =>
  (run?.jobs ?? [])
    .flatMap((job) => [`--- ${job.id}`, ...job.steps.flatMap((step) => [...step.log, step.summary])])
    .join('\n');
/** What a credential would be called. */
const CREDENTIAL =
  /^(AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)|ACTIONS_ID_TOKEN_|ACTIONS_RUNTIME_TOKEN|TERRAFORM_PLAN_KEY|.*PASSWORD)/;
const credentialsIn = ({ names }: Found): string[] => names.filter((name) => CREDENTIAL.test(name));

let pull: PullRequest;

test("a fork's pull request gets its result in the job summary, which says why there is no comment", async () => {
  pull = await openPullRequest(
    world,
    'expiry',
    {
      files: {
        [TABLES]: (text) => text.replace(/(ttl \{\n[^}]*enabled +=) true/, '$1 false'),
        [BOT]: (text) => text.replace(/(limits: \{[^}]*memory: )\w+/, '$1300Mi'),
        ...hostileModule,
      },
      message: 'Keep all items, and give the bot 300Mi',
    },
    stranger,
  );
  const run = lastRun();
  expect([endsOf(run), run?.conclusion === 'success' ? '' : told(run)]).toEqual([
    ['reach success', 'manifests success', 'plan skipped', 'check (aws) success', 'comment success'],
    '',
  ]);
  expect(await pull.comments()).toEqual([]);
  expect(await pull.status()).toBeUndefined();
  const summary = summaryOf(run, 'comment');
  expect(summary).toContain(
    'Only this summary has the result:** the pull request comes from a fork, and the token of its run may only read.',
  );
  expect(summary).toContain('limits.memory: 300Mi');
  expect(summary).toContain("A fork's run gets no credential, so aws was not planned.");
}, 300_000);

test('a module of a fork that runs a program finds no credential', () => {
  const [found, ...others] = readProbes([summaryOf(lastRun(), 'check (aws)')]);
  expect(others).toEqual([]);
  expect(found).toMatchObject({
    ...{ secrets: [], key: 0, git: false, docker: false },
    ...{ plan: 'no token of the job', apply: 'no token of the job' },
  });
  expect(found && credentialsIn(found)).toEqual([]);
  for (const answer of Object.values(found?.did ?? { none: 200 })) expect([403, 404, 'no token']).toContain(answer);
});

test('a fork that writes the workflow itself gets a token that only reads, and nothing else', async () => {
  await pull.push({ files: hostileWorkflow(), message: 'Take all' });
  const run = lastRun();
  const [found, ...others] = readProbes([summaryOf(run, 'take')]);
  expect([others, found === undefined ? told(run) : '']).toEqual([[], '']);
  expect(found).toMatchObject({
    ...{ secrets: ['GITHUB_TOKEN'], key: 0, docker: false },
    ...{ plan: 'no token of the job', apply: 'no token of the job' },
    did: { comment: 403, status: 403, branch: 403, dispatch: 403, merge: 403 },
  });
  expect(found && credentialsIn(found)).toEqual([]);
  expect(await pull.comments()).toEqual([]);
}, 120_000);

test('the same workflow in a branch of the repository gets the role that plans, and not the one that applies', async () => {
  await openPullRequest(world, 'inside', { files: hostileWorkflow({ ONLY_LOOK: '1' }), message: 'Take all' });
  const run = lastRun();
  const [found] = readProbes([summaryOf(run, 'take')]);
  expect([found?.plan, found?.apply, found?.key, told(run)]).toEqual(['assumed', 'refused', 44, expect.anything()]);
}, 120_000);

test("GitHub's stand-in gave no answer that GitHub never gives", () => {
  expect(world.github.rest.violations).toEqual([]);
});
