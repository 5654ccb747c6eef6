import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Refusal } from '#core/values/errors.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { normalizeText } from '#tests/support/normalize.ts';
import { openStage, type Stage } from '#tests/support/stage.ts';
import { sayVerdicts, withVerdicts } from '#tests/support/verdicts.ts';
import { reconcile, rollBack } from '#tests/support/writers.ts';

jest.setTimeout(300_000);

let stage: Stage;

beforeAll(async () => {
  stage = await openStage({ environments: ['production'], images: ['discord-bot'] });
});

afterAll(() => stage.tenant.close());

const MINUTE = 60_000;

/** Reconciles so many minutes after the newest release. */
async function missedAfter(minutes: number, verdicts = sayVerdicts({})) {
  const landed = Number(stage.tenant.remoteGit('show', '-s', '--format=%at', stage.base)) * 1_000;
  const result = await reconcile(
    stage.tenant,
    {},
    {
      change: (ports) => ({
        ...withVerdicts(verdicts)(ports),
        clock: { ...ports.clock, now: () => new Date(landed + minutes * MINUTE) },
      }),
    },
  );
  return { ...result, words: JSON.parse(result.unseen).map(({ verdict }: { verdict: string }) => verdict) };
}

test('a release that git promises and the cluster does not show is reported, and the advice takes it back', async () => {
  const verdicts = sayVerdicts({ [stage.good]: 'running', [stage.bad]: 'failed' });
  const failed = await missedAfter(1, verdicts);
  expect(failed.outcome).toBe('unchanged');
  expect(JSON.parse(failed.unseen)).toEqual([
    {
      environment: 'production',
      image: 'discord-bot',
      digest: stage.bad,
      source: stage.sources.bad,
      commit: stage.base,
      verdict: 'failed',
    },
  ]);
  expectGolden(join(import.meta.dirname, 'golden', 'unseen.md'), normalizeText(failed.summary));
  await rollBack(stage.tenant, { to: 'proven' }, { change: withVerdicts(verdicts) });
  expect(stage.read()).toBe(stage.good);
  stage.reset();
});

test('a release is missed when its time is over, not before, and not where none ever had a verdict', async () => {
  const { good, bad } = stage;
  expect((await missedAfter(1, sayVerdicts({ [bad]: 'unknown' }))).words).toEqual(['unknown']);
  expect((await missedAfter(14, sayVerdicts({ [bad]: 'pending' }))).words).toEqual([]);
  expect((await missedAfter(16, sayVerdicts({ [bad]: 'pending' }))).words).toEqual(['pending']);
  expect((await missedAfter(16, sayVerdicts({ [good]: 'running' }))).words).toEqual(['none']);
  expect((await missedAfter(16, sayVerdicts({}))).words).toEqual([]);
  expect((await missedAfter(16, sayVerdicts({ [bad]: 'running' }))).words).toEqual([]);
});

test('where GitHub does not say, that is said, and where it is not asked, nothing is', async () => {
  const verdicts = { of: () => Promise.reject(new Refusal('GitHub gave no answer')) };
  const silent = await reconcile(stage.tenant, {}, { change: withVerdicts(verdicts) });
  expect(silent.summary).toContain('What runs is not known: GitHub gave no answer.');
  expect((await reconcile(stage.tenant)).summary).not.toContain('What runs');
});
