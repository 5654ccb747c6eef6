import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { isReadyPod } from '#lab/cluster/cluster.ts';
import type { Delivery } from '#lab/cluster/delivery.ts';
import { findEnvironment } from '#lab/environments.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { findTraces, interfaceName } from '#lab/supervisor/traces.ts';
import { runBaseImage } from '#lab/walls/base-image.ts';
import { checkPackets } from '#lab/walls/check-command.ts';
import { type Ground, LISTED, prepareGround } from '#lab/walls/ground.ts';
import { HOGS } from '#lab/walls/hogs.ts';
import { describeApplication, HARMLESS, HOSTILE } from '#lab/walls/hostile.ts';
import { PAIRS } from '#lab/walls/pairs.ts';
import { describePlatformAccounts, PLATFORM_ACCOUNTS } from '#lab/walls/platform-accounts.ts';
import { nameOf, REMOVALS, type Removal, TABLE } from '#lab/walls/table.ts';
import { openWorld, type World } from '#lab/world.ts';
import { expectGolden } from '#tests/support/golden.ts';

let world: World;
let delivery: Delivery;
let namespace: string;
let ground: Ground;
const golden = (name: string): string => join(import.meta.dirname, 'walls/golden', name);

beforeAll(async () => {
  world = await openWorld(
    lineProgress((line) => process.stderr.write(`${line}\n`)),
    { cluster: true, edit: prepareTenant },
  );
  if (world.delivery === undefined) throw new Error('the world has no cluster');
  delivery = world.delivery;
  namespace = findEnvironment(world.environments, 'staging').namespace;
  runBaseImage(world.clone);
  await world.push({ files: {}, message: 'The tenant' });
  for (const name of ['discord-bot', 'dev-sandbox']) {
    const find = ['get', 'deployment', name, '-n', namespace, '--ignore-not-found', '-o', 'name'];
    await world.until(`Argo CD applies ${name}`, async () => (await kubectl(...find)) || undefined, 120_000);
    if (name === 'discord-bot') await world.until('Reloader has seen the secret', noted, 60_000);
    await kubectl('rollout', 'status', `deployment/${name}`, '-n', namespace, '--timeout=120s');
  }
  const bridge = interfaceName(world.lab.id, 'k');
  ground = await prepareGround(world.lab, delivery.cluster, { namespace, clone: world.clone, bridge });
}, 2_700_000); // on a new machine it builds the cluster's programs first

afterAll(async () => {
  ground?.close();
  await world?.stop();
  expect(findTraces(world.lab.id, world.lab.dir)).toEqual([]);
}, 60_000);

/** With the secret's hash the pod is replaced once more: probes must not begin in the one before. */
const noted = async (): Promise<true | undefined> => {
  const get = ['get', 'deployment', 'discord-bot', '-n', namespace, '-o', 'jsonpath={..env[*].name}'];
  return (await kubectl(...get)).includes('STAKATER_') || undefined;
};

const kubectl = (...args: string[]): Promise<string> => delivery.cluster.kubectl(args);

/** As a person adds to the list: the sandbox reaches one address more, on one port. And a push builds nothing. */
function prepareTenant(clone: string): void {
  rmSync(join(clone, '.github/workflows/deploy.yml'));
  const file = join(clone, 'overlays/staging/reach.yaml');
  const rule = { to: [{ ipBlock: { cidr: `${LISTED}/32` } }], ports: [{ protocol: 'TCP', port: 443 }] };
  writeFileSync(file, `${readFileSync(file, 'utf8').trimEnd()}\n    - ${JSON.stringify(rule)}\n`);
}

/** Argo CD puts back what is removed by hand: it has to look away for a while. */
async function withoutSync<T>(work: () => Promise<T>): Promise<T> {
  const sync = (automated: object | null): Promise<string> => {
    const patch = JSON.stringify({ spec: { syncPolicy: { automated } } });
    return kubectl('patch', 'application', 'staging', '-n', 'argocd', '--type=merge', '-p', patch);
  };
  await sync(null);
  // one that has begun would bring back what is taken out
  const under = 'jsonpath={.operation}{.status.operationState.phase}';
  await world.until(
    'no sync is under way',
    async () =>
      /^(Succeeded|Failed|Error)?$/.test(await kubectl('get', 'application', 'staging', '-n', 'argocd', '-o', under)) ||
      undefined,
  );
  try {
    return await work();
  } finally {
    await sync({ prune: true, selfHeal: true });
  }
}

const policies = (): Promise<string> => kubectl('get', 'networkpolicies', '-n', namespace, '-o', 'json');

