import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { Cluster } from '#lab/cluster/cluster.ts';

const object = z.looseObject({ kind: z.string() });

/**
 * Applies a checkout's argocd/platform, as the cluster's owner does, but for its Applications: those are Helm charts, the
 * lab reaches no repository of charts, and runs what they install as processes.
 */
export async function applyPlatform(cluster: Pick<Cluster, 'apply' | 'kubectl'>, checkout: string): Promise<void> {
  const folder = join(checkout, 'argocd/platform');
  if (!existsSync(join(folder, 'kustomization.yaml'))) return;
  const objects = parseAllDocuments(await cluster.kubectl(['kustomize', folder])).flatMap((document) => {
    const content: unknown = document.toJS();
    return content === null ? [] : [object.parse(content)];
  });
  await cluster.apply(objects.filter(({ kind }) => kind !== 'Application'));
}
