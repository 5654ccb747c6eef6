import { z } from 'zod';

/** A Kubernetes object as kustomize renders it: what every rule reads; the rest each rule reads by a shape of its own. */
const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
});
export type Manifest = z.output<typeof manifest>;

/** Returns the objects of rendered documents; throws at one without apiVersion, kind or name. */
export function readManifests(rendered: readonly unknown[]): Manifest[] {
  return rendered.map((object) => manifest.parse(object));
}

/** Returns how a message names an object: `Deployment discord-bot`. */
export function nameOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.name}`;
}

/** Returns one sentence for each key of `given` that is not among `known`. */
export function refuseUnknownKeys(where: string, given: object, known: readonly string[]): string[] {
  return Object.keys(given)
    .filter((key) => !known.includes(key))
    .map((key) => `${where} has ${key}, which no rule reads: remove it, or write its rule`);
}
