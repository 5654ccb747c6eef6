import type { Change, Step } from '#core/manifests/changes.ts';
import type { KubeObject } from '#core/manifests/objects.ts';
import { kindOf } from '#core/manifests/pods.ts';
import { isSame, textAt, valueAt } from '#core/manifests/value.ts';
import { canonical } from '#core/values/canonical.ts';

/**
 * Fields that the API server refuses to change, by its validation of updates (kubernetes v1.34, validation below pkg/apis):
 * paths, written with dots. `all but` lists what may change of a spec that is fixed otherwise.
 */
const FIXED: Readonly<Record<string, { readonly fields: readonly string[]; readonly allBut?: readonly string[] }>> = {
  'apps/Deployment': { fields: ['spec.selector'] },
  'apps/DaemonSet': { fields: ['spec.selector'] },
  'apps/ReplicaSet': { fields: ['spec.selector'] },
  'apps/StatefulSet': {
    fields: ['spec'],
    allBut: [
      'replicas',
      'ordinals',
      'template',
      'updateStrategy',
      'persistentVolumeClaimRetentionPolicy',
      'minReadySeconds',
      'revisionHistoryLimit',
    ],
  },
  'batch/Job': {
    fields: ['spec.selector', 'spec.template', 'spec.completionMode', 'spec.podFailurePolicy', 'spec.managedBy'],
  },
  '/PersistentVolumeClaim': { fields: ['spec'], allBut: ['resources', 'volumeAttributesClassName'] },
  'storage.k8s.io/StorageClass': { fields: ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'] },
  'rbac.authorization.k8s.io/RoleBinding': { fields: ['roleRef'] },
  'rbac.authorization.k8s.io/ClusterRoleBinding': { fields: ['roleRef'] },
  'scheduling.k8s.io/PriorityClass': { fields: ['value', 'preemptionPolicy'] },
  'networking.k8s.io/IngressClass': { fields: ['spec.controller'] },
  'node.k8s.io/RuntimeClass': { fields: ['handler'] },
  'apiextensions.k8s.io/CustomResourceDefinition': {
    fields: ['spec.group', 'spec.scope', 'spec.names.kind', 'spec.names.plural'],
  },
  '/Secret': { fields: ['type'] },
  '/Pod': {
    fields: ['spec'],
    allBut: ['containers.image', 'initContainers.image', 'activeDeadlineSeconds', 'tolerations'],
  },
};

/** What the API server sets where a manifest says nothing: to write it out changes nothing. */
const DEFAULTS: Readonly<Record<string, string>> = {
  type: 'Opaque',
  podManagementPolicy: 'OrderedReady',
  volumeMode: 'Filesystem',
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'Immediate',
  completionMode: 'NonIndexed',
  preemptionPolicy: 'PreemptLowerPriority',
};

/** Fields of a claim that the cluster fills in: a manifest that follows may write what is there already. */
const FILLED = /^(storageClassName|volumeName)$/;

/** Returns the fields of an update that the API server refuses to change, as they are written; empty where it takes it. */
export function findRefused(before: KubeObject, after: KubeObject, changes: readonly Change[]): string[] {
  const rule = FIXED[kindOf(after)];
  const fixed =
    rule === undefined
      ? []
      : changes.flatMap((change) => (isDefault(change) ? [] : (findFixed(change.path, rule) ?? [])));
  return [
    ...new Set([
      ...fixed,
      ...findFrozenData(before, changes),
      ...findAddress(before, after),
      ...findShrunk(before, after),
    ]),
  ];
}

function findFixed(
  path: readonly Step[],
  { fields, allBut }: { fields: readonly string[]; allBut?: readonly string[] },
): string | undefined {
  const steps = path.filter((step) => typeof step === 'string');
  const field = fields.find((one) => one.split('.').every((part, at) => steps[at] === part));
  if (field === undefined || allBut === undefined) return field;
  const inner = steps.slice(field.split('.').length);
  const isAllowed = allBut.some((one) => one.split('.').every((part, at) => inner[at] === part));
  return inner.length === 0 || isAllowed ? undefined : `${field}.${inner[0]}`;
}

function isDefault({ path, from, to }: Change): boolean {
  const field = String(path.at(-1));
  if (from === undefined && FILLED.test(field)) return true;
  if (from !== undefined && to !== undefined) return false;
  const written = from ?? to;
  return canonical(written) === JSON.stringify(DEFAULTS[field] ?? null);
}

/** A ConfigMap or Secret that says `immutable: true`, and a claim to be so, which cannot be taken back. */
function findFrozenData(before: KubeObject, changes: readonly Change[]): string[] {
  const isConfig = before.group === '' && /^(ConfigMap|Secret)$/.test(before.kind);
  if (!isConfig || textAt(before.root, 'immutable') !== 'true') return [];
  const fields = changes.map(({ path }) => String(path[0]));
  return fields.filter((field) => /^(data|binaryData|stringData|immutable)$/.test(field));
}

/** A Service keeps the address that it got first: `None` cannot become one, nor one another. Leaving it out keeps it. */
function findAddress(before: KubeObject, after: KubeObject): string[] {
  if (kindOf(after) !== '/Service') return [];
  const [was, is] = [before, after].map(({ root }) => textAt(root, 'spec', 'clusterIP') ?? '');
  const isNamed = [before, after].some(({ root }) => textAt(root, 'spec', 'type') === 'ExternalName');
  return is === '' || was === is || isNamed ? [] : ['spec.clusterIP'];
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/** A volume grows and never shrinks. */
function findShrunk(before: KubeObject, after: KubeObject): string[] {
  if (kindOf(after) !== '/PersistentVolumeClaim') return [];
  const path = ['spec', 'resources', 'requests', 'storage'];
  if (isSame(valueAt(before.root, ...path), valueAt(after.root, ...path))) return [];
  const [was, is] = [before, after].map(({ root }) => readSize(textAt(root, ...path)));
  return was !== undefined && is !== undefined && is < was ? ['spec.resources.requests.storage'] : [];
}

function readSize(text = ''): number | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([kMGTP]i?|Ki)?$/.exec(text) ?? [];
  const factor = UNITS[unit];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}
