import { createPrivateKey } from 'node:crypto';
import * as z from 'zod';
import { type KubeObject, labelled, mergeSame, readObjects } from '#core/cluster/objects.ts';
import { checkManifest, type Pins, pinCharts, pinImages } from '#core/cluster/pins.ts';
import { KEY_MANAGER, MANAGER, type Put } from '#core/cluster/plan.ts';
import { quote, Refusal } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';

/** Argo CD's own namespace. */
export const ARGOCD_NAMESPACE = 'argocd';

const application = z.looseObject({
  kind: z.literal('Application'),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    source: z.looseObject({ path: z.string().optional() }).optional(),
    destination: z.looseObject({ namespace: z.string() }),
  }),
});

/** One of the tenant's environments, or a chart of the platform, as its Application says it. */
export interface Target {
  readonly application: string;
  readonly namespace: string;
  /** The overlay; undefined for a chart. */
  readonly path: string | undefined;
}

/** Returns where the Applications among the objects deliver to. */
export function listTargets(objects: readonly KubeObject[]): Target[] {
  return objects.flatMap((object) => {
    const { data } = application.safeParse(object);
    if (data === undefined) return [];
    const { source, destination } = data.spec;
    return [{ application: data.metadata.name, namespace: destination.namespace, path: source?.path }];
  });
}

/** What is put into a cluster comes from these texts. */
export interface TenantTexts {
  /** What `argocd/` and `argocd/platform/` render to. */
  readonly applications: string;
  readonly platform: string;
  /** What each overlay renders to, by its path. */
  readonly overlays: ReadonlyMap<string, string>;
  readonly manifest: { readonly bytes: Uint8Array; readonly origin: string };
  /** What `keys rotate cluster` printed; undefined where the key stays as it is. */
  readonly awsKey: string | undefined;
  /** The GitHub App's private key; undefined where it stays as it is. */
  readonly appKey: string | undefined;
}

/** Returns all that `cluster connect` puts in, in the order in which it goes in. */
export function composeObjects(texts: TenantTexts, pins: Pins): Put[] {
  checkManifest(texts.manifest.bytes, pins, texts.manifest.origin);
  const applications = readObjects(texts.applications, 'argocd');
  const platform = readObjects(texts.platform, 'argocd/platform');
  const environments = listTargets(applications);
  const install = readObjects(Buffer.from(texts.manifest.bytes).toString('utf8'), texts.manifest.origin);
  const namespaces = [ARGOCD_NAMESPACE, ...listTargets(platform).map(({ namespace }) => namespace)];
  const objects = mergeSame([
    ...labelled([...new Set(namespaces)].map(describeNamespace), 'namespaces'),
    ...labelled(listNamespaces(texts.overlays, environments), 'environments'),
    ...labelled(readAwsKeys(texts.awsKey, environments), 'aws-key'),
    ...labelled([...pinImages(install.map(intoArgocd), pins), POLLING], 'argocd'),
    ...labelled(pinCharts(platform, pins), 'platform'),
    ...labelled(applications, 'applications'),
  ]);
  const puts = objects.map((object): Put => ({ object, manager: MANAGER }));
  return texts.appKey === undefined ? puts : [...puts, { object: describeAppKey(texts.appKey), manager: KEY_MANAGER }];
}

/** Returns sample keys, one for each environment: with them everything is tried before a real key is read. */
export function writeSampleKeys(applications: string): string {
  const lines = listTargets(readObjects(applications, 'argocd')).map(({ namespace }) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'aws-cluster', namespace },
      type: 'Opaque',
      stringData: { AWS_ACCESS_KEY_ID: 'sample', AWS_SECRET_ACCESS_KEY: 'sample' },
    } satisfies z.input<typeof awsKey>),
  );
  return lines.join('\n');
}

function describeNamespace(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

/** An overlay's own Namespace, with its Pod Security level, before anything is in it. */
function listNamespaces(overlays: ReadonlyMap<string, string>, environments: readonly Target[]): KubeObject[] {
  return environments.flatMap(({ namespace, path = '' }) => {
    const objects = readObjects(overlays.get(path) ?? '', path);
    const found = objects.find(({ kind, metadata }) => kind === 'Namespace' && metadata.name === namespace);
    return [found ?? describeNamespace(namespace)];
  });
}

/** Argo CD's manifest leaves the namespace to the one who applies it. */
function intoArgocd(object: KubeObject): KubeObject {
  const isOfCluster = /^(CustomResourceDefinition|ClusterRole|ClusterRoleBinding)$/.test(object.kind);
  return isOfCluster ? object : { ...object, metadata: { ...object.metadata, namespace: ARGOCD_NAMESPACE } };
}

/** Git is asked every 30 s; by default it takes up to three minutes. */
const POLLING: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'argocd-cm', namespace: ARGOCD_NAMESPACE },
  data: { 'timeout.reconciliation': '30s', 'timeout.reconciliation.jitter': '0s' },
};

/** Where Argo CD's notifications look for the App's key. */
export const APP_KEY = 'github-private-key';

/** The Secret is Argo CD's; the key in it is written by a name of its own, so that connecting without a key leaves it. */
function describeAppKey(text: string): KubeObject {
  if (!isAppKey(text))
    throw new Refusal(
      '--app-key is not a whole private RSA key in PEM: pass the .pem file as GitHub gives it, under Private keys in the settings of the App',
    );
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'argocd-notifications-secret', namespace: ARGOCD_NAMESPACE },
    data: { [APP_KEY]: Buffer.from(text).toString('base64') },
  };
}

/** GitHub signs with RSA alone. A key that was copied in part has the form, and cannot sign. */
function isAppKey(text: string): boolean {
  if (!/^-----BEGIN (RSA )?PRIVATE KEY-----\n[\sA-Za-z0-9+/=]+-----END (RSA )?PRIVATE KEY-----\n?$/.test(text))
    return false;
  try {
    return createPrivateKey(text).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}

const awsKey = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Secret'),
  metadata: z.strictObject({ name: z.literal('aws-cluster'), namespace: z.string() }),
  type: z.literal('Opaque'),
  stringData: z.strictObject({ AWS_ACCESS_KEY_ID: z.string().min(1), AWS_SECRET_ACCESS_KEY: z.string().min(1) }),
});

/** Reads one line for each environment. What does not fit is not shown: a secret is in it. */
function readAwsKeys(text: string | undefined, environments: readonly Target[]): KubeObject[] {
  if (text === undefined) return [];
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0)
    throw new Refusal(
      'standard input is empty: pipe the key, as in npm run -s keys -- rotate cluster | npm run -s slipway -- cluster connect --aws-key --yes',
    );
  const names = environments.map(({ namespace }) => namespace);
  return lines.map((line, at) => {
    const { data } = awsKey.safeParse(parseJson(line));
    if (data === undefined)
      throw new Refusal(
        `line ${at + 1} of standard input is not the Secret aws-cluster that keys rotate cluster prints`,
      );
    const { metadata, stringData, ...rest } = data;
    if (!names.includes(metadata.namespace))
      throw new Refusal(
        `the key on standard input is for the namespace ${quote(metadata.namespace)}, which is not an environment's${suggestName(metadata.namespace, names)}`,
      );
    // stringData is never compared: the API server keeps data
    const encoded = Object.entries(stringData).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
    return { ...rest, metadata, data: Object.fromEntries(encoded) };
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
