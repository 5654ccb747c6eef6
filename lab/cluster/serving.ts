import { z } from 'zod';
import type { Release } from '#core/release/trailer.ts';
import { type Cluster, isReadyPod, type Pod } from '#lab/cluster/cluster.ts';
import { NAMESPACES } from '#lab/cluster/tenant.ts';

const PORT = 3000;
const version = z.looseObject({ source: z.string().nullable() });

/** Returns the ready pods of an image in an environment; pods on their way out do not count. */
async function readyPods(cluster: Cluster, environment: string, image: string): Promise<Pod[]> {
  const namespace = environment === 'production' ? NAMESPACES.production : NAMESPACES.staging;
  const pods = await cluster.pods(namespace, `app.kubernetes.io/name=${image}`);
  return pods.filter((pod) => isReadyPod(pod) && pod.metadata.deletionTimestamp === undefined);
}

/** Returns the source commit that the bot's pod answers with; undefined while none answers. */
export async function readServedSource(cluster: Cluster, environment: string): Promise<string | undefined> {
  for (const pod of await readyPods(cluster, environment, 'discord-bot')) {
    const answer = await cluster.ask(pod, PORT, '/version');
    if (answer?.status === 200) return version.parse(JSON.parse(answer.body)).source ?? undefined;
  }
  return undefined;
}

/** True when a ready pod runs the digest of each release. */
export async function isServing(cluster: Cluster, releases: readonly Release[]): Promise<boolean> {
  const answers = await Promise.all(
    releases.map(async (release) => {
      const pods = await readyPods(cluster, release.environment, release.image);
      return pods.some((pod) => pod.spec.containers.some((container) => container.image.endsWith(`@${release.to}`)));
    }),
  );
  return answers.every(Boolean);
}
