import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { formatRelease } from '#core/release/trailer.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';
import { type GitHubStage, openGitHubStage } from '#tests/support/github.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { normalizeText } from '#tests/support/normalize.ts';
import { configure, editEntry, resetTo } from '#tests/support/stage.ts';
import { deploymentsOf, type Ended, imitate, reportVerdict, say, statesOf, verdictsOn } from './reports.ts';

jest.setTimeout(120_000);

/** Production and staging ran good, then bad; each landing is a commit of its own. */
let stage: GitHubStage;

beforeAll(async () => {
  stage = await openGitHubStage();
});

afterEach(() => expect(stage.github.violations).toEqual([]));

afterAll(() => stage.tenant.close());

const golden = (name: string, { summary }: Ended) =>
  expectGolden(join(import.meta.dirname, 'golden', `${name}.md`), normalizeText(summary));
const report = (health: string, digest = '') =>
  `v1 phase=Succeeded sync=Synced health=${health} at=2026-11-27T16:01:00Z${digest === '' ? '' : ` runs=${digest.slice(7, 19)}`}`;
/** What was written to GitHub since. */
const writes = (since: number) => stage.github.calls.slice(since).filter(({ line }) => line.startsWith('POST'));

test('a release waits, then fails, and the next word comes from the newest report; a second run writes nothing', async () => {
  const { base, sources, bad } = stage;
  const waiting = await reportVerdict(stage, { revision: base });
  golden('waiting', waiting);
  expect(waiting.outputs['outcome']).toBe('pending');
  expect(await verdictsOn(stage, sources.bad)).toContain(
    'slipway/production/discord-bot pending: Pending: it waits for Argo CD',
  );

  await say(stage, base, 'failure', report('Degraded'));
  const failed = await reportVerdict(stage, { revision: base });
  golden('failed', failed);
  expect(failed.outputs['outcome']).toBe('failed');
  expect(failed.outputs['failed']).toBe('[]');
  configure(stage, 'production', 'deploys: on-push, on-failure: rollback');
  const back = await reportVerdict(stage, { revision: base });
  expect(JSON.parse(back.outputs['failed'] ?? '')).toEqual([{ environment: 'production', release: base }]);
  const late = await reportVerdict(
    stage,
    { revision: base, deadline: '60' },
    { now: new Date(Date.now() + 20 * 60_000) },
  );
  expect([late.outputs['outcome'], late.outputs['failed']]).toEqual(['failed', '[]']);

  await say(stage, base, 'success', report('Healthy', bad));
  const running = await reportVerdict(stage, { revision: base });
  golden('running', running);
  expect(await verdictsOn(stage, sources.bad)).toContain(
    'slipway/production/discord-bot success: Running: its digest runs, and the Application is healthy',
  );
  expect(await deploymentsOf(stage, sources.bad)).toContain(
    'production slipway:discord-bot success failure in_progress',
  );
  expect(await deploymentsOf(stage, sources.good)).toContain('production slipway:discord-bot inactive');

  const before = stage.github.calls.length;
  const again = await reportVerdict(stage, { revision: base });
  expect(again.outputs).toEqual(running.outputs);
  expect(writes(before)).toEqual([]);
});

test('a Deployment that another account made for the same release is not its record, and is left alone', async () => {
  const { base, sources } = stage;
  const made = await imitate(stage, sources.bad);
  await reportVerdict(stage, { revision: base });
  expect(await statesOf(stage, made)).toEqual(['success']);
});

test('behind a hundred Deployments of another account a record is still found: nothing is written again', async () => {
  const { base, sources, github } = stage;
  await imitate(stage, sources.bad, 100);
  const before = github.calls.length;
  await reportVerdict(stage, { revision: base });
  expect(writes(before)).toEqual([]);
});

test('what others say is not looked at', async () => {
  const before = await verdictsOn(stage, stage.sources.bad);
  await say(stage, stage.base, 'failure', report('Degraded'), { app: 'other' });
  await say(stage, stage.base, 'success', report('Healthy', stage.bad), { app: 'other', environment: 'staging' });
  await reportVerdict(stage);
  expect(await verdictsOn(stage, stage.sources.bad)).toEqual(before);
});

/** A person writes a digest into production's overlay. */
function writeByHand(digest: Digest, trailer = ''): string {
  const { tenant } = stage;
  const overlay = editEntry(tenant.readOverlay('production'), 'discord-bot', `digest: ${digest}`);
  return tenant.commit({ 'overlays/production/kustomization.yaml': overlay }, `by hand${trailer}`);
}

test('a digest that a hand wrote fails: the release before it keeps its proof', async () => {
  const before = stage.tenant.remoteGit('rev-parse', 'main');
  const proven = await verdictsOn(stage, stage.sources.bad);
  const revision = writeByHand(`sha256:${'f'.repeat(64)}`);
  await say(stage, revision, 'failure', report('Degraded'));
  await reportVerdict(stage, { revision });
  expect(await verdictsOn(stage, stage.sources.bad)).toEqual(proven);
  resetTo(before, stage.tenant);
});

test("a release whose source is no commit keeps no other from its verdict, the image's next one neither", async () => {
  const before = stage.tenant.remoteGit('rev-parse', 'main');
  const land = (source: string, from: Digest, to: Digest): string => {
    const what = { environment: 'production', image: 'discord-bot', from, to, kind: 'deploy' } as const;
    const who = { source: source as CommitSha, intent: source.slice(0, 26), run: '', actor: 'octocat' };
    return writeByHand(to, `\n\nA body\n\n${formatRelease({ ...what, ...who })}`);
  };
  const [bad, next]: Digest[] = [`sha256:${'e'.repeat(64)}`, `sha256:${'d'.repeat(64)}`];
  const places = async (revision: string) => {
    const { outputs, warnings } = await reportVerdict(stage, { revision });
    expect(warnings).toEqual([expect.stringMatching(/^production: .*; the others go on$/)]);
    return JSON.parse(outputs['verdicts'] ?? '').map(
      ({ environment, image, digest }: Record<string, string>) => `${environment}/${image} ${digest?.slice(7, 10)}`,
    );
  };
  const judged = await places(land('f'.repeat(40), stage.read() as Digest, bad as Digest));
  expect(judged).toEqual(
    expect.arrayContaining([expect.stringMatching(/^staging\/discord-bot/), 'production/discord-bot eee']),
  );
  expect(await places(land(stage.sources.bad, bad as Digest, next as Digest))).toContain('production/discord-bot ddd');
  resetTo(before, stage.tenant);
});

test('a commit that is not on the branch is looked up, and says so', async () => {
  const { lines } = await reportVerdict(stage, { revision: 'f'.repeat(40) });
  expect(lines.join('\n')).toContain("fffffff is not on the branch's first-parent line");
});

test.each([
  ['statuses', { contents: 'read', deployments: 'write' }],
  ['deployments', { contents: 'read', statuses: 'write' }],
])('without the right %s, the sentence names it', async (right, rights) => {
  await expect(reportVerdict(stage, { revision: stage.base }, { rights })).rejects.toThrow(`permissions: ${right}:`);
});
