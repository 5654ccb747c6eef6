import type { KubeObject } from '#core/manifests/objects.ts';
import { isFields, listAt, textAt, type Value, valueAt } from '#core/manifests/value.ts';

/** Where each kind keeps the template of its pods; a pod is its own. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  'apps/Deployment': ['spec', 'template'],
  'apps/StatefulSet': ['spec', 'template'],
  'apps/DaemonSet': ['spec', 'template'],
  'apps/ReplicaSet': ['spec', 'template'],
  '/ReplicationController': ['spec', 'template'],
  'batch/Job': ['spec', 'template'],
  'batch/CronJob': ['spec', 'jobTemplate', 'spec', 'template'],
  'argoproj.io/Rollout': ['spec', 'template'],
  '/Pod': [],
};

/** Returns the group and the kind of an object, such as `apps/Deployment`; the core group's begin with a slash. */
export function kindOf({ group, kind }: KubeObject): string {
  return `${group}/${kind}`;
}

/** Returns the path of the template of an object's pods; undefined for a kind without pods. */
export function templatePathOf(object: KubeObject): readonly string[] | undefined {
  return TEMPLATES[kindOf(object)];
}

/** How a pod gets a ConfigMap or a Secret. */
type Way = 'environment' | 'files' | 'fixed files' | 'pull';

/** A ConfigMap or Secret that an object's pods use. */
export interface ConfigUse {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  readonly way: Way;
  readonly isOptional: boolean;
}

/** Returns the ConfigMaps and Secrets that the pods of an object use; empty for a kind without pods. */
export function listConfigUses(object: KubeObject): ConfigUse[] {
  const path = templatePathOf(object);
  if (path === undefined) return [];
  const spec = valueAt(object.root, ...path, 'spec');
  const containers = ['containers', 'initContainers', 'ephemeralContainers'].flatMap((field) => listAt(spec, field));
  return [
    ...containers.flatMap(listEnvironmentUses),
    ...listAt(spec, 'volumes').flatMap((volume) => listVolumeUses(volume, containers)),
    ...listAt(spec, 'imagePullSecrets').flatMap((one) => use('Secret', one, 'name', 'pull')),
  ];
}

function use(kind: ConfigUse['kind'], source: Value | undefined, field: string, way: Way): ConfigUse[] {
  const name = textAt(source, field);
  return name === undefined ? [] : [{ kind, name, way, isOptional: textAt(source, 'optional') === 'true' }];
}

function listEnvironmentUses(container: Value): ConfigUse[] {
  const sources = [
    ...listAt(container, 'envFrom').map((one) => [valueAt(one, 'configMapRef'), valueAt(one, 'secretRef')]),
    ...listAt(container, 'env').map((one) => [
      valueAt(one, 'valueFrom', 'configMapKeyRef'),
      valueAt(one, 'valueFrom', 'secretKeyRef'),
    ]),
  ];
  return sources.flatMap(([map, secret]) => [
    ...use('ConfigMap', map, 'name', 'environment'),
    ...use('Secret', secret, 'name', 'environment'),
  ]);
}

function listVolumeUses(volume: Value, containers: readonly Value[]): ConfigUse[] {
  const name = textAt(volume, 'name');
  const mounts = containers.flatMap((container) => listAt(container, 'volumeMounts'));
  const own = mounts.filter((mount) => textAt(mount, 'name') === name);
  // a file that is mounted by subPath is never written again
  const isFixed =
    own.length > 0 && own.every((mount) => isFields(mount) && (mount.has('subPath') || mount.has('subPathExpr')));
  const way = isFixed ? 'fixed files' : 'files';
  const projected = listAt(volume, 'projected', 'sources');
  return [
    ...use('ConfigMap', valueAt(volume, 'configMap'), 'name', way),
    ...use('Secret', valueAt(volume, 'secret'), 'secretName', way),
    ...projected.flatMap((source) => use('ConfigMap', valueAt(source, 'configMap'), 'name', way)),
    ...projected.flatMap((source) => use('Secret', valueAt(source, 'secret'), 'name', way)),
  ];
}
