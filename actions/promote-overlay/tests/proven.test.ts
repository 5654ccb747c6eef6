import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Refusal } from '#core/values/errors.ts';
import type { Verdict } from '#core/verdict/proven.ts';
import { expectRefused } from '#tests/support/refusals.ts';
import { configure, openStage, resetTo, type Stage } from '#tests/support/stage.ts';
import { sayVerdicts, withVerdicts } from '#tests/support/verdicts.ts';
import { bump, promote } from '#tests/support/writers.ts';

jest.setTimeout(120_000);

let stage: Stage;
let base: string;
let next: string;

/** Production takes promotions; staging runs one set more, after good and bad. */
beforeAll(async () => {
  stage = await openStage();
  configure(stage, 'production', 'deploys: on-promotion, from: staging');
  next = (await stage.change('next')).digest;
  await bump(stage.tenant, { images: stage.all(next), environment: '' });
  base = stage.tenant.remoteGit('rev-parse', 'main');
});

beforeEach(() => resetTo(base, stage.tenant));

afterAll(() => stage.tenant.close());

const both = () => [stage.read(), stage.read('dev-sandbox')];
const said = (newest: Verdict['word'], older: Verdict['word'] = 'none') =>
  withVerdicts(sayVerdicts({ [next]: newest, [stage.bad]: older }));
const refused = (name: string, change: ReturnType<typeof said>) =>
  expectRefused(import.meta.dirname, name, stage.tenant, () => promote(stage.tenant, {}, { change }));

describe('a promotion of what was not seen running', () => {
  test.each(['failed', 'unknown', 'pending'] as const)('is refused: %s; once it runs, it lands', async (word) => {
    await refused(`unproven-${word}`, said(word));
    expect((await promote(stage.tenant, {}, { change: said('running') })).outcome).toBe('landed');
    expect(both()).toEqual([next, next]);
  });

  test('is refused without a verdict where an older release of the image has one', async () => {
    await refused('unproven-yet', said('none', 'running'));
  });

  test('goes on as ever where no verdict was ever written, and where GitHub is not asked', async () => {
    expect((await promote(stage.tenant, {}, { change: said('none') })).outcome).toBe('landed');
    resetTo(base, stage.tenant);
    const unasked = await promote(stage.tenant);
    expect(unasked.outcome).toBe('landed');
    expect(unasked.runner.lines.join('\n')).toContain('Whether staging runs it was not asked');
  });

  test('is refused where GitHub does not answer', async () => {
    const silent = withVerdicts({ of: () => Promise.reject(new Refusal('GitHub gave no answer')) });
    await refused('unproven-silence', silent);
  });

  test('what production runs already needs no proof', async () => {
    await promote(stage.tenant);
    const again = await promote(stage.tenant, {}, { change: said('failed') });
    expect(again.outcome).toBe('unchanged');
  });

  test('in an emergency lands with override and a reason, and the commit says so', async () => {
    const change = said('failed');
    await expect(promote(stage.tenant, { override: 'true' }, { change })).rejects.toThrow('reason: "" is empty');
    const landed = await promote(stage.tenant, { override: 'true', reason: 'the old one leaks' }, { change });
    expect(landed.outcome).toBe('landed');
    expect(landed.runner.warnings.join('\n')).toContain('Promoting all the same, as override asks');
    const message = stage.tenant.remoteGit('log', '-1', '--format=%B', 'main');
    expect(message).toContain('Reason: the old one leaks (override: not seen running)');
    resetTo(base, stage.tenant);
    await promote(stage.tenant, { override: 'true', reason: 'as ever' }, { change: said('running') });
    expect(stage.tenant.remoteGit('log', '-1', '--format=%B', 'main')).toContain('Reason: as ever\n');
  });
});

describe('verdict: required', () => {
  test('refuses what has no verdict, and where GitHub is not asked', async () => {
    configure(stage, 'production', 'deploys: on-promotion, from: staging, verdict: required');
    await refused('required-none', said('none'));
    await refused('required-not-asked', (ports) => ports);
    expect((await promote(stage.tenant, {}, { change: said('running') })).outcome).toBe('landed');
  });
});
