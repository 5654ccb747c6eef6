import { CreateRepositoryCommand, RepositoryAlreadyExistsException } from '@aws-sdk/client-ecr';
import { createEndpoint } from '#lab/aws/endpoint.ts';
import { createFaults, type Fault } from '#lab/aws/faults.ts';
import { createFront, type RegistryRequest } from '#lab/aws/front.ts';
import { createEcrClient, createImages, type ImagesOptions } from '#lab/aws/images.ts';
import { ACCOUNT, REGION, startMoto } from '#lab/aws/moto.ts';
import type { OciRegistry } from '#lab/aws/registry.ts';
import { createRights, findRightsInMoto } from '#lab/aws/rights.ts';
import { createTokens } from '#lab/aws/tokens.ts';
import { createTrustPolicies, type Trust } from '#lab/aws/trust.ts';
import { listen } from '#lab/supervisor/http.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/** The part of AWS that the pipeline uses: every API by moto, ECR with a real registry behind its login. */
export interface Aws {
  /** `http://127.0.0.1:PORT`, the one address of all AWS APIs (AWS_ENDPOINT_URL). */
  readonly endpoint: string;
  /** `127.0.0.1:PORT`: where docker pushes and pulls with a token of GetAuthorizationToken. */
  readonly registryHost: string;
  readonly region: string;
  readonly account: string;
  /** For a process that uses an AWS SDK: addresses and region, no credentials. */
  readonly env: Readonly<Record<string, string>>;
  /** {@link Aws.env} with credentials that are let in everywhere: for the lab itself. */
  readonly adminEnv: Readonly<Record<string, string>>;
  /** Creates an ECR repository; its tags are immutable unless said otherwise. */
  createRepository(name: string, options?: { immutable?: boolean }): Promise<void>;
  /** Creates the ECR repositories that are not there yet. */
  createMissingRepositories(names: readonly string[]): Promise<void>;
  /** Lets registry requests go wrong; the returned function lifts the fault. */
  fail(fault: Fault): () => void;
  /** Answers on an address besides loopback, for pods; returns the endpoint there. */
  serve(address: string): Promise<string>;
  /** How long ECR's tokens live that are handed out from now on, in milliseconds: 12 hours unless said. */
  setTokenLife(milliseconds: number): void;
  /** Makes the tokens that are in use expired ones. */
  expireTokens(): void;
  /** Lets a role be assumed with tokens of an OIDC provider; from the first call on, only as was said. */
  trust(trust: Trust): void;
  /** What the registry front was asked so far, oldest first. */
  readonly requests: readonly RegistryRequest[];
}

/** Options of {@link startAws}. */
export type AwsOptions = Partial<Pick<ImagesOptions, 'samePush'>>;

/** Starts moto and the fronts of ECR before it and before `registry`. */
export async function startAws(
  lab: Lab,
  toolbox: Toolbox,
  registry: OciRegistry,
  options: AwsOptions = {},
): Promise<Aws> {
  const moto = await startMoto(lab, toolbox);
  const tokens = createTokens();
  const faults = createFaults();
  const trusts = createTrustPolicies();
  const images = createImages({ moto, registry: registry.host, samePush: options.samePush ?? 'accepted' });
  const requests: RegistryRequest[] = [];
  const front = await listen(createFront({ registry: registry.host, images, tokens, faults, seen: requests }));
  lab.onStop('ECR front', front.close);
  const rights = createRights(findRightsInMoto(moto));
  const answer = createEndpoint({ moto, registryHost: front.host, images, tokens, trusts, rights });
  const api = await listen(answer);
  lab.onStop('AWS endpoint', api.close);
  const endpoint = `http://${api.host}`;
  const env = awsEnvironment(endpoint);
  return {
    endpoint,
    registryHost: front.host,
    region: REGION,
    account: ACCOUNT,
    env,
    adminEnv: { ...env, AWS_ACCESS_KEY_ID: 'lab', AWS_SECRET_ACCESS_KEY: 'lab' },
    createRepository: async (repositoryName, { immutable = true } = {}) => {
      const imageTagMutability = immutable ? 'IMMUTABLE' : 'MUTABLE';
      await createEcrClient(endpoint).send(new CreateRepositoryCommand({ repositoryName, imageTagMutability }));
    },
    createMissingRepositories: (names) => createMissing(endpoint, names),
    serve: async (address) => {
      const outside = await listen(answer, address);
      lab.onStop(`AWS endpoint at ${address}`, outside.close);
      return `http://${outside.host}`;
    },
    setTokenLife: tokens.setLife,
    fail: faults.fail,
    expireTokens: tokens.expireAll,
    trust: trusts.add,
    requests,
  };
}

async function createMissing(endpoint: string, names: readonly string[]): Promise<void> {
  const ecr = createEcrClient(endpoint);
  for (const repositoryName of names) {
    const command = new CreateRepositoryCommand({ repositoryName, imageTagMutability: 'IMMUTABLE' });
    await ecr.send(command).catch((error: unknown) => {
      if (!(error instanceof RepositoryAlreadyExistsException)) throw error;
    });
  }
}

/** What a process that uses an AWS SDK needs: no profile and no metadata service of the machine may answer where the lab's own credentials are missing. */
export function awsEnvironment(endpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_PAGER: '',
  };
}
