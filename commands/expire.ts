import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { expireImages } from '#core/aws/ecr-lifecycle/expire.ts';
import { parseChildren, parseDescribedImages, parseIsoTime } from '#core/aws/ecr-lifecycle/image.ts';
import { parsePolicyFile } from '#core/aws/ecr-lifecycle/policy.ts';
import { describeError, InputError, isExpected } from '#core/values/errors.ts';
import { fromCaller } from './paths.ts';

const USAGE =
  'npm run -s expire -- --policy policy.json --images describe-images.json --now ISO-TIME [--manifests batch-get-image.json] [--details]';

/** What a command leaves: its exit code (1 for wrong input, 2 for wrong usage) and what it prints. */
export interface Outcome {
  readonly code: 0 | 1 | 2;
  readonly stdout: string;
  readonly stderr: string;
}

/** Says what a lifecycle policy expires among the images of a repository at an instant. */
export function expire(argv: readonly string[], read: (path: string) => string): Outcome {
  const options = readOptions(argv);
  if (typeof options === 'string') return { code: 2, stdout: '', stderr: `${options}; usage: ${USAGE}\n` };
  try {
    const policy = parsePolicyFile(options.policy, readFile(options.policy, read));
    const answer = parseJson(options.images, readFile(options.images, read));
    const children = options.manifests === undefined ? undefined : readManifests(options.manifests, read);
    const images = parseDescribedImages(options.images, answer, children);
    const { expired, archived, upcoming } = expireImages(policy, images, options.now);
    const result = options.details ? { expired, archived, upcoming } : { expired };
    return { code: 0, stdout: `${JSON.stringify(result)}\n`, stderr: '' };
  } catch (error) {
    if (!isExpected(error)) throw error;
    return { code: 1, stdout: '', stderr: `${error.message}\n` };
  }
}

interface Options {
  readonly policy: string;
  readonly images: string;
  readonly manifests: string | undefined;
  readonly now: Date;
  readonly details: boolean;
}

/** Returns the options, or the sentence that says what is wrong with them. */
function readOptions(argv: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        policy: { type: 'string' },
        images: { type: 'string' },
        now: { type: 'string' },
        manifests: { type: 'string' },
        details: { type: 'boolean', default: false },
      },
    });
    const { policy, images, now, manifests, details } = values;
    if (!policy) return '--policy is missing: give the file with the lifecycle policy';
    if (!images) return '--images is missing: give the output of aws ecr describe-images';
    if (!now) return '--now is missing: give the instant, such as 2026-03-01T12:00:00Z';
    const time = parseIsoTime(now);
    if (time === undefined)
      return `--now: ${JSON.stringify(now)} is no ISO time: give one such as 2026-03-01T12:00:00Z`;
    return { policy, images, manifests, now: time, details };
  } catch (error) {
    return describeError(error).split('. ')[0] ?? 'the options are wrong'; // parseArgs names the option
  }
}

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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { code, stdout, stderr } = expire(process.argv.slice(2), (path) =>
    readFileSync(fromCaller(path, import.meta.filename), 'utf8'),
  );
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = code;
}
