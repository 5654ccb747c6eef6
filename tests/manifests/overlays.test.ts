import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { findKustomize, type Rendered, renderOverlay } from '#core/overlay/kustomization/render.ts';
import { createExec } from '#core/system/exec.ts';
import { readEnvironments } from '#lab/environments.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { obtainTools } from '#lab/toolbox/toolbox.ts';
import { checkArgo } from '#tests/manifests/argocd-rules.ts';
import { checkOverlay } from '#tests/manifests/rules.ts';

const environments = [...readEnvironments(repositoryRoot).values()];
const overlays = environments.map(({ overlay }) => overlay);
const folders = [...overlays, 'argocd', 'argocd/platform'];
const rendered = new Map<string, Rendered>();
let kubeconform = '';

beforeAll(async () => {
  const toolbox = await obtainTools(['kustomize', 'kubeconform'], silentProgress);
  kubeconform = toolbox.tool('kubeconform');
  const exec = createExec({ PATH: [...toolbox.path, process.env['PATH'] ?? ''].join(':') });
  const kustomize = await findKustomize(exec);
  for (const folder of folders)
    rendered.set(folder, await renderOverlay({ exec, kustomize }, join(repositoryRoot, folder), folder));
}, 600_000);

const documentsOf = (folder: string): readonly string[] => rendered.get(folder)?.documents ?? [];
const objectsOf = (folder: string) => documentsOf(folder).map((text) => parse(text));
const deployments = (folder: string) => objectsOf(folder).filter((object) => object.kind === 'Deployment');

