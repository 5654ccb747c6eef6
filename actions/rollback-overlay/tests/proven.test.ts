import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Refusal } from '#core/values/errors.ts';
import type { Verdict } from '#core/verdict/proven.ts';
import { expectRefused } from '#tests/support/refusals.ts';
import { gitEnv } from '#tests/support/repositories.ts';
import { openStage, resetTo, type Stage } from '#tests/support/stage.ts';
import { sayVerdicts, withVerdicts } from '#tests/support/verdicts.ts';
import { bump, rollBack } from '#tests/support/writers.ts';

jest.setTimeout(120_000);

let stage: Stage;
let base: string;
let aged: string;
let newest: string;

/** Production ran good, then bad, and runs the newest. */
beforeAll(async () => {
  stage = await openStage({ environments: ['production'] });
  const { digest, source } = await stage.change('newest');
  newest = digest;
  await bump(stage.tenant, { images: stage.all(digest), 'source-sha': source });
  base = landAfter(30);
  aged = landAfter(120);
});

/** Returns the newest landing as a commit that was made so many seconds after the one before it. */
function landAfter(seconds: number): string {
  const { tenant } = stage;
  const before = Number(tenant.remoteGit('show', '-s', '--format=%ct', stage.base));
  const message = tenant.remoteGit('log', '-1', '--format=%B', 'main');
  const argv = ['-C', tenant.remote, 'commit-tree', 'main^{tree}', '-p', 'main^', '-m', message];
  const env = { ...gitEnv, GIT_COMMITTER_DATE: `${before + seconds} +0000` };
  return execFileSync('git', argv, { env, encoding: 'utf8' }).trim();
}

beforeEach(() => resetTo(base, stage.tenant));

afterAll(() => stage.tenant.close());

const both = () => [stage.read(), stage.read('dev-sandbox')];
const said = (good: Verdict['word'], bad: Verdict['word']) =>
  withVerdicts(sayVerdicts({ [stage.good]: good, [stage.bad]: bad, [newest]: 'failed' }));
const refused = (name: string, change: ReturnType<typeof said>, inputs = {}) =>
  expectRefused(import.meta.dirname, name, stage.tenant, () => rollBack(stage.tenant, inputs, { change }));
const silent = withVerdicts({ of: () => Promise.reject(new Refusal('GitHub gave no answer')) });

describe('steps', () => {
  test('that lead to a set that was seen running say so', async () => {
    const { outcome, summary } = await rollBack(stage.tenant, {}, { change: said('running', 'running') });
    expect(outcome).toBe('landed');
    expect(both()).toEqual([stage.bad, stage.bad]);
    expect(summary).toContain('When it ran before, this set was running, ');
  });

  test('pass over a set that was replaced within a minute and never seen running', async () => {
    await rollBack(stage.tenant, {}, { change: said('running', 'pending') });
    expect(both()).toEqual([stage.good, stage.good]);
  });

  test('count every set where no verdict was ever written, and where GitHub does not answer', async () => {
    for (const change of [said('none', 'none'), silent]) {
      resetTo(base, stage.tenant);
      await rollBack(stage.tenant, {}, change === silent ? { change } : {});
      expect(both()).toEqual([stage.bad, stage.bad]);
    }
  });
});

describe('steps to a set that failed', () => {
  test('are refused with what was seen running; proven goes there, and its commit names the other', async () => {
    const { tenant, good, bad } = stage;
    resetTo(aged, tenant);
    const message = await refused('steps-failed', said('running', 'failed'));
    expect((await rollBack(tenant, { to: 'proven' }, { change: said('running', 'failed') })).outcome).toBe('landed');
    expect(both()).toEqual([good, good]);
    resetTo(aged, tenant);
    const named = /\(to: ([0-9a-f]{7})\)/.exec(message)?.[1] ?? '';
    expect((await rollBack(tenant, { to: named }, { change: said('running', 'failed') })).outcome).toBe('landed');
    expect(both()).toEqual([bad, bad]);
  });
});

describe('to: proven', () => {
  test('is refused where nothing was seen running, and where GitHub does not say', async () => {
    await refused('proven-silence', silent, { to: 'proven' });
    resetTo(aged, stage.tenant);
    const message = await refused('proven-none', said('failed', 'failed'), { to: 'proven' });
    const [, to = ''] = /^ {2}1 +(\w{7}) /m.exec(message) ?? [];
    expect((await rollBack(stage.tenant, { to }, { change: said('failed', 'failed') })).outcome).toBe('landed');
    expect(both()).toEqual([stage.bad, stage.bad]);
  });
});
