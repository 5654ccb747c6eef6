import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { Cluster } from '#lab/cluster/cluster.ts';

const FOLDER = 'argocd/platform';
const listed = z.looseObject({ resources: z.array(z.string()).default([]) });
const chart = z.looseObject({
  kind: z.literal('Application'),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({ source: z.looseObject({ chart: z.string() }) }),
});

/** What `argocd/platform` of a checkout holds. */
export interface Platform {
  /** What the lab applies. */
  readonly objects: readonly unknown[];
  /** The names of the Applications of Helm charts, which the lab cannot fetch: what they install runs beside the cluster. */
  readonly charts: readonly string[];
}

/** Returns the objects of the files that `argocd/platform/kustomization.yaml` lists; nothing where there is no such file. */
export function readPlatform(checkout: string): Platform {
  const file = join(checkout, FOLDER, 'kustomization.yaml');
  if (!existsSync(file)) return { objects: [], charts: [] };
  const { resources } = listed.parse(parse(readFileSync(file, 'utf8')));
  const objects = resources.flatMap((name) =>
    parseAllDocuments(readFileSync(join(checkout, FOLDER, name), 'utf8'))
      .map((document): unknown => document.toJS())
      .filter(Boolean),
  );
  const isChart = (object: unknown): boolean => chart.safeParse(object).success;
  return {
    objects: objects.filter((object) => !isChart(object)),
    charts: objects.filter(isChart).map((object) => chart.parse(object).metadata.name),
  };
}

/** Applies what a cluster needs besides the tenant's Applications. */
export async function applyPlatform(cluster: Pick<Cluster, 'apply'>, { objects }: Platform): Promise<void> {
  if (objects.length > 0) await cluster.apply(objects);
}
