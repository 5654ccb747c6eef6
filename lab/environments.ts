import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { EnvironmentConfig } from '#core/config/config.ts';
import { parseConfig } from '#core/config/parse.ts';
import { Refusal } from '#core/values/errors.ts';

/** An environment of the tenant, with what the lab's cluster needs to know of it. */
export interface LabEnvironment extends EnvironmentConfig {
  /** The namespace that its overlay puts everything into. */
  readonly namespace: string;
  /** The Argo CD Application that syncs its overlay; undefined where argocd/ has none, and then nothing deploys it. */
  readonly application: string | undefined;
}

const kustomization = z.looseObject({ namespace: z.string().optional(), resources: z.array(z.string()).default([]) });
const application = z.looseObject({
  kind: z.literal('Application'),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({ source: z.looseObject({ path: z.string() }) }),
});

/**
 * Returns the environments of a checkout by name: slipway.yaml names them, each overlay its namespace, argocd/ the
 * Applications. Refuses a slipway.yaml that the actions would refuse, and an overlay without `namespace:`.
 */
export function readEnvironments(checkout: string): ReadonlyMap<string, LabEnvironment> {
  const file = 'slipway.yaml';
  const config = parseConfig(readFileSync(join(checkout, file), 'utf8'), {
    file,
    pathExists: (path) => existsSync(join(checkout, path)),
  });
  const applications = readArgoObjects(checkout).flatMap((object) => {
    const parsed = application.safeParse(object);
    return parsed.success ? [{ name: parsed.data.metadata.name, path: parsed.data.spec.source.path }] : [];
  });
  const environments = [...config.environments.values()].map((environment): LabEnvironment => {
    const own = applications.find(({ path }) => path.replace(/\/+$/, '') === environment.overlay);
    return { ...environment, namespace: readNamespace(checkout, environment), application: own?.name };
  });
  return new Map(environments.map((environment) => [environment.name, environment]));
}

/** Returns the names of the images that slipway.yaml builds: each has a repository of that name in the registry. */
export function readImageNames(checkout: string): string[] {
  const { images } = z
    .looseObject({ images: z.record(z.string(), z.unknown()).default({}) })
    .parse(parse(readFileSync(join(checkout, 'slipway.yaml'), 'utf8')));
  return Object.keys(images);
}

/** Returns what `kubectl apply -k argocd` would apply: the objects of the files that argocd/kustomization.yaml lists. */
export function readArgoObjects(checkout: string): unknown[] {
  return listArgoFiles(checkout).flatMap((file) =>
    parseAllDocuments(readFileSync(join(checkout, file), 'utf8'))
      .map((document): unknown => document.toJS())
      .filter(Boolean),
  );
}

/** Returns the files that argocd/kustomization.yaml lists, relative to the checkout. */
export function listArgoFiles(checkout: string): string[] {
  const { resources } = kustomization.parse(parse(readFileSync(join(checkout, 'argocd/kustomization.yaml'), 'utf8')));
  return resources.map((name) => join('argocd', name));
}

/** Returns one sentence for each environment that Argo CD does not deploy. */
export function describeMissingApplications(environments: ReadonlyMap<string, LabEnvironment>): string[] {
  return [...environments.values()]
    .filter((environment) => environment.application === undefined)
    .map(
      ({ name, overlay }) =>
        `${name} has no Argo CD Application, so nothing deploys it: add argocd/${name}.yaml with path: ${overlay} and list it in argocd/kustomization.yaml`,
    );
}

/** Returns an environment by name; refuses a name that slipway.yaml does not have. */
export function findEnvironment(environments: ReadonlyMap<string, LabEnvironment>, name: string): LabEnvironment {
  const environment = environments.get(name);
  if (environment === undefined)
    throw new Refusal(`slipway.yaml has no environment ${name}; it has ${[...environments.keys()].join(', ')}`);
  return environment;
}

function readNamespace(checkout: string, { overlay }: EnvironmentConfig): string {
  const file = `${overlay}/kustomization.yaml`;
  if (!existsSync(join(checkout, file))) throw new Refusal(`${file} does not exist: an overlay is a kustomization`);
  const { namespace } = kustomization.parse(parse(readFileSync(join(checkout, file), 'utf8')));
  if (namespace === undefined) throw new Refusal(`${file} has no namespace: add one, so that the lab can prepare it`);
  return namespace;
}
