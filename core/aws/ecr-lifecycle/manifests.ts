import * as z from 'zod';
import { isManifestList, type LifecycleImage, parseList } from '#core/aws/ecr-lifecycle/image.ts';
import { InputError } from '#core/values/errors.ts';

const batch = z.looseObject({
  images: z.array(z.looseObject({ imageId: z.looseObject({ imageDigest: z.string() }), imageManifest: z.string() })),
  failures: z
    .array(
      z.looseObject({
        imageId: z.looseObject({ imageDigest: z.string().optional(), imageTag: z.string().optional() }).optional(),
        failureCode: z.string().optional(),
        failureReason: z.string().optional(),
      }),
    )
    .nullish(),
});

/**
 * Returns what each manifest list refers to, by the list's digest, from an answer of BatchGetImage; images of one
 * platform are left out. `file` is how messages name it. Refuses an answer with failures: it is not whole.
 */
export function parseManifestLists(file: string, answer: unknown): Map<string, string[]> {
  const parsed = batch.safeParse(answer);
  if (!parsed.success)
    throw new InputError(
      file,
      String(JSON.stringify(answer)).slice(0, 40),
      'is not the output of aws ecr batch-get-image',
    );
  const [failure, ...more] = parsed.data.failures ?? [];
  if (failure !== undefined) {
    const { imageId, failureCode = 'no code', failureReason = 'no reason' } = failure;
    const others = more.length === 0 ? '' : `, and ${more.length} more`;
    throw new InputError(
      file,
      imageId?.imageDigest ?? imageId?.imageTag ?? '',
      `is under failures (${failureCode}: ${failureReason})${others}, so that manifests are missing: ask batch-get-image again, for images that describe-images lists`,
    );
  }
  return new Map(
    parsed.data.images.flatMap(({ imageId, imageManifest }) => {
      const children = parseList(imageManifest);
      return children === undefined ? [] : [[imageId.imageDigest, children] as const];
    }),
  );
}

/**
 * Refuses images among which there is a manifest list of unknown contents: what it refers to stays, and would be said
 * to expire. The remedy asks ECR for all of them, as many as one call takes.
 */
export function refuseUnknownLists(
  file: string,
  images: readonly LifecycleImage[],
  lists: ReadonlyMap<string, readonly string[]>,
  repository: string | undefined,
): void {
  const isList = ({ digest, mediaType }: LifecycleImage): boolean => isManifestList(mediaType) || lists.has(digest);
  const all = images.filter(isList).map(({ digest }) => digest);
  const [unknown, ...more] = all.filter((digest) => !lists.has(digest));
  if (unknown === undefined) return;
  const others = more.length === 0 ? '' : `, as ${more.length} more`;
  throw new InputError(
    file,
    unknown,
    `is a manifest list${others}, and what it refers to does not expire before it: give that by --manifests\n${commandFor(all, repository)}`,
  );
}

/** BatchGetImage takes at most 100 images, and gives a list as it is only to those who accept lists. */
function commandFor(digests: readonly string[], repository = 'NAME'): string {
  const calls = Array.from({ length: Math.ceil(digests.length / 100) }, (_, call) => {
    const ids = digests.slice(call * 100, call * 100 + 100).map((digest) => `imageDigest=${digest}`);
    return `aws ecr batch-get-image --repository-name ${repository} --accepted-media-types ${ACCEPTED} --image-ids ${ids.join(' ')} --output json`;
  });
  if (calls.length === 1) return `  ${calls[0]} > manifests.json`;
  return `  { ${calls.join('; ')}; } | jq -s '{images: map(.images) | add, failures: map(.failures) | add}' > manifests.json`;
}

const ACCEPTED = 'application/vnd.oci.image.index.v1+json application/vnd.docker.distribution.manifest.list.v2+json';
