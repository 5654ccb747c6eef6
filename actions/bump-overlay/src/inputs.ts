import { parseBranch, parseEnvironment, parseLines, parseOptional } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import { parseWriterOptions, type WriterOptions } from '#core/release/open-ports.ts';
import { InputError } from '#core/values/errors.ts';
import { type CommitSha, type Digest, NEVER_RELEASED, parseCommitSha, parseDigest } from '#core/values/reference.ts';

/** The inputs of this action, checked. */
export interface Inputs extends WriterOptions {
  /** Undefined for every environment that deploys on push. */
  readonly environment: string | undefined;
  readonly images: ReadonlyMap<string, Digest>;
  readonly sourceSha: CommitSha;
  readonly branch: string;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  return {
    environment: parseOptional(runner.input('environment'), (name) => parseEnvironment('environment', name)),
    images: parseImages(runner.input('images')),
    sourceSha: parseCommitSha('source-sha', runner.input('source-sha')),
    branch: parseBranch('branch', runner.input('branch')),
    ...parseWriterOptions({
      config: runner.input('config'),
      token: runner.input('token'),
      transport: runner.input('transport'),
      identity: runner.input('identity'),
    }),
  };
}

/** Returns the wanted digest of each image from lines `name=sha256:…`; empty lines are passed over. */
function parseImages(text: string): ReadonlyMap<string, Digest> {
  const images = new Map<string, Digest>();
  for (const line of parseLines(text)) {
    const equals = line.indexOf('=');
    if (equals < 1) throw new InputError('images', line, 'is not of the form name=sha256:…, one image a line');
    const name = line.slice(0, equals).trim();
    const digest = parseDigest(`images (${name})`, line.slice(equals + 1).trim());
    if (digest === NEVER_RELEASED)
      throw new InputError(`images (${name})`, digest, 'means "never released": give the digest of a build');
    if (images.has(name)) throw new InputError('images', name, 'is listed twice: give each image once');
    images.set(name, digest);
  }
  if (images.size === 0) throw new InputError('images', text, 'names no image: give a line name=sha256:… for each');
  return images;
}
