import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { isReadyPod, type Pod } from '#lab/cluster/cluster.ts';
import type { Delivery } from '#lab/cluster/delivery.ts';
import { findEnvironment } from '#lab/environments.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import { openWorld, type World } from '#lab/world.ts';

const MINUTE = 60_000;
let world: World;
let delivery: Delivery;
let namespace: string;

/** The tenant in a hurry: hours become seconds, and nothing else differs. */
function hurry(clone: string): void {
  const edit = (path: string, from: string, to: string): void => {
    const before = readFileSync(join(clone, path), 'utf8');
    if (!before.includes(from)) throw new Error(`${path} has no ${from}: has its form changed?`);
    writeFileSync(join(clone, path), before.replace(from, to));
  };
  edit('base/discord-bot/secrets.yaml', 'refreshInterval: 1m0s', 'refreshInterval: 5s');
  edit('base/registry/ecr-registry.yaml', 'refreshInterval: 6h0m0s', 'refreshInterval: 20s');
  edit('argocd/platform/health.yaml', 'and 39600 or nil', 'and 37 or nil');
}

beforeAll(async () => {
  world = await openWorld(
    lineProgress((line) => process.stderr.write(`${line}\n`)),
    { cluster: true, edit: hurry },
  );
  if (world.delivery === undefined) throw new Error('the world has no cluster');
  delivery = world.delivery;
  namespace = findEnvironment(world.environments, 'staging').namespace;
  await world.push({ files: {}, message: 'The tenant' });
}, 2_700_000); // on a new machine it builds the cluster's programs first

afterAll(async () => {
  await world?.stop();
  expect(findTraces(world.lab.id, world.lab.dir)).toEqual([]);
}, MINUTE);

const botPods = (): Promise<Pod[]> => delivery.cluster.pods(namespace, 'app.kubernetes.io/name=discord-bot');
const readiness = z.looseObject({
  ready: z.boolean(),
  checks: z.array(z.looseObject({ name: z.string(), status: z.string() })),
});

test(
  'a push: the bot is Ready, with its tables, its queues and every secret and setting',
  async () => {
    const answer = await world.until(
      'the bot is ready',
      async () => {
        const pod = (await botPods()).find(isReadyPod);
        return pod === undefined ? undefined : delivery.cluster.ask(pod, 3000, '/ready');
      },
      4 * MINUTE,
    );
    expect(answer.status).toBe(200);
    const { checks } = readiness.parse(JSON.parse(answer.body));
    expect(checks.map(({ name, status }) => `${name}: ${status}`)).toEqual([
      'table discord_sessions: ok',
      'table discord_executions: ok',
      'table discord-messages: ok',
      'table chat_history: ok',
      'queue agentic-events: ok',
      'queue discord-messages: ok',
      'setting DISCORD_TOKEN: ok',
      'setting DISCORD_BOT_ID: ok',
      'setting DISCORD_GUILD_ID: ok',
      'setting LITELLM_API_KEY: ok',
      'setting LITELLM_BASE_URL: ok',
    ]);
  },
  5 * MINUTE,
);
void [sleep, PutParameterCommand, SSMClient];
