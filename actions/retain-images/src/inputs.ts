import { InputError } from '#core/errors.ts';
import type { Runner } from '#core/runner.ts';

/** The inputs of this action, checked. */
export interface Inputs {
  /** Names in slipway.yaml; empty for all. */
  readonly images: readonly string[];
  readonly config: string;
  readonly branch: string;
  readonly releases: number;
  readonly dryRun: boolean;
  readonly token: string;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  return {
    images: parseImages(runner.input('image')),
    config: parsePath(runner.input('config')),
    branch: parseBranch(runner.input('branch')),
    releases: parseReleases(runner.input('releases')),
    dryRun: parseBoolean('dry-run', runner.input('dry-run')),
    token: runner.input('token'),
  };
}

/** Returns the names, one a line; empty lines are passed over. */
export function parseImages(text: string): readonly string[] {
  const names = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  for (const [index, name] of names.entries()) {
    if (/[\s\p{C}]/u.test(name)) throw new InputError('image', name, 'is not the name of an image: write one a line');
    if (names.indexOf(name) !== index) throw new InputError('image', name, 'is named twice: give each image once');
  }
  return names;
}

function parseReleases(text: string): number {
  const number = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= 1_000) return number;
  throw new InputError('releases', text, 'is not a number of releases: expected a whole number from 1 to 1000');
}

/** Git's own rules for a branch name (git-check-ref-format), as far as they keep it from being anything else. */
function parseBranch(text: string): string {
  const isBroken =
    text === '' ||
    text.startsWith('-') ||
    /[\s~^:?*[\\\p{C}]|\.\.|@\{|\/\/|^\/|\/$|\.$|^@$/u.test(text) ||
    text.split('/').some((part) => part.startsWith('.') || part.endsWith('.lock'));
  if (isBroken) throw new InputError('branch', text, 'is not a branch name: expected a name such as main');
  return text;
}

function parsePath(text: string): string {
  const isInside = text !== '' && !text.startsWith('/') && !text.split('/').includes('..') && !/\p{C}/u.test(text);
  if (isInside) return text;
  throw new InputError('config', text, 'is not a path inside the repository: expected one such as slipway.yaml');
}

function parseBoolean(input: string, text: string): boolean {
  if (text === 'true' || text === 'false' || text === '') return text === 'true';
  throw new InputError(input, text, 'is neither true nor false');
}
