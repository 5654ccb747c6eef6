import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { CLOSED } from '#core/release/propose-text.ts';
import { killAtCreation, openProposalStage, type ProposalStage } from '#tests/support/proposals.ts';
import { describeOutputs } from '../../actions/bump-overlay/src/outputs.ts';

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
const PERSON = { kind: 'user', login: 'octocat' } as const;
const head = (revision: string) => stage.tenant.remoteGit('rev-parse', revision);

test('one pull request: opened, written again in place, merged; the next push opens another one', async () => {
  const first = await stage.push('one');
  expect(first.outcome).toBe('proposed');
  const [pull] = stage.open();
  expect(pull).toMatchObject({
    number: 1,
    login: 'github-actions[bot]',
    title: `deploy(production): discord-bot from ${first.source.slice(0, 7)}`,
  });
  expect(first.summary).toContain('📬 Proposed for production, not merged');
  expect(first.summary).toContain(
    `**Next:** merge [#1](${new URL(stage.tenant.server.url).origin}/acme/tenant/pull/1)`,
  );
  expect(first.summary).toContain(
    "opened by the job's own token: the runs that it starts wait until a person approves",
  );
  expect(stage.read()).toBe(stage.bad);
  const second = await stage.push('two');
  expect(second.outcome).toBe('proposed');
  expect(stage.github.pulls.all).toHaveLength(1);
  expect(stage.proposed()).toContain(second.digest);
  expect(pull?.body).toContain(
    `superseded by \`${second.digest.slice(0, 19)}…\` from \`${second.source.slice(0, 7)}\``,
  );
  expect(head(`${OWN}^`)).toBe(head('main'));
  await stage.merge();
  expect(stage.read()).toBe(second.digest);
  const third = await stage.push('three');
  expect(third).toMatchObject({ outcome: 'proposed', images: [{ from: second.digest, to: third.digest }] });
  expect(stage.open().map(({ number }) => number)).toEqual([2]);
});

test('20 pushes in a row leave one open pull request with the newest digest', async () => {
  const pushed = [];
  for (let index = 0; index < 20; index++) pushed.push(await stage.push(`push ${index}`));
  expect(pushed.map(({ outcome }) => outcome)).toEqual(pushed.map(() => 'proposed'));
  expect(stage.github.pulls.all).toHaveLength(1);
  const newest = pushed.at(-1);
  expect(stage.proposed()).toContain(newest?.digest);
  expect(stage.tenant.remoteGit('rev-list', '--count', `main..${OWN}`)).toBe('1');
  // an older build that is late
  const [, older] = pushed;
  const late = await stage.bump(older?.digest ?? '', { 'source-sha': older?.source ?? '' });
  expect(late).toMatchObject({ outcome: 'superseded', images: [{ winner: { to: newest?.digest } }] });
  expect(stage.proposed()).toContain(newest?.digest);
}, 300_000);

test('a second run with nothing new writes nothing', async () => {
  const { digest } = await stage.push('same');
  const [before, pull] = [head(OWN), { ...stage.open()[0] }];
  stage.github.calls.length = 0;
  const again = await stage.bump(digest);
  expect(again).toMatchObject({ outcome: 'unchanged', proposals: [{ number: 1, state: 'open' }] });
  expect(stage.github.calls.filter(({ line }) => !line.startsWith('GET'))).toEqual([]);
  expect(head(OWN)).toBe(before);
  expect(stage.open()[0]).toEqual(pull);
  expect((await stage.reconcile()).outcome).toBe('unchanged');
  expect(head(OWN)).toBe(before);
});

test('a run that is killed between its branch and its pull request is taken further by the next', async () => {
  await expect(stage.push('killed', {}, { change: killAtCreation })).rejects.toThrow('killed');
  expect(stage.open()).toEqual([]);
  const written = head(OWN);
  expect((await stage.reconcile()).outcome).toBe('proposed');
  expect(stage.open()).toMatchObject([{ head: { sha: written } }]);
});

test('two writers at once end as one', async () => {
  const { tenant } = stage;
  const builds = ['left', 'right'].map((text) => {
    const source = tenant.commit({ 'app/main.js': `// ${text}\n` }, text);
    return { digest: tenant.push('discord-bot', text), source };
  });
  const results = await Promise.all(builds.map(({ digest, source }) => stage.bump(digest, { 'source-sha': source })));
  expect(results.map(({ outcome }) => outcome)).toContain('proposed');
  expect(stage.github.pulls.all).toHaveLength(1);
  expect(stage.proposed()).toContain(builds[1]?.digest);
  expect(stage.open()[0]?.body).toContain(builds[1]?.digest);
  expect(stage.open()[0]?.title).toContain(builds[1]?.source.slice(0, 7));
});

