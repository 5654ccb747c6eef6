import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { findEnvironment } from '#lab/environments.ts';
import { openPullRequest } from '#lab/pull-request.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import { openWorld, type World } from '#lab/world.ts';

let world: World;
const TABLES = 'terraform/modules/tables/main.tf';
const QUEUES = 'terraform/modules/queues/main.tf';
const BOT = 'base/discord-bot/deployment.yaml';
const APP = 'app/src/log.ts';

beforeAll(async () => {
  world = await openWorld(
    lineProgress((line) => process.stderr.write(`${line}\n`)),
    { cluster: true },
  );
  await world.push({ files: {}, message: 'The tenant' });
  await world.settled();
  await world.tenant.rest?.();
}, 2_700_000); // on a new machine it builds the cluster's programs first

afterAll(async () => {
  await world?.stop();
  expect(findTraces(world.lab.id, world.lab.dir)).toEqual([]);
}, 60_000);

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
/** What the steps of the newest runs of a workflow printed and wrote, for a failed expectation. */
const told = (file: string): string =>
  world.github.runs
    .filter(({ path }) => path.endsWith(file))
    .slice(-1)
    .flatMap((run) => run.jobs.flatMap((job) => [job.id, ...job.steps.flatMap((step) => [...step.log, step.summary])]))
    .join('\n');

/** The memory of the bot in staging, as the cluster has it. */
const memory = async (): Promise<string | undefined> => {
  const { namespace } = findEnvironment(world.environments, 'staging');
  const path = 'jsonpath={..limits.memory}';
  return world.delivery?.cluster.kubectl(['get', 'deployment/discord-bot', '-n', namespace, '-o', path]);
};

test('a pull request of a table, the bot and its app gets one comment; its merge does exactly that, and says so', async () => {
  const pull = await openPullRequest(world, 'expiry', {
    files: {
      [TABLES]: (text) => text.replace(/(ttl \{\n[^}]*enabled +=) true/, '$1 false'),
      [BOT]: (text) => text.replace(/(limits: \{[^}]*memory: )\w+/, '$1300Mi'),
      [APP]: (text) => `${text}\n// one line more\n`,
    },
    message: 'Keep all items, and give the bot 300Mi',
  });
  const [first = '', ...others] = await pull.comments();
  expect([others, first === '' ? told('pull-request.yml') : '']).toEqual([[], '']);
  expect(first).toMatch(
    /^### 1 changed image; `production` has 1 restart and `staging` has 1 restart; Terraform updates \d/m,
  );
  expect(first).toMatch(/### Images[\s\S]*<code>discord-bot<\/code>: <code>app<\/code> changes[\s\S]*### Manifests/);
  expect(first).toContain('limits.memory: 300Mi');
  for (const table of ['executions', 'history', 'messages', 'sessions'])
    expect(first).toContain(`aws_dynamodb_table.this[&quot;${table}&quot;]</code>: <code>ttl[0].enabled</code>`);
  expect(await pull.status()).toBe('success');

  for (const memory of ['304Mi', '308Mi', '312Mi', '320Mi'])
    await pull.push({
      files: { [BOT]: (text) => text.replace(/memory: 3\d\dMi/, `memory: ${memory}`) },
      message: memory,
    });
  const [second = '', ...more] = await pull.comments();
  expect(more).toEqual([]);
  expect(second).toContain('limits.memory: 320Mi');

  expect(await expires('chat_history')).toBe('ENABLED');
  const merged = await pull.merge();
  const [third = '', ...rest] = await pull.comments();
  expect([rest, third.includes('✅ Applied') ? '' : `${third}\n${told('apply.yml')}`]).toEqual([[], '']);
  expect(await expires('chat_history')).toBe('DISABLED');
  expect(third).toMatch(/^### ✅ Applied: `aws`/m);
  expect(third).toContain('### Terraform, as it was reviewed');
  await world.until('the bot has its memory', async () => ((await memory()) === '320Mi' ? true : undefined), 120_000);
  expect((await world.releases()).find(({ image }) => image === 'discord-bot')?.source).toBe(merged);
}, 600_000);

test('of two pull requests on one stack the second is stale once the first is merged, and its own merge is refused', async () => {
  const second = await openPullRequest(world, 'shorter-wait', {
    files: { [QUEUES]: (text) => text.replace(/(receive_wait_time_seconds +=) 20/, '$1 10') },
    message: 'Wait for 10 s',
  });
  expect(await second.status()).toBe('success');
  const first = await openPullRequest(world, 'expire-again', {
    files: { [TABLES]: (text) => text.replace(/(ttl \{\n[^}]*enabled +=) false/, '$1 true') },
    message: 'Let items expire again',
  });
  await first.merge();
  expect(await expires('chat_history')).toBe('ENABLED');
  expect(await second.comments()).toEqual([expect.stringContaining('**Stale:** main moved on')]);
  expect(await second.status()).toBe('failure');
  await second.merge();
  const [refused = '', ...others] = await second.comments();
  expect(others).toEqual([]);
  expect(refused).toMatch(/^### ⛔ Plan not applied: `aws`/m);
  expect(refused).toContain('another change was merged before this one');
}, 400_000);

test('what was pushed without a pull request is not applied, and the run says how to go on', async () => {
  const disable = (text: string): string => text.replace(/(ttl \{\n[^}]*enabled +=) true/, '$1 false');
  await world.push({ files: { [TABLES]: disable }, message: 'Without a review' });
  await world.settled();
  const run = world.github.runs.filter(({ path }) => path.endsWith('apply.yml')).at(-1);
  expect([run?.conclusion, run?.jobs.map(({ id, conclusion }) => `${id} ${conclusion}`)]).toEqual([
    'failure',
    ['find failure', 'apply skipped', 'apply-2 skipped', 'apply-3 skipped', 'comment skipped'],
  ]);
  expect(told('apply.yml')).toContain('nothing was reviewed, so nothing is applied. Open a pull request');
  expect(await expires('chat_history')).toBe('ENABLED');
}, 120_000);

test("GitHub's stand-in gave no answer that GitHub never gives", () => {
  expect(world.github.rest.violations).toEqual([]);
});
