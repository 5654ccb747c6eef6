import type { KubeObject } from '#core/manifests/objects.ts';
import { kindOf, listConfigUses } from '#core/manifests/pods.ts';
import { hasSyncOption } from '#core/manifests/sync-options.ts';
import { textAt } from '#core/manifests/value.ts';

/** What is lost with an object of a kind. */
const LOSSES: Readonly<Record<string, string>> = {
  '/Namespace': 'Everything in it is deleted with it, also what other repositories put there.',
  '/PersistentVolumeClaim': 'Its data is lost, unless its volume has the reclaim policy Retain.',
  '/PersistentVolume': 'The cluster forgets the volume.',
  'apiextensions.k8s.io/CustomResourceDefinition': 'All objects of its kind in the cluster are deleted with it.',
  'apps/Deployment': 'Its pods stop.',
  'apps/DaemonSet': 'Its pods stop on every node.',
  'batch/CronJob': 'It no longer runs.',
  '/Secret': 'Its values are lost where they are kept nowhere else.',
};

/** Returns what removing an object from the overlay does, in words. `keeper` is the Application that does not prune. */
export function explainRemoval(
  object: KubeObject,
  after: readonly KubeObject[],
  keeper: string | undefined,
): { readonly stays: boolean; readonly note: string } {
  if (hasSyncOption(object, 'Prune=false'))
    return { stays: true, note: 'It stays in the cluster: Argo CD may not delete it (Prune=false).' };
  if (keeper !== undefined)
    return { stays: true, note: `It stays in the cluster: the Application ${keeper} does not prune.` };
  return { stays: false, note: ['It is deleted.', ...explainLoss(object), ...explainUsers(object, after)].join(' ') };
}

function explainLoss(object: KubeObject): string[] {
  if (kindOf(object) === 'apps/StatefulSet') {
    const policy = textAt(object.root, 'spec', 'persistentVolumeClaimRetentionPolicy', 'whenDeleted');
    return [
      policy === 'Delete'
        ? 'Its pods stop, and its volumes are deleted with it.'
        : 'Its pods stop; its volume claims and their data stay.',
    ];
  }
  const loss = LOSSES[kindOf(object)];
  return loss === undefined ? [] : [loss];
}

/** A pod that needs a ConfigMap or Secret that is gone does not start. */
function explainUsers({ group, kind, name, namespace }: KubeObject, after: readonly KubeObject[]): string[] {
  if (group !== '' || !/^(ConfigMap|Secret)$/.test(kind)) return [];
  const users = after.filter(
    (object) =>
      object.namespace === namespace &&
      listConfigUses(object).some(
        (use) => use.kind === kind && use.name === name && !use.isOptional && use.way !== 'pull',
      ),
  );
  return users.map((user) => `${user.kind} ${user.name} still reads it: its next pods do not start.`);
}
