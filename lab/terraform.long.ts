import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { RunRecord } from '#lab/github/runner/run-record.ts';
import { openPullRequest, type PullRequest, speakAs, where } from '#lab/pull-request.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import { openWorld, type World } from '#lab/world.ts';

let world: World;
/** Someone with write access who wrote nothing. */
let reviewer: string;
/** hubot, who writes the commits of the pull requests here. */
let author: string;
const TABLES = 'terraform/modules/tables/main.tf';
const HISTORY = 'chat_history';
const ADDRESS = 'module.tables.aws_dynamodb_table.this["history"]';

/** moto writes a queue's redrive policy with white space, so that every plan would have it. */
function ignoreRedrive(clone: string): void {
  const file = join(clone, 'terraform/modules/queues/main.tf');
  const before = readFileSync(file, 'utf8');
  const after = before.replace(
    /(maxReceiveCount[^}]*\}\)\s+lifecycle \{\n)/,
    '$1    ignore_changes = [redrive_policy]\n',
  );
  if (after === before) throw new Error('terraform/modules/queues has no redrive policy: has its form changed?');
  writeFileSync(file, after);
}

beforeAll(async () => {
  world = await openWorld(
    lineProgress((line) => process.stderr.write(`${line}\n`)),
    {
      cluster: false,
      whole: true,
      edit: ignoreRedrive,
    },
  );
  reviewer = world.github.addPerson('monalisa', 'write');
  author = world.github.addPerson('hubot', 'write');
  await world.push({ files: {}, message: 'The tenant' });
  await world.settled();
  await world.tenant.rest?.();
}, 900_000);

afterAll(async () => {
  await world?.stop();
  expect(findTraces(world.lab.id, world.lab.dir)).toEqual([]);
}, 60_000);

const table = z.object({ Table: z.object({ DeletionProtectionEnabled: z.boolean() }) });
/** Asks AWS for something as its administrator. */
async function askDynamo(action: string, body: object): Promise<{ readonly ok: boolean; readonly answer: unknown }> {
  const scope = 'Credential=lab/20260101/ca-central-1/dynamodb/aws4_request';
  const response = await fetch(world.aws.endpoint, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=0`,
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${action}`,
    },
    body: JSON.stringify(body),
  });
  return { ok: response.ok, answer: await response.json() };
}
/** What AWS has of the table. */
async function history(): Promise<'protected' | 'unprotected' | 'gone'> {
  const { ok, answer } = await askDynamo('DescribeTable', { TableName: HISTORY });
  if (!ok) return 'gone';
  return table.parse(answer).Table.DeletionProtectionEnabled ? 'protected' : 'unprotected';
}

const lastRun = (file: string): RunRecord | undefined =>
  world.github.runs.filter(({ path }) => path.endsWith(file)).at(-1);
/** Steps and logs of a run, for a failed expectation. */
const told = (file: string): string =>
  (lastRun(file)?.jobs ?? [])
    .flatMap((job) => [`--- ${job.id}`, ...job.steps.flatMap((step) => [...step.log, step.summary])])
    .join('\n');
const endsOf = (file: string): string[] | undefined =>
  lastRun(file)?.jobs.map(({ id, conclusion }) => `${id} ${conclusion}`);