/** Takes policies out (all of them by default) and brings them back. */
async function without<T>(names: readonly string[] | undefined, work: () => Promise<T>): Promise<T> {
  const { items } = JSON.parse(await policies());
  const gone = items.filter(({ metadata }: { metadata: { name: string } }) => names?.includes(metadata.name) ?? true);
  const clean = gone.map(({ metadata: { name, labels }, ...rest }: { metadata: { name: string; labels: object } }) => ({
    ...rest,
    metadata: { name, namespace, labels },
  }));
  for (const { metadata } of gone) await kubectl('delete', 'networkpolicy', '-n', namespace, metadata.name);
  try {
    return await work();
  } finally {
    await delivery.cluster.apply(clean);
  }
}

/** The engine hears of a change a moment after it is made: asked until it is as expected, and shown where it is not. */
async function expectProbes(expected: Record<string, string>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const found = await ground.probe();
    const agree = Object.entries(expected).every(([name, answer]) => found[name] === answer);
    if (agree || attempt === 4) return expect(found).toEqual(expected);
    await sleep(1_000);
  }
}

const other = { open: 'closed', closed: 'open' } as const;
const tableWithout = (removal?: Removal): Record<string, string> =>
  Object.fromEntries(
    TABLE.map((row) => [nameOf(row), removal !== undefined && row.by.includes(removal) ? other[row.after] : row.after]),
  );

describe('the network', () => {
  test('has 30 probes and more, each with a name of its own', () => {
    expect(new Set(TABLE.map(nameOf)).size).toBe(TABLE.length);
    expect(TABLE.length).toBeGreaterThanOrEqual(30);
  });

  test('with the policies of the overlay is as the table says', async () => {
    await expectProbes(tableWithout());
  }, 60_000);

  test('without policies is open', async () => {
    await withoutSync(() =>
      without(undefined, () => expectProbes(Object.fromEntries(TABLE.map((row) => [nameOf(row), 'open'])))),
    );
  }, 60_000);

  test.each(Object.keys(REMOVALS) as Removal[])(
    'without %s fails in exactly the rows that it holds',
    async (removal) => {
      await withoutSync(() => without(REMOVALS[removal], () => expectProbes(tableWithout(removal))));
    },
    60_000,
  );

  test('is what `cluster check` says of it, with policies and without', async () => {
    const check = () => checkPackets(world, delivery.cluster.kubeconfig, namespace);
    const walled = await check();
    expect(walled.open).toEqual([]);
    expect(walled.holds).toHaveLength(10);
    const bare = await withoutSync(() => without(undefined, check));
    expect(bare.open).toHaveLength(6);
    for (const line of bare.open) expect(line).toMatch(/the network of this cluster ignores/);
  }, 120_000);

  test('does not stop health checks: nothing has been restarted', async () => {
    const counts = 'jsonpath={.items[*].status.containerStatuses[*].restartCount}';
    expect(await kubectl('get', 'pods', '-n', namespace, '-l', 'app in (discord-bot, dev-sandbox)', '-o', counts)).toBe(
      '0 0',
    );
  });
});

/** What an account may do in a namespace, as the API server lists it. */
async function listRights(home: string, account: string, place: string): Promise<string> {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${home}`, 'system:authenticated'];
  const as = [`--as=system:serviceaccount:${home}:${account}`, ...groups.map((group) => `--as-group=${group}`)];
  const list = await kubectl('auth', 'can-i', '--list', '-n', place, ...as);
  return `# ${place}: ${account}\n${list.replaceAll(/ +$/gm, '')}`;
}

