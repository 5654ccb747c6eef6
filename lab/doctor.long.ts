import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { Cluster } from '#lab/cluster/cluster.ts';
import { readServedSource } from '#lab/cluster/serving.ts';
import { findEnvironment } from '#lab/environments.ts';
import type { RunRecord } from '#lab/github/runner/run-record.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import type { BrokenWorld, WorldParts } from '#lab/tests/broken-world.ts';
import { describeByHand, describeFiles } from '#lab/tests/broken-world-files.ts';
import { argoDown, brokenWorlds, buildLost, registryDown, runFails } from '#lab/tests/broken-worlds.ts';
import { codesOf, type Doctor, type Found, openDoctor, parseFound } from '#lab/tests/doctor-asked.ts';
import { pushForeign, pushVariant, startDynamoDb } from '#lab/tests/doctor-parts.ts';
import { takeParameterAway } from '#lab/tests/parameter-taken-away.ts';
import { openWorld, type World } from '#lab/world.ts';

let world: World;
let cluster: Cluster;
let doctor: Doctor;
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
  doctor = openDoctor(world, cluster);
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

/** The other workflows of a push have nothing to do here, and take their time; reconcile.yml is started by hand. */
function leaveOnlyDeploys(clone: string): void {
  const folder = join(clone, '.github/workflows');
  const kept = ['deploy.yml', 'reconcile.yml'];
  for (const name of readdirSync(folder)) if (!kept.includes(name)) rmSync(join(folder, name));
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

async function breakWorlds(worlds: readonly BrokenWorld[]): Promise<void> {
  await cluster.apply(worlds.flatMap((one) => describeByHand(one, pull, parts.host)));
  for (const { name } of worlds.filter((one) => one.hasLostParameter)) await takeParameterAway(world, cluster, name);
  await world.push({ files: describeFiles(world.clone, worlds, parts), message: `${worlds.length} broken worlds` });
  await cluster.kubectl(['apply', '-k', join(world.clone, 'argocd')]);
}

test('in a healthy world nothing is wrong; what was never released is called so', async () => {
  expect(await doctor.type(['staging'])).toEqual({ code: 0, stdout: 'staging\n  nothing is wrong\n' });
  const production = (await doctor.untilNamed({ production: 'never-released' }, ['production'])).get('production');
  expect(production?.causes[0]?.next).toBe("npm run -s slipway -- promote production --reason 'the first release'");
}, 120_000);

describe('each broken world has its cause, and no other', () => {
  let named: ReadonlyMap<string, Found>;

  test('one process names them all', async () => {
    await breakWorlds(brokenWorlds);
    named = await doctor.untilNamed(Object.fromEntries(brokenWorlds.map(({ name, cause }) => [name, cause])));
    expect((await doctor.ask('staging')).map(codesOf)).toEqual(['']);
  }, 300_000);

  test.each(brokenWorlds.map(({ name, cause }) => [name, cause] as const))(
    '%s: %s: what is printed next can be typed',
    async (name) => {
      const { next = '' } = named.get(name)?.causes[0] ?? {};
      if (TYPED_ELSEWHERE.test(next)) return;
      const { code, said } = await doctor.typeNext(TO_CONFIRM.test(next) ? `${next} --yes` : next);
      expect([next, said, code]).toEqual([next, said, name === 'render-error' ? 1 : 0]); // it shows the same error
    },
    60_000,
  );

  test('what doctor printed, and was typed, healed what one command can heal', async () => {
    const healed = ['other-branch', 'other-path', 'no-application', 'by-hand-only'];
    await world.until(
      `nothing is wrong with ${healed.join(', ')}`,
      async () => {
        const found = (await doctor.ask()).filter(({ environment }) => healed.includes(environment));
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
    await doctor.untilNamed({ [registryDown.name]: registryDown.cause }, [registryDown.name]);
  } finally {
    await world.registry.start();
  }
}, 240_000);

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
  const found = (await doctor.untilNamed({ staging: 'git-unreachable' }, ['staging'])).get('staging');
  expect(found?.causes[0]?.said).toBe('Argo CD cannot read the repository: its login is missing, wrong or expired');
  expect(await doctor.typeNext(found?.causes[0]?.next ?? '')).toMatchObject({ code: 0 });
  await password(world.github.userToken);
  await world.until('Argo CD reads it again', async () => ((await isBroken()) ? undefined : true));
  const isWell = async () => ((await doctor.ask('staging')).every((one) => codesOf(one) === '') ? true : undefined);
  await world.until('staging is well again', isWell);
}, 180_000);

test("Argo CD's controller is down: what was pushed is called not applied, and arrives when it is back", async () => {
  const { name } = argoDown;
  const isWell = async () => ((await doctor.ask(name)).every((one) => codesOf(one) === '') ? true : undefined);
  await breakWorlds([argoDown]);
  await world.until('all is well first', isWell, 90_000);
  await world.delivery?.argocd.controller.stop();
  const file = `overlays/${name}/kustomization.yaml`;
  await world.push({ files: { [file]: (text) => text.replace(parts.good, parts.other) }, message: 'Another build' });
  const found = (await doctor.untilNamed({ [name]: argoDown.cause }, [name])).get(name);
  await sleep(15_000); // longer than Argo CD's controller lets anything wait
  expect((await doctor.ask(name)).map(codesOf)).toEqual([argoDown.cause]);
  await world.delivery?.argocd.controller.start();
  expect(await doctor.typeNext(found?.causes[0]?.next ?? '')).toMatchObject({ code: 0 });
  await world.until('it arrives', isWell, 90_000);
}, 400_000);

describe('a build that does not land', () => {
  let asking: Doctor;
  const push = async (change: (workflow: string) => string, app: (text: string) => string): Promise<RunRecord> => {
    const files = { '.github/workflows/deploy.yml': change, 'app/src/log.ts': app };
    const { runs } = await world.push({ files, message: 'A change of the app and of the workflow' });
    await world.settled();
    const [run] = runs;
    if (run === undefined) throw new Error('the push started no run');
    return run;
  };

  beforeAll(async () => {
    const github = { GITHUB_TOKEN: world.github.userToken, GITHUB_API_URL: `${world.github.url}/api/v3` };
    asking = openDoctor(world, cluster, github);
    await breakWorlds([runFails, buildLost]);
    await world.settled();
  }, 240_000);

  test('its run failed: the run is named', async () => {
    const step = '      - uses: ./actions/bump-overlay\n';
    const fails = (text: string): string => text.replace(step, `      - run: exit 1\n${step}`);
    const run = await push(fails, (text) => `${text}\n// a build that does not land\n`);
    expect(run.conclusion).toBe('failure');
    const found = (await asking.untilNamed({ [runFails.name]: runFails.cause }, [runFails.name])).get(runFails.name);
    expect(found?.causes[0]?.next).toBe(`gh run rerun ${run.id} --failed`);
  }, 300_000);

  test('no run failed: what lands it is printed, and does', async () => {
    const withoutBump = (text: string): string => text.slice(0, text.indexOf('\n  bump:'));
    expect((await push(withoutBump, (text) => text)).conclusion).toBe('success');
    const found = (await asking.untilNamed({ [buildLost.name]: buildLost.cause }, [buildLost.name])).get(
      buildLost.name,
    );
    expect(found?.causes[0]?.next).toBe('gh workflow run reconcile.yml');
    const run = await world.dispatch('reconcile.yml'); // as gh does
    await world.settled();
    expect(run.conclusion).toBe('success');
    const all = [runFails.name, buildLost.name, 'staging'];
    const isWell = async (): Promise<true | undefined> => {
      const own = (await asking.ask()).filter(({ environment }) => all.includes(environment));
      return own.every((one) => codesOf(one) === '') ? true : undefined;
    };
    await world.until('the build has landed everywhere, and runs', isWell, 120_000);
  }, 300_000);
});

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
  const [found] = parseFound(stdout.toString('utf8'));
  expect([code, found?.causes]).toEqual([1, []]);
  expect(found?.open.filter((line) => /forbidden/.test(line))).toHaveLength(10);
}, 60_000);
