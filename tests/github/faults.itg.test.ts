import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { LandResult } from '#core/release/land.ts';
import type { Fault } from '#lab/github/faults.ts';
import { jumpOverPauses } from '#tests/support/clock.ts';
import { type GitHubStage, openGitHubStage } from '#tests/support/github.ts';
import { describeWriter, leaveIntent, listIntents } from '#tests/support/intents.ts';
import { resetTo } from '#tests/support/stage.ts';
import { bump, rollBack, type WriterOptions } from '#tests/support/writers.ts';

jest.setTimeout(60_000);

const MAIN = 'refs/heads/main';

let stage: GitHubStage;
let base: string;
let next: string;

beforeAll(async () => {
  stage = await openGitHubStage();
  next = (await stage.change('next')).digest;
  base = stage.tenant.remoteGit('rev-parse', 'main');
});

beforeEach(() => resetTo(base, stage.tenant));

afterEach(() => expect(stage.github.violations).toEqual([]));

afterAll(() => stage.tenant.close());

const write = (options: WriterOptions = {}) =>
  bump(
    stage.tenant,
    { images: `discord-bot=${next}`, 'source-sha': base, ...stage.api },
    { change: jumpOverPauses, sha: base, ...options },
  );

const writers: [string, () => Promise<Pick<LandResult, 'outcome' | 'commit'>>][] = [
  ['bump', write],
  ['rollback', () => rollBack(stage.tenant, stage.api, { change: jumpOverPauses, sha: base })],
];

/** Another writer's intent: where it is open, this writer publishes its own before it folds both. */
const leaveAnother = () =>
  leaveIntent(stage.tenant, {
    kind: 'hold',
    environment: 'staging',
    image: '*',
    until: undefined,
    ...describeWriter('another'),
  });

/** Expects that the bump landed, once, that all faults were met and no intent is left. */
async function expectLanded(writing: ReturnType<typeof write>): Promise<void> {
  const { tenant, github } = stage;
  const { outcome, commit } = await writing;
  expect(outcome).toBe('landed');
  expect(github.faults.countWaiting()).toBe(0);
  const landed = tenant.remoteGit('log', '--format=%H', '-F', `--grep=to=${next}`, `${base}..main`).split('\n');
  expect(landed).toEqual([commit]);
  expect(tenant.remoteGit('show', '-s', '--format=%B', commit ?? '').match(/^Slipway-Release: /gm)).toHaveLength(1);
  expect(github.rules.isSigned(commit ?? '')).toBe(true);
  expect(stage.read()).toBe(next);
  expect(listIntents(tenant)).toEqual([]);
}

const faults: [string, readonly Fault[]][] = [
  ['a reply that is lost after the effect', [{ kind: 'lost-reply' }]],
  ['a 502 before anything is done', [{ kind: 'server-error', effect: 'none' }]],
  ['a 502 after everything is done', [{ kind: 'server-error', effect: 'done' }]],
  ['a secondary limit', [{ kind: 'secondary-limit', retryAfter: 1 }]],
  ['one of each in a row', [{ kind: 'server-error', effect: 'none' }, { kind: 'lost-reply' }]],
];

describe.each(['git/create-tree', 'git/create-commit', 'git/create-ref', 'updateRefs'])('at %s', (operation) => {
  test.each(faults)('%s: the bump lands once', async (_what, all) => {
    leaveAnother();
    stage.github.faults.inject(operation, ...all);
    await expectLanded(write());
  });
});

describe.each<[string, readonly Fault[]]>(faults)('%s', (_what, all) => {
  test('at updateRefs, where no one else writes: the bump lands once', async () => {
    stage.github.faults.inject('updateRefs', ...all);
    await expectLanded(write());
  });
});

