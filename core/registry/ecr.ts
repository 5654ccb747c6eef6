import {
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  type Repository,
} from '@aws-sdk/client-ecr';
import { isLoopback } from '#core/registry/host.ts';
import type { RegistryCredentials, RegistryLocation } from '#core/registry/registry.ts';
import { describeError, Refusal } from '#core/values/errors.ts';

// The bundles keep this file and the AWS SDK apart, for those who need it: it must import nothing that brings zod.

type EcrLocation = Extract<RegistryLocation, { type: 'ecr' }>;
type Environment = Readonly<Record<string, string | undefined>>;

/** Where ECR's registry is, and the login for it. */
export interface EcrLogin {
  readonly host: string;
  readonly credentials: RegistryCredentials;
}

/** Which tags of a repository move. */
export type Mutability = Pick<Repository, 'imageTagMutability' | 'imageTagMutabilityExclusionFilters'>;

/** What an account's ECR says by its own API. */
export interface EcrApi {
  /** The host is the account's own, unless the environment points the AWS SDK at another endpoint. */
  logIn(): Promise<EcrLogin>;
  /** Refuses a repository that does not exist. */
  describe(repository: string): Promise<Mutability>;
}

/** Returns an account's ECR, with the credentials that the AWS SDK finds. */
export function createEcrApi(location: EcrLocation, environment: Environment): EcrApi {
  const client = new ECRClient({ region: location.region, maxAttempts: 5 });
  return {
    logIn: () => logIn(client, location, environment),
    describe: (repository) => describe(client, location, repository),
  };
}

async function logIn(client: ECRClient, location: EcrLocation, environment: Environment): Promise<EcrLogin> {
  const answer = await client
    .send(new GetAuthorizationTokenCommand({}))
    .catch((cause) => Promise.reject(explain(cause, 'ecr:GetAuthorizationToken', location)));
  const { authorizationToken = '', proxyEndpoint = '' } = answer.authorizationData?.[0] ?? {};
  const pair = Buffer.from(authorizationToken, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 1 || !URL.canParse(proxyEndpoint)) {
    throw new Refusal(`ECR in ${location.region} answers without a login; run the job again`);
  }
  const host = checkHost(new URL(proxyEndpoint), location, environment);
  return { host, credentials: { username: pair.slice(0, colon), password: pair.slice(colon + 1) } };
}

/** The host gets the images and the password: nothing but the account's own is taken unless the environment overrides it. */
function checkHost(endpoint: URL, location: EcrLocation, environment: Environment): string {
  const suffix = location.region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const expected = `${location.account}.dkr.ecr.${location.region}.${suffix}`;
  const isOverridden = Boolean(environment['AWS_ENDPOINT_URL_ECR'] || environment['AWS_ENDPOINT_URL']);
  const isSafe = endpoint.protocol === 'https:' || isLoopback(endpoint.host);
  if (isSafe && (endpoint.host === expected || isOverridden)) return endpoint.host;
  throw new Refusal(
    `the AWS credentials belong to the registry ${endpoint.origin}, slipway.yaml names ${expected}; assume a role of account ${location.account} in an earlier step, or correct registry.account`,
  );
}

async function describe(client: ECRClient, location: EcrLocation, repository: string): Promise<Mutability> {
  const answer = await client
    .send(new DescribeRepositoriesCommand({ registryId: location.account, repositoryNames: [repository] }))
    .catch((cause) => Promise.reject(explain(cause, 'ecr:DescribeRepositories', location, repository)));
  return answer.repositories?.[0] ?? {};
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
