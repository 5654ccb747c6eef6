import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeApi } from '#core/cluster/api.ts';
import { readObjects } from '#core/cluster/objects.ts';
import { PINS_FILE, type Pins, parsePins } from '#core/cluster/pins.ts';
import { listTargets } from '#core/cluster/tenant.ts';
import { describeError, quote, Refusal } from '#core/values/errors.ts';

/** What the tenant's clone says of a cluster, rendered by the kustomize in kubectl. */
export interface TenantFiles {
  readonly applications: string;
  readonly platform: string;
  readonly overlays: ReadonlyMap<string, string>;
}

/** Renders `argocd/`, `argocd/platform/` and the overlays that the Applications name. */
export async function renderTenant(api: KubeApi, folder: string): Promise<TenantFiles> {
  const render = async (path: string): Promise<string> => {
    if (!existsSync(join(folder, path)))
      throw new Refusal(`${folder} has no ${path}: pass your clone with --repository`);
    return api.kubectl(['kustomize', join(folder, path)]);
  };
  const [applications, platform] = await Promise.all([render('argocd'), render('argocd/platform')]);
  const paths = listTargets(readObjects(applications, 'argocd')).flatMap(({ path }) =>
    path === undefined ? [] : [path],
  );
  const overlays = await Promise.all(paths.map(async (path) => [path, await render(path)] as const));
  return { applications, platform, overlays: new Map(overlays) };
}

/** Reads the pins of the tenant's clone. */
export async function readPins(folder: string): Promise<Pins> {
  return parsePins(await readText(join(folder, PINS_FILE), PINS_FILE, 'pass your clone with --repository'));
}

/** Reads a file that the person named; refuses with that name and the remedy. */
export async function readText(path: string, name: string, remedy = 'check the path'): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // what readFile throws
    const why = FAULTS[code ?? ''] ?? `cannot be read (${describeError(error)})`;
    throw new Refusal(`${name}: ${quote(path)} ${why}: ${remedy}`, { cause: error });
  }
}

const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a folder',
  EACCES: 'may not be read by you',
};

/** Reads Argo CD's manifest from a file or from where the pins say. */
export async function readManifest(path: string | undefined, { argocd: { manifest } }: Pins) {
  if (path !== undefined) return { bytes: Buffer.from(await readText(path, '--argocd-manifest')), origin: path };
  try {
    const answer = await fetch(manifest.url, { signal: AbortSignal.timeout(60_000) });
    if (!answer.ok) throw new Refusal(`HTTP ${answer.status}`);
    return { bytes: new Uint8Array(await answer.arrayBuffer()), origin: manifest.url };
  } catch (error) {
    throw new Refusal(
      `${manifest.url} cannot be downloaded: ${describeError(error)}. Pass a copy with --argocd-manifest; its sha256 is checked.`,
      { cause: error },
    );
  }
}