test('a branch that someone moves just before the mutation: the bump lands once, on what they wrote', async () => {
  const { tenant, github } = stage;
  const tree = tenant.remoteGit('rev-parse', 'main^{tree}');
  const theirs: string[] = [];
  for (const message of ['one', 'two', 'three'])
    theirs.push(tenant.remoteGit('commit-tree', tree, '-p', theirs.at(-1) ?? base, '-m', message));
  github.faults.inject('updateRefs', ...theirs.map((to): Fault => ({ kind: 'stale-head', ref: MAIN, to })));
  await expectLanded(write());
  expect(tenant.remoteGit('rev-parse', 'main^')).toBe(theirs.at(-1));
});

describe.each(['git/create-tree', 'git/create-commit', 'git/create-ref', 'updateRefs'])(
  'a branch that someone meddles with at %s',
  (operation) => {
    const meddle = (to: string | undefined): void =>
      stage.github.faults.inject(operation, { kind: 'stale-head', ref: MAIN, to });

    test.each(writers)(
      'deleted: a %s does not create it again, is red, and takes its intent back',
      async (_who, run) => {
        const { tenant } = stage;
        const other = leaveAnother();
        meddle(undefined);
        await expect(run()).rejects.toThrow(/^branch: the repository has no branch "main": it was deleted .* follows$/);
        expect(stage.github.faults.countWaiting()).toBe(0);
        expect([tenant.remoteGit('branch', '--list'), listIntents(tenant)]).toEqual(['', [other]]);
      },
    );

    test.each(writers)('force-pushed: what it dropped does not return, and the %s lands', async (_who, run) => {
      const { tenant } = stage;
      leaveAnother();
      const tree = tenant.remoteGit('rev-parse', 'main^{tree}');
      const dropped = tenant.remoteGit('commit-tree', tree, '-p', base, '-m', 'to be dropped');
      tenant.remoteGit('update-ref', MAIN, dropped);
      meddle(base);
      const { outcome, commit } = await run();
      expect(outcome).toBe('landed');
      expect(stage.github.faults.countWaiting()).toBe(0);
      expect(tenant.remoteGit('rev-list', `${base}..main`)).toBe(commit);
      expect(tenant.remoteGit('for-each-ref', '--contains', dropped)).toBe('');
      expect(listIntents(tenant)).toEqual([]);
    });

    test('force-pushed to before its source: the bump is refused by name', async () => {
      const { tenant } = stage;
      const other = leaveAnother();
      meddle(stage.base);
      const refusal = `source-sha: ${base} is not on the branch: it was never merged, or was pushed away`;
      await expect(write()).rejects.toThrow(refusal);
      expect(stage.github.faults.countWaiting()).toBe(0);
      expect(tenant.remoteGit('for-each-ref', '--contains', base)).toBe('');
      expect(listIntents(tenant).filter((ref) => ref !== other)).toEqual([]);
    });
  },
);

test('an intent that someone deletes just before the mutation is not brought back', async () => {
  const { github } = stage;
  const ref = leaveAnother();
  github.faults.inject('updateRefs', { kind: 'stale-head', ref, to: undefined });
  await expectLanded(write());
  expect(stage.tenant.remoteGit('ls-tree', '--name-only', 'main', 'overlays/staging/')).not.toContain('holds');
});

test('questions that get no answer are asked again: whose intents count, and where the branch is', async () => {
  const { github } = stage;
  github.rules.requireSignatures(MAIN);
  const ref = leaveAnother();
  github.faults.inject('repos/get-branch', { kind: 'lost-reply' }, { kind: 'server-error', effect: 'none' });
  github.faults.inject('repository', { kind: 'server-error', effect: 'none' }, { kind: 'lost-reply' });
  const { outcome, runner } = await write();
  github.rules.lift(MAIN);
  expect(outcome).toBe('landed');
  expect(github.faults.countWaiting()).toBe(0);
  expect(listIntents(stage.tenant)).toEqual([ref]);
  expect(runner.warnings.join('\n')).toContain(ref);
});
