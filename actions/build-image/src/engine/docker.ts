import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dockerKey } from '#core/registry/docker-config.ts';
import type { RegistryCredentials } from '#core/registry/registry.ts';
import type { Exec } from '#core/system/exec.ts';
import type { Log } from '#core/system/log.ts';

/** The Docker engine, with the login for one registry that only its pushes and pulls see. */
export interface Docker {
  /** Gives an image one more name and pushes that. Throws the client's CommandError. */
  push(local: string, remote: string): Promise<void>;
  /** Makes sure that the engine has an image; true when it had to be pulled. */
  ensureImage(reference: string): Promise<boolean>;
  tag(existing: string, name: string): Promise<void>;
  /** Returns a label of an image that the engine has; undefined where the image has none. */
  readLabel(reference: string, label: string): Promise<string | undefined>;
  /** Removes names; what has no other name left goes with them. Absent ones are passed over. */
  removeImages(names: readonly string[]): Promise<void>;
  /** Returns the names `host/repository:tag` of a repository's images here. */
  listNames(repository: string): Promise<string[]>;
}

/** Returns a Docker whose login lives in `secretFolder` (created for its owner alone). */
export async function openDocker(what: {
  exec: Exec;
  host: string;
  credentials: RegistryCredentials | undefined;
  secretFolder: string;
  log: Log;
}): Promise<Docker> {
  const { exec, log } = what;
  const login = await writeLogin(what.host, what.credentials, what.secretFolder);
  const { password = '', identityToken = '' } = what.credentials ?? {};
  const secrets = [password, identityToken];
  const loggedIn = { extraEnv: login, secrets, onLine: log.info };
  return {
    push: async (local, remote) => {
      await exec(['docker', 'tag', local, remote]);
      await exec(['docker', 'push', remote], loggedIn);
    },
    ensureImage: async (reference) => {
      const { code } = await exec(['docker', 'image', 'inspect', '--format', '{{.Id}}', reference], { accept: [0, 1] });
      if (code !== 0) await exec(['docker', 'pull', '--quiet', reference], loggedIn);
      return code !== 0;
    },
    tag: async (existing, name) => {
      await exec(['docker', 'tag', existing, name]);
    },
    readLabel: async (reference, label) => {
      const format = `{{index .Config.Labels ${JSON.stringify(label)}}}`;
      const { stdout } = await exec(['docker', 'image', 'inspect', '--format', format, reference]);
      return stdout.toString('utf8').trim() || undefined;
    },
    removeImages: async (names) => {
      if (names.length > 0) await exec(['docker', 'image', 'rm', ...names], { accept: 'any' });
    },
    listNames: async (repository) => {
      const { stdout } = await exec(['docker', 'image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', repository]);
      return stdout.toString('utf8').split('\n').filter(Boolean);
    },
  };
}

/** A file instead of `docker login`: the same result without a process, and no password on any command line. */
async function writeLogin(
  host: string,
  credentials: RegistryCredentials | undefined,
  folder: string,
): Promise<Record<string, string>> {
  if (credentials === undefined) return {};
  const { username, password, identityToken: identitytoken } = credentials;
  const auth = Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
  const login = identitytoken === undefined ? { auth } : { auth, identitytoken };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, 'config.json'), JSON.stringify({ auths: { [dockerKey(host)]: login } }), {
    mode: 0o600,
  });
  return { DOCKER_CONFIG: folder };
}

/** Name of the folder that Packer mounts into its containers; with the mark of the process that owns them. */
export function mountFolder(mark: string): string {
  return `slipway-build-${mark}`;
}

/** Tag of an image that is being built; with the mark of the process that builds it. */
export function localTag(mark: string, suffix: string): string {
  return `build-${mark}-${suffix}`;
}
