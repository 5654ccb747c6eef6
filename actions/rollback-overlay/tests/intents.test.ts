import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ulid } from 'ulid';
import type { AskPorts } from '#core/release/ask.ts';
import type { HoldIntent } from '#core/release/intent.ts';
import type { CommitSha } from '#core/values/reference.ts';
import { jumpOverPauses } from '#tests/support/clock.ts';
import { describeWriter, leaveHold, leaveIntent, listIntents } from '#tests/support/intents.ts';
import { openStage, type Stage } from '#tests/support/stage.ts';
import { bump, rollBack } from '#tests/support/writers.ts';

jest.setTimeout(60_000);

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

beforeEach(() => stage.reset());

afterAll(() => stage.tenant.close());

describe('an open intent of another writer', () => {
  test('that cannot be written is refused by name, and stops no one', async () => {
    const { tenant } = stage;
    const writer = describeWriter('too late');
    const broken: HoldIntent = {
      kind: 'hold',
      environment: 'production',
      image: 'discord-bot',
      until: new Date(0),
      ...writer,
    };
    leaveIntent(tenant, broken);
    const { digest } = await stage.change('next');
    const result = await bump(tenant, { images: `discord-bot=${digest}` }, { change: jumpOverPauses });
    expect(result.outcome).toBe('landed');
    expect(stage.read()).toBe(digest);
    expect(listIntents(tenant)).toEqual([]);
    expect(result.runner.warnings.join('\n')).toContain(`intent ${writer.id} of hubot`);
  });

  test('a hold that was left behind binds the bump that finds it', async () => {
    const { tenant, bad } = stage;
    leaveHold(tenant, 'production', 'stop');
    const { digest } = await stage.change('next');
    const result = await bump(tenant, { images: `discord-bot=${digest}` }, { change: jumpOverPauses });
    expect(result).toMatchObject({ outcome: 'held', images: [{ hold: { reason: 'stop', by: 'hubot' } }] });
    expect(stage.read()).toBe(bad);
    expect(listIntents(tenant)).toEqual([]);
  });

  test('a rollback that another writer lands says what it set', async () => {
    const { tenant, good, base } = stage;
    let folded: Promise<unknown> | undefined;
    const change = (ports: AskPorts): AskPorts => {
      const waiting = jumpOverPauses(ports);
      const update: typeof ports.transport.update = async (updates) => {
        const isPublishing = updates.some(({ ref }) => ref.startsWith('refs/slipway/'));
        const result = await ports.transport.update(updates);
        // a later writer that loses its patience at once
        if (isPublishing)
          folded ??= bump(
            tenant,
            { images: `discord-bot=${good}`, 'source-sha': stage.sources.good },
            { change: (own) => ({ ...jumpOverPauses(own), random: () => 0 }) },
          );
        await folded;
        return result;
      };
      return { ...waiting, random: () => 0.99, transport: { ...ports.transport, update } };
    };
    leaveHold(tenant, 'staging', 'wait');
    const result = await rollBack(tenant, {}, { change, sha: base });
    expect(result).toMatchObject({ outcome: 'landed', batch: 2, edits: [] });
    expect(result.runner.lines.join('\n')).toMatch(
      /^Landed in [0-9a-f]{7} with 2 intents, the oldest of \S+, after \d+ s$/m,
    );
    expect(result.images.map(({ from, to }) => [from, to])).toEqual(Array(2).fill([stage.bad, good]));
    expect(result.holds.map(({ image, action, kind }) => `${image} ${action} ${kind}`).sort()).toEqual([
      'dev-sandbox set rollback',
      'discord-bot set rollback',
    ]);
    expect(stage.read()).toBe(good);
  });

  test('that does what is asked for: nothing is left to do, and its changes are not told as the own', async () => {
    const { tenant, good, base, sources } = stage;
    const build = { digest: good, source: sources.good as CommitSha }; // git printed it
    const images = new Map(['discord-bot', 'dev-sandbox'].map((image) => [image, build] as const));
    const first = { ...describeWriter('first'), id: ulid(Date.now() - 1_000) };
    leaveIntent(tenant, { kind: 'rollback', environment: 'production', images, isUnchecked: false, ...first });
    const result = await rollBack(tenant, {}, { change: jumpOverPauses, sha: base });
    expect(result).toMatchObject({ outcome: 'unchanged', commit: undefined, edits: [], batch: undefined });
    expect(result.summary).not.toContain('What the cluster will see');
    expect(stage.read()).toBe(good);
  });
});