/** The inputs of the command by which the comment lets the guard pass. */
function overrideIn(comment: string): Record<string, string> {
  const command = /gh workflow run apply\.yml (.*)/.exec(comment)?.[1] ?? '';
  const inputs = [...command.matchAll(/-f ([\w-]+)=(?:'([^']*)'|(\S+))/g)];
  return Object.fromEntries(inputs.map(([, name = '', quoted, bare]) => [name, quoted ?? bare ?? '']));
}
/** Starts Apply as a person does, and returns the comment when it has ended. */
async function applyAs(token: string, pull: PullRequest, inputs: Record<string, string>): Promise<string> {
  await speakAs(world, token).actions.createWorkflowDispatch({
    ...{ ...where, workflow_id: 'apply.yml', ref: 'main', inputs },
  });
  await world.settled();
  const [comment = '', ...others] = await pull.comments();
  expect(others).toEqual([]);
  return comment;
}

type Issue = Awaited<ReturnType<ReturnType<typeof speakAs>['issues']['listForRepo']>>['data'][number];
/** Starts Drift as a person does, and returns the issues of the stack `aws` when it has ended. */
async function lookForDrift(): Promise<readonly Issue[]> {
  await world.dispatch('drift.yml');
  await world.settled();
  const { data } = await speakAs(world, reviewer).issues.listForRepo({ ...where, state: 'all' });
  return data.filter(({ title }) => title === 'Terraform stack aws is not what its code says');
}
/** Turns the expiry of a table's items on or off, past Terraform. */
async function expire(TableName: string, Enabled: boolean): Promise<void> {
  const asked = { TableName, TimeToLiveSpecification: { Enabled, AttributeName: 'ttl' } };
  expect(await askDynamo('UpdateTimeToLive', asked)).toMatchObject({ ok: true });
}

test('what a hand changes in AWS opens one issue, which is written again, and closed once it is put right', async () => {
  expect([await lookForDrift(), endsOf('drift.yml')]).toEqual([
    [],
    ['plan (bootstrap) success', 'plan (aws) success', 'report success'],
  ]);
  await expire(HISTORY, false);
  const [opened, ...others] = await lookForDrift();
  expect([others, opened?.state]).toEqual([[], 'open']);
  expect(opened?.body).toContain('**Drift: changed outside of Terraform.**');
  expect(opened?.body).toContain('aws_dynamodb_table.this[&quot;history&quot;]');
  expect(opened?.body).not.toContain('aws_dynamodb_table.this[&quot;sessions&quot;]');

  await expire('discord_sessions', false);
  const [again, ...seconds] = await lookForDrift();
  expect([seconds, again?.number, again?.state]).toEqual([[], opened?.number, 'open']);
  expect(again?.body).toContain('aws_dynamodb_table.this[&quot;sessions&quot;]');

  await expire(HISTORY, true);
  await expire('discord_sessions', true);
  const [closed, ...thirds] = await lookForDrift();
  expect([thirds, closed?.number, closed?.state]).toEqual([[], opened?.number, 'closed']);
  expect(closed?.body).toContain('found nothing that differs');
}, 600_000);

const unprotect = (text: string): string =>
  text.replace('= var.deletion_protection', '= each.key != "history" && var.deletion_protection');
let first: PullRequest;
let override: Record<string, string>;

test('a plan that takes the protection of a table away is held after the merge, and says who may allow it', async () => {
  first = await openPullRequest(world, 'unprotect', { files: { [TABLES]: unprotect }, message: 'No protection' });
  const [planned = ''] = await first.comments();
  override = overrideIn(planned);
  expect([override, Object.keys(override).length === 0 ? `${planned}\n${told('pull-request.yml')}` : '']).toEqual([
    { 'pull-request': `${first.number}`, stack: 'aws', allow: expect.stringMatching(/^\S+ [0-9a-f]{64}$/) },
    '',
  ]);
  expect(override['allow']).toContain(ADDRESS);
  await first.merge();
  const [refused = ''] = await first.comments();
  expect(refused).toMatch(/^### ⛔ Plan not applied: `aws`/m);
  expect(refused).toContain('the destroy guard holds this plan, since what it does cannot be undone');
  expect(lastRun('apply.yml')?.conclusion).toBe('failure');
  expect(await history()).toBe('protected');
}, 300_000);

test('neither who opened it nor who wrote it may allow it', async () => {
  expect(await applyAs(world.github.userToken, first, override)).toContain(
    'octocat opened the pull request and so may not override the destroy guard',
  );
  expect(await applyAs(author, first, override)).toMatch(
    /hubot wrote its commit [0-9a-f]{7} and so may not override the destroy guard/,
  );
  expect(await history()).toBe('protected');
}, 300_000);

test('someone with write access who wrote none of it may, by the command that the comment shows', async () => {
  const applied = await applyAs(reviewer, first, override);
  expect([/^### ✅ Applied: `aws`/m.test(applied) ? '' : `${applied}\n${told('apply.yml')}`]).toEqual(['']);
  expect(await history()).toBe('unprotected');
}, 300_000);

test('a new push makes what was allowed void; what the new plan needs destroys the table and no other', async () => {
  const second = await openPullRequest(world, 'no-history', {
    files: {
      [TABLES]: (text) =>
        text
          .replace(/\n {4}history = \{[\s\S]*?\n {4}\}/, '')
          .replace('prevent_destroy = true', 'prevent_destroy = false'),
      'terraform/aws/outputs.tf': (text) => text.replace(/.*names\["history"\]\n/, ''),
    },
    message: 'No history',
  });
  const [planned = ''] = await second.comments();
  const before = overrideIn(planned);
  expect([before['allow'], planned]).toEqual([expect.stringContaining(ADDRESS), expect.stringContaining('destroys')]);
  await second.push({
    files: { [TABLES]: (text) => text.replace(/(ttl \{\n[^}]*enabled +=) true/, '$1 false') },
    message: 'And no expiry',
  });
  const [again = ''] = await second.comments();
  const after = overrideIn(again);
  expect(after['allow']).toMatch(/^\S+ [0-9a-f]{64}$/);
  expect(after['allow']).not.toBe(before['allow']);
  await second.merge();
  expect(await applyAs(reviewer, second, before)).toContain('the destroy guard holds this plan');
  expect(await history()).toBe('unprotected');
  const applied = await applyAs(reviewer, second, after);
  expect([/^### ✅ Applied: `aws`/m.test(applied) ? '' : `${applied}\n${told('apply.yml')}`]).toEqual(['']);
  expect(await history()).toBe('gone');
  const { answer } = await askDynamo('ListTables', {});
  const left = z.object({ TableNames: z.array(z.string()) }).parse(answer).TableNames;
  expect(left.sort()).toEqual(['discord-messages', 'discord_executions', 'discord_sessions']);
}, 600_000);

test("GitHub's stand-in gave no answer that GitHub never gives", () => {
  expect(world.github.rest.violations).toEqual([]);
});
