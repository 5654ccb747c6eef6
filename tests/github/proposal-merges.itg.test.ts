import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { MergeAsked } from '#lab/github/pulls/merge.ts';
import type { PullSettings } from '#lab/github/pulls/records.ts';
import { openProposalStage, type ProposalStage } from '#tests/support/proposals.ts';

jest.setTimeout(120_000);

let stage: ProposalStage;

beforeAll(async () => {
  stage = await openProposalStage({
    production: 'deploys: on-promotion, from: staging, via: pull-request',
    staging: 'deploys: on-push, via: pull-request, auto-merge: true',
  });
});

beforeEach(() => stage.again());
afterEach(() => expect(stage.github.violations).toEqual([]));
afterAll(() => stage.tenant.close());

const staging = { environment: 'staging' };
const digestOf = (environment: string) => stage.read('discord-bot', environment);

const merges: [string, MergeAsked['method'], PullSettings['squashMessage'], string?][] = [
  ['a merge commit', 'merge', 'COMMIT_MESSAGES'],
  ['a rebase', 'rebase', 'COMMIT_MESSAGES'],
  ["a squash with the commit's message", 'squash', 'COMMIT_MESSAGES'],
  ["a squash with the pull request's body", 'squash', 'PR_BODY'],
  ['a squash without a message', 'squash', 'BLANK'],
  ['a squash with the message of a person', 'squash', 'COMMIT_MESSAGES', 'ship it'],
];

describe.each(merges)('%s', (_what, method, squashMessage, message) => {
  test('lands: nothing is held, and the next build is proposed on top', async () => {
    stage.github.pulls.settings.squashMessage = squashMessage;
    const first = await stage.push('first', staging);
    stage.tenant.commit({ 'docs.md': `${method} meanwhile` }, 'main moves on');
    await stage.merge(method, message);
    expect(digestOf('staging')).toBe(first.digest);
    const second = await stage.push('second', staging);
    expect(second).toMatchObject({ outcome: 'proposed', images: [{ from: first.digest }] });
  });
});

test('a rollback finds its way past squashes without a message, is proposed, and holds once it is merged', async () => {
  stage.github.pulls.settings.squashMessage = 'BLANK';
  const first = await stage.push('first', staging);
  await stage.merge('squash');
  const second = await stage.push('second', staging);
  await stage.merge('squash');
  const same = await stage.bump(second.digest, { ...staging, 'source-sha': second.source });
  expect(same).toMatchObject({ outcome: 'unchanged', proposals: [] });
  const back = await stage.rollBack(staging);
  expect(back).toMatchObject({ outcome: 'proposed', images: [{ from: second.digest, to: first.digest }] });
  expect(back.summary).toContain('📬 Proposed for staging, not merged');
  await stage.merge('squash');
  expect(digestOf('staging')).toBe(first.digest);
  const held = await stage.push('third', staging);
  expect(held).toMatchObject({ outcome: 'held', images: [{ hold: { kind: 'rollback' } }] });
});

test('environments have a pull request each; a promotion is proposed, and a hold', async () => {
  const { digest } = await stage.push('all', staging);
  await stage.merge('squash');
  const promoted = await stage.promote();
  expect(promoted).toMatchObject({ outcome: 'proposed', images: [{ to: digest }] });
  await stage.push('more', staging);
  expect(stage.open().map(({ head }) => head.ref)).toEqual(['slipway/production', 'slipway/staging']);
  // the newer wish of a person takes the place of the older
  expect((await stage.promote()).outcome).toBe('unchanged');
  const held = await stage.hold({ environment: 'production' });
  expect(held.outcome).toBe('proposed');
  expect(stage.open()).toHaveLength(2);
  expect(stage.tenant.remoteGit('show', 'slipway/production:overlays/production/holds.yaml')).toContain(
    'we look at it',
  );
});

test('a hold that appears while it is open: the pull request says so and is not merged by itself, until it is let go', async () => {
  Object.assign(stage.github.pulls.settings, { allowAutoMerge: true, requiredContexts: ['ci'] });
  const { digest } = await stage.push('waits', staging);
  const [pull] = stage.open();
  expect(pull?.autoMerge).toMatchObject({ method: 'merge' });
  const holds = `- {image: discord-bot, kind: manual, reason: we look, by: alice, since: 2026-01-02T10:00:00Z}\n`;
  stage.tenant.commit({ 'overlays/staging/holds.yaml': holds }, 'hold');
  expect((await stage.reconcile()).summary).toContain('is held');
  expect(pull?.body).toContain('**Do not merge:** staging/discord-bot is held &#40;manual, by alice');
  expect(pull?.autoMerge).toBeUndefined();
  const later = await stage.push('later', staging);
  expect(later.outcome).toBe('held');
  stage.tenant.commit({ 'overlays/staging/holds.yaml': '[]\n' }, 'let go');
  expect((await stage.bump(digest, staging)).outcome).toBe('unchanged');
  expect(pull?.body).not.toContain('Do not merge');
  expect(pull?.autoMerge).toMatchObject({ method: 'merge' });
});

test('auto-merge that the repository does not allow is said, and is not red', async () => {
  const { outcome, summary } = await stage.push('by hand', staging);
  expect(outcome).toBe('proposed');
  expect(summary).toContain(
    "GitHub does not merge it by itself &#40;the repository's settings do not allow auto-merge&#41;",
  );
});

test('by the API, with the token of an App: signed, and its runs start', async () => {
  const { github, tenant } = stage;
  const token = github.tokenOf({ contents: 'write', 'pull-requests': 'write' }, 'shipper');
  const inputs = { ...staging, token, identity: 'shipper[bot]', transport: 'api' };
  await stage.push('one', inputs);
  const { outcome, summary } = await stage.push('two', inputs);
  expect(outcome).toBe('proposed');
  expect(summary).toContain('opened by the App shipper, so its runs start by themselves');
  expect(github.rules.isSigned(tenant.remoteGit('rev-parse', 'slipway/staging'))).toBe(true);
  expect(stage.open()).toMatchObject([{ number: 1, login: 'shipper[bot]' }]);
});

test('without the right to write pull requests it is red, and names the right', async () => {
  const token = stage.github.tokenOf({ contents: 'write' });
  await expect(stage.push('no right', { ...staging, token })).rejects.toThrow(
    /permissions: pull-requests: (read|write)/,
  );
});
