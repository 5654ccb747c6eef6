import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { Cluster } from '#lab/cluster/cluster.ts';
import { readServedSource } from '#lab/cluster/serving.ts';
import { findEnvironment } from '#lab/environments.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import type { BrokenWorld, WorldParts } from '#lab/tests/broken-world.ts';
import { describeByHand, describeFiles } from '#lab/tests/broken-world-files.ts';
import { brokenWorlds, registryDown } from '#lab/tests/broken-worlds.ts';
import { pushForeign, pushVariant, startDynamoDb } from '#lab/tests/doctor-parts.ts';
import { takeParameterAway } from '#lab/tests/parameter-taken-away.ts';
import { openWorld, type World } from '#lab/world.ts';

let world: World;
let cluster: Cluster;
let parts: WorldParts;
let pull: object;
let dynamodb: Awaited<ReturnType<typeof startDynamoDb>>;

beforeAll(async () => {
  world = await openWorld(
    lineProgress((line) => process.stderr.write(`${line}\n`)),
    { cluster: true, edit: leaveOnlyDeploys },
  );
  if (world.delivery === undefined) throw new Error('the world has no cluster');
  cluster = world.delivery.cluster;
  const { namespace } = findEnvironment(world.environments, 'staging');
  const { sha } = await world.push({ files: {}, message: 'The tenant' });
  const serves = async () => ((await readServedSource(cluster, namespace)) === sha ? true : undefined);
  await world.until('staging serves the tenant', serves, 420_000);
  for (const [key, value] of Object.entries({ 'user.name': 'A Person', 'user.email': 'person@example.com' }))
    await world.lab.exec(['git', '-C', world.clone, 'config', key, value]); // who types what doctor prints
  dynamodb = await startDynamoDb(cluster.nodeAddress);
  const read = ['get', 'secret', 'ecr-registry', '-n', namespace, '-o', 'json'];
  const { type, data } = secret.parse(JSON.parse(await cluster.kubectl(read)));
  pull = { apiVersion: 'v1', kind: 'Secret', type, data };
  parts = await pushImages(data['.dockerconfigjson'] ?? '');
}, 2_700_000); // on a new machine it builds the cluster's programs first

afterAll(async () => {
  await dynamodb?.close();
  await world?.stop();
  expect(findTraces(world.lab.id, world.lab.dir)).toEqual([]);
}, 60_000);

const secret = z.object({ type: z.string(), data: z.record(z.string(), z.string()) });
const logins = z.object({ auths: z.record(z.string(), z.object({ auth: z.string() })) });

/** The other workflows of a push have nothing to do here, and take their time. */
function leaveOnlyDeploys(clone: string): void {
  const folder = join(clone, '.github/workflows');
  for (const name of readdirSync(folder)) if (name !== 'deploy.yml') rmSync(join(folder, name));
}

/** Images beside the one that staging runs: nodes have not pulled them yet, and one is for another platform. */
async function pushImages(dockerconfig: string): Promise<WorldParts> {
  const host = world.aws.registryHost;
  const { auths } = logins.parse(JSON.parse(Buffer.from(dockerconfig, 'base64').toString('utf8')));
  const authorization = `Basic ${auths[host]?.auth}`;
  const overlay = await world.read('overlays/staging/kustomization.yaml');
  const good = /name: discord-bot[\s\S]*?(sha256:[0-9a-f]{64})/.exec(overlay)?.[1] ?? '';
  const image = { repository: 'discord-bot', digest: good };
  return {
    host,
    good,
    fresh: await pushVariant(world, authorization, image, { author: 'fresh' }),
    other: await pushVariant(world, authorization, image, { author: 'other' }),
    foreign: await pushForeign(world, authorization, image),
    dynamodb: dynamodb.url,
  };
}

const answer = z.object({
  environments: z.array(
    z.object({
      environment: z.string(),
      causes: z.array(
        z.object({ cause: z.string(), said: z.string(), evidence: z.array(z.string()), next: z.string() }),
      ),
      open: z.array(z.string()),
    }),
  ),
});

/** Runs the verb as a process, as a person does. */
async function type(words: readonly string[]): Promise<{ code: number; stdout: string }> {
  const argv = [process.execPath, join(repositoryRoot, 'commands/slipway.ts'), 'doctor', ...words] as const;
  const place = ['--repository', world.clone, '--kubeconfig', cluster.kubeconfig] as const;
  const extraEnv = { ...world.aws.adminEnv, GITHUB_TOKEN: '' };
  const { code, stdout } = await world.lab.exec([...argv, ...place], { extraEnv, accept: [0, 1] });
  return { code, stdout: stdout.toString('utf8') };
}

