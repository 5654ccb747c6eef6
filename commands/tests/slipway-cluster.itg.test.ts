import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type BareCluster, startBareCluster } from '#tests/support/bare-cluster.ts';
import { expectGolden } from '#tests/support/golden.ts';

let cluster: BareCluster;
let manifest: string[];

beforeAll(async () => {
  cluster = await startBareCluster();
  manifest = ['--argocd-manifest', cluster.manifest];
}, 2_700_000); // on a new machine it builds the API server first
afterAll(() => cluster?.lab.stop(), 60_000);

const KEY = `${JSON.stringify({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'aws-cluster', namespace: 'discord-bot' },
  type: 'Opaque',
  stringData: { AWS_ACCESS_KEY_ID: 'AKIAPLANTED', AWS_SECRET_ACCESS_KEY: 'planted-secret-access-key' },
})}\n`;

const connect = (words: readonly string[] = ['--yes'], options = {}) =>
  cluster.type(['cluster', 'connect', ...manifest, ...words], options);
const golden = (name: string, text: string): void =>
  expectGolden(
    join(import.meta.dirname, 'golden/slipway', `${name}.txt`),
    text.replaceAll(cluster.lab.dir, 'LAB').replaceAll(/127\.0\.0\.1:\d+/g, 'HOST'),
  );
const everything = (): Promise<string> =>
  cluster.kubectl(['get', 'namespaces,crds,clusterroles,clusterrolebindings', '-o', 'name']);
const get = async (words: readonly string[]): Promise<string> => (await cluster.kubectl(['get', ...words])).trim();

test('a dry run shows everything and writes nothing', async () => {
  const before = await everything();
  const { exitCode, stdout, stderr } = await connect(['--dry-run']);
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(await everything()).toBe(before);
  golden('cluster-connect-dry-run', stdout);
});

test('a key is not read before all else is known to be well: its secret is printed once', async () => {
  const dry = await connect(['--aws-key', '--dry-run'], { input: KEY });
  expect([dry.exitCode, dry.stderr, dry.reads]).toEqual([0, '', 0]);
  expect(dry.stdout).toContain('discord-bot/secret aws-cluster');
  expect(dry.stdout).not.toMatch(/planted|AKIA|sample/);
  const secret = ['secret', 'aws-cluster', '-n', 'discord-bot'];
  await cluster.kubectl(['create', 'namespace', 'discord-bot']);
  await cluster.kubectl(['create', 'secret', 'generic', ...secret.slice(1), '--from-literal=mine=1']);
  const refused = await connect(['--aws-key', '--yes'], { input: KEY });
  expect([refused.exitCode, refused.reads]).toEqual([1, 0]);
  expect(refused.stderr).toContain('These are there already');
  expect(refused.stderr).toContain('discord-bot/secret aws-cluster');
  await cluster.kubectl(['delete', ...secret]);
  await cluster.kubectl(['delete', 'namespace', 'discord-bot']);
}, 120_000);

test('connect with the key on standard input; repeated, it has nothing to do', async () => {
  const first = await connect(['--aws-key', '--yes'], { input: KEY });
  expect([first.exitCode, first.stderr]).toEqual([0, '']);
  expect(first.stdout + first.told).not.toMatch(/planted|AKIA/);
  golden('cluster-connected', first.told + first.stdout.split('\n').slice(-3).join('\n'));
  expect(await get(['secret', 'aws-cluster', '-n', 'discord-bot', '-o', 'jsonpath={.data.AWS_ACCESS_KEY_ID}'])).toBe(
    Buffer.from('AKIAPLANTED').toString('base64'),
  );
  expect(await get(['secret', 'aws-cluster', '-n', 'discord-bot', '-o', 'jsonpath={.metadata.annotations}'])).toBe('');
  const images = await get(['deploy,statefulset', '-n', 'argocd', '-o', 'jsonpath={..image}']);
  for (const image of images.split(' ')) expect(image).toMatch(/:[^@]+@sha256:[0-9a-f]{64}$/);
  expect(await get(['cm', 'argocd-cm', '-n', 'argocd', '-o', 'jsonpath={.data.timeout\\.reconciliation}'])).toBe('30s');
  const again = await connect(['--yes']);
  expect([again.exitCode, again.stdout.trimEnd().split('\n').at(-1), again.told]).toEqual([0, 'Nothing to do.', '']);
});