test('the branch moves under it: reconcile writes the commit again, from the base as it is now', async () => {
  const { digest } = await stage.push('early');
  const overlay = stage.tenant.readOverlay();
  stage.tenant.commit({ [OVERLAY]: `# by hand\n${overlay}` }, 'a comment');
  expect((await stage.reconcile()).outcome).toBe('proposed');
  expect(stage.proposed()).toContain(`# by hand\n`);
  expect(stage.proposed()).toContain(digest);
  expect(head(`${OWN}^`)).toBe(head('main'));
  // what does not touch the overlay leaves the review alone
  const before = head(OWN);
  stage.tenant.commit({ 'docs.md': 'elsewhere' }, 'elsewhere');
  expect((await stage.reconcile()).outcome).toBe('unchanged');
  expect(head(OWN)).toBe(before);
});

test('one bump for all environments: a commit for those that are pushed to, a pull request for the others', async () => {
  const source = stage.tenant.commit({ 'app/main.js': '// all\n' }, 'all');
  const digest = stage.tenant.push('discord-bot', 'all');
  const pass = stage.github.tokenOf({ contents: 'write', 'pull-requests': 'write' }, 'passes');
  stage.github.rules.letThrough('refs/heads/main', 'passes[bot]');
  const inputs = { environment: '', 'source-sha': source, token: pass, identity: 'passes[bot]' };
  const written = await stage.bump(digest, inputs);
  expect(written.images).toMatchObject([
    { environment: 'staging', outcome: 'landed', to: digest },
    { environment: 'production', outcome: 'proposed', to: digest },
  ]);
  expect(written.outcome).toBe('landed');
  expect(stage.read('discord-bot', 'staging')).toBe(digest);
  expect(stage.open()).toMatchObject([{ head: { ref: OWN } }]);
  expect(describeOutputs(written)['pull-request']).toBe(written.proposals?.[0]?.url);
});

test('deleting the branch drops what others wrote, as the refusal says', async () => {
  const { digest } = await stage.push('ours');
  const theirs = stage.commitTo(OWN, { 'theirs.md': 'theirs' }, 'unwanted');
  stage.tenant.git('push', '-q', stage.tenant.remote, `:${OWN}`);
  await stage.github.pulls.noteMoves(
    'acme/tenant',
    [{ ref: `refs/heads/${OWN}`, before: theirs, after: '0'.repeat(40) }],
    PERSON,
  );
  expect((await stage.bump(digest)).outcome).toBe('proposed');
  expect(stage.open()).toMatchObject([{ number: 2 }]);
});

test('GitHub\'s button "Update branch" is not a rival', async () => {
  const { digest } = await stage.push('ours');
  stage.tenant.commit({ 'docs.md': 'on main' }, 'on main');
  const { remoteGit } = stage.tenant;
  const tree = remoteGit('merge-tree', '--write-tree', 'main', OWN);
  const merge = remoteGit('commit-tree', tree, '-p', head(OWN), '-p', head('main'), '-m', 'Merge main');
  remoteGit('update-ref', `refs/heads/${OWN}`, merge);
  expect(await stage.bump(digest)).toMatchObject({ outcome: 'unchanged' });
  const next = await stage.push('next');
  expect(next.outcome).toBe('proposed');
  expect(message(OWN)).toContain(next.digest);
});

test.each(['reopened', 'by hand'])('the remedy for what was closed: %s', async (way) => {
  const { digest, source } = await stage.push('after all');
  await stage.turn('closed');
  if (way === 'reopened') await stage.turn('open', 1);
  const env = way === 'by hand' ? { GITHUB_EVENT_NAME: 'workflow_dispatch' } : {};
  const again = await stage.bump(digest, { 'source-sha': source }, { env });
  expect(again.outcome).toBe(way === 'by hand' ? 'proposed' : 'unchanged');
  expect(stage.open()).toHaveLength(1);
  await stage.merge();
  expect(stage.read()).toBe(digest);
});

test('what Slipway closed itself, since nothing was left in it, is not turned down', async () => {
  const { digest, source } = await stage.push('comes back');
  const [pull] = stage.open();
  if (pull !== undefined) pull.body = `${CLOSED} nothing is left.\n\n${pull.body}`;
  await stage.turn('closed');
  expect((await stage.bump(digest, { 'source-sha': source })).outcome).toBe('proposed');
});

test('a person lets go of a rollback that is only proposed: nothing is left, and the pull request is closed with the reason', async () => {
  await stage.rollBack();
  expect(stage.open()).toHaveLength(1);
  const released = await stage.hold({ action: 'release' });
  expect(released.outcome).toBe('unchanged');
  expect(stage.open()).toEqual([]);
  expect(stage.github.pulls.all[0]?.body?.startsWith(CLOSED)).toBe(true);
  expect(stage.github.pulls.all[0]?.body).toContain('which a newer one replaced');
});