type Found = z.output<typeof answer>['environments'][number];

/** Asks for one environment, or for all by one process. */
async function ask(...environment: readonly string[]): Promise<Found[]> {
  return answer.parse(JSON.parse((await type([...environment, '--json'])).stdout)).environments;
}

const recorded = z.object({ facts: z.array(z.looseObject({ environment: z.string() })) });

/** With RECORD_FACTS=1 what is known of environments is left for the tests of core/doctor. */
async function record(environments: readonly string[], asked: readonly string[]): Promise<void> {
  if (process.env['RECORD_FACTS'] !== '1') return;
  const { facts } = recorded.parse(JSON.parse((await type([...asked, '--facts'])).stdout));
  for (const one of facts.filter(({ environment }) => environments.includes(environment))) {
    const file = join(repositoryRoot, `core/doctor/tests/fixtures/${one.environment}.json`);
    writeFileSync(file, `${JSON.stringify({ facts: [one] }, undefined, 1)}\n`);
  }
}

const codesOf = ({ causes }: Found): string => causes.map(({ cause }) => cause).join(' ');

/** What doctor may say while Argo CD and the node are still at it: nothing is proven yet, or nothing was applied yet. */
const ON_THE_WAY = ['', 'not-synced'];

/** Asks until each environment's cause is named. Another cause, at any moment, is a false one. */
async function untilNamed(
  expected: Readonly<Record<string, string>>,
  environment: readonly string[] = [],
): Promise<ReadonlyMap<string, Found>> {
  const named = new Map<string, Found>();
  const falsely: string[] = [];
  const isNamed = async (): Promise<true | undefined> => {
    for (const found of await ask(...environment)) {
      const codes = codesOf(found);
      const cause = expected[found.environment];
      if (codes === cause) named.set(found.environment, found);
      else if (cause !== undefined && !ON_THE_WAY.includes(codes)) falsely.push(`${found.environment}: ${codes}`);
    }
    return Object.keys(expected).every((name) => named.has(name)) ? true : undefined;
  };
  await world.until('every cause is named', isNamed, 120_000).catch(() => {}); // what is missing is shown below
  await record(Object.keys(expected), environment);
  expect(falsely).toEqual([]);
  expect(Object.fromEntries([...named].map(([name, found]) => [name, codesOf(found)]))).toEqual(expected);
  return named;
}

/** Types what doctor prints. The commands of people are there: kubectl, git, aws, and npm for `slipway` itself. */
async function typeNext(next: string): Promise<{ code: number; said: string }> {
  const main = JSON.stringify(join(repositoryRoot, 'commands/slipway.ts'));
  const shell = [
    'set -euo pipefail',
    `npm() { test "$1 $2 $3 $4" = "run -s slipway --"; shift 4; node ${main} "$@"; }`,
    next,
  ].join('\n');
  const extraEnv = { ...world.aws.adminEnv, PATH: `${join(process.execPath, '..')}:${process.env['PATH'] ?? ''}` };
  const { code, stderr } = await world.lab.exec(['bash', '-c', shell], { cwd: world.clone, extraEnv, accept: 'any' });
  return { code, said: stderr.slice(-1_000) };
}

async function breakWorlds(worlds: readonly BrokenWorld[]): Promise<void> {
  await cluster.apply(worlds.flatMap((one) => describeByHand(one, pull, parts.host)));
  for (const { name } of worlds.filter((one) => one.hasLostParameter)) await takeParameterAway(world, cluster, name);
  await world.push({ files: describeFiles(world.clone, worlds, parts), message: `${worlds.length} broken worlds` });
  await cluster.kubectl(['apply', '-k', join(world.clone, 'argocd')]);
}

test('in a healthy world nothing is wrong; what was never released is called so', async () => {
  expect(await type(['staging'])).toEqual({ code: 0, stdout: 'staging\n  nothing is wrong\n' });
  const production = (await untilNamed({ production: 'never-released' }, ['production'])).get('production');
  expect(production?.causes[0]?.next).toBe("npm run -s slipway -- promote production --reason 'the first release'");
}, 120_000);

