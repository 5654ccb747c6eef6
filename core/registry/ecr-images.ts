import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  DescribeImagesCommand,
  type ECRClient,
  GetLifecyclePolicyCommand,
  type ImageDetail,
  PutImageCommand,
} from '@aws-sdk/client-ecr';
import { isManifestList, type LifecycleImage, parseChildren } from '#core/aws/ecr-lifecycle/image.ts';
import { parsePolicy } from '#core/aws/ecr-lifecycle/policy.ts';
import type { Registry, RegistryLocation } from '#core/registry/registry.ts';
import type { RepositoryImages } from '#core/registry/repository-images.ts';
import { describeError, Refusal } from '#core/values/errors.ts';
import type { Digest } from '#core/values/reference.ts';

type EcrLocation = Extract<RegistryLocation, { type: 'ecr' }>;

/** What {@link createEcrImages} needs. */
export interface EcrImagesOptions {
  readonly client: ECRClient;
  readonly location: EcrLocation;
  /** The same ECR as an OCI registry: what can be pulled is asked of it. */
  readonly registry: Pick<Registry, 'findDigest'>;
}

/** The quotas of DescribeImages and BatchGetImage. */
const PAGE = 1000;
const BATCH = 100;
/** Without them BatchGetImage converts what it returns, and the digest would be another. */
const MEDIA_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
const STATUSES = { ACTIVE: 'active', ARCHIVED: 'archived', ACTIVATING: 'activating' } as const;

/** Returns an account's images as ECR's own API tells of them. */
export function createEcrImages(options: EcrImagesOptions): RepositoryImages {
  return {
    list: (repository) => listImages(options, repository),
    readPolicy: async (repository) => {
      const call = new GetLifecyclePolicyCommand({ registryId: options.location.account, repositoryName: repository });
      const answer = await options.client.send(call).catch((error: unknown) => {
        if (isNamed(error, 'LifecyclePolicyNotFoundException')) return undefined;
        throw explain(error, 'ecr:GetLifecyclePolicy', options, repository);
      });
      const text = answer?.lifecyclePolicyText;
      return text === undefined ? undefined : parsePolicy(`the lifecycle policy of ${repository}`, text);
    },
    addTag: (repository, digest, tag) => addTag(options, repository, digest, tag),
    removeTag: async (repository, digest, tag) => {
      const [image] = await describe(options, repository, digest);
      const tags = image?.imageTags ?? [];
      if (!tags.includes(tag)) return 'absent';
      if (tags.length === 1) return 'last';
      const imageIds = [{ imageTag: tag }]; // never the digest: that deletes the image with all of its tags
      const call = { registryId: options.location.account, repositoryName: repository, imageIds };
      const { failures = [] } = await options.client
        .send(new BatchDeleteImageCommand(call))
        .catch((error: unknown) => Promise.reject(explain(error, 'ecr:BatchDeleteImage', options, repository)));
      const [failure] = failures;
      if (failure === undefined) return 'removed';
      if (failure.failureCode === 'ImageNotFound') return 'absent';
      throw new Refusal(
        `ECR does not take the tag ${tag} from ${repository}: ${failure.failureReason ?? 'no reason given'}`,
      );
    },
    hasManifest: async (repository, digest) => (await options.registry.findDigest(repository, digest)) !== undefined,
  };
}

async function listImages(options: EcrImagesOptions, repository: string): Promise<LifecycleImage[]> {
  const details: ImageDetail[] = [];
  for (let nextToken: string | undefined, isFirst = true; isFirst || nextToken !== undefined; isFirst = false) {
    const call = new DescribeImagesCommand({
      registryId: options.location.account,
      repositoryName: repository,
      maxResults: PAGE,
      filter: { imageStatus: 'ANY' }, // without it archived images are left out
      nextToken,
    });
    const answer = await options.client
      .send(call)
      .catch((error: unknown) => Promise.reject(explain(error, 'ecr:DescribeImages', options, repository)));
    details.push(...(answer.imageDetails ?? []));
    nextToken = answer.nextToken;
  }
  const mayBeLists = details.filter(
    ({ imageManifestMediaType: type, imageStatus }) =>
      (type === undefined || isManifestList(type)) && (imageStatus ?? 'ACTIVE') === 'ACTIVE',
  );
  const children = await readChildren(
    options,
    repository,
    mayBeLists.flatMap(({ imageDigest }) => imageDigest ?? []),
  );
  return details.map((detail) => toImage(detail, repository, children));
}

