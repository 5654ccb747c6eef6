import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { openProposalStage, type ProposalStage } from '#tests/support/proposals.ts';
import { gitEnv } from '#tests/support/repositories.ts';

jest.setTimeout(120_000);

const OWN = 'slipway/production';
const OVERLAY = 'overlays/production/kustomization.yaml';

let stage: ProposalStage;

beforeAll(async () => {
  stage = await openProposalStage({
    production: 'deploys: on-push, via: pull-request',
    staging: 'deploys: on-push',
  });
});

beforeEach(() => stage.again());
afterEach(() => expect(stage.github.violations).toEqual([]));
afterAll(() => stage.tenant.close());

const message = (revision: string) => stage.tenant.remoteGit('log', '-1', '--format=%B', revision);
/** The Deployment with a limit. */
const withMemory = () =>
  stage.tenant
    .remoteGit('show', 'main:base/discord-bot.yaml')
    .replace('image: discord-bot', 'image: discord-bot, resources: {limits: {memory: 300Mi}}');
const head = (revision: string) => stage.tenant.remoteGit('rev-parse', revision);

test("a rival's commit on its branch is kept, and said; merged with it, the next push goes on", async () => {
  await stage.push('ours');
  const theirs = stage.commitTo(OWN, { 'base/discord-bot.yaml': withMemory() }, 'more memory');
  const held = await stage.push('later');
  expect(held.outcome).toBe('held');
  expect(held.summary).toContain(`${theirs.slice(0, 7)} of`);
  expect(held.summary).toContain('more memory');
  expect(held.summary).toMatch(/Next:\*\* merge \[#1\].* as it is, or delete its branch/);
  expect(head(OWN)).toBe(theirs);
  await expect(stage.rollBack()).rejects.toThrow(
    /has commits that Slipway did not write, and keeps them: .*merge #1 with them, or delete the branch/,
  );
  expect(head(OWN)).toBe(theirs);
  await stage.merge('squash');
  expect(stage.tenant.remoteGit('show', 'main:base/discord-bot.yaml')).toContain('memory: 300Mi');
  expect((await stage.push('after')).outcome).toBe('proposed');
});

test('a commit that only looks like ours is written again as the rules decide, without what it smuggles in', async () => {
  const { tenant } = stage;
  const { digest } = await stage.push('ours');
  const text = message(OWN);
  stage.commitTo(OWN, { 'base/discord-bot.yaml': withMemory() }, 'smuggled');
  const tree = tenant.remoteGit('rev-parse', `${OWN}^{tree}`);
  // amended by a person, it is theirs
  const amended = tenant.remoteGit('commit-tree', tree, '-p', 'main', '-m', text);
  tenant.remoteGit('update-ref', `refs/heads/${OWN}`, amended);
  expect((await stage.bump(digest)).outcome).toBe('held');
  expect(tenant.remoteGit('rev-parse', OWN)).toBe(amended);
  const as = {
    GIT_COMMITTER_NAME: 'github-actions[bot]',
    GIT_COMMITTER_EMAIL: '41898282+github-actions[bot]@users.noreply.github.com',
  };
  const argv = ['-C', tenant.remote, 'commit-tree', tree, '-p', 'main', '-m', text];
  const forged = execFileSync('git', argv, { encoding: 'utf8', env: { ...gitEnv, ...as } }).trim();
  tenant.remoteGit('update-ref', `refs/heads/${OWN}`, forged);
  expect((await stage.bump(digest)).outcome).toBe('unchanged');
  expect(tenant.remoteGit('diff', '--name-only', 'main', OWN)).toBe(OVERLAY);
});

test('closed by a person: the same digest is not proposed again, a newer one is', async () => {
  const { digest, source } = await stage.push('unwanted');
  await stage.turn('closed');
  const again = await stage.bump(digest, { 'source-sha': source });
  expect(again).toMatchObject({ outcome: 'held', images: [{ hold: { pull: 1 } }] });
  expect(again.summary).toContain('pull request &#35;1, which proposed it, was closed without being merged');
  expect(again.summary).toContain(
    'reopen [#1](https://github.example/acme/tenant/pull/1), or start this workflow by hand (`workflow_dispatch`)',
  );
  expect(stage.open()).toEqual([]);
  const newer = await stage.push('newer');
  expect(newer.outcome).toBe('proposed');
  expect(stage.open()).toMatchObject([{ number: 2 }]);
});

test('a squash that lost its message is the release that it was proposed as', async () => {
  stage.github.pulls.settings.squashMessage = 'BLANK';
  const first = await stage.push('first');
  await stage.merge('squash');
  const second = await stage.push('second');
  expect(second).toMatchObject({ outcome: 'proposed', images: [{ from: first.digest }] });
});

test('a hold that appears while it is open stops it, and a second run writes nothing', async () => {
  const { digest } = await stage.push('waits');
  const holds = `- {image: discord-bot, kind: manual, reason: we look, by: alice, since: 2026-01-02T10:00:00Z}\n`;
  stage.tenant.commit({ 'overlays/production/holds.yaml': holds }, 'hold');
  expect((await stage.bump(digest)).outcome).toBe('held');
  const [pull] = stage.open();
  expect(pull?.body).toContain('**Do not merge:** production/discord-bot is held &#40;manual, by alice');
  stage.github.calls.length = 0;
  await stage.bump(digest);
  expect(stage.github.calls.filter(({ line }) => !line.startsWith('GET'))).toEqual([]);
});

test('a pull request of someone else is never touched: the run says whose it is', async () => {
  const token = stage.github.tokenOf({ contents: 'write', 'pull-requests': 'write' }, 'shipper');
  await expect(stage.push('as an App', { token })).rejects.toThrow(
    /opened #1 as shipper\[bot\].*give identity: shipper\[bot\]/,
  );
  const body = stage.open()[0]?.body;
  await expect(stage.push('as a job')).rejects.toThrow(/shipper\[bot\] opened #1 from this branch/);
  expect(stage.open()[0]?.body).toBe(body);
});
