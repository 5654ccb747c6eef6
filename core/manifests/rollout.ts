import type { KubeObject } from '#core/manifests/objects.ts';
import { kindOf, templatePathOf } from '#core/manifests/pods.ts';
import { isSame, textAt, valueAt } from '#core/manifests/value.ts';

/** What a change does to the pods of an object. */
export interface Effect {
  /** True where pods that run now end. */
  readonly ends: boolean;
  readonly note: string;
}

/** Returns whether two states of an object have the same template of pods. */
export function isSameTemplate(before: KubeObject, after: KubeObject): boolean {
  const path = templatePathOf(after) ?? ['spec'];
  return isSame(valueAt(before.root, ...path), valueAt(after.root, ...path));
}

/** Returns what a change does to the pods of an object, in words; empty where it leaves them alone. */
export function explainRollout(before: KubeObject, after: KubeObject): Effect[] {
  if (templatePathOf(after) === undefined) return [];
  const scaled = explainScale(before, after);
  if (isSameTemplate(before, after)) return scaled;
  const [was, is] = [readReplicas(before), readReplicas(after)];
  if (is === 0)
    return scaled.length > 0
      ? scaled
      : [{ ends: false, note: 'Its template changes, and it runs no pod: replicas is 0.' }];
  if (was === 0) return scaled;
  return [explainReplacement(after, is ?? 1), ...scaled];
}

/** Kinds that have a number of pods. */
const SCALED = /^(apps\/(Deployment|StatefulSet|ReplicaSet)|argoproj\.io\/Rollout|\/ReplicationController)$/;

/** Returns how many pods the manifest asks for; undefined where it leaves that open. */
function readReplicas(object: KubeObject): number | undefined {
  const text = SCALED.test(kindOf(object)) ? textAt(object.root, 'spec', 'replicas') : undefined;
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function explainScale(before: KubeObject, after: KubeObject): Effect[] {
  if (!SCALED.test(kindOf(after))) return explainSuspend(before, after);
  const [was, is] = [readReplicas(before), readReplicas(after)];
  if (was === is) return [];
  if (is === undefined)
    return [
      {
        ends: (was ?? 1) > 1,
        note: `replicas was ${was} and is no longer set: it becomes 1, unless something else scales it.`,
      },
    ];
  const from = was === undefined ? '' : ` from ${was}`;
  if (is === 0) return [{ ends: true, note: `It is scaled${from} to 0: it stops.` }];
  if (was === 0) return [{ ends: false, note: `It is scaled from 0 to ${is}: it starts.` }];
  return [{ ends: (was ?? 1) > is, note: `It is scaled${from} to ${is}.` }];
}

function explainSuspend(before: KubeObject, after: KubeObject): Effect[] {
  const [was, is] = [before, after].map(({ root }) => textAt(root, 'spec', 'suspend') === 'true');
  if (was === is) return [];
  if (kindOf(after) === 'batch/CronJob')
    return [
      { ends: false, note: is ? 'It is suspended: no new run starts.' : 'It is no longer suspended: it runs again.' },
    ];
  if (kindOf(after) === 'batch/Job')
    return [{ ends: is === true, note: is ? 'It is suspended: its pods end.' : 'It is no longer suspended.' }];
  return [];
}

function explainReplacement(object: KubeObject, replicas: number): Effect {
  switch (kindOf(object)) {
    case 'apps/Deployment':
      return explainDeployment(object, replicas);
    case 'apps/StatefulSet':
      return explainStatefulSet(object, replicas);
    case 'apps/DaemonSet':
      return explainDaemonSet(object);
    case 'argoproj.io/Rollout':
      return { ends: true, note: 'Its pods are replaced by the steps of its strategy.' };
    case 'batch/CronJob':
      return { ends: false, note: 'The next run has it; one that runs now goes on as it is.' };
    case '/Pod':
      return { ends: true, note: 'A change of an image restarts its container.' };
    default:
      return { ends: false, note: 'Its pods stay as they are: only new ones have it.' };
  }
}

function explainDeployment({ root }: KubeObject, replicas: number): Effect {
  if (textAt(root, 'spec', 'paused') === 'true')
    return { ends: false, note: 'Its pods are not replaced as long as it is paused.' };
  if (textAt(root, 'spec', 'strategy', 'type') === 'Recreate')
    return { ends: true, note: 'It stops before it starts again: all its pods end first (Recreate).' };
  const rolling = valueAt(root, 'spec', 'strategy', 'rollingUpdate');
  const surge = countOf(textAt(rolling, 'maxSurge') ?? '25%', replicas, Math.ceil);
  const limit = countOf(textAt(rolling, 'maxUnavailable') ?? '25%', replicas, Math.floor);
  if (surge === undefined || limit === undefined) return { ends: true, note: 'Its pods are replaced.' };
  // the controller raises it to 1 where both are rounded to 0: otherwise nothing would move
  const missing = Math.min(surge + limit === 0 ? 1 : limit, replicas);
  const atATime = Math.min(surge + missing, replicas);
  const pace = atATime === 1 ? 'one at a time' : `up to ${atATime} at a time`;
  const loss =
    missing === 0
      ? 'each new pod is ready before an old one ends'
      : `${describeMissing(missing, replicas)} in the meantime`;
  return { ends: true, note: `Its pods are replaced, ${pace}: ${loss}.` };
}

function describeMissing(missing: number, replicas: number): string {
  if (missing === replicas) return replicas === 1 ? 'its only pod may be missing' : 'all its pods may be missing';
  return `${missing} of ${replicas} may be missing`;
}

function explainStatefulSet({ root }: KubeObject, replicas: number): Effect {
  if (textAt(root, 'spec', 'updateStrategy', 'type') === 'OnDelete')
    return { ends: false, note: 'Its pods are not replaced until someone deletes them (OnDelete).' };
  const partition = Number(textAt(root, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ?? '0');
  if (partition >= replicas && partition > 0)
    return {
      ends: false,
      note: `Its pods are not replaced: the partition ${partition} leaves all ${replicas} as they are.`,
    };
  const pace =
    replicas === 1
      ? 'its only pod is missing in the meantime'
      : 'the last one first, each missing until its successor is ready';
  const part = partition > 0 ? `Its pods from number ${partition} on` : 'Its pods';
  return { ends: true, note: `${part} are replaced, one at a time: ${pace}.` };
}

function explainDaemonSet({ root }: KubeObject): Effect {
  if (textAt(root, 'spec', 'updateStrategy', 'type') === 'OnDelete')
    return { ends: false, note: 'Its pods are not replaced until someone deletes them (OnDelete).' };
  const limit = textAt(root, 'spec', 'updateStrategy', 'rollingUpdate', 'maxUnavailable') ?? '1';
  const pace = limit === '1' ? 'on one node at a time' : `on up to ${limit} of the nodes at a time`;
  return { ends: true, note: `Its pods are replaced, ${pace}.` };
}

/** Returns a number of pods, or a part of them in percent; undefined for anything else. */
function countOf(text: string, all: number, round: (part: number) => number): number | undefined {
  const [, number, percent] = /^(\d{1,9})(%)?$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  return percent === undefined ? Number(number) : round((Number(number) * all) / 100);
}
