import type { EcrApi, Mutability } from '#core/registry/ecr.ts';
import { createOciClient } from '#core/registry/oci.ts';
import type { PushRegistry, RegistryLocation } from '#core/registry/registry.ts';
import { maskLogin, once, tagVerbs } from '#core/registry/tags.ts';
import type { RegistryDeps } from '#core/registry/transport.ts';
import type { Digest } from '#core/values/reference.ts';

type EcrLocation = Extract<RegistryLocation, { type: 'ecr' }>;

/** Returns an account's ECR as a registry. Host and password come from GetAuthorizationToken. */
export async function openEcrRegistry(ecr: EcrApi, location: EcrLocation, deps: RegistryDeps): Promise<PushRegistry> {
  const login = await ecr.logIn();
  maskLogin(login.credentials, deps.mask);
  const describe = rememberEach(ecr.describe);
  const where = `account ${location.account}, region ${location.region}`;
  const settings = {
    host: login.host,
    login: () => Promise.resolve(login),
    eager: true,
    allowTokenServer: () => 'ECR has no token server: see what answers in its place',
    remedies: {
      login: 'the login that ECR gave is not taken: run the job again',
      read: `allow the role ecr:BatchGetImage, ecr:GetDownloadUrlForLayer and ecr:BatchCheckLayerAvailability (${where})`,
      write: `allow the role ecr:PutImage, ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload and ecr:BatchCheckLayerAvailability (${where})`,
      repository: `create it (${where}), or correct its name in slipway.yaml`,
      // "Requests to pull the archived image will fail with a 404 error" (ECR user guide, archive-image)
      manifest: (repository: string, digest: Digest) =>
        `if it is archived, restore it (up to 20 minutes): aws ecr update-image-storage-class --region ${location.region} --repository-name ${repository} --image-id imageDigest=${digest} --target-storage-class STANDARD; if it is deleted, push it again or deploy another release`,
    },
  };
  return {
    ...tagVerbs(login.host, createOciClient(settings, deps)),
    credentials: () => Promise.resolve(login.credentials),
    ensureRepository: async (repository) => {
      await describe(repository);
    },
    hasImmutableTags: async (repository, tags) => {
      const mutability = await describe(repository);
      return tags.every((tag) => isImmutable(mutability, tag));
    },
  };
}

/** Returns a lookup that makes one call for each name. */
function rememberEach<T>(look: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const known = new Map<string, () => Promise<T>>();
  return (name) => {
    const lookup = known.get(name) ?? once(() => look(name));
    known.set(name, lookup);
    return lookup();
  };
}

/** The tags that an exclusion matches are the other way round; `*` in it matches any characters. */
function isImmutable(mutability: Mutability, tag: string): boolean {
  const { imageTagMutability: mode, imageTagMutabilityExclusionFilters: filters } = mutability;
  const isExcluded = (filters ?? []).some(({ filter }) => matchesWildcard(filter ?? '', tag));
  if (mode === 'IMMUTABLE_WITH_EXCLUSION') return !isExcluded;
  if (mode === 'MUTABLE_WITH_EXCLUSION') return isExcluded;
  return mode === 'IMMUTABLE';
}

function matchesWildcard(filter: string, tag: string): boolean {
  const literals = filter.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literals.join('.*')}$`).test(tag);
}
