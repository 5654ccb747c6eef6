import type { KubeObject, Pair } from '#core/manifests/objects.ts';
import { type ConfigUse, listConfigUses } from '#core/manifests/pods.ts';
import { isSameTemplate } from '#core/manifests/rollout.ts';
import { isSame } from '#core/manifests/value.ts';

/** Fields of a ConfigMap or a Secret that pods see. */
const DATA = ['data', 'binaryData', 'stringData'];

/** Returns what a changed ConfigMap or Secret does to each workload that uses it, in words; empty for other objects. */
export function explainConfig({ before, after, stem }: Pair, pairs: readonly Pair[]): string[] {
  if (before === undefined || after === undefined || after.group !== '') return [];
  const { kind } = after;
  if (kind !== 'ConfigMap' && kind !== 'Secret') return [];
  const isDataSame = DATA.every((field) => isSame(before.root.get(field), after.root.get(field)));
  if (isDataSame) return [];
  if (stem !== undefined) return [explainGenerated(after, pairs)];
  const users = pairs.flatMap((pair) => explainUser(pair, after));
  return users.length > 0 ? users : ['No workload of this overlay reads it.'];
}

function usesOf(object: KubeObject, { kind, name, namespace }: KubeObject): ConfigUse[] {
  if (object.namespace !== namespace) return [];
  return listConfigUses(object).filter((use) => use.kind === kind && use.name === name);
}

function explainGenerated(after: KubeObject, pairs: readonly Pair[]): string {
  const users = pairs.flatMap(({ after: object }) =>
    object !== undefined && usesOf(object, after).length > 0 ? [`${object.kind} ${object.name}`] : [],
  );
  if (users.length === 0) return 'Its content changes and its name with it; no workload of this overlay reads it.';
  return `Its content changes and its name with it, and so does the template of ${users.join(', ')}.`;
}

/** A container reads its environment once; the kubelet writes mounted files again within about a minute. */
function explainUser({ before, after }: Pair, config: KubeObject): string[] {
  if (after === undefined) return [];
  const ways = new Set(usesOf(after, config).map(({ way }) => way));
  if (ways.size === 0) return [];
  const name = `${after.kind} ${after.name}`;
  if (before === undefined) return [`${name} is new and starts with it.`];
  if (!isSameTemplate(before, after)) return [`${name} gets it with its new pods.`];
  const restart = 'does not restart for it';
  if (after.kind === 'CronJob' || after.kind === 'Job') return [`${name} reads it at its next run.`];
  if (ways.has('environment'))
    return [`${name} reads it by env and ${restart}: it keeps the old values until its pods are replaced.`];
  if (ways.has('fixed files'))
    return [`${name} mounts it by subPath and ${restart}: it keeps the old files until its pods are replaced.`];
  if (ways.has('files')) return [`${name} mounts it and ${restart}: its files change within about a minute.`];
  return [`${name} pulls its images with it, from the next pull on.`];
}