test('what a hand changed is named, and nothing happens without a yes', async () => {
  await cluster.kubectl(['scale', '-n', 'argocd', 'deploy/argocd-server', '--replicas=0']);
  const patch = '{"data":{"timeout.reconciliation":"600s"}}';
  await cluster.kubectl(['patch', 'cm', 'argocd-cm', '-n', 'argocd', '--type=merge', '-p', patch]);
  const no = await connect([], { answer: false });
  expect([no.exitCode, no.stderr]).toEqual([1, 'Nothing was changed.\n']);
  golden('cluster-connect-by-hand', `${no.stdout}${no.asked.join('\n')}\n`);
  expect(await get(['cm', 'argocd-cm', '-n', 'argocd', '-o', 'jsonpath={.data.timeout\\.reconciliation}'])).toBe(
    '600s',
  );
  expect((await connect([])).stderr).toContain('this asks a question, which needs a terminal');
  expect((await connect([], { answer: true })).exitCode).toBe(0);
  expect(await get(['cm', 'argocd-cm', '-n', 'argocd', '-o', 'jsonpath={.data.timeout\\.reconciliation}'])).toBe('30s');
});

test('check says what is missing, what holds, and what it cannot prove', async () => {
  const { exitCode, stdout } = await cluster.type(['cluster', 'check']);
  expect(exitCode).toBe(1);
  expect(stdout).toContain("holds    discord-bot: a pod on the node's network is refused");
  expect(stdout).toContain('holds    discord-bot/secret aws-cluster is there');
  expect(stdout).toContain('open     discord-bot/secret ecr-registry is there: it is not');
  await cluster.kubectl(['label', 'namespace', 'discord-bot', 'pod-security.kubernetes.io/enforce-']);
  const binding = [
    'create',
    'clusterrolebinding',
    'too-much',
    '--clusterrole=edit',
    '--serviceaccount=discord-bot:dev-sandbox',
  ];
  await cluster.kubectl(binding);
  const worse = (await cluster.type(['cluster', 'check'])).stdout;
  await cluster.kubectl(['delete', 'clusterrolebinding', 'too-much']);
  expect(worse).toContain(
    "open     discord-bot: a pod on the node's network is refused: the namespace enforces no Pod Security",
  );
  expect(worse.replace(/\s+/g, ' ')).toMatch(
    /open discord-bot: the account dev-sandbox .*: it may get, list, watch, .* secrets;/,
  );
});

test('leave takes out all of it but the environments, and says what stays; with them, nothing is left', async () => {
  await cluster.kubectl(['create', 'configmap', 'mine', '-n', 'argocd']);
  const dry = await cluster.type(['cluster', 'leave', '--dry-run']);
  expect([dry.exitCode, dry.stderr]).toEqual([0, '']);
  golden('cluster-leave-dry-run', dry.stdout);
  const no = await cluster.type(['cluster', 'leave'], { answer: false });
  expect([no.exitCode, no.stderr, no.asked]).toEqual([
    1,
    'Nothing was removed.\n',
    [expect.stringMatching(/^Remove these from the cluster of the context "\S+" \(https:\S+\)\? \[y\/N\] $/)],
  ]);
  const left = await cluster.type(['cluster', 'leave', '--yes']);
  expect([left.exitCode, left.stderr]).toEqual([0, '']);
  const labelled = ['-A', '-l', 'slipway/part', '-o', 'name'];
  expect((await get(['ns', ...labelled])).split('\n').sort()).toEqual([
    'namespace/argocd',
    'namespace/discord-bot',
    'namespace/discord-bot-staging',
  ]);
  expect(await get(['deploy,secret,cm,sa,clusterrole,crd', ...labelled])).toBe('');
  expect(await get(['cm', 'mine', '-n', 'argocd', '-o', 'name'])).toBe('configmap/mine');
  await cluster.kubectl(['delete', 'configmap', 'mine', '-n', 'argocd']);
  const all = await cluster.type(['cluster', 'leave', '--with-environments', '--yes']);
  expect([all.exitCode, all.stderr, all.stdout.trimEnd().split('\n').at(-1)]).toEqual([
    0,
    '',
    'Left. Nothing is left behind.',
  ]);
  expect((await get(['ns', '-o', 'name'])).split('\n').sort()).toEqual(
    ['default', 'kube-node-lease', 'kube-public', 'kube-system'].map((name) => `namespace/${name}`),
  );
});

test('nothing of a run stays on the machine', () => {
  expect(readdirSync(join(cluster.lab.dir, 'temp'))).toEqual([]);
  expect(statSync(cluster.kubeconfig).mode & 0o77).toBe(0);
});
