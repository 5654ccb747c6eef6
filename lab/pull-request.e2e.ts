import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getOctokit } from '@actions/github';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
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
  process.stderr.write(`${told('pull-request.yml')}\n=====\n${first}\n`);
  expect(others).toEqual([]);
  expect(first).toMatch(/### `staging` has 1 restart.*; Terraform updates 4/);
});