describe('rights', () => {
  test('60 pairs and more, asked from inside the sandbox by its own token', async () => {
    expect(PAIRS.length).toBeGreaterThanOrEqual(60);
    const script = readFileSync(join(import.meta.dirname, 'walls/rights.mjs'), 'utf8');
    expectGolden(golden('sandbox-pairs.txt'), await ground.run('sandbox', script, [JSON.stringify(PAIRS)]));
  }, 60_000);

  test('the lists of all accounts', async () => {
    const places = [namespace, findEnvironment(world.environments, 'production').namespace];
    const accounts = ['dev-sandbox', 'discord-bot', 'default'];
    const own = places.flatMap((place) => accounts.map((account) => listRights(place, account, place)));
    expectGolden(golden('can-i.txt'), (await Promise.all(own)).join('\n'));
  }, 60_000);

  test("the lists of External Secrets' account and of Reloader's, by the roles of their charts", async () => {
    await delivery.cluster.apply(describePlatformAccounts());
    const lists = PLATFORM_ACCOUNTS.flatMap(({ namespace: home, account }) =>
      [namespace, 'argocd', home].map((place) => listRights(home, account, place)),
    );
    expectGolden(golden('can-i-platform.txt'), (await Promise.all(lists)).join('\n'));
  }, 60_000);

  test("the tenant's own commands answer, by the sandbox's token", async () => {
    const token = (await kubectl('create', 'token', 'dev-sandbox', '-n', namespace)).trim();
    const ask = (...args: string[]): Promise<string> => kubectl(`--token=${token}`, '-n', namespace, ...args);
    for (const app of ['discord-bot', 'dev-sandbox']) {
      expect(await ask('get', 'pods', '-l', `app=${app}`, '-o', 'name')).toMatch(new RegExp(`^pod/${app}-`));
      expect(await ask('get', 'deployments', '-l', `app=${app}`, '-o', 'name')).toBe(`deployment.apps/${app}\n`);
    }
    await expect(ask('get', 'secrets')).rejects.toThrow('forbidden');
    await expect(ask('get', 'pods', '-n', 'kube-system')).rejects.toThrow('forbidden');
  }, 60_000);
});

describe('Argo CD', () => {
  beforeAll(async () => {
    const files = [...HOSTILE, HARMLESS].map(({ name, manifest }) => [
      `hostile/${name}/manifest.yaml`,
      stringify(manifest),
    ]);
    await world.push({ files: Object.fromEntries(files), message: 'A hostile change, merged' });
    await delivery.cluster.apply(
      [...HOSTILE, HARMLESS].map((one) =>
        describeApplication(one.name, 'repository' in one ? (one.repository ?? '') : world.github.cloneUrl, namespace),
      ),
    );
  }, 60_000);

  test.each(HOSTILE.map((hostile) => [hostile.name, hostile] as const))(
    'refuses %s',
    async (name, { refusal, manifest }) => {
      await world.until(
        `Argo CD refuses ${name}`,
        async () => {
          const application = await kubectl('get', 'application', `hostile-${name}`, '-n', 'argocd', '-o', 'json');
          return refusal.test(application) ? true : undefined;
        },
        90_000,
      );
      const { kind } = manifest as { kind: string };
      expect(await kubectl('get', kind, '--all-namespaces', '-o', 'name')).not.toContain('hostile');
    },
    120_000,
  );

  test('takes a harmless one that comes the same way', async () => {
    await world.until(
      'it is there',
      async () =>
        (await kubectl('get', 'configmaps', '-n', namespace, '-o', 'name')).includes('harmless') ? true : undefined,
      90_000,
    );
  }, 120_000);
});

describe('what runs wild in the sandbox leaves the bot Ready', () => {
  test.each(HOGS.map((hog) => [hog.name, hog] as const))(
    '%s',
    async (_name, { script, prints }) => {
      const watch = watchBot();
      const said = await ground.run('sandbox', script).catch((error: Error) => `ended: ${error.message}`);
      const seen = await watch.end();
      expect(seen.filter((moment) => moment !== 'Ready')).toEqual([]);
      expect(seen.length).toBeGreaterThan(1);
      expect(said).toMatch(prints);
    },
    120_000,
  );

  test('and the one that filled its disk was evicted, as the only one', async () => {
    const reasons = 'jsonpath={range .items[*]}{.metadata.labels.app}: {.status.reason}{"\\n"}{end}';
    await world.until('the sandbox is evicted', async () => {
      const pods = (await kubectl('get', 'pods', '-n', namespace, '-o', reasons)).split('\n');
      expect(pods).not.toContain('discord-bot: Evicted');
      return pods.includes('dev-sandbox: Evicted') ? true : undefined;
    });
  });
});

/** Looks at the bot's pods until told to end: each must be Ready all the time. */
function watchBot(): { end(): Promise<string[]> } {
  const seen: string[] = [];
  let isOver = false;
  const look = async (): Promise<void> => {
    for (let last = false; !last; last = isOver) {
      const pods = await delivery.cluster.pods(namespace, 'app=discord-bot');
      const answer = await Promise.all(pods.map((pod) => delivery.cluster.ask(pod, 3000, '/health')));
      const isWell = pods.length === 1 && pods.every(isReadyPod) && answer.every((one) => one?.status === 200);
      seen.push(isWell ? 'Ready' : JSON.stringify(pods.map(({ status }) => status)));
      await sleep(300);
    }
  };
  const looking = look();
  return {
    end: async () => {
      await sleep(1_000);
      isOver = true;
      await looking;
      return seen;
    },
  };
}
