import {
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  type Repository,
} from '@aws-sdk/client-ecr';
import { isLoopback } from '#core/registry/host.ts';
import { createOciClient } from '#core/registry/oci.ts';
import type { PushRegistry, RegistryCredentials, RegistryLocation } from '#core/registry/registry.ts';
import { maskLogin, once, tagVerbs } from '#core/registry/tags.ts';
import type { RegistryDeps } from '#core/registry/transport.ts';
import { describeError, Refusal } from '#core/values/errors.ts';
import type { Digest } from '#core/values/reference.ts';

type EcrLocation = Extract<RegistryLocation, { type: 'ecr' }>;

/**
 * Returns an account's ECR. Host and password come from GetAuthorizationToken; the host must be the account's own,
 * unless the environment points the AWS SDK at another endpoint.
 */
export async function openEcrRegistry(location: EcrLocation, deps: RegistryDeps): Promise<PushRegistry> {
  const client = new ECRClient({ region: location.region, maxAttempts: 5 });
  const login = await logIn(client, location, deps);
  maskLogin(login.credentials, deps.mask);
  const describe = repositoryLookup(client, location);
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

interface EcrLogin {
  readonly host: string;
  readonly credentials: RegistryCredentials;
}

async function logIn(client: ECRClient, location: EcrLocation, deps: RegistryDeps): Promise<EcrLogin> {
  const answer = await client
    .send(new GetAuthorizationTokenCommand({}))
    .catch((cause) => Promise.reject(explain(cause, 'ecr:GetAuthorizationToken', location)));
  const { authorizationToken = '', proxyEndpoint = '' } = answer.authorizationData?.[0] ?? {};
  const pair = Buffer.from(authorizationToken, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 1 || !URL.canParse(proxyEndpoint)) {
    throw new Refusal(`ECR in ${location.region} answers without a login; run the job again`);
  }
  const host = checkHost(new URL(proxyEndpoint), location, deps.environment);
  return { host, credentials: { username: pair.slice(0, colon), password: pair.slice(colon + 1) } };
}

/** The host gets the images and the password: nothing but the account's own is taken unless the environment overrides it. */
function checkHost(endpoint: URL, location: EcrLocation, environment: RegistryDeps['environment']): string {
  const suffix = location.region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const expected = `${location.account}.dkr.ecr.${location.region}.${suffix}`;
  const isOverridden = Boolean(environment['AWS_ENDPOINT_URL_ECR'] || environment['AWS_ENDPOINT_URL']);
  const isSafe = endpoint.protocol === 'https:' || isLoopback(endpoint.host);
  if (isSafe && (endpoint.host === expected || isOverridden)) return endpoint.host;
  throw new Refusal(
    `the AWS credentials belong to the registry ${endpoint.origin}, slipway.yaml names ${expected}; assume a role of account ${location.account} in an earlier step, or correct registry.account`,
  );
}

type Mutability = Pick<Repository, 'imageTagMutability' | 'imageTagMutabilityExclusionFilters'>;

/** Returns a lookup of a repository's tag mutability, one call for each name; refuses when the repository does not exist. */
function repositoryLookup(client: ECRClient, location: EcrLocation): (repository: string) => Promise<Mutability> {
  const known = new Map<string, () => Promise<Mutability>>();
  const look = async (repository: string) => {
    const answer = await client
      .send(new DescribeRepositoriesCommand({ registryId: location.account, repositoryNames: [repository] }))
      .catch((cause) => Promise.reject(explain(cause, 'ecr:DescribeRepositories', location, repository)));
    return answer.repositories?.[0] ?? {};
  };
  return (repository) => {
    const lookup = known.get(repository) ?? once(() => look(repository));
    known.set(repository, lookup);
    return lookup();
  };
}

/** The tags that an exclusion matches are the other way round: `*` stands for any characters in it. */
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

/** Turns what the SDK throws into a sentence with the missing thing and its remedy. */
function explain(cause: unknown, right: string, location: EcrLocation, repository = ''): Refusal {
  const name = cause instanceof Error ? cause.name : '';
  const where = `account ${location.account}, region ${location.region}`;
  if (name === 'RepositoryNotFoundException') {
    return new Refusal(
      `the repository ${repository} does not exist in ECR (${where}); create it: aws ecr create-repository --region ${location.region} --repository-name ${repository} --image-tag-mutability IMMUTABLE`,
    );
  }
  if (/^AccessDenied|^UnauthorizedOperation/.test(name))
    return new Refusal(`the AWS role lacks the right ${right} (${where}); add it to the role's policy`, { cause });
  if (/Credentials|^ExpiredToken|^UnrecognizedClient|^InvalidSignature|^InvalidClientToken/.test(name)) {
    return new Refusal(
      `no valid AWS credentials for ${right} (${where}); give the job permissions: id-token: write and assume a role with aws-actions/configure-aws-credentials in an earlier step`,
      { cause },
    );
  }
  return new Refusal(
    `ECR gave no answer to ${right} (${where}): ${describeError(cause)}; see whether AWS is reachable from this runner, then run the job again`,
  );
}