describe('each broken world has its cause, and no other', () => {
  let named: ReadonlyMap<string, Found>;

  test('one process names them all', async () => {
    await breakWorlds(brokenWorlds);
    named = await untilNamed(Object.fromEntries(brokenWorlds.map(({ name, cause }) => [name, cause])));
    expect((await ask('staging')).map(codesOf)).toEqual(['']);
  }, 300_000);

  test.each(brokenWorlds.map(({ name, cause }) => [name, cause] as const))(
    '%s: %s: what is printed next can be typed',
    async (name) => {
      const { next = '' } = named.get(name)?.causes[0] ?? {};
      if (TYPED_ELSEWHERE.test(next)) return;
      const { code, said } = await typeNext(TO_CONFIRM.test(next) ? `${next} --yes` : next);
      expect([next, said, code]).toEqual([next, said, name === 'render-error' ? 1 : 0]); // it shows the same error
    },
    60_000,
  );

  test('what doctor printed, and was typed, healed what one command can heal', async () => {
    const healed = ['other-branch', 'other-path', 'no-application', 'by-hand-only'];
    await world.until(
      `nothing is wrong with ${healed.join(', ')}`,
      async () => {
        const found = (await ask()).filter(({ environment }) => healed.includes(environment));
        return found.every(({ causes, open }) => causes.length + open.length === 0) ? true : undefined;
      },
      90_000,
    );
  }, 120_000);
});

/** A test of the runbooks types it. */
const TYPED_ELSEWHERE = /^npm run -s keys -- rotate bot$/;
/** It asks a person before it writes. */
const TO_CONFIRM = /^npm run -s slipway -- release /;

test('the registry is down: it is not the image, and not the login', async () => {
  await world.registry.stop();
  try {
    await breakWorlds([registryDown]);
    await untilNamed({ [registryDown.name]: registryDown.cause }, [registryDown.name]);
  } finally {
    await world.registry.start();
  }
}, 120_000);

test("Argo CD's login at git has expired: the root is named, wherever it is asked", async () => {
  const password = async (text: string): Promise<void> => {
    const patch = JSON.stringify({ stringData: { password: text } });
    await cluster.kubectl(['patch', 'secret', '-n', 'argocd', 'tenant-repository', '--type=merge', '-p', patch]);
  };
  /** Argo CD keeps a first failure to itself, so it is made to look more than once. */
  const isBroken = async (): Promise<boolean> => {
    const refresh = ['argocd.argoproj.io/refresh=hard', '--overwrite'];
    await cluster.kubectl(['annotate', 'application', '-n', 'argocd', 'staging', ...refresh]);
    await sleep(2_000);
    return (await world.delivery?.argocd.application('staging'))?.message.includes('authentication required') === true;
  };
  await password('expired');
  await world.until('Argo CD cannot read the repository', async () => ((await isBroken()) ? true : undefined));
  const found = (await untilNamed({ staging: 'git-unreachable' }, ['staging'])).get('staging');
  expect(found?.causes[0]?.said).toBe('Argo CD cannot read the repository: its login is missing, wrong or expired');
  expect(await typeNext(found?.causes[0]?.next ?? '')).toMatchObject({ code: 0 });
  await password(world.github.userToken);
  await world.until('Argo CD reads it again', async () => ((await isBroken()) ? undefined : true));
  const isWell = async () => ((await ask('staging')).every((one) => codesOf(one) === '') ? true : undefined);
  await world.until('staging is well again', isWell);
}, 180_000);

test('what may not be asked stays open; nothing is guessed', async () => {
  await cluster.apply([
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'nobody', namespace: 'image-gone' } },
  ]);
  const token = (await cluster.kubectl(['create', 'token', 'nobody', '-n', 'image-gone'])).trim();
  const file = join(world.lab.folder('doctor'), 'kubeconfig');
  const config = JSON.parse(await cluster.kubectl(['config', 'view', '--raw', '-o', 'json']));
  writeFileSync(file, JSON.stringify({ ...config, users: [{ name: 'lab', user: { token } }] }), { mode: 0o600 });
  const argv = [
    process.execPath,
    join(repositoryRoot, 'commands/slipway.ts'),
    'doctor',
    'image-gone',
    '--json',
  ] as const;
  const { code, stdout } = await world.lab.exec([...argv, '--repository', world.clone, '--kubeconfig', file], {
    extraEnv: { ...world.aws.adminEnv, GITHUB_TOKEN: '' },
    accept: [1],
  });
  const [found] = answer.parse(JSON.parse(stdout.toString('utf8'))).environments;
  expect([code, found?.causes]).toEqual([1, []]);
  expect(found?.open.filter((line) => /forbidden/.test(line))).toHaveLength(10);
}, 60_000);
