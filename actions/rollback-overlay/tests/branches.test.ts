import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { AskPorts } from '#core/release/ask.ts';
import type { CommitSha } from '#core/values/reference.ts';
import { jumpOverPauses } from '#tests/support/clock.ts';
import { describeWriter, leaveIntent, listIntents } from '#tests/support/intents.ts';
import { openStage, type Stage } from '#tests/support/stage.ts';
import { bump, rollBack } from '#tests/support/writers.ts';
import { pushAsPerson } from './races.ts';

jest.setTimeout(60_000);

let stage: Stage;

beforeAll(async () => {
  stage = await openStage({ environments: ['production'] });
});

beforeEach(() => {
  stage.tenant.remoteGit('update-ref', 'refs/heads/main', stage.base);
  stage.reset();
});

afterEach(() => {
  stage.tenant.server.intercept = undefined;
});

afterAll(() => stage.tenant.close());

/** Does something to the branch before the writer's push of this number; before each one, a person may be faster. */
function beforePush(number: number, meddle: () => void, losesFirst = false) {
  let pushes = 0;
  return (ports: AskPorts): AskPorts => {
    const update: typeof ports.transport.update = async (updates) => {
      if (updates.some(({ ref }) => ref === 'refs/heads/main')) {
        pushes += 1;
        if (losesFirst && pushes === 1) pushAsPerson(stage);
        if (pushes === number) meddle();
      }
      return ports.transport.update(updates);
    };
    return { ...jumpOverPauses(ports), transport: { ...ports.transport, update } };
  };
}

const remove = () => stage.tenant.remoteGit('update-ref', '-d', 'refs/heads/main');
const branches = () => stage.tenant.remoteGit('branch', '--list');

describe('a branch that is deleted in the middle', () => {
  test.each([
    ['at once', 1, false],
    ['after a lost race', 2, true],
  ] as const)(
    'is not created again, and the intent is taken back: the job is red (%s)',
    async (_way, push, losesFirst) => {
      const run = rollBack(stage.tenant, {}, { sha: stage.base, change: beforePush(push, remove, losesFirst) });
      await expect(run).rejects.toThrow(/^branch: the repository has no branch "main": it was deleted .* follows$/);
      expect([branches(), listIntents(stage.tenant)]).toEqual(['', []]);
    },
  );

  test('the intent of a writer that died survives, and lands when the branch is back', async () => {
    const { tenant, base, good } = stage;
    leaveIntent(tenant, {
      kind: 'rollback',
      isUnchecked: false,
      environment: 'production',
      images: new Map(
        ['discord-bot', 'dev-sandbox'].map((image) => [
          image,
          { digest: good, source: stage.sources.good as CommitSha },
        ]),
      ),
      ...describeWriter('bad'),
    });
    const images = { images: stage.all(stage.bad) };
    await expect(bump(tenant, images, { change: beforePush(1, remove) })).rejects.toThrow(/has no branch "main"/);
    expect([branches(), listIntents(tenant)]).toEqual(['', [expect.any(String)]]);
    tenant.remoteGit('update-ref', 'refs/heads/main', base);
    const change = beforePush(0, () => {});
    expect(await bump(tenant, images, { change })).toMatchObject({ outcome: 'held' });
    expect(stage.read()).toBe(good);
    expect(listIntents(tenant)).toEqual([]);
  });
});

describe('a branch that is force-pushed in the middle', () => {
  const dropTo = (commit: string) => () => void stage.tenant.remoteGit('update-ref', 'refs/heads/main', commit);
  const contains = (commit: string) =>
    stage.tenant.remoteGit('for-each-ref', '--contains', commit, '--format=%(refname)', 'refs/heads');

  test.each([
    ['at once', 1, false],
    ['after a lost race', 2, true],
  ] as const)(
    'the dropped commits do not return, and the bump lands on the new head (%s)',
    async (_way, push, losesFirst) => {
      const { tenant, base } = stage;
      const { source, digest } = await stage.change('kept');
      tenant.git('commit', '-q', '--allow-empty', '-m', 'to be dropped');
      tenant.git('push', '-q', 'origin', 'main');
      const dropped = tenant.remoteGit('rev-parse', 'main');
      const change = beforePush(push, dropTo(source), losesFirst);
      const result = await bump(tenant, { images: stage.all(digest), 'source-sha': source }, { change });
      expect(result.outcome).toBe('landed');
      expect(tenant.remoteGit('rev-list', `${base}..main`).split('\n')).toEqual([result.commit, source]);
      expect(contains(dropped)).toBe('');
      expect(listIntents(tenant)).toEqual([]);
    },
  );

  test.each([
    ['at once', 1, false],
    ['after a lost race', 2, true],
  ] as const)('a bump whose source was dropped is refused by name (%s)', async (_way, push, losesFirst) => {
    const { tenant, base } = stage;
    const { source, digest } = await stage.change('dropped');
    const change = beforePush(push, dropTo(base), losesFirst);
    const run = bump(tenant, { images: stage.all(digest), 'source-sha': source }, { change });
    await expect(run).rejects.toThrow(
      `source-sha: ${source} is not on the branch: it was never merged, or was pushed away`,
    );
    expect(tenant.remoteGit('rev-parse', 'main')).toBe(base);
    expect([contains(source), listIntents(tenant)]).toEqual(['', []]);
  });

  test.each([
    ['at once', 1, false],
    ['after a lost race', 2, true],
  ] as const)('a rollback lands on the new head (%s)', async (_way, push, losesFirst) => {
    const { tenant, base, good } = stage;
    tenant.git('commit', '-q', '--allow-empty', '-m', 'to be dropped');
    tenant.git('push', '-q', 'origin', 'main');
    const dropped = tenant.remoteGit('rev-parse', 'main');
    const result = await rollBack(tenant, {}, { sha: base, change: beforePush(push, dropTo(base), losesFirst) });
    expect(result.outcome).toBe('landed');
    expect(stage.read()).toBe(good);
    expect(tenant.remoteGit('rev-list', `${base}..main`)).toBe(result.commit);
    expect(contains(dropped)).toBe('');
  });
});
