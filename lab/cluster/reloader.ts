import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { openApi } from '#lab/cluster/api.ts';
import type { Cluster } from '#lab/cluster/cluster.ts';
import type { Lab } from '#lab/supervisor/lab.ts';

const ANNOTATION = 'secret.reloader.stakater.com/reload';
const EVERY_MS = 1_000;

const deployment = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({
        containers: z
          .array(
            z.looseObject({
              name: z.string(),
              env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).default([]),
            }),
          )
          .min(1),
      }),
    }),
  }),
});
const secret = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
  data: z.record(z.string(), z.string()).default({}),
});
type Deployment = z.output<typeof deployment>;
type Secret = z.output<typeof secret>;

/** A change that Reloader would make to a deployment's pod template. */
export interface Reload {
  readonly namespace: string;
  readonly deployment: string;
  readonly patch: unknown;
}

/**
 * Returns what Reloader 1.4.21 would patch with `--reload-on-create --sync-after-restart`: the hash of each annotated
 * secret, in a variable of the first container. A stand-in: the module cannot be built here (docs/adr/0007).
 */
export function findReloads(listed: {
  readonly deployments: readonly unknown[];
  readonly secrets: readonly unknown[];
}): Reload[] {
  const secrets = listed.secrets.map((object) => secret.parse(object));
  return listed.deployments
    .map((object) => deployment.parse(object))
    .flatMap((one) =>
      (one.metadata.annotations[ANNOTATION] ?? '').split(',').flatMap((name) => {
        const found = secrets.find(
          ({ metadata }) => metadata.name === name.trim() && metadata.namespace === one.metadata.namespace,
        );
        return found === undefined ? [] : reloadFor(one, found);
      }),
    );
}

function reloadFor({ metadata, spec }: Deployment, { metadata: { name }, data }: Secret): Reload[] {
  const [container] = spec.template.spec.containers;
  const variable = `STAKATER_${name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}_SECRET`;
  const value = hashOf(data);
  if (container === undefined || container.env.some((entry) => entry.name === variable && entry.value === value))
    return [];
  const containers = [{ name: container.name, env: [{ name: variable, value }] }];
  const patch = { spec: { template: { spec: { containers } } } };
  return [{ namespace: metadata.namespace, deployment: metadata.name, patch }];
}

/** Reloader's own hash: SHA-1 over `key=value` in order, joined by semicolons. */
function hashOf(data: Readonly<Record<string, string>>): string {
  const decoded = Object.entries(data).map(([key, value]) => `${key}=${Buffer.from(value, 'base64').toString('utf8')}`);
  return createHash('sha1').update(decoded.sort().join(';')).digest('hex');
}

/** Patches deployments whenever an annotated secret has changed, until the lab ends. */
export function startReloader(
  lab: Pick<Lab, 'ending' | 'progress'>,
  cluster: Pick<Cluster, 'kubectl' | 'kubeconfig'>,
): void {
  const get = openApi(cluster.kubeconfig);
  const list = async (path: string) => listShape.parse(JSON.parse((await get(path)).body)).items;
  const loop = async (): Promise<void> => {
    while (!lab.ending.aborted) {
      const [deployments, secrets] = [await list('/apis/apps/v1/deployments'), await list('/api/v1/secrets')];
      for (const reload of findReloads({ deployments, secrets })) await patch(cluster, reload);
      await sleep(EVERY_MS, undefined, { signal: lab.ending });
    }
  };
  loop().catch((error: unknown) => {
    if (!lab.ending.aborted) lab.progress.say(`  ! The stand-in for Reloader ended: ${String(error)}`);
  });
}

/** A deployment may go between the list and the patch. */
async function patch(cluster: Pick<Cluster, 'kubectl'>, { namespace, deployment: name, ...reload }: Reload) {
  const argv = [
    'patch',
    'deployment',
    name,
    '-n',
    namespace,
    '--type=strategic',
    '--patch',
    JSON.stringify(reload.patch),
  ];
  await cluster.kubectl(argv).catch(() => {});
}

const listShape = z.looseObject({ items: z.array(z.unknown()) });
