import { type Case, type Cause, cite, command } from '#core/doctor/cause.ts';
import { or } from '#core/doctor/facts.ts';
import type { Pod, ReplicaSet } from '#core/doctor/kube.ts';

/** Returns why pods that a Deployment asks for are not made, or have no node. */
export function findAdmissionCauses(theCase: Case): readonly Cause[] {
  const sets = or(theCase.cluster.replicaSets, []);
  const paused = or(theCase.cluster.deployments, []).filter(({ spec }) => spec.paused === true);
  return [
    ...sets.flatMap((set) => explainRefusal(theCase, set)),
    ...paused.map(({ metadata }) => pausedDeployment(theCase.namespace, metadata.name)),
    ...findWaitingPods(theCase).flatMap((pod) => explainPending(theCase, pod)),
  ];
}

function pausedDeployment(namespace: string, name: string): Cause {
  return {
    code: 'deployment-paused',
    said: `the Deployment ${name} is paused: no new pod is made`,
    evidence: ['its spec has paused: true'],
    next: command('kubectl', '-n', namespace, 'rollout', 'resume', `deployment/${name}`),
    about: [`deployment:${name}`],
  };
}

/** The ReplicaSet says itself that it may not make its pods, in its own condition. */
function explainRefusal({ namespace }: Case, { metadata, spec, status }: ReplicaSet): Cause[] {
  if (spec.replicas <= status.replicas) return [];
  const failure = status.conditions.find(({ type, status: word }) => type === 'ReplicaFailure' && word === 'True');
  if (failure === undefined) return [];
  const message = failure.message ?? '';
  const evidence = [`ReplicaSet ${metadata.name}: ${cite(message)}`];
  const owner = metadata.ownerReferences[0]?.name ?? metadata.name;
  const about = [`deployment:${owner}`];
  const quota = /exceeded quota: ([\w.-]+)/.exec(message)?.[1] ?? /failed quota: ([\w.-]+)/.exec(message)?.[1];
  if (quota !== undefined) {
    const said = `the quota ${quota} of ${namespace} leaves no room for a pod of ${owner}`;
    const next = command('kubectl', '-n', namespace, 'describe', 'resourcequota', quota);
    return [{ code: 'quota-exceeded', said, evidence, next, about }];
  }
  const next = command('kubectl', '-n', namespace, 'describe', 'replicaset', metadata.name);
  if (/violates PodSecurity/.test(message)) {
    const level = /violates PodSecurity \\?"([\w:.-]+)/.exec(message)?.[1] ?? 'its level';
    const said = `Pod Security (${level}) of ${namespace} refuses the pods of ${owner}`;
    return [{ code: 'pod-security', said, evidence, next, about }];
  }
  const said = `the API server refuses the pods of ${owner}`;
  return [{ code: 'pod-refused', said, evidence, next, about }];
}

function findWaitingPods({ cluster }: Case): readonly Pod[] {
  return or(cluster.pods, []).filter(
    ({ metadata, spec }) => spec.nodeName === undefined && metadata.deletionTimestamp === undefined,
  );
}

function explainPending({ cluster }: Case, { metadata, spec, status }: Pod): Cause[] {
  const unscheduled = status.conditions.find(({ type, status: word }) => type === 'PodScheduled' && word === 'False');
  if (unscheduled === undefined) return [];
  const evidence = [`pod ${metadata.name}: ${cite(unscheduled.message ?? '')}`];
  const about = [`pod:${metadata.name}`];
  const claims = spec.volumes.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);
  const unbound = or(cluster.claims, []).find(
    (claim) => claims.includes(claim.metadata.name) && claim.status.phase !== 'Bound',
  );
  // a claim that is bound with its first pod has no volume either while the nodes are full: the scheduler says which it is
  if (unbound !== undefined && /volume/i.test(unscheduled.message ?? '')) {
    const events = or(cluster.events, []).filter(
      ({ involvedObject }) =>
        involvedObject.kind === 'PersistentVolumeClaim' && involvedObject.name === unbound.metadata.name,
    );
    return [
      {
        code: 'claim-unbound',
        said: `the claim ${unbound.metadata.name} has no volume, and ${metadata.name} waits for it`,
        evidence: [
          ...events.slice(-1).map(({ message }) => `claim ${unbound.metadata.name}: ${cite(message)}`),
          ...evidence,
        ],
        next: command('kubectl', 'get', 'storageclasses,persistentvolumes'),
        about: [...about, `claim:${unbound.metadata.name}`],
      },
    ];
  }
  return [
    {
      code: 'no-node-fits',
      said: `no node has room for ${metadata.name}`,
      evidence,
      next: command('kubectl', 'describe', 'nodes'),
      about,
    },
  ];
}
