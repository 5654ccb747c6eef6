import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';

/** What the repository says about whose keys they are. */
export interface KeyTenant {
  /** The project of terraform/aws, which begins the names of the users; undefined where it says none. */
  readonly project: string | undefined;
  /** The namespace whose SecretStore reads the parameters of a project, by the project. */
  readonly namespaces: ReadonlyMap<string, string>;
}

/** The file that names the tenant. */
export const TENANT_FILE = 'terraform/aws/terraform.tfvars';

const secretStore = z.looseObject({
  kind: z.literal('SecretStore'),
  spec: z.looseObject({
    provider: z.looseObject({ aws: z.looseObject({ prefix: z.string().regex(/^\/[^/]+\/$/) }) }),
  }),
});
const kustomization = z.looseObject({ kind: z.literal('Kustomization'), namespace: z.string() });

/** Reads the tenant of a checkout. What is not there, or not readable as such, is left out. */
export function readKeyTenant(root: string): KeyTenant {
  const overlays = join(root, 'overlays');
  const folders = existsSync(overlays) ? readdirSync(overlays) : [];
  return {
    project: /^project\s*=\s*"([^"]+)"/m.exec(readText(join(root, TENANT_FILE)))?.[1],
    namespaces: new Map(folders.flatMap((folder) => findNamespaces(join(overlays, folder)))),
  };
}

/** `/discord-bot/` and `namespace: discord-bot` of one overlay make ["discord-bot", "discord-bot"]. */
function findNamespaces(overlay: string): (readonly [project: string, namespace: string])[] {
  const [target] = readDocuments(join(overlay, 'kustomization.yaml'), kustomization);
  if (target === undefined) return [];
  return readDocuments(join(overlay, 'secret-store.yaml'), secretStore).map(({ spec }) => [
    spec.provider.aws.prefix.slice(1, -1),
    target.namespace,
  ]);
}

function readDocuments<T>(file: string, schema: z.ZodType<T>): T[] {
  return parseAllDocuments(readText(file)).flatMap((document) => {
    const { data } = schema.safeParse(document.toJS());
    return data === undefined ? [] : [data];
  });
}

function readText(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
