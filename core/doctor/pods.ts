import type { Case } from '#core/doctor/cause.ts';
import { or } from '#core/doctor/facts.ts';
import type { Container, ContainerStatus, Pod } from '#core/doctor/kube.ts';

/** A container of a pod with its state. */
export interface PodContainer {
  readonly pod: Pod;
  readonly container: Container;
  readonly status: ContainerStatus;
}

/** Returns the containers of pods that are meant to run; pods that end, or have ended, are left out. */
export function listContainers({ cluster }: Pick<Case, 'cluster'>): readonly PodContainer[] {
  return or(cluster.pods, []).filter(isMeant).flatMap(containersOf);
}

/** True for a pod that does not end and has not ended; one that the kubelet evicted stays as Failed, beside its successor. */
export function isMeant({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp === undefined && status.phase !== 'Succeeded' && status.phase !== 'Failed';
}

/** Returns the containers of a pod that the kubelet has looked at. */
export function containersOf(pod: Pod): PodContainer[] {
  const containers = [...pod.spec.initContainers, ...pod.spec.containers];
  return [...pod.status.initContainerStatuses, ...pod.status.containerStatuses].flatMap((status) => {
    const container = containers.find(({ name }) => name === status.name);
    return container === undefined ? [] : [{ pod, container, status }];
  });
}

/** How a container ended the last time; undefined for one that has not. */
export function lastEnd({ state, lastState }: ContainerStatus) {
  return state.terminated ?? lastState.terminated;
}

/** True for a container that ended in another way than well, and is not ready. */
export function isCrashing({ status }: Pick<PodContainer, 'status'>): boolean {
  const end = lastEnd(status);
  if (end === undefined || status.ready) return false;
  if (end.reason === 'Completed' && end.exitCode === 0 && status.state.waiting?.reason !== 'CrashLoopBackOff')
    return false;
  return status.state.running === undefined || status.restartCount > 0;
}

/** True for a container that runs and gets no traffic. */
export function isUnready({ status }: Pick<PodContainer, 'status'>): boolean {
  return status.state.running !== undefined && !status.ready;
}
