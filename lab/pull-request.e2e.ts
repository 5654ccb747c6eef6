import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getOctokit } from '@actions/github';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import { openWorld, type World } from '#lab/world.ts';

let world: World;
let person: ReturnType<typeof getOctokit>;
const where = { owner: 'acme', repo: 'tenant' };
const TABLES = 'terraform/modules/tables/main.tf';
const BOT = 'base/discord-bot/deployment.yaml';

beforeAll(async () => {
  world = await openWorld(
    lineProgress((line) => process.stderr.write(`${line}\n`)),
    { cluster: false, whole: true },
  );
  person = getOctokit(world.github.userToken, { baseUrl: `${world.github.url}/api/v3` });
  await world.push({ files: {}, message: 'The tenant' });
  await world.settled();
  await world.tenant.rest?.();
}, 300_000);

afterAll(async () => {
  await world?.stop();
  expect(findTraces(world.lab.id, world.lab.dir)).toEqual([]);
}, 60_000);

const git = async (...args: string[]): Promise<string> => {
  const identity = ['-c', 'user.name=hubot', '-c', 'user.email=hubot@users.noreply.github.com'];
  return (await world.lab.exec(['git', '-C', world.clone, ...identity, ...args])).stdout.toString('utf8').trim();
};
const edit = (path: string, change: (text: string) => string): void => {
  const file = join(world.clone, path);
  const text = readFileSync(file, 'utf8');
  expect(change(text)).not.toBe(text);
  writeFileSync(file, change(text));
};
/** Commits what was edited and pushes it to the branch; resolves when all runs have ended. */
const push = async (branch: string, message: string): Promise<void> => {
  await git('commit', '--quiet', '--all', '--message', message);
  await git('push', '--quiet', 'origin', `HEAD:${branch}`);
  await world.settled();
};
const statusOf = async (ref: string): Promise<string | undefined> =>
  (await person.rest.repos.getCombinedStatusForRef({ ...where, ref })).data.statuses.find(
    ({ context }) => context === 'slipway/plan',
  )?.state;
const ttl = z.object({ TimeToLiveDescription: z.object({ TimeToLiveStatus: z.string() }) });
/** What AWS says of a table's expiry. */
const expires = async (TableName: string): Promise<string> => {
  const scope = 'Credential=lab/20260101/ca-central-1/dynamodb/aws4_request';
  const response = await fetch(world.aws.endpoint, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=0`,
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.DescribeTimeToLive',
    },
    body: JSON.stringify({ TableName }),
  });
  return ttl.parse(await response.json()).TimeToLiveDescription.TimeToLiveStatus;
};
const commentsOf = async (number: number): Promise<string[]> =>
  (await person.rest.issues.listComments({ ...where, issue_number: number })).data.map(({ body = '' }) => body);
/** What the steps of the newest runs of a workflow printed and wrote, for a failed expectation. */
const told = (file: string): string =>
  world.github.runs
    .filter(({ path }) => path.endsWith(file))
    .slice(-1)
    .flatMap((run) => run.jobs.flatMap((job) => [job.id, ...job.steps.flatMap((step) => [...step.log, step.summary])]))
    .join('\n');

test('a pull request that changes a table and the bot gets one comment; its merge applies exactly that, and says so', async () => {
  await git('switch', '--quiet', '--create', 'expiry');
  edit(TABLES, (text) => text.replace(/(ttl \{\n[^}]*enabled +=) true/, '$1 false'));
  edit(BOT, (text) => text.replace(/(limits: \{[^}]*memory: )\w+/, '$1300Mi'));
  await push('expiry', 'Keep all items, and give the bot 300Mi');
  const { data: pull } = await person.rest.pulls.create({
    ...where,
    title: 'Keep items',
    head: 'expiry',
    base: 'main',
  });
  await world.settled();
  const [first = '', ...others] = await commentsOf(pull.number);
  expect([others, first === '' ? told('pull-request.yml') : '']).toEqual([[], '']);
  expect(first).toMatch(/### `production` has 1 restart and `staging` has 1 restart; Terraform updates \d/);
  expect(first).toContain('limits.memory: 300Mi');
  for (const table of ['executions', 'history', 'messages', 'sessions'])
    expect(first).toContain(`aws_dynamodb_table.this[&quot;${table}&quot;]</code>: <code>ttl[0].enabled</code>`);
  expect(await statusOf(pull.head.sha)).toBe('success');

  edit(BOT, (text) => text.replace('memory: 300Mi', 'memory: 320Mi'));
  await push('expiry', '320Mi');
  const [second = '', ...more] = await commentsOf(pull.number);
  expect(more).toEqual([]);
  expect(second).toContain('limits.memory: 320Mi');

  expect(await expires('chat_history')).toBe('ENABLED');
  await person.rest.pulls.merge({ ...where, pull_number: pull.number, merge_method: 'squash' });
  await world.settled();
  const [third = '', ...rest] = await commentsOf(pull.number);
  expect([rest, third.includes('✅ Applied') ? '' : `${third}\n${told('apply.yml')}`]).toEqual([[], '']);
  expect(await expires('chat_history')).toBe('DISABLED');
  expect(third).toMatch(/^### ✅ Applied: `aws`/m);
  expect(third).toContain('### Terraform, as it was reviewed');
}, 300_000);

test('what was pushed without a pull request is not applied, and the run says how to go on', async () => {
  await git('switch', '--quiet', 'main');
  await git('pull', '--quiet', '--rebase', 'origin', 'main');
  edit(TABLES, (text) => text.replace(/(ttl \{\n[^}]*enabled +=) false/, '$1 true'));
  await push('main', 'Without a review');
  const run = world.github.runs.filter(({ path }) => path.endsWith('apply.yml')).at(-1);
  expect([run?.conclusion, run?.jobs.map(({ id, conclusion }) => `${id} ${conclusion}`)]).toEqual([
    'failure',
    ['find failure', 'apply skipped', 'comment skipped'],
  ]);
  expect(told('apply.yml')).toContain('nothing was reviewed, so nothing is applied. Open a pull request');
  expect(await expires('chat_history')).toBe('DISABLED');
}, 120_000);

test("GitHub's stand-in gave no answer that GitHub never gives", () => {
  expect(world.github.rest.violations).toEqual([]);
});
