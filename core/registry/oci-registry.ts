import { findDockerLogin } from '#core/registry/docker-config.ts';
import { createOciClient, type OciSettings } from '#core/registry/oci.ts';
import type { PushRegistry } from '#core/registry/registry.ts';
import { maskLogin, once, tagVerbs } from '#core/registry/tags.ts';
import type { RegistryDeps } from '#core/registry/transport.ts';
import { InputError } from '#core/values/errors.ts';

/** Returns the plain OCI registry at a host: its login is the one that `docker login` wrote down, or anonymous. */
export function openOciRegistry(host: string, deps: RegistryDeps): PushRegistry {
  if (!URL.canParse(`https://${host}`) || new URL(`https://${host}`).pathname !== '/') {
    throw new InputError('registry.host', host, 'is not a registry host: expected name or name:port');
  }
  const credentials = once(async () => {
    const login = await findDockerLogin(host, deps.environment);
    if (login !== undefined) maskLogin(login, deps.mask);
    return login;
  });
  const settings: OciSettings = {
    host,
    credentials,
    eager: false,
    remedies: {
      login: `log in to ${host} in an earlier step (docker login ${host})`,
      read: `give the account that is logged in to ${host} the right to pull`,
      write: `give the account that is logged in to ${host} the right to push`,
      repository: `create the repository at ${host}, or correct its name in slipway.yaml`,
      manifest: () => 'push the image again, or deploy another release',
    },
  };
  return {
    ...tagVerbs(host, createOciClient(settings, deps)),
    credentials,
    hasImmutableTags: () => Promise.resolve(false),
    ensureRepository: () => Promise.resolve(), // it makes a repository with its first push
  };
}
