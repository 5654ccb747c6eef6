import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteAccessKeyCommand, IAMClient, ListAccessKeysCommand } from '@aws-sdk/client-iam';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { openKeyPorts } from '#core/aws/keys/aws.ts';
import { rotateKey } from '#core/aws/keys/rotate.ts';
import { renderSecret } from '#core/aws/keys/secret.ts';
import { readPullCredentials } from '#core/cluster/kubectl.ts';
import { judgePullCredentials, renewalCommands } from '#core/cluster/pull-credentials.ts';
import { createExec } from '#core/system/exec.ts';
import { isReadyPod, type Pod } from '#lab/cluster/cluster.ts';
import type { Delivery } from '#lab/cluster/delivery.ts';
import { findEnvironment } from '#lab/environments.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import { findCanaries, makeCanaries } from '#lab/tests/canaries.ts';
import { findHeld, listHeldSecrets, readProcesses, readVolumes } from '#lab/tests/held-secrets.ts';
import { hurry } from '#lab/tests/hurry.ts';
import { probeDuring, pull } from '#lab/tests/probes.ts';
import { readEverything } from '#lab/tests/readings.ts';
import { openWorld, type World } from '#lab/world.ts';

const MINUTE = 60_000;
/** In place of ECR's 12 hours, and of the 11 after which the alarm comes: seconds. */
const [LIFE_S, ALARM_S] = [60, 30];
let world: World;
let delivery: Delivery;
let namespace: string;
let ssm: SSMClient;
let iam: IAMClient;

