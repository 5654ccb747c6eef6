import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { KeyOwner } from '#core/aws/keys/explain.ts';
import { QUIET_HOURS, retireKeys, rotateKey } from '#core/aws/keys/rotate.ts';
import { renderSecret } from '#core/aws/keys/secret.ts';
import { KeyWorld } from './world.ts';

const owner: KeyOwner = {
  user: 'discord-bot-bot',
  parameter: '/discord-bot/bot_credentials',
  storesSecret: true,
  commands: { rotate: 'ROTATE', retire: 'RETIRE', lookUp: 'LOOK UP' },
};
const cluster: KeyOwner = { ...owner, storesSecret: false };
const retire = (world: KeyWorld, of = owner) => retireKeys(of, QUIET_HOURS, world.ports);

/** Something that reads the key now and then, and uses what it read last. */
class Consumer {
  readonly #world: KeyWorld;
  held: { id: string; secret: string } | undefined;
  constructor(world: KeyWorld) {
    this.#world = world;
  }
  read(): void {
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = JSON.parse(
      this.#world.parameters.get(owner.parameter) ?? '{}',
    );
    if (id !== undefined) this.held = { id, secret };
  }
  /** True when AWS takes its key, or it has none yet. */
  works(): boolean {
    return this.held === undefined || this.#world.use(this.held.id, this.held.secret);
  }
}

test('the old key works until it was quiet for two days beside the new one', async () => {
  const world = new KeyWorld();
  const bot = new Consumer(world);
  expect((await rotateKey(owner, world.ports)).sentence).toBe('discord-bot-bot has the key AKIA1');
  expect(await retire(world)).toBe('discord-bot-bot has the key AKIA1 alone: nothing to retire');
  bot.read();
  bot.works();
  expect((await rotateKey(owner, world.ports)).sentence).toBe(
    'discord-bot-bot has the key AKIA2; AKIA1 goes on working. When it was not used for 48 hours:\n  RETIRE',
  );
  await expect(retire(world)).rejects.toThrow('Nothing was seen to use AKIA2');
  world.wait(1);
  bot.read();
  bot.works();
  world.wait(46);
  bot.works();
  await expect(retire(world)).rejects.toThrow(/remove it after 2026-03-03T00:00:00.000Z:\n {2}RETIRE$/);
  world.wait(1);
  expect(await retire(world)).toBe('discord-bot-bot has the key AKIA2; removed AKIA1');
  expect(bot.works()).toBe(true);
});

test('a rotation only adds: with two keys it refuses and names both', async () => {
  const world = new KeyWorld();
  await rotateKey(owner, world.ports);
  const hand = world.make();
  await expect(rotateKey(owner, world.ports)).rejects.toThrow(
    /AKIA1 \(made .*, no use known, the one in the parameter\); AKIA2 \(made .*, no use known\)/,
  );
  expect([...world.keys.keys()]).toEqual(['AKIA1', hand.id]);
});

test('a parameter that was not written, or of which no answer came, keeps every key and says how to go on', async () => {
  for (const how of ['diesAt', 'losesAnswerAt'] as const) {
    const world = new KeyWorld();
    await rotateKey(owner, world.ports);
    Object.assign(world, { changes: 0, [how]: 2 });
    await expect(rotateKey(owner, world.ports)).rejects.toThrow(
      /got the key AKIA2, but \/discord-bot\/bot_credentials was not written .*\n {2}ROTATE$/,
    );
    expect(world.keys.size).toBe(2);
  }
});

test('a parameter that was written by hand, with spaces, is read too', async () => {
  const world = new KeyWorld();
  const { id, secret } = world.make();
  world.parameters.set(
    owner.parameter,
    JSON.stringify({ AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret }, null, 2),
  );
  expect(await retire(world)).toBe('discord-bot-bot has the key AKIA1 alone: nothing to retire');
});

/** What may happen to the keys of the bot, in any order. */
const event = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('rotate', 'retire', 'read', 'hour', 'days') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('hand-made', 'parameter lost', 'dies 1', 'dies 2', 'answer lost 1', 'answer lost 2'),
  },
);

async function happen(world: KeyWorld, consumers: readonly Consumer[], what: string, reader: number): Promise<void> {
  const attempt = (work: Promise<unknown>): Promise<unknown> => work.catch(() => undefined);
  const dying = /^(dies|answer lost) (\d)$/.exec(what);
  if (dying !== null) {
    Object.assign(world, { changes: 0, [dying[1] === 'dies' ? 'diesAt' : 'losesAnswerAt']: Number(dying[2]) });
    await attempt(rotateKey(owner, world.ports));
    Object.assign(world, { diesAt: Number.POSITIVE_INFINITY, losesAnswerAt: Number.POSITIVE_INFINITY });
  }
  if (what === 'rotate') await attempt(rotateKey(owner, world.ports));
  if (what === 'retire') await attempt(retire(world));
  if (what === 'read') consumers[reader]?.read();
  if (what === 'hand-made' && world.keys.size < 2) (consumers[2] ?? new Consumer(world)).held ??= world.make();
  if (what === 'parameter lost') world.parameters.delete(owner.parameter);
  if (what === 'hour') world.wait(1);
}

test('whatever happens in whatever order, what uses a key daily can go on', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(event, fc.nat(1)), { maxLength: 40 }), async (events) => {
      const world = new KeyWorld();
      const consumers = [new Consumer(world), new Consumer(world), new Consumer(world)]; // two of the bot, a stranger
      for (const [what, reader] of events) {
        for (let days = 0; days < (what === 'days' ? 3 : 0); days++) {
          world.wait(24);
          for (const consumer of consumers) expect(consumer.works()).toBe(true);
        }
        await happen(world, consumers, what, reader);
        for (const consumer of consumers) expect(consumer.works()).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

describe("the cluster's key", () => {
  test('the parameter names it and does not hold it', async () => {
    const world = new KeyWorld();
    const { key } = await rotateKey(cluster, world.ports);
    expect([...world.parameters.values()]).toEqual(['{"AWS_ACCESS_KEY_ID":"AKIA1"}']);
    expect(JSON.parse(renderSecret(key, 'discord-bot'))).toMatchObject({
      kind: 'Secret',
      metadata: { name: 'aws-cluster', namespace: 'discord-bot' },
      stringData: { AWS_ACCESS_KEY_ID: 'AKIA1', AWS_SECRET_ACCESS_KEY: 'secret-1' },
    });
  });
});
