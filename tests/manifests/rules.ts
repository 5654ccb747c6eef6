import { refuseRights } from '#tests/manifests/access-rules.ts';
import { type Manifest, nameOf, readManifests } from '#tests/manifests/objects.ts';
import { checkPods } from '#tests/manifests/pod-rules.ts';

/** Objects whose deletion loses what git cannot bring back. */
const KEPT = ['Namespace', 'PersistentVolumeClaim'];
const SYNC_OPTIONS = 'argocd.argoproj.io/sync-options';

/** Returns every breach of the rules in what an overlay renders to, one sentence each. */
export function checkOverlay(rendered: readonly unknown[], namespace: string): string[] {
  const objects = readManifests(rendered);
  return [
    ...objects.flatMap((object) => [...checkNamespace(object, namespace), ...checkPruning(object)]),
    ...refuseRights(objects),
    ...objects.flatMap(checkPods),
  ];
}

/** The AppProject would let an overlay write into its neighbour's namespace: production's from staging. */
function checkNamespace(object: Manifest, namespace: string): string[] {
  const own = object.kind === 'Namespace' ? object.metadata.name : object.metadata.namespace;
  return own === namespace ? [] : [`${nameOf(object)} is not in ${namespace}, the overlay's namespace`];
}

function checkPruning(object: Manifest): string[] {
  if (!KEPT.includes(object.kind)) return [];
  const options = (object.metadata.annotations[SYNC_OPTIONS] ?? '').split(',').map((option) => option.trim());
  return options.includes('Prune=false')
    ? []
    : [`${nameOf(object)} can be pruned: annotate it with ${SYNC_OPTIONS}: Prune=false`];
}
