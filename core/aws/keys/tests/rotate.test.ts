import { describe, expect, test } from '@jest/globals';
import { type KeyPorts, retireKeys, rotateKey } from '#core/aws/keys/rotate.ts';
import { renderSecret } from '#core/aws/keys/secret.ts';

const owner = { user: 'discord-bot-bot', parameter: '/discord-bot/bot_credentials' };

/** IAM and a parameter store in memory; `diesAt` throws instead of the nth change. */
function openWorld() {
  const keys = new Map<string, { secret: string; createdAt: Date }>();
  const parameters = new Map<string, string>();
  const world = { keys, parameters, changes: 0, diesAt: Number.POSITIVE_INFINITY, made: 0 };
  const change = (work: () => void): void => {
    if (++world.changes === world.diesAt) throw new Error('killed');
    work();
  };
  const ports: KeyPorts = {
    list: async () => [...keys].map(([id, { createdAt }]) => ({ id, createdAt })),
    create: async () => {
      if (keys.size === 2) throw new Error('LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2');
      const id = `AKIA${++world.made}`;
      change(() => keys.set(id, { secret: `secret-${world.made}`, createdAt: new Date(world.made) }));
      return { id, secret: `secret-${world.made}` };
    },
    remove: async (_user, id) => change(() => keys.delete(id)),
    read: async (name) => parameters.get(name),
    write: async (name, value) => change(() => parameters.set(name, value)),
  };
  /** The key that a reader of the parameter gets works. */
  const works = (): boolean => {
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = JSON.parse(
      parameters.get(owner.parameter) ?? '{}',
    );
    return keys.get(id)?.secret === secret && secret !== undefined;
  };
  return { world, ports, works };
}

test('the old key works until it is retired', async () => {
  const { world, ports, works } = openWorld();
  await rotateKey(owner, true, ports);
  const { sentence } = await rotateKey(owner, true, ports);
  expect(sentence).toBe('discord-bot-bot has the key AKIA2; AKIA1 goes on working until you run retire');
  expect([...world.keys.keys()]).toEqual(['AKIA1', 'AKIA2']);
  await expect(rotateKey(owner, true, ports)).rejects.toThrow('still has the key AKIA1 from before the last rotation');
  expect(await retireKeys(owner, ports)).toBe('discord-bot-bot has the key AKIA2; removed AKIA1');
  expect(await retireKeys(owner, ports)).toBe('discord-bot-bot has the key AKIA2 alone: nothing to retire');
  expect(works()).toBe(true);
});

describe('killed at any change and repeated', () => {
  test.each([1, 2, 3, 4, 5, 6])('change %i', async (diesAt) => {
    const { world, ports, works } = openWorld();
    const first = await rotateKey(owner, true, ports);
    Object.assign(world, { changes: 0, diesAt });
    const turn = async (): Promise<void> => {
      await rotateKey(owner, true, ports).catch((error: Error) => {
        if (!error.message.includes('run retire')) throw error;
      });
      expect(works()).toBe(true);
      await retireKeys(owner, ports);
    };
    for (let times = 0; times < 3; times++) {
      await turn().catch((error: Error) => expect(error.message).toBe('killed'));
      expect(works()).toBe(true);
    }
    expect(world.keys.size).toBe(1);
    expect(world.keys.has(first.key.id)).toBe(false);
  });
});

test('nothing is retired while the key in use is unknown', async () => {
  const { world, ports } = openWorld();
  world.keys.set('AKIAOTHER', { secret: 's', createdAt: new Date(0) });
  await expect(retireKeys(owner, ports)).rejects.toThrow('names no key, which is none of discord-bot-bot');
  expect(world.keys.size).toBe(1);
});

test("the cluster's parameter names its key and does not hold it", async () => {
  const { world, ports } = openWorld();
  const { key } = await rotateKey(owner, false, ports);
  expect([...world.parameters.values()]).toEqual(['{"AWS_ACCESS_KEY_ID":"AKIA1"}']);
  expect(JSON.parse(renderSecret(key, 'discord-bot'))).toMatchObject({
    kind: 'Secret',
    metadata: { name: 'aws-cluster', namespace: 'discord-bot' },
    stringData: { AWS_ACCESS_KEY_ID: 'AKIA1', AWS_SECRET_ACCESS_KEY: 'secret-1' },
  });
});