beforeAll(async () => {
  world = await openWorld(
    lineProgress((line) => process.stderr.write(`${line}\n`)),
    { cluster: true, edit: (clone) => hurry(clone, ALARM_S) },
  );
  if (world.delivery === undefined) throw new Error('the world has no cluster');
  delivery = world.delivery;
  namespace = findEnvironment(world.environments, 'staging').namespace;
  const { endpoint, region } = world.aws;
  const client = { endpoint, region, credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' } };
  [ssm, iam] = [new SSMClient(client), new IAMClient(client)];
  await world.push({ files: {}, message: 'The tenant' });
}, 2_700_000); // on a new machine it builds the cluster's programs first

afterAll(async () => {
  await world?.stop();
  expect(findTraces(world.lab.id, world.lab.dir)).toEqual([]);
}, MINUTE);

const botPods = (): Promise<Pod[]> => delivery.cluster.pods(namespace, 'app.kubernetes.io/name=discord-bot');
const kubectl = (...args: string[]): Promise<string> => delivery.cluster.kubectl(args);
const here = (...args: string[]): Promise<string> => kubectl('-n', namespace, ...args);
const apply = (...objects: object[]) => delivery.cluster.apply(objects);
const readiness = z.looseObject({ checks: z.array(z.looseObject({ name: z.string(), status: z.string() })) });

async function readyPod(): Promise<Pod | undefined> {
  return (await botPods()).find((pod) => isReadyPod(pod) && pod.metadata.deletionTimestamp === undefined);
}

const botImage = async (): Promise<string> => (await readyPod())?.spec.containers[0]?.image ?? '';

async function put(name: string, Value: string): Promise<void> {
  await ssm.send(new PutParameterCommand({ Name: `/${name}`, Value, Type: 'SecureString', Overwrite: true }));
}

/** Resolves when the one ready pod has this in its environment. */
function untilRuns(variable: string, value: string): Promise<true> {
  return world.until(
    `the bot runs with the new ${variable}`,
    async () => {
      const pod = await readyPod();
      if (pod === undefined || (await botPods()).length > 1) return undefined;
      const read = `process.stdout.write(process.env[${JSON.stringify(variable)}] ?? '')`;
      const found = await here('exec', pod.metadata.name, '--', 'node', '-e', read).catch(() => '');
      return found === value ? true : undefined;
    },
    4 * MINUTE,
  );
}

test(
  'a push: the bot is Ready, with its tables, its queues and every secret and setting',
  async () => {
    const answer = await world.until(
      'the bot is ready',
      async () => {
        const pod = await readyPod();
        return pod === undefined ? undefined : delivery.cluster.ask(pod, 3000, '/ready');
      },
      8 * MINUTE,
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
  9 * MINUTE,
);

test(
  "a namespace's store reads none of another environment's parameters",
  async () => {
    const spec = JSON.parse(await here('get', 'secretstore', 'parameters', '-o', 'json')).spec;
    spec.provider.aws.prefix = '/discord-bot/';
    const group = 'external-secrets.io/v1';
    const metadata = { name: 'greedy', namespace };
    const data = [{ secretKey: 'A', remoteRef: { key: 'discord_token' } }];
    await apply(
      { apiVersion: group, kind: 'SecretStore', metadata, spec },
      { apiVersion: group, kind: 'ExternalSecret', metadata, spec: { secretStoreRef: { name: 'greedy' }, data } },
    );
    const condition = 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}';
    const read = () => here('get', 'externalsecret', 'greedy', '-o', condition);
    await world.until('the store is refused', async () => ((await read()) === 'SecretSyncedError' ? true : undefined));
    expect(await here('get', 'events', '--field-selector', 'involvedObject.name=greedy')).toContain(
      'discord-bot-staging-cluster is not authorized to perform: ssm:GetParameter on resource: arn:aws:ssm:ca-central-1:123456789012:parameter/discord-bot/discord_token',
    );
    expect(await here('get', 'secret', 'greedy', '--ignore-not-found')).toBe('');
    await here('delete', 'externalsecret/greedy', 'secretstore/greedy');
  },
  2 * MINUTE,
);

const canaries = makeCanaries(40);
const [token = '', key = ''] = [canaries.slice(0, 3).join('.'), canaries.slice(3, 20).join('-')];
const production = { token: canaries.slice(20, 23).join('.'), key: canaries.slice(23).join('-') };

test(
  'each secret that is changed at its source arrives, without a hand and without a gap',
  async () => {
    const ports = openKeyPorts(iam, ssm);
    const ownerOf = (identity: 'bot' | 'cluster') => ({
      user: `discord-bot-staging-${identity}`,
      parameter: `/discord-bot-staging/${identity}_credentials`,
      storesSecret: identity === 'bot',
      commands: { rotate: '', retire: '', lookUp: '' },
    });
    const retireAllBut = async (UserName: string, kept: string): Promise<void> => {
      const { AccessKeyMetadata = [] } = await iam.send(new ListAccessKeysCommand({ UserName }));
      for (const { AccessKeyId } of AccessKeyMetadata)
        if (AccessKeyId !== kept) await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
    };
    const { gaps, answers } = await probeDuring({ cluster: delivery.cluster, namespace }, async () => {
      await put('discord-bot-staging/discord_token', token);
      await untilRuns('DISCORD_TOKEN', token);
      await put('discord-bot-staging/litellm_api_key', key);
      await untilRuns('LITELLM_API_KEY', key);
      const ofBot = (await rotateKey(ownerOf('bot'), ports)).key;
      await untilRuns('AWS_ACCESS_KEY_ID', ofBot.id);
      await retireAllBut(ownerOf('bot').user, ofBot.id);
      const ofCluster = (await rotateKey(ownerOf('cluster'), ports)).key;
      await delivery.cluster.kubectl(['apply', '-f', '-'], renderSecret(ofCluster, namespace));
      await sleep(1_000);
      await retireAllBut(ownerOf('cluster').user, ofCluster.id);
      // with the new key alone, the store goes on
      await put('discord-bot-staging/litellm_api_key', `${key}-again`);
      await untilRuns('LITELLM_API_KEY', `${key}-again`);
    });
    expect(gaps).toEqual([]);
    expect(answers).toBeGreaterThan(50);
    const pod = await readyPod();
    expect((pod && (await delivery.cluster.ask(pod, 3000, '/ready')))?.status).toBe(200);
    const { sync } = await delivery.argocd.application('staging');
    expect(sync).toBe('Synced'); // Argo CD leaves Reloader's hash alone
  },
  6 * MINUTE,
);

test(
  'forty canaries are in the secret and in the process, and nowhere else',
  async () => {
    await put('discord-bot/discord_token', production.token);
    await put('discord-bot/litellm_api_key', production.key);
    const inSecret = async (of: string, name: string): Promise<string> => {
      const encoded = await kubectl('get', 'secret', 'discord-bot-secrets', '-n', of, '-o', `jsonpath={.data.${name}}`);
      return Buffer.from(encoded, 'base64').toString('utf8');
    };
    await world.until('production has them', async () =>
      (await inSecret('discord-bot', 'LITELLM_API_KEY')) === production.key ? true : undefined,
    );
    expect(await inSecret(namespace, 'DISCORD_TOKEN')).toBe(token);
    await untilRuns('DISCORD_TOKEN', token);

    const writings = await readEverything(world, delivery);
    expect(writings.length).toBeGreaterThan(40);
    expect(findCanaries(canaries, writings)).toEqual([]);
    // the search does find them where they are
    const secrets = { where: 'the secrets', text: await kubectl('get', 'secrets', '-A', '-o', 'json') };
    expect(findCanaries(canaries, [secrets])).toHaveLength(40);
  },
  3 * MINUTE,
);

const OF_A_BOT = ['the token of Discord', 'the key of LiteLLM', 'the AWS key of the bot'];
const HELD = [
  ...['discord-bot', 'discord-bot-staging'].flatMap((of) =>
    [...OF_A_BOT, 'the AWS key of the cluster', "ECR's password"].map((what) => `${of}: ${what}`),
  ),
  ...["argocd: Argo CD's login at git", "argocd: the App's private key"],
].sort();

test(
  'real secrets are where they are needed and nowhere else: keys of AWS, of the App, passwords of ECR, the login at git',
  async () => {
    const text = await kubectl('get', 'secrets', '-A', '-o', 'json');
    const held = listHeldSecrets(text);
    expect(held.map(({ name }) => name).sort()).toEqual(HELD);
    expect(findHeld(held, await readEverything(world, delivery))).toEqual([]);
    expect(new Set(findHeld(held, [{ where: 'the secrets', text }])).size).toBe(HELD.length);
    const { pods, given } = await readProcesses(delivery.cluster, held);
    const apps = ['discord-bot', 'discord-bot-staging'].flatMap((of) => [`${of}/dev-sandbox`, `${of}/discord-bot`]);
    expect(pods).toEqual([...apps, 'kube-system/kube-dns'].sort()); // those of production wait for their first release
    const ofBot = OF_A_BOT.map((what) => `${namespace}: ${what}`).sort();
    expect(given).toEqual({ 'discord-bot-staging/discord-bot': ofBot });
    const volumes = readVolumes(world.lab.folder('cluster', 'kubelet', 'root'));
    expect(volumes.map(({ where }) => where.split('/').at(-1))).toContain('token');
    expect(findHeld(held, volumes)).toEqual([]);
  },
  2 * MINUTE,
);

test(
  'hour 13: pulls go on; with the renewal stopped, the alarm comes before the first pull that fails',
  async () => {
    world.aws.setTokenLife(LIFE_S * 1_000);
    const renewals = (): Promise<string> =>
      here('get', 'externalsecret', 'ecr-registry', '-o', 'jsonpath={.status.refreshTime}');
    const before = await renewals();
    await world.until('a short-lived password is there', async () =>
      (await renewals()) !== before ? true : undefined,
    );
    const begun = performance.now();
    while (performance.now() - begun < (LIFE_S + 10) * 1_000) {
      expect(await pull(world, { cluster: delivery.cluster, namespace }, await botImage())).toBe('pulled');
      await sleep(10_000);
    }
    await delivery.externalSecrets.stop();
    const seen: string[] = [];
    await world.until(
      'the alarm, then a pull that fails',
      async () => {
        const { health } = await delivery.argocd.application('staging');
        if (health === 'Degraded' && !seen.includes('alarm')) seen.push('alarm');
        if (seen.includes('alarm') || performance.now() - begun > 4 * MINUTE) {
          if (
            (await pull(world, { cluster: delivery.cluster, namespace }, await botImage())) === 'refused' &&
            !seen.includes('refused')
          )
            seen.push('refused');
          else if (!seen.includes('refused') && !seen.includes('pulled')) seen.push('pulled');
        }
        return seen.includes('refused') ? true : undefined;
      },
      4 * MINUTE,
    );
    expect(seen).toEqual(['alarm', 'pulled', 'refused']);
    await delivery.externalSecrets.start();
    // what status says to type
    const env = { KUBECONFIG: delivery.cluster.kubeconfig };
    for (const command of renewalCommands(namespace)) await world.lab.exec(['sh', '-c', command], { extraEnv: env });
    await world.until(
      'pulls go on',
      async () =>
        (await pull(world, { cluster: delivery.cluster, namespace }, await botImage())) === 'pulled' ? true : undefined,
      2 * MINUTE,
    );
    await world.until('Argo CD is content', async () =>
      (await delivery.argocd.application('staging')).health === 'Healthy' ? true : undefined,
    );
  },
  10 * MINUTE,
);

test('the age that status shows is the one that External Secrets wrote', async () => {
  const { PATH = '', HOME = '' } = world.lab.env;
  const environment = { PATH, HOME, KUBECONFIG: delivery.cluster.kubeconfig };
  const found = (await readPullCredentials(createExec(environment))) ?? [];
  expect(found.map((one) => one.namespace).sort()).toEqual(['discord-bot', 'discord-bot-staging']);
  for (const one of found) {
    const later = (hours: number): Date => new Date(Date.now() + hours * 3_600_000);
    const states = [0, 11, 12].map((hours) => judgePullCredentials(one, later(hours)).state);
    expect(states).toEqual(['fresh', 'alarm', 'expired']);
  }
});
