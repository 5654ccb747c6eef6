import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { expireImages } from '#core/aws/ecr-lifecycle/expire.ts';
import { parseChildren, parseDescribedImages, parseIsoTime } from '#core/aws/ecr-lifecycle/image.ts';
import { parsePolicyFile } from '#core/aws/ecr-lifecycle/policy.ts';
import { InputError, quote } from '#core/values/errors.ts';
import { type CommandResult, defineCommand, main, UsageError } from './command.ts';
import { fromCaller } from './paths.ts';

const options = {
  policy: { type: 'string', value: 'FILE', required: true, help: 'the file with the lifecycle policy' },
  images: { type: 'string', value: 'FILE', required: true, help: 'the output of aws ecr describe-images' },
  now: { type: 'string', value: 'TIME', required: true, help: 'the instant to judge at, such as 2026-03-01T12:00:00Z' },
  manifests: {
    type: 'string',
    value: 'FILE',
    help: 'the output of aws ecr batch-get-image: what manifest lists refer to',
  },
  details: { type: 'boolean', help: 'also print what is archived, and what goes next and when' },
} as const;

/** Says what a lifecycle policy expires; as JSON, for it is read by programs too. */
export const expire = defineCommand({
  name: 'npm run -s expire --',
  summary: 'Says which images of a repository a lifecycle policy expires at an instant, as JSON.',
  options,
  example: '--policy policy.json --images images.json --now 2026-03-01T12:00:00Z',
  exitCodes: [
    'the answer is on standard output, also when nothing expires',
    'a file is missing or wrong',
    'wrong usage',
  ],
  run: ({ values }, read: (path: string) => string): CommandResult => {
    const { policy: policyFile = '', images: imagesFile = '', now: time = '' } = values;
    const now = parseIsoTime(time);
    if (now === undefined)
      throw new UsageError(`--now: ${quote(time)} is not an ISO time: give one such as 2026-03-01T12:00:00Z`);
    const policy = parsePolicyFile(policyFile, readFile(policyFile, read));
    const answer = parseJson(imagesFile, readFile(imagesFile, read));
    const children = values.manifests === undefined ? undefined : readManifests(values.manifests, read);
    const images = parseDescribedImages(imagesFile, answer, children);
    const { expired, archived, upcoming } = expireImages(policy, images, now);
    const result = values.details ? { expired, archived, upcoming } : { expired };
    return { exitCode: 0, stdout: `${JSON.stringify(result)}\n`, stderr: '' };
  },
});

function readFile(path: string, read: (path: string) => string): string {
  try {
    return read(path);
  } catch (error) {
    throw new InputError('file', path, 'cannot be read: give the path of a file that is there', { cause: error });
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InputError(file, text.slice(0, 40), 'is not JSON: give the output of aws ecr describe-images');
  }
}

const manifests = z.looseObject({
  images: z.array(z.looseObject({ imageId: z.looseObject({ imageDigest: z.string() }), imageManifest: z.string() })),
});

/** What manifest lists refer to, from the output of `aws ecr batch-get-image`: describe-images does not tell. */
function readManifests(file: string, read: (path: string) => string): Map<string, string[]> {
  const text = readFile(file, read);
  const parsed = manifests.safeParse(parseJson(file, text));
  if (!parsed.success) throw new InputError(file, text.slice(0, 40), 'is not the output of aws ecr batch-get-image');
  return new Map(
    parsed.data.images.map(({ imageId, imageManifest }) => [imageId.imageDigest, parseChildren(imageManifest)]),
  );
}

if (import.meta.main) await main(expire, (path) => readFileSync(fromCaller(path, import.meta.filename), 'utf8'));
