import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { RegistryCredentials } from '#core/registry/registry.ts';
import { Refusal } from '#core/values/errors.ts';

const dockerConfig = z.object({
  auths: z
    .record(
      z.string(),
      z.object({ auth: z.string().optional(), username: z.string().optional(), password: z.string().optional() }),
    )
    .optional(),
});

/** The key that Docker writes for its own registry, whatever its API's host is. */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

/**
 * Returns the login that `docker login` wrote down for a host (DOCKER_CONFIG, else ~/.docker), or undefined.
 * Only `auths` is read: a credential helper is a program of its own, and a runner has none.
 */
export async function findDockerLogin(
  host: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<RegistryCredentials | undefined> {
  const folder = environment['DOCKER_CONFIG'] || join(environment['HOME'] ?? '/', '.docker');
  const path = join(folder, 'config.json');
  const auths = (await readConfig(path)).auths ?? {};
  const wanted = host === 'registry-1.docker.io' ? DOCKER_HUB_KEY : host;
  const [, entry] = Object.entries(auths).find(([key]) => key === wanted || hostOf(key) === host) ?? [];
  if (entry === undefined) return undefined;
  if (entry.username && entry.password) return { username: entry.username, password: entry.password };
  const pair = Buffer.from(entry.auth ?? '', 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 1 ? undefined : { username: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

async function readConfig(path: string): Promise<z.infer<typeof dockerConfig>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return {}; // no file, no login
  }
  try {
    return dockerConfig.parse(JSON.parse(text));
  } catch (cause) {
    throw new Refusal(`${path} is not a Docker configuration; log in again with docker login`, { cause });
  }
}

function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}
