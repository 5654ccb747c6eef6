import { InputError } from '#core/errors.ts';
import { type CommitSha, type Digest, NEVER_RELEASED, parseCommitSha, parseDigest } from '#core/reference.ts';
import type { Runner } from '#core/runner.ts';

/** The inputs of this action, checked. */
export interface Inputs {
  readonly environment: string;
  readonly images: ReadonlyMap<string, Digest>;
  readonly sourceSha: CommitSha;
  readonly branch: string;
  readonly config: string;
  readonly token: string;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  return {
    environment: parseName('environment', runner.input('environment')),
    images: parseImages(runner.input('images')),
    sourceSha: parseCommitSha('source-sha', runner.input('source-sha')),
    branch: parseBranch(runner.input('branch')),
    config: parsePath(runner.input('config')),
    token: runner.input('token'),
  };
}

/** Returns the wanted digest of each image from lines `name=sha256:…`; empty lines are passed over. */
export function parseImages(text: string): ReadonlyMap<string, Digest> {
  const images = new Map<string, Digest>();
  for (const line of text.split('\n').map((part) => part.trim())) {
    if (line === '') continue;
    const equals = line.indexOf('=');
    if (equals < 1) throw new InputError('images', line, 'is not of the form name=sha256:…, one image a line');
    const name = line.slice(0, equals).trim();
    const digest = parseDigest(`images (${name})`, line.slice(equals + 1).trim());
    if (digest === NEVER_RELEASED)
      throw new InputError(`images (${name})`, digest, 'stands for "never released" and is no build');
    if (images.has(name)) throw new InputError('images', name, 'is named twice: give each image once');
    images.set(name, digest);
  }
  if (images.size === 0) throw new InputError('images', text, 'names no image: give a line name=sha256:… for each');
  return images;
}

/** Git's own rules for a branch name (git-check-ref-format), as far as they keep it from being anything else. */
function parseBranch(text: string): string {
  const broken =
    text === '' ||
    text.startsWith('-') ||
    /[\s~^:?*[\\\p{C}]|\.\.|@\{|\/\/|^\/|\/$|\.$|^@$/u.test(text) ||
    text.split('/').some((part) => part.startsWith('.') || part.endsWith('.lock'));
  if (broken) throw new InputError('branch', text, 'is not a branch name: expected a name such as main');
  return text;
}

function parseName(input: string, text: string): string {
  if (/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text)) return text;
  throw new InputError(input, text, 'is not a name of slipway.yaml: expected lower-case letters, digits and dashes');
}

function parsePath(text: string): string {
  const inside = text !== '' && !text.startsWith('/') && !text.split('/').includes('..') && !/\p{C}/u.test(text);
  if (inside) return text;
  throw new InputError('config', text, 'is not a path inside the repository: expected one such as slipway.yaml');
}
