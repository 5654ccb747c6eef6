import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { askCredentialHelper, TOKEN_USER } from '#core/registry/credential-helper.ts';
import { isDockerHub } from '#core/registry/host.ts';
import type { RegistryCredentials, RegistryLogin } from '#core/registry/registry.ts';
import type { Exec } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';

const auth = z.object({
  auth: z.string().nullish(),
  username: z.string().nullish(),
  password: z.string().nullish(),
  identitytoken: z.string().nullish(),
});
const dockerConfig = z.object({
  auths: z.record(z.string(), auth.nullish()).nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
  credsStore: z.string().nullish(),
});
type DockerConfig = z.infer<typeof dockerConfig>;

/** The key that Docker writes for its own registry, whatever its API's host is. */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

/** Returns the key that Docker's configuration has for a registry. */
export function dockerKey(host: string): string {
  return isDockerHub(host) ? DOCKER_HUB_KEY : host;
}

/**
 * Returns the login for a host that Docker's configuration leads to (DOCKER_CONFIG, else ~/.docker): of the credential
 * helper that it names for the host, else of the one that it names for all, else the one that `docker login` wrote down.
 */
export async function findDockerLogin(
  host: string,
  environment: Readonly<Record<string, string | undefined>>,
  exec: Exec,
): Promise<RegistryLogin> {
  const folder = environment['DOCKER_CONFIG'] || join(environment['HOME'] ?? '/', '.docker');
  const path = join(folder, 'config.json');
  const config = await readConfig(path);
  const written = findEntries(config.auths, host)
    .map(toCredentials)
    .find((login) => login !== undefined);
  const name = findEntries(config.credHelpers, host)[0] || config.credsStore || '';
  if (name === '') return { credentials: written };
  const kept = await askCredentialHelper({ name, path }, host, dockerKey(host), exec);
  return kept.credentials === undefined && written !== undefined ? { credentials: written } : kept;
}

/** Returns the values of a host: that of its very key first, then those of its other forms (with a scheme, with a path). */
function findEntries<Value>(record: Readonly<Record<string, Value>> | null | undefined, host: string): Value[] {
  const isOf = (name: string): boolean => name === host || (isDockerHub(name) && isDockerHub(host));
  const found = Object.entries(record ?? {}).filter(([key]) => isOf(hostOf(key)));
  const rank = ([key]: readonly [string, Value]): number => (key === dockerKey(host) || key === host ? 0 : 1);
  return found.toSorted((one, other) => rank(one) - rank(other)).map(([, value]) => value);
}

function toCredentials(entry: DockerAuth): RegistryCredentials | undefined {
  const [username, password] = entry?.username ? [entry.username, entry.password ?? ''] : splitPair(entry?.auth ?? '');
  if (entry?.identitytoken)
    return { username: username || TOKEN_USER, password: '', identityToken: entry.identitytoken };
  return username === '' || password === '' ? undefined : { username, password };
}

type DockerAuth = NonNullable<DockerConfig['auths']>[string];

function splitPair(encoded: string): [string, string] {
  const pair = Buffer.from(encoded, 'base64').toString('utf8').replace(/\0+$/, ''); // Docker pads some with NUL
  const colon = pair.indexOf(':');
  return colon < 1 ? ['', ''] : [pair.slice(0, colon), pair.slice(colon + 1)];
}

async function readConfig(path: string): Promise<DockerConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return {}; // no file, no login
  }
  try {
    return dockerConfig.parse(JSON.parse(text));
  } catch {
    throw new Refusal(`${path} is not a Docker configuration; log in again with docker login`); // the cause quotes it
  }
}

function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}
