import * as z from 'zod';
import { InputError, quote } from '#core/values/errors.ts';
import { followPath } from '#core/values/json.ts';

/** An image as ECR's lifecycle rules see it. */
export interface LifecycleImage {
  readonly digest: string;
  readonly tags: readonly string[];
  readonly pushedAt: Date;
  /** Undefined for an image that was never pulled. */
  readonly pulledAt?: Date | undefined;
  /** When it went into the archive last. */
  readonly archivedAt?: Date | undefined;
  /** When it came back from the archive last. */
  readonly activatedAt?: Date | undefined;
  /** `activating` is on its way back from the archive: it counts as an image that is being pushed now. */
  readonly status: 'active' | 'archived' | 'activating';
  readonly mediaType?: string | undefined;
  /** The image that this one is a signature or another reference artifact of. */
  readonly subject?: string | undefined;
  /** What a manifest list refers to; empty for an image of one platform. */
  readonly children: readonly string[];
}

const MANIFEST_LISTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/** True for the media type of a manifest list (Docker's word) or index (OCI's). */
export function isManifestList(mediaType: string | undefined): boolean {
  return mediaType !== undefined && MANIFEST_LISTS.includes(mediaType);
}

const list = z.looseObject({ manifests: z.array(z.looseObject({ digest: z.string() })) });

/** Returns the digests that a manifest list refers to; none for any other manifest. */
export function parseChildren(manifest: string): string[] {
  return parseList(manifest) ?? [];
}

/** Returns the digests that a manifest list refers to; undefined for any other manifest. */
export function parseList(manifest: string): string[] | undefined {
  try {
    return list.safeParse(JSON.parse(manifest)).data?.manifests.map(({ digest }) => digest);
  } catch {
    return undefined; // what is not JSON is not a manifest list
  }
}

const ZONE = /(Z|[+-]\d{2}:?\d{2})$/i;
const MOMENT = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** Returns an ISO 8601 time, UTC where it names no zone; undefined for any other text. */
export function parseIsoTime(text: string): Date | undefined {
  if (!MOMENT.test(text)) return undefined;
  const hasZone = text.length === 10 || ZONE.test(text);
  const time = new Date(hasZone ? text : `${text}Z`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** The AWS CLI writes ISO 8601 (version 2) or seconds since 1970 (version 1, and `cli_timestamp_format = none`). */
const moment = z.union([z.string(), z.number()]).transform((value, context) => {
  const time = typeof value === 'string' ? parseIsoTime(value) : new Date(value * 1000);
  if (time !== undefined && !Number.isNaN(time.getTime())) return time;
  context.addIssue({ code: 'custom', message: 'is not a time: expected ISO 8601 or seconds since 1970' });
  return z.NEVER;
});

const detail = z.looseObject({
  repositoryName: z.string().optional(),
  imageDigest: z.string().regex(/^\S+$/, 'is not a digest: expected sha256:…'),
  imageTags: z.array(z.string()).nullish(),
  imagePushedAt: moment,
  lastRecordedPullTime: moment.nullish(),
  lastArchivedAt: moment.nullish(),
  lastActivatedAt: moment.nullish(),
  imageStatus: z
    .enum(['ACTIVE', 'ARCHIVED', 'ACTIVATING'], 'is not a status: expected ACTIVE, ARCHIVED or ACTIVATING')
    .nullish(),
  imageManifestMediaType: z.string().nullish(),
  subjectManifestDigest: z.string().nullish(),
});

const described = z.looseObject({
  imageDetails: z.array(detail),
  nextToken: z.string().nullish(),
  NextToken: z.string().nullish(),
});

const STATUSES = { ACTIVE: 'active', ARCHIVED: 'archived', ACTIVATING: 'activating' } as const;

/**
 * Returns the images of an answer of DescribeImages (`aws ecr describe-images`); refuses one that is not whole, since
 * an image that is missing would change what a count takes. `file` is how messages name it. What the manifest lists
 * refer to is not in it: `children` gives it by the list's digest.
 */
export function parseDescribedImages(
  file: string,
  answer: unknown,
  children: ReadonlyMap<string, readonly string[]> = new Map(),
): LifecycleImage[] {
  const parsed = described.safeParse(answer);
  if (!parsed.success) throw explain(file, answer, parsed.error);
  const { imageDetails, nextToken, NextToken } = parsed.data;
  const token = nextToken ?? NextToken;
  if (token)
    throw new InputError(file, token, 'is a nextToken, so images are missing: get all pages of describe-images');
  refuseMixtures(file, imageDetails);
  return imageDetails.map((image) => ({
    digest: image.imageDigest,
    tags: image.imageTags ?? [],
    pushedAt: image.imagePushedAt,
    pulledAt: image.lastRecordedPullTime ?? undefined,
    archivedAt: image.lastArchivedAt ?? undefined,
    activatedAt: image.lastActivatedAt ?? undefined,
    status: STATUSES[image.imageStatus ?? 'ACTIVE'],
    mediaType: image.imageManifestMediaType ?? undefined,
    subject: image.subjectManifestDigest ?? undefined,
    children: children.get(image.imageDigest) ?? [],
  }));
}

function refuseMixtures(file: string, details: readonly z.output<typeof detail>[]): void {
  const seen = new Set<string>();
  for (const { imageDigest, repositoryName } of details) {
    if (seen.has(imageDigest))
      throw new InputError(
        file,
        imageDigest,
        'is listed twice in imageDetails: give each image once, with all of its tags',
      );
    seen.add(imageDigest);
    const first = details[0]?.repositoryName;
    if (repositoryName !== first)
      throw new InputError(
        file,
        repositoryName ?? '',
        `is not the repository of the first image, ${quote(first ?? '')}: a policy belongs to one`,
      );
  }
}

function explain(file: string, answer: unknown, error: z.ZodError): InputError {
  const [issue] = error.issues;
  const path = issue?.path ?? [];
  const value = followPath(answer, path);
  if (path.length < 2)
    return new InputError(
      file,
      show(answer),
      'is not the answer of aws ecr describe-images: expected {"imageDetails": […]}',
    );
  const place = `${file} ${path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .slice(1)}`;
  if (value === undefined) return new InputError(place, '', 'is missing: expected what aws ecr describe-images writes');
  const expected =
    issue?.code === 'invalid_type'
      ? `is not ${issue.expected === 'array' ? 'a list' : `of type ${issue.expected}`}`
      : (issue?.message ?? 'is wrong');
  return new InputError(
    place,
    show(value),
    issue?.code === 'invalid_union' ? 'is not a time: expected ISO 8601 or seconds since 1970' : expected,
  );
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}
