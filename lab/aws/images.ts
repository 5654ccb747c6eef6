import { createHash } from 'node:crypto';
import {
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  ListImagesCommand,
  PutImageCommand,
  type Repository,
} from '@aws-sdk/client-ecr';
import { type Digest, isDigest } from '#core/values/reference.ts';
import { ACCOUNT, REGION } from '#lab/aws/moto.ts';

/** A manifest as it came over the wire. */
export interface Manifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
}

/** What became of a manifest that was put: `refused` carries the registry's own answer. */
export type PutOutcome =
  | { outcome: 'stored' | 'unchanged'; digest: Digest }
  | { outcome: 'no-repository' }
  | { outcome: 'tag-taken'; by: Digest }
  | { outcome: 'refused'; status: number; contentType: string; body: Buffer };

/** ECR's view of the registry: which digest a tag means is asked of moto's records, the bytes are the registry's. */
export interface Images {
  hasRepository(name: string): Promise<boolean>;
  find(repository: string, reference: string): Promise<Digest | 'no-repository' | 'no-image'>;
  tags(repository: string): Promise<string[]>;
  /** Checks immutability, stores and records; one at a time per repository, so that of two rivals for a tag one wins. */
  put(repository: string, tag: string | undefined, manifest: Manifest): Promise<PutOutcome>;
  /** Deletes from the registry those digests that the records no longer have. */
  forget(repository: string, digests: readonly string[]): Promise<void>;
  /** Runs `work` while no other caller changes this repository. */
  alone<T>(repository: string, work: () => Promise<T>): Promise<T>;
}

/** What {@link createImages} needs. */
export interface ImagesOptions {
  /** moto's `127.0.0.1:PORT`. */
  readonly moto: string;
  /** The real registry's `127.0.0.1:PORT`. */
  readonly registry: string;
  /** A push of the digest that an immutable tag already has. AWS's page does not say; both were reported. */
  readonly samePush: 'accepted' | 'refused';
}

/** Returns ECR's view over moto and a registry. */
export function createImages(options: ImagesOptions): Images {
  const ecr = createEcrClient(`http://${options.moto}`);
  const alone = createQueues();
  return {
    alone,
    hasRepository: async (name) => (await describeRepository(ecr, name)) !== undefined,
    find: (repository, reference) => findDigest(ecr, repository, reference),
    tags: async (repository) => {
      const { imageIds = [] } = await ecr.send(new ListImagesCommand({ repositoryName: repository }));
      return imageIds.flatMap(({ imageTag }) => imageTag ?? []).sort();
    },
    put: (repository, tag, manifest) => alone(repository, () => put(ecr, options, repository, tag, manifest)),
    forget: async (repository, digests) => {
      for (const digest of new Set(digests)) {
        if (!isDigest(digest) || (await findDigest(ecr, repository, digest)) === digest) continue;
        await fetch(`http://${options.registry}/v2/${repository}/manifests/${digest}`, { method: 'DELETE' });
      }
    },
  };
}

/** Returns an ECR client with credentials that moto takes. */
export function createEcrClient(endpoint: string): ECRClient {
  return new ECRClient({
    endpoint,
    region: REGION,
    credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
    maxAttempts: 1,
  });
}

/** Returns the digest of a manifest: SHA-256 over its bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Returns what tells a tag from a digest in ECR's calls. */
function imageId(reference: string): { imageDigest: string } | { imageTag: string } {
  return isDigest(reference) ? { imageDigest: reference } : { imageTag: reference };
}

async function describeRepository(ecr: ECRClient, name: string): Promise<Repository | undefined> {
  try {
    const { repositories } = await ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [name] }));
    return repositories?.[0];
  } catch (error) {
    if (isNamed(error, 'RepositoryNotFoundException')) return undefined;
    throw error;
  }
}

async function findDigest(ecr: ECRClient, repository: string, reference: string) {
  try {
    const call = { repositoryName: repository, registryId: ACCOUNT, imageIds: [imageId(reference)] };
    const { imageDetails } = await ecr.send(new DescribeImagesCommand(call));
    const digest = imageDetails?.[0]?.imageDigest ?? '';
    return isDigest(digest) ? digest : 'no-image';
  } catch (error) {
    if (isNamed(error, 'ImageNotFoundException')) return 'no-image';
    if (isNamed(error, 'RepositoryNotFoundException')) return 'no-repository';
    throw error;
  }
}

async function put(
  ecr: ECRClient,
  options: ImagesOptions,
  repository: string,
  tag: string | undefined,
  manifest: Manifest,
): Promise<PutOutcome> {
  const record = await describeRepository(ecr, repository);
  if (record === undefined) return { outcome: 'no-repository' };
  const digest = digestOf(manifest.bytes);
  const held = tag === undefined ? 'no-image' : await findDigest(ecr, repository, tag);
  const isHeld = isDigest(held);
  const mayRepeat = held === digest && options.samePush === 'accepted';
  if (isHeld && tag !== undefined && !mayRepeat && record.imageTagMutability?.startsWith('IMMUTABLE'))
    return { outcome: 'tag-taken', by: held };
  const refusal = await store(options.registry, repository, digest, manifest);
  if (refusal !== undefined) return refusal;
  if (held === digest) return { outcome: 'unchanged', digest };
  await recordImage(ecr, repository, tag, digest, manifest);
  if (isHeld) await keepUntagged(ecr, options.registry, repository, held);
  return { outcome: 'stored', digest };
}

/** By digest only: which tags there are is moto's to know, so that the two can never disagree. */
async function store(registry: string, repository: string, digest: Digest, manifest: Manifest) {
  const answer = await fetch(`http://${registry}/v2/${repository}/manifests/${digest}`, {
    method: 'PUT',
    headers: { 'content-type': manifest.mediaType },
    body: new Uint8Array(manifest.bytes),
  });
  const body = Buffer.from(await answer.arrayBuffer());
  if (answer.ok) return undefined;
  const contentType = answer.headers.get('content-type') ?? 'application/json';
  return { outcome: 'refused', status: answer.status, contentType, body } as const;
}

/** Without the digest moto would make one up from the layers. */
async function recordImage(
  ecr: ECRClient,
  repository: string,
  tag: string | undefined,
  digest: Digest,
  { bytes, mediaType }: Manifest,
) {
  const call = new PutImageCommand({
    repositoryName: repository,
    imageManifest: bytes.toString('utf8'),
    imageManifestMediaType: mediaType,
    imageDigest: digest,
    ...(tag === undefined ? {} : { imageTag: tag }),
  });
  await ecr.send(call).catch((error: unknown) => {
    if (!isNamed(error, 'ImageAlreadyExistsException')) throw error;
  });
}

/** An image that loses its last tag to another stays in ECR without a tag; moto drops it, so it is recorded again. */
async function keepUntagged(ecr: ECRClient, registry: string, repository: string, digest: Digest): Promise<void> {
  if ((await findDigest(ecr, repository, digest)) === digest) return;
  const answer = await fetch(`http://${registry}/v2/${repository}/manifests/${digest}`, { headers: { accept: '*/*' } });
  if (!answer.ok) return;
  const mediaType = answer.headers.get('content-type') ?? '';
  await recordImage(ecr, repository, undefined, digest, { bytes: Buffer.from(await answer.arrayBuffer()), mediaType });
}

function createQueues(): Images['alone'] {
  const last = new Map<string, Promise<unknown>>();
  return (repository, work) => {
    const turn = (last.get(repository) ?? Promise.resolve()).then(work, work);
    last.set(
      repository,
      turn.catch(() => {}),
    );
    return turn;
  };
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
