import { z } from 'zod';
import type { Release } from '#core/release/trailer.ts';
import { type Cluster, isReadyPod, type Pod } from '#lab/cluster/cluster.ts';
import type { LabEnvironment } from '#lab/environments.ts';

const PORT = 3000;
const version = z.looseObject({ source: z.string().nullable() });

/** Returns the ready pods of an image in a namespace; pods that are being deleted do not count. */
async function readyPods(cluster: Pick<Cluster, 'pods'>, namespace: string, image: string): Promise<Pod[]> {
  const pods = await cluster.pods(namespace, `app.kubernetes.io/name=${image}`);
  return pods.filter((pod) => isReadyPod(pod) && pod.metadata.deletionTimestamp === undefined);
}

/** Returns the source commit that the bot's pod in a namespace answers with; undefined while none answers. */
export async function readServedSource(cluster: Cluster, namespace: string): Promise<string | undefined> {
  for (const pod of await readyPods(cluster, namespace, 'discord-bot')) {
    const answer = await cluster.ask(pod, PORT, '/version');
    if (answer?.status === 200) return version.parse(JSON.parse(answer.body)).source ?? undefined;
  }
  return undefined;
}

/** True when, for each release whose environment Argo CD deploys, a ready pod runs its digest. */
export async function isServing(
  cluster: Pick<Cluster, 'pods'>,
  environments: ReadonlyMap<string, LabEnvironment>,
  releases: readonly Pick<Release, 'environment' | 'image' | 'to'>[],
): Promise<boolean> {
  const answers = await Promise.all(
    releases.map(async (release) => {
      const environment = environments.get(release.environment);
      if (environment?.application === undefined) return true; // nothing deploys it, and the lab said so at its start
      const pods = await readyPods(cluster, environment.namespace, release.image);
      return pods.some((pod) => pod.spec.containers.some((container) => container.image.endsWith(`@${release.to}`)));
    }),
  );
  return answers.every(Boolean);
}