/** Checks by the committed schemas, strict; a kind without one is a fault. */
function conform(text: string): { status: number | null; output: string } {
  const template = join(repositoryRoot, 'tests/schemas/{{ .ResourceKind }}{{ .KindSuffix }}.json');
  const locations = [
    template,
    join(repositoryRoot, 'tests/schemas/{{ .ResourceKind }}-{{ .Group }}-{{ .ResourceAPIVersion }}.json'),
  ];
  const argv = [...locations.flatMap((location) => ['-schema-location', location]), '-strict', '-summary', '-'];
  const { status, stdout, stderr } = spawnSync(kubeconform, argv, { input: text, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

describe.each(folders)('%s', (folder) => {
  test('kubeconform finds nothing', () => {
    expect(documentsOf(folder).length).toBeGreaterThan(2);
    const { status, output } = conform(documentsOf(folder).join('\n---\n'));
    expect(output).toContain(`Valid: ${documentsOf(folder).length}, Invalid: 0, Errors: 0, Skipped: 0`);
    expect(status).toBe(0);
  });
});

test('kubeconform does find what is wrong', () => {
  const [good = ''] = documentsOf('overlays/production').filter((text) => text.includes('kind: Deployment'));
  expect(conform(good.replace('replicas: 1', 'replica: 1')).status).toBe(1);
  expect(conform(good.replace('replicas: 1', 'replicas: one')).status).toBe(1);
  expect(conform(good.replace('kind: Deployment', 'kind: Deploymint')).status).toBe(1);
});

test.each(environments)('$overlay keeps the rules', ({ overlay, namespace }) => {
  expect(checkOverlay(objectsOf(overlay), namespace)).toEqual([]);
});

test('argocd lets in what the environments need, and nothing else', () => {
  expect(checkArgo(objectsOf('argocd'), environments)).toEqual([]);
});

test('the charts of the platform are those of a written version, in a project that takes them from nowhere else', () => {
  const objects = objectsOf('argocd/platform');
  const [project] = objects.filter((object) => object.kind === 'AppProject');
  const charts = objects.filter((object) => object.kind === 'Application');
  expect(charts.map(({ spec }) => spec.source.chart).sort()).toEqual(['external-secrets', 'reloader']);
  for (const { spec } of charts) {
    expect(spec.project).toBe('platform');
    expect(spec.source.targetRevision).toMatch(/^\d+\.\d+\.\d+$/);
    expect(project.spec.sourceRepos).toContain(spec.source.repoURL);
  }
  const namespaces = environments.map(({ namespace }) => namespace).sort();
  const reloader = charts.find(({ metadata }) => metadata.name === 'reloader');
  expect([...reloader.spec.source.helm.valuesObject.reloader.namespaces].sort()).toEqual(namespaces);
});

describe.each(overlays)('%s', (folder) => {
  test('secrets come from the parameters of this environment alone, and the pull secret lives half as long as it may', () => {
    const find = (kind: string, name: string) =>
      objectsOf(folder).find((object) => object.kind === kind && object.metadata.name === name).spec;
    const project = folder === 'overlays/production' ? 'discord-bot' : 'discord-bot-staging';
    expect(find('SecretStore', 'parameters').provider.aws.prefix).toBe(`/${project}/`);
    const bot = find('ExternalSecret', 'discord-bot-secrets');
    expect(bot.secretStoreRef).toEqual({ kind: 'SecretStore', name: 'parameters' });
    for (const { remoteRef } of bot.data) expect(remoteRef.key).toMatch(/^[a-z_]+$/);
    expect(find('ExternalSecret', 'ecr-registry').refreshInterval).toBe('6h0m0s');
  });

  test('the bot has its settings and its secrets, and Reloader watches the secret', () => {
    const bot = deployments(folder).find((object) => object.metadata.name === 'discord-bot');
    const [settings, secrets] = bot.spec.template.spec.containers[0].envFrom;
    const names = objectsOf(folder).map((object) => `${object.kind} ${object.metadata.name}`);
    expect(names).toContain(`ConfigMap ${settings.configMapRef.name}`);
    expect(settings.configMapRef.name).toMatch(/^discord-bot-settings-\w{10}$/); // by kustomize's hash
    expect(names).toContain(`ExternalSecret ${secrets.secretRef.name}`);
    expect(bot.metadata.annotations['secret.reloader.stakater.com/reload']).toBe(secrets.secretRef.name);
  });

  test('the namespace enforces the restricted Pod Security level, and every pod satisfies it', () => {
    const namespace = objectsOf(folder).find((object) => object.kind === 'Namespace');
    expect(namespace.metadata.labels['pod-security.kubernetes.io/enforce']).toBe('restricted');
    for (const { spec } of deployments(folder)) {
      const pod = spec.template.spec;
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      for (const container of pod.containers) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });

  test('both deployments have the resources, probes and accounts that were asked for', () => {
    const [bot, sandbox] = ['discord-bot', 'dev-sandbox'].map(
      (name) => deployments(folder).find((object) => object.metadata.name === name)?.spec,
    );
    expect(bot.replicas).toBe(1);
    expect(bot.strategy.rollingUpdate.maxUnavailable).toBe(0);
    expect(bot.template.spec.automountServiceAccountToken).toBe(false);
    expect(bot.template.spec.containers[0]).toMatchObject({
      resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: '500m', memory: '512Mi' } },
      startupProbe: { httpGet: { path: '/health', port: 'http' }, periodSeconds: 1 },
      livenessProbe: { httpGet: { path: '/health', port: 'http' } },
      readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
      ports: [{ name: 'http', containerPort: 3000 }],
    });
    expect(sandbox.template.spec.serviceAccountName).toBe('dev-sandbox');
    expect(sandbox.template.spec.containers[0].resources).toMatchObject({
      requests: { memory: '1Gi' },
      limits: { memory: '2Gi' },
    });
    expect(sandbox.template.spec.containers[0].volumeMounts).toContainEqual({
      name: 'workspaces',
      mountPath: '/workspaces',
    });
    for (const spec of [bot, sandbox]) expect(spec.template.spec.imagePullSecrets).toEqual([{ name: 'ecr-registry' }]);
  });

  test('the sandbox only looks, and at nothing secret', () => {
    const role = objectsOf(folder).find((object) => object.kind === 'Role');
    const verbs = new Set(role.rules.flatMap((rule: { verbs: string[] }) => rule.verbs));
    expect([...verbs].sort()).toEqual(['get', 'list', 'watch']);
    expect(role.rules.flatMap((rule: { resources: string[] }) => rule.resources)).not.toContain('secrets');
  });

  test('images are named by digest', () => {
    for (const { spec } of deployments(folder))
      expect(spec.template.spec.containers[0].image).toMatch(/\/(discord-bot|dev-sandbox)@sha256:[0-9a-f]{64}$/);
  });
});

test('no base names a tag or a digest', () => {
  for (const name of readdirSync(join(repositoryRoot, 'base'))) {
    const { stdout } = spawnSync('grep', ['-rhE', '^ +image:', join(repositoryRoot, 'base', name)], {
      encoding: 'utf8',
    });
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.trim()),
    ).toEqual([name === 'registry' ? '' : `image: ${name}`]); // the registry's base has no pod
  }
});

test('Argo CD may write no object of the whole cluster but namespaces, and heals by itself', () => {
  const objects = objectsOf('argocd');
  const project = objects.find((object) => object.kind === 'AppProject');
  expect(project.spec.clusterResourceWhitelist).toEqual([{ group: '', kind: 'Namespace' }]);
  const applications = objects.filter((object) => object.kind === 'Application');
  expect(applications.map((object) => object.metadata.name).sort()).toEqual(
    environments.map(({ name }) => name).sort(),
  );
  for (const application of applications) {
    expect(application.spec.syncPolicy.automated).toEqual({ prune: true, selfHeal: true });
    expect(application.metadata.annotations['argocd.argoproj.io/manifest-generate-paths']).toBe('.;../../base');
  }
});
