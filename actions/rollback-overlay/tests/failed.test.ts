import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ulid } from 'ulid';
import type { AskPorts } from '#core/release/ask.ts';
import type { RollbackIntent } from '#core/release/intent.ts';
import { describeError, Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';
import type { Verdict, Verdicts } from '#core/verdict/proven.ts';
import { createJumpingClock, jumpOverPauses } from '#tests/support/clock.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { describeWriter, leaveIntent, listIntents } from '#tests/support/intents.ts';
import { normalizeText } from '#tests/support/normalize.ts';
import { expectRefused } from '#tests/support/refusals.ts';
import { configure, openStage, resetTo, type Stage } from '#tests/support/stage.ts';
import { sayVerdicts } from '#tests/support/verdicts.ts';
import { bump, hold, reconcile, rollBack } from '#tests/support/writers.ts';

jest.setTimeout(120_000);

let stage: Stage;
let base: string;

beforeAll(async () => {
  stage = await openStage({ environments: ['production'] });
  configure(stage, 'production', 'deploys: on-push, on-failure: rollback');
  base = stage.tenant.remoteGit('rev-parse', 'main');
});

beforeEach(() => resetTo(base, stage.tenant));

afterAll(() => stage.tenant.close());

const both = () => [stage.read(), stage.read('dev-sandbox')];
const golden = (name: string, summary: string) =>
  expectGolden(join(import.meta.dirname, 'golden', `${name}.md`), normalizeText(summary));

interface Conditions {
  readonly of?: string;
  readonly verdicts?: Verdicts | undefined;
  readonly clock?: (ports: AskPorts) => AskPorts;
}

/** The job behind the verdict: what it is told is the release's commit, and nothing else. */
function takeBack({ of = stage.base, clock = jumpOverPauses, ...more }: Conditions = {}) {
  const verdicts = 'verdicts' in more ? more.verdicts : sayVerdicts({ [stage.good]: 'running', [stage.bad]: 'failed' });
  const change = (ports: AskPorts): AskPorts => ({ ...clock(ports), ...(verdicts && { verdicts }) });
  const inputs = { of, to: '', reason: '' };
  return rollBack(stage.tenant, { ...inputs, steps: '' }, { change, env: { GITHUB_EVENT_NAME: 'status' } });
}

describe('a release that failed', () => {
  test('goes back to the last set that was seen running, once, with its hold, until a person lets go', async () => {
    const { tenant, good, bad } = stage;
    const result = await takeBack();
    expect(result.outcome).toBe('landed');
    golden('by-itself', result.summary);
    expect(both()).toEqual([good, good]);
    expect(tenant.remoteGit('rev-parse', 'main^')).toBe(base);
    expect(tenant.remoteGit('show', 'main:overlays/production/holds.yaml').match(/kind: rollback/g)).toHaveLength(2);
    expect(tenant.releases()[0]).toMatch(/kind=rollback .*reason=on-failure:%20release%20[0-9a-f]{7}%20failed/);
    const after = tenant.remoteGit('rev-parse', 'main');
    const again = await takeBack();
    expect(again.outcome).toBe('unchanged');
    golden('by-itself-left', again.summary);
    const own = await takeBack({ of: after, verdicts: sayVerdicts({ [good]: 'failed' }) });
    expect(own.summary).toContain('it is a rollback itself');
    expect(tenant.remoteGit('rev-parse', 'main')).toBe(after);
    const { digest, source } = await stage.change('fixed');
    expect((await bump(tenant, { images: stage.all(digest), 'source-sha': source })).outcome).toBe('held');
    expect((await hold(tenant, { action: 'release' })).outcome).toBe('landed');
    expect(both()).toEqual([digest, digest]);
    expect(bad).not.toBe(digest);
  });

  test('the rollback that its summary advises where it was left takes it back', async () => {
    const verdicts = sayVerdicts({ [stage.good]: 'running', [stage.bad]: 'unknown' });
    const left = await takeBack({ verdicts });
    expect(left.summary).toContain('`to: proven` takes it back');
    const change = (ports: AskPorts): AskPorts => ({ ...ports, verdicts });
    expect((await rollBack(stage.tenant, { to: 'proven' }, { change })).outcome).toBe('landed');
    expect(both()).toEqual([stage.good, stage.good]);
  });
});

describe('is left as it is', () => {
  const said = (good: Verdict['word'], bad: Verdict['word']) => sayVerdicts({ [stage.good]: good, [stage.bad]: bad });
  const left = async (conditions: Conditions, why: string) => {
    const result = await takeBack(conditions);
    expect(result.outcome).toBe('unchanged');
    expect(result.summary).toContain(why);
    expect(both()).toEqual([stage.bad, stage.bad]);
    expect(listIntents(stage.tenant)).toEqual([]);
  };

  test.each(['running', 'pending', 'unknown', 'none'] as const)('a release whose record is %s', async (word) => {
    await left({ verdicts: said('running', word) }, 'what GitHub says of it is');
  });

  test('where no set before it was seen running', async () => {
    const verdicts = said('pending', 'failed');
    await left({ verdicts }, 'no set before it was seen running');
    await left(
      { verdicts },
      'start [Rollback](https://github.example/acme/tenant/actions/workflows/rollback.yml) with `steps`',
    );
    expect(await rollBack(stage.tenant, { steps: '1' })).toMatchObject({ outcome: 'landed' });
    expect(both()).toEqual([stage.good, stage.good]);
  });

  test('after 20 minutes; a minute before, it goes', async () => {
    const date = Number(stage.tenant.remoteGit('show', '-s', '--format=%ct', stage.base)) * 1_000;
    const at = (minutes: number) => (ports: AskPorts) => {
      const clock = { ...ports.clock, now: () => new Date(date + minutes * 60_000) };
      return { ...ports, clock };
    };
    await left({ clock: at(20.1) }, 'it landed more than 20 minutes ago');
    expect((await takeBack({ clock: at(19) })).outcome).toBe('landed');
  });

  test('where slipway.yaml does not ask for it', async () => {
    configure(stage, 'production', 'deploys: on-push');
    await left({}, 'slipway.yaml does not ask for it');
  });

  test('where it is no release', async () => {
    await left({ of: base }, 'it is none of the newest releases');
  });

  test('where a newer release came, or a person rolled it back', async () => {
    await left(
      { of: stage.tenant.remoteGit('rev-parse', `${stage.base}~2`) },
      'came after it &#40;deploy, by octocat&#41;',
    );
    await rollBack(stage.tenant);
    const result = await takeBack();
    expect([result.outcome, result.summary.includes('came after it &#40;rollback, by octocat&#41;')]).toEqual([
      'unchanged',
      true,
    ]);
    expect(both()).toEqual([stage.good, stage.good]);
  });

  test('what a person holds', async () => {
    await hold(stage.tenant, { image: 'dev-sandbox' });
    const result = await takeBack();
    expect(result.outcome).toBe('held');
    golden('by-itself-held', result.summary);
    expect(both()).toEqual([stage.bad, stage.bad]);
  });
});

describe('is refused', () => {
  test('where GitHub does not say what is proven', async () => {
    const verdicts = { of: () => Promise.reject(new Refusal('GitHub gave no answer')) };
    await expectRefused(import.meta.dirname, 'of-not-known', stage.tenant, () => takeBack({ verdicts }));
    await expectRefused(import.meta.dirname, 'of-not-asked', stage.tenant, () => takeBack({ verdicts: undefined }));
  });

  test.each(['image', 'steps', 'to', 'reason'])('with %s beside it', async (name) => {
    const inputs = { steps: '', to: '', reason: '', of: stage.base, [name]: '1' };
    await expectRefused(import.meta.dirname, `of-with-${name}`, stage.tenant, () => rollBack(stage.tenant, inputs));
  });

  /** Lets something happen when the intent is published, 19 minutes after the release landed. */
  const meanwhile = (happen: (clock: AskPorts['clock']) => unknown) => (ports: AskPorts) => {
    const landed = Number(stage.tenant.remoteGit('show', '-s', '--format=%ct', stage.base)) * 1_000;
    const clock = createJumpingClock(landed + 19 * 60_000);
    const update: typeof ports.transport.update = async (updates) => {
      const isPublishing = updates.every(({ lease }) => lease === undefined);
      if (isPublishing) await happen(clock);
      return ports.transport.update(updates);
    };
    return { ...ports, clock, transport: { ...ports.transport, update } };
  };

  test.each([
    ['of-late', (clock: AskPorts['clock']) => clock.sleep(2 * 60_000)],
    ['of-not-asked-for', () => configure(stage, 'production', 'deploys: on-push, on-failure: nothing')],
  ])('%s by the time that it would land; the rollback that it advises lands', async (name, happen) => {
    const run = takeBack({ clock: meanwhile(happen) });
    const message = await run.then(() => '', describeError);
    expectGolden(join(import.meta.dirname, 'golden/refusals', `${name}.txt`), `${normalizeText(message)}\n`);
    expect([both(), listIntents(stage.tenant)]).toEqual([[stage.bad, stage.bad], []]);
    const change = (ports: AskPorts) => ({ ...ports, verdicts: sayVerdicts({ [stage.good]: 'running' }) });
    expect((await rollBack(stage.tenant, { to: 'proven' }, { change })).outcome).toBe('landed');
    expect(both()).toEqual([stage.good, stage.good]);
  });
});

describe('an intent that a killed writer left', () => {
  const leave = (until: Date): string => {
    const newest = new Map(['discord-bot', 'dev-sandbox'].map((image) => [image, stage.base as CommitSha] as const));
    const build = { digest: stage.good, source: stage.sources.good as CommitSha }; // git printed them
    const intent: RollbackIntent = {
      kind: 'rollback',
      environment: 'production',
      images: new Map(['discord-bot', 'dev-sandbox'].map((image) => [image, build] as const)),
      isUnchecked: false,
      failed: { commit: stage.base as CommitSha, newest, until },
      ...describeWriter('on-failure'),
      id: ulid(Date.now() - 120_000),
    };
    return leaveIntent(stage.tenant, intent);
  };
  const soon = () => new Date(Date.now() + 600_000);

  test('is landed by reconcile, once', async () => {
    leave(soon());
    expect(await reconcile(stage.tenant, {}, { change: jumpOverPauses })).toMatchObject({ folded: 1 });
    expect(both()).toEqual([stage.good, stage.good]);
    expect((await takeBack()).outcome).toBe('unchanged');
    expect(listIntents(stage.tenant)).toEqual([]);
  });

  test('gives way to the build of the writer that finds it', async () => {
    const { digest, source } = await stage.change('next');
    leave(soon());
    const result = await bump(
      stage.tenant,
      { images: stage.all(digest), 'source-sha': source },
      { change: jumpOverPauses },
    );
    expect(result.outcome).toBe('landed');
    expect(both()).toEqual([digest, digest]);
    expect(listIntents(stage.tenant)).toEqual([]);
  });

  test('is dropped with a warning when its time is over', async () => {
    leave(new Date(Date.now() - 1_000));
    const { runner } = await reconcile(stage.tenant, {}, { change: jumpOverPauses });
    expect(runner.warnings.join('\n')).toContain('not rolled back from');
    expect(both()).toEqual([stage.bad, stage.bad]);
    expect(listIntents(stage.tenant)).toEqual([]);
  });
});