async function readChildren(
  options: EcrImagesOptions,
  repository: string,
  digests: readonly string[],
): Promise<Map<string, string[]>> {
  const children = new Map<string, string[]>();
  for (let start = 0; start < digests.length; start += BATCH) {
    for (const { digest, manifest } of await getManifests(options, repository, digests.slice(start, start + BATCH)))
      children.set(digest, parseChildren(manifest));
  }
  return children;
}

interface StoredManifest {
  readonly digest: string;
  readonly manifest: string;
  readonly mediaType: string | undefined;
}

/** Returns the manifests of those digests that are there and not archived. */
async function getManifests(
  options: EcrImagesOptions,
  repository: string,
  digests: readonly string[],
): Promise<StoredManifest[]> {
  const call = new BatchGetImageCommand({
    registryId: options.location.account,
    repositoryName: repository,
    imageIds: digests.map((imageDigest) => ({ imageDigest })),
    acceptedMediaTypes: MEDIA_TYPES,
  });
  const { images = [] } = await options.client
    .send(call)
    .catch((error: unknown) => Promise.reject(explain(error, 'ecr:BatchGetImage', options, repository)));
  return images.flatMap(({ imageId, imageManifest, imageManifestMediaType }) =>
    imageId?.imageDigest === undefined || imageManifest === undefined
      ? []
      : [{ digest: imageId.imageDigest, manifest: imageManifest, mediaType: imageManifestMediaType }],
  );
}

function toImage(
  detail: ImageDetail,
  repository: string,
  children: ReadonlyMap<string, readonly string[]>,
): LifecycleImage {
  const { imageDigest, imagePushedAt } = detail;
  if (imageDigest === undefined || imagePushedAt === undefined)
    throw new Refusal(`ECR tells of an image of ${repository} without its digest or its push; run the job again`);
  return {
    digest: imageDigest,
    tags: detail.imageTags ?? [],
    pushedAt: imagePushedAt,
    pulledAt: detail.lastRecordedPullTime,
    archivedAt: detail.lastArchivedAt,
    activatedAt: detail.lastActivatedAt,
    status: STATUSES[detail.imageStatus ?? 'ACTIVE'],
    mediaType: detail.imageManifestMediaType,
    subject: detail.subjectManifestDigest,
    children: children.get(imageDigest) ?? [],
  };
}

/** The same tag on the same image is success, also when a rival put it there: ECR answers it in two ways, so it is read again. */
async function addTag(
  options: EcrImagesOptions,
  repository: string,
  digest: Digest,
  tag: string,
): Promise<'tagged' | 'taken' | 'missing'> {
  const [stored] = await getManifests(options, repository, [digest]);
  if (stored === undefined) return 'missing';
  const call = new PutImageCommand({
    registryId: options.location.account,
    repositoryName: repository,
    imageManifest: stored.manifest,
    imageManifestMediaType: stored.mediaType,
    imageDigest: digest,
    imageTag: tag,
  });
  try {
    await options.client.send(call);
    return 'tagged';
  } catch (error) {
    const isThere = isNamed(error, 'ImageAlreadyExistsException') || isNamed(error, 'ImageTagAlreadyExistsException');
    if (!isThere) throw explain(error, 'ecr:PutImage', options, repository);
    const [holder] = await describe(options, repository, tag);
    return holder?.imageDigest === digest ? 'tagged' : 'taken';
  }
}

/** Returns the image of a digest or a tag, or nothing. */
async function describe(options: EcrImagesOptions, repository: string, reference: string): Promise<ImageDetail[]> {
  const imageId = reference.startsWith('sha256:') ? { imageDigest: reference } : { imageTag: reference };
  const call = { registryId: options.location.account, repositoryName: repository, imageIds: [imageId] };
  try {
    return (await options.client.send(new DescribeImagesCommand(call))).imageDetails ?? [];
  } catch (error) {
    if (isNamed(error, 'ImageNotFoundException')) return [];
    throw explain(error, 'ecr:DescribeImages', options, repository);
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

function explain(cause: unknown, right: string, { location }: EcrImagesOptions, repository: string): Refusal {
  const name = cause instanceof Error ? cause.name : '';
  const where = `repository ${repository}, account ${location.account}, region ${location.region}`;
  if (name === 'RepositoryNotFoundException')
    return new Refusal(
      `the repository does not exist in ECR (${where}); create it, or correct its name in slipway.yaml`,
    );
  if (/^AccessDenied|^UnauthorizedOperation/.test(name))
    return new Refusal(`the AWS role lacks the right ${right} (${where}); add it to the role's policy`, { cause });
  return new Refusal(
    `ECR gave no answer to ${right} (${where}): ${describeError(cause)}; see whether AWS is reachable from this runner, then run the job again`,
  );
}
