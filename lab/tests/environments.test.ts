import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { createExec } from '#core/system/exec.ts';
import type { Pod } from '#lab/cluster/cluster.ts';
import { isServing } from '#lab/cluster/serving.ts';
import { describeNamespace, prepareNamespaces } from '#lab/cluster/tenant.ts';
import { describeMissingApplications, findEnvironment, readArgoObjects, readEnvironments } from '#lab/environments.ts';
import { seedRepository } from '#lab/seed.ts';
import { addEnvironment } from '#lab/tests/third-environment.ts';

const exec = createExec(process.env);
const SEED = {
  registryHost: '127.0.0.1:5001',
  baseImage: 'lab/base@sha256:1',
  npmRegistry: 'http://npm.lab',
  repositoryUrl: 'http://git.lab/acme/tenant.git',
  awsEndpoint: 'http://172.17.0.1:4566',
};

let target: string;
beforeEach(() => {
  target = mkdtempSync(join(tmpdir(), 'slipway-seed-'));
});
afterEach(() => rmSync(target, { recursive: true }));

const read = (path: string): string => readFileSync(join(target, path), 'utf8');
const seedWithPreview = () =>
  seedRepository(exec, target, SEED, { edit: (clone) => addEnvironment(clone, 'preview', { deploys: 'on-push' }) });

test("this repository's environments, each with its overlay's namespace and its Application", async () => {
  const environments = await seedRepository(exec, target, SEED);
  expect([...environments.values()].map(({ name, namespace, application }) => [name, namespace, application])).toEqual([
    ['staging', 'discord-bot-staging', 'staging'],
    ['production', 'discord-bot', 'production'],
  ]);
  expect(describeMissingApplications(environments)).toEqual([]);
});

test('a third environment gets the registry, a namespace, the pull secret, a volume and its Application', async () => {
  const environments = await seedWithPreview();
  expect(findEnvironment(environments, 'preview')).toMatchObject({
    namespace: 'discord-bot-preview',
    application: 'preview',
  });
  for (const { overlay } of environments.values()) {
    const { images } = parse(read(`${overlay}/kustomization.yaml`));
    expect(images.map((image: { newName: string }) => image.newName)).toEqual([
      '127.0.0.1:5001/discord-bot',
      '127.0.0.1:5001/dev-sandbox',
    ]);
  }
  const applied: { kind: string; metadata: { name: string; namespace?: string } }[] = [];
  const cluster = { apply: async (objects: readonly unknown[]) => void applied.push(...(objects as typeof applied)) };
  const access = { host: SEED.registryHost, credentials: { username: 'AWS', password: 'secret' } };
  const lab = { folder: () => target };
  await prepareNamespaces(lab, cluster, environments, ({ name }) => (name === 'preview' ? access : undefined));
  await cluster.apply(readArgoObjects(target));
  const names = applied.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
  expect(names.filter((name) => name.includes('preview'))).toEqual([
    'Namespace /discord-bot-preview',
    'Secret discord-bot-preview/ecr-registry',
    'PersistentVolume /workspaces-discord-bot-preview',
    'Application argocd/preview',
  ]);
  expect(applied.filter(({ kind }) => kind === 'Secret')).toHaveLength(1); // the others ask for theirs
  expect(JSON.stringify(applied)).not.toContain('github.com');
});

test('the pull secret opens the registry, and the volume is bound to the claim of its namespace', () => {
  const access = { host: 'registry.lab', credentials: { username: 'AWS', password: 'pw' } };
  const [, secret, volume] = describeNamespace('n', '/folder', access) as [
    unknown,
    { stringData: Record<string, string> },
    unknown,
  ];
  expect(JSON.parse(secret.stringData['.dockerconfigjson'] ?? '')).toEqual({
    auths: { 'registry.lab': { username: 'AWS', password: 'pw', auth: Buffer.from('AWS:pw').toString('base64') } },
  });
  expect(volume).toMatchObject({
    spec: { hostPath: { path: '/folder' }, claimRef: { namespace: 'n', name: 'workspaces' } },
  });
});

test("each image is built with the lab's values of the variables that its template declares", async () => {
  await seedRepository(exec, target, SEED);
  const { images } = parse(read('slipway.yaml'));
  expect(images['discord-bot'].variables).toEqual({ base_image: SEED.baseImage, npm_registry: SEED.npmRegistry });
  expect(images['dev-sandbox'].variables).toEqual({ base_image: SEED.baseImage });
});

test('an environment without its Application is named with what to add, and nothing waits for its pods', async () => {
  const environments = await seedRepository(exec, target, SEED, {
    edit: (clone) => addEnvironment(clone, 'preview', { deploys: 'on-push', without: 'kustomization' }),
  });
  expect(describeMissingApplications(environments)).toEqual([
    'preview has no Argo CD Application, so nothing deploys it: add argocd/preview.yaml with path: overlays/preview and list it in argocd/kustomization.yaml',
  ]);
  const release = (environment: string) => ({ environment, image: 'discord-bot', to: 'sha256:1' }) as const;
  const cluster = { pods: async () => [] };
  expect(await isServing(cluster, environments, [release('preview')])).toBe(true);
  expect(await isServing(cluster, environments, [release('staging')])).toBe(false);
});

