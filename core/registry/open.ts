import { openEcrRegistry } from '#core/registry/ecr-registry.ts';
import { openOciRegistry } from '#core/registry/oci-registry.ts';
import type { PushRegistry, RegistryLocation } from '#core/registry/registry.ts';
import type { RegistryDeps } from '#core/registry/transport.ts';

/** Returns the registry that slipway.yaml names. ECR costs its login here; a plain OCI registry is asked when it is needed. */
export async function openRegistry(location: RegistryLocation, deps: RegistryDeps): Promise<PushRegistry> {
  if (location.type === 'oci') return openOciRegistry(location.host, deps, { tokenServer: location['token-server'] });
  const { createEcrApi } = await import('#core/registry/ecr.ts'); // brings the AWS SDK: not for those who need none
  return openEcrRegistry(createEcrApi(location, deps.environment), location, deps);
}
