import { findDockerLogin } from '#core/registry/docker-config.ts';
import { findHostFault } from '#core/registry/host.ts';
import { createOciClient, type OciSettings } from '#core/registry/oci.ts';
import type { PushRegistry } from '#core/registry/registry.ts';
import { maskLogin, once, tagVerbs } from '#core/registry/tags.ts';
import type { RegistryDeps } from '#core/registry/transport.ts';
import { createExec } from '#core/system/exec.ts';
import { InputError } from '#core/values/errors.ts';

/** What slipway.yaml says of its registry beside the host; nothing is said of the registry of a base image. */
export interface OciOptions {
  /** The token server on another site that may see the login; undefined for none. */
  readonly tokenServer: string | undefined;
}

/**
 * Returns the plain OCI registry at a host, as references call it: its login is the one that Docker's configuration leads
 * to, or anonymous.
 */
export function openOciRegistry(host: string, deps: RegistryDeps, options?: OciOptions): PushRegistry {
  const fault = findHostFault(host);
  if (fault !== undefined) throw new InputError('registry.host', host, fault);
  const login = once(async () => {
    const found = await findDockerLogin(host, deps.environment, deps.exec ?? createExec(deps.environment));
    if (found.credentials !== undefined) maskLogin(found.credentials, deps.mask);
    return found;
  });
  const settings: OciSettings = {
    host,
    login,
    eager: false,
    tokenServer: options?.tokenServer,
    allowTokenServer: (server) =>
      options === undefined
        ? 'write the base image with its digest, name@sha256:…, and the registry is not asked'
        : `if it is the token server of ${host}, write token-server: ${server} below registry in slipway.yaml`,
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
    credentials: async () => (await login()).credentials,
    hasImmutableTags: () => Promise.resolve(false),
    ensureRepository: () => Promise.resolve(), // it makes a repository with its first push
  };
}