test('a release is served by a ready pod of its own namespace, by digest', async () => {
  const environments = await seedWithPreview();
  const pod = (image: string, ready: string, deletionTimestamp?: string): Pod => ({
    metadata: { name: 'p', deletionTimestamp },
    spec: { containers: [{ image }] },
    status: { conditions: [{ type: 'Ready', status: ready }], containerStatuses: [] },
  });
  const served = (...pods: Pod[]) =>
    isServing({ pods: async (namespace) => (namespace === 'discord-bot-preview' ? pods : []) }, environments, [
      { environment: 'preview', image: 'discord-bot', to: 'sha256:1' },
    ]);
  expect(await served(pod('r/discord-bot@sha256:1', 'True'))).toBe(true);
  expect(await served(pod('r/discord-bot@sha256:2', 'True'))).toBe(false);
  expect(await served(pod('r/discord-bot@sha256:1', 'False'))).toBe(false);
  expect(await served(pod('r/discord-bot@sha256:1', 'True', '2026-01-01T00:00:00Z'))).toBe(false);
});

test('what cannot be read is refused by name', async () => {
  await seedWithPreview();
  const overlay = join(target, 'overlays/preview/kustomization.yaml');
  writeFileSync(overlay, read('overlays/preview/kustomization.yaml').replace(/^namespace:.*\n/m, ''));
  expect(() => readEnvironments(target)).toThrow('overlays/preview/kustomization.yaml has no namespace');
  rmSync(overlay);
  expect(() => readEnvironments(target)).toThrow('overlays/preview/kustomization.yaml does not exist');
  rmSync(join(target, 'overlays/preview'), { recursive: true });
  expect(() => readEnvironments(target)).toThrow(/slipway\.yaml:\d+: .*overlays\/preview/);
  expect(() => findEnvironment(new Map(), 'moon')).toThrow('no environment moon');
});

test('an overlay that names no registry is refused: the cluster would ask Docker Hub', async () => {
  const edit = (clone: string): void => {
    addEnvironment(clone, 'preview', { deploys: 'on-push' });
    const overlay = join(clone, 'overlays/preview/kustomization.yaml');
    writeFileSync(overlay, readFileSync(overlay, 'utf8').replaceAll(/^.*newName:.*\n/gm, ''));
  };
  await expect(seedRepository(exec, target, SEED, { edit })).rejects.toThrow(
    'overlays/preview/kustomization.yaml names no registry',
  );
});

describe("after `kubectl apply -k argocd` from a clone the lab's Argo CD follows the lab", () => {
  const rewrite = (change: (text: string) => string) => (clone: string) => {
    for (const file of ['project.yaml', 'staging.yaml', 'production.yaml']) {
      const path = join(clone, 'argocd', file);
      writeFileSync(path, change(readFileSync(path, 'utf8')));
    }
  };
  const upstream = 'https://github.com/acme/tenant.git';
  const addresses = (): string[] =>
    JSON.stringify(readArgoObjects(target))
      .match(/(https?:\/\/|git@)[^"]+\.git/g)
      ?.filter(unique) ?? [];
  const unique = (text: string, at: number, all: string[]): boolean => all.indexOf(text) === at;

  test('as the files are', async () => {
    await seedRepository(exec, target, SEED);
    expect(addresses()).toEqual([SEED.repositoryUrl]);
    expect(read('argocd/staging.yaml')).toContain(`repoURL: ${SEED.repositoryUrl} # your repository`);
  });

  test.each(['git@git.example:acme/tenant.git', 'https://gitlab.example/group/sub/tenant.git'])(
    'where the repository is %s',
    async (address) => {
      await seedRepository(exec, target, SEED, { edit: rewrite((text) => text.replaceAll(upstream, address)) });
      expect(addresses()).toEqual([SEED.repositoryUrl]);
    },
  );

  test("where the project allows another's repository of a longer name, which stays", async () => {
    const other = 'https://github.com/acme/tenant.git-charts.git';
    const edit = rewrite((text) =>
      text.replace(`sourceRepos: [${upstream}]`, `sourceRepos: [${upstream}, "${other}"]`),
    );
    await seedRepository(exec, target, SEED, { edit });
    expect(addresses()).toEqual([SEED.repositoryUrl, other]);
  });

  test('with an Application that a person adds as a copy of another', async () => {
    await seedRepository(exec, target, SEED);
    addEnvironment(target, 'preview', { deploys: 'on-push' });
    expect(readEnvironments(target).get('preview')?.application).toBe('preview');
    expect(addresses()).toEqual([SEED.repositoryUrl]);
  });
});
