import { readFileSync } from 'node:fs';
import { expireImages } from '#core/aws/ecr-lifecycle/expire.ts';
import { type LifecycleImage, parseDescribedImages, parseIsoTime } from '#core/aws/ecr-lifecycle/image.ts';
import { parseManifestLists, refuseUnknownLists } from '#core/aws/ecr-lifecycle/manifests.ts';
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
    help: 'the output of aws ecr batch-get-image: needed where there are manifest lists',
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
    const images = readImages(imagesFile, values.manifests, read);
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

function parseJson(file: string, text: string, call = 'describe-images'): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InputError(file, text.slice(0, 40), `is not JSON: give the output of aws ecr ${call}`);
  }
}

/** The images with what their manifest lists refer to: describe-images does not tell, batch-get-image does. */
function readImages(
  file: string,
  manifestsFile: string | undefined,
  read: (path: string) => string,
): readonly LifecycleImage[] {
  const answer = parseJson(file, readFile(file, read));
  const lists =
    manifestsFile === undefined
      ? new Map<string, string[]>()
      : parseManifestLists(manifestsFile, parseJson(manifestsFile, readFile(manifestsFile, read), 'batch-get-image'));
  const images = parseDescribedImages(file, answer, lists);
  refuseUnknownLists(file, images, lists, /"repositoryName":"([^"]+)"/.exec(JSON.stringify(answer))?.[1]);
  return images;
}

if (import.meta.main) await main(expire, (path) => readFileSync(fromCaller(path, import.meta.filename), 'utf8'));
