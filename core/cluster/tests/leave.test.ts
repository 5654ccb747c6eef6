import { describe, expect, test } from '@jest/globals';
import { planDeparture, removeDeparting } from '#core/cluster/leave.ts';
import { systemClock } from '#core/system/clock.ts';
import { type MemoryCluster, openMemoryCluster } from './memory-cluster.ts';

type Metadata = Readonly<Record<string, unknown>>;

const of = (apiVersion: string, kind: string, name: string, metadata: Metadata = {}) => ({
  ...{ apiVersion, kind, metadata: { name, ...metadata } },
});
const part = (word: string, more: Metadata = {}) => ({ labels: { 'slipway/part': word }, ...more });
const tracked = (id: string, more: Metadata = {}) => ({
  ...{ annotations: { 'argocd.argoproj.io/tracking-id': id }, ...more },
});
const application = (name: string, word: string, more: Metadata = {}) =>
  of('argoproj.io/v1alpha1', 'Application', name, part(word, { namespace: 'argocd', ...more }));

const ES = 'external-secrets';
const CRD = 'externalsecrets.external-secrets.io';
const NAMESPACES = [
  of('v1', 'Namespace', 'argocd', part('namespaces')),
  of('v1', 'Namespace', 'discord-bot', part('environments')),
  of('v1', 'Namespace', ES, part('namespaces')),
];
/** What External Secrets is, as its Application delivered it. */
const OPERATOR = [
  application(ES, 'platform'),
  of('apps/v1', 'Deployment', ES, tracked(`${ES}:apps/Deployment:${ES}/${ES}`, { namespace: ES })),
  of(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    CRD,
    tracked(`${ES}:apiextensions.k8s.io/CustomResourceDefinition:${ES}/${CRD}`),
  ),
];
const SECRET = of('external-secrets.io/v1', 'ExternalSecret', 'discord-bot-secrets', {
  namespace: 'discord-bot',
  finalizers: ['externalsecrets.external-secrets.io/externalsecret-cleanup'],
});

/** Leaves, as the command does, and returns what is there then. */
async function leave(cluster: MemoryCluster, withEnvironments = false): Promise<string[]> {
  await removeDeparting(cluster, await planDeparture(cluster, withEnvironments), {
    tell: () => {},
    clock: systemClock,
  });
  return cluster.names();
}

describe('the operator goes, and what waits for it with it', () => {
  test('at once: no namespace hangs', async () => {
    expect(await leave(openMemoryCluster([...NAMESPACES, ...OPERATOR, SECRET]), true)).toEqual([]);
  });

  test('first without the environments, and then with them: the kinds that were kept are found again', async () => {
    const cluster = openMemoryCluster([...NAMESPACES, ...OPERATOR, SECRET]);
    expect(await leave(cluster)).toEqual([
      `customresourcedefinition ${CRD}`,
      'discord-bot/externalsecret discord-bot-secrets',
      'namespace discord-bot',
    ]);
    expect(await leave(cluster, true)).toEqual([]);
  });
});

test('a namespace that was there before stays, and what waits in it for the operator goes', async () => {
  const [argocd, , operator] = NAMESPACES;
  const annotations = { 'slipway/taken-over': 'true' };
  const before = of('v1', 'Namespace', 'discord-bot', part('environments', { annotations }));
  const production = application('production', 'applications');
  const delivered = { ...SECRET, metadata: { ...SECRET.metadata, annotations: tracking('production') } };
  const cluster = openMemoryCluster([argocd, before, operator, ...OPERATOR, production, delivered]);
  expect(await leave(cluster, true)).toEqual(['namespace discord-bot']);
});

test('a run that ends half-way: the next one finds the kinds that were delivered', async () => {
  const cluster = openMemoryCluster([...NAMESPACES, ...OPERATOR]);
  const call: MemoryCluster['call'] = async (method, path, options) => {
    if (method === 'DELETE' && path.includes('customresourcedefinitions')) throw new Error('killed');
    return cluster.call(method, path, options);
  };
  await expect(leave({ ...cluster, call })).rejects.toThrow('killed');
  expect(cluster.find(`argocd/application ${ES}`)).toBeUndefined();
  expect(await leave(cluster)).toEqual(['namespace discord-bot']);
});

const tracking = (by: string): Metadata => ({
  'argocd.argoproj.io/tracking-id': `${by}:external-secrets.io/ExternalSecret:discord-bot/discord-bot-secrets`,
});

describe('what is not from connect stays', () => {
  test('all that an Application delivered which was there before', async () => {
    const [own, ...delivered] = OPERATOR;
    const before = { ...own, metadata: { ...own?.metadata, annotations: { 'slipway/taken-over': 'true' } } };
    const all = openMemoryCluster([before, ...delivered]).names();
    const cluster = openMemoryCluster([before, ...delivered]);
    expect(await leave(cluster, true)).toEqual(all);
    expect(cluster.find(`argocd/application ${ES}`)?.metadata.labels).toEqual({ 'slipway/part': null });
  });

  test('a copy of what was delivered', async () => {
    const copy = of('apps/v1', 'Deployment', ES, tracked(`${ES}:apps/Deployment:${ES}/${ES}`, { namespace: 'mine' }));
    expect(await leave(openMemoryCluster([...OPERATOR, copy]))).toEqual([`mine/deployment ${ES}`]);
  });

  test("a person's secret with Argo CD's label, and its namespace", async () => {
    const labels = { 'app.kubernetes.io/part-of': 'argocd' };
    const secret = of('v1', 'Secret', 'single-sign-on', { namespace: 'argocd', labels });
    const initial = of('v1', 'Secret', 'argocd-initial-admin-secret', { namespace: 'argocd', labels });
    const [argocd] = NAMESPACES;
    const cluster = openMemoryCluster([argocd, secret, initial]);
    const { kept } = await planDeparture(cluster, true);
    expect(kept).toEqual([
      { name: 'namespace argocd', why: 'it holds what connect did not put in: argocd/secret single-sign-on' },
    ]);
    expect(await leave(cluster, true)).toContain('argocd/secret single-sign-on');
  });

  test('what an Application with a finalizer delivered: Argo CD would take it along', async () => {
    const finalizers = ['resources-finalizer.argocd.argoproj.io'];
    const cluster = openMemoryCluster([...NAMESPACES, application('production', 'applications', { finalizers })]);
    expect(await leave(cluster)).toEqual(['namespace discord-bot']);
  });
});
