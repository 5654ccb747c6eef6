import { parseBoolean, parseBranch, parseLines, parsePath } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import { parseIdentity } from '#core/release/open-ports.ts';
import { InputError } from '#core/values/errors.ts';

/** The inputs of this action, checked. */
export interface Inputs {
  /** Names in slipway.yaml; empty for all. */
  readonly images: readonly string[];
  readonly config: string;
  readonly branch: string;
  readonly releases: number;
  readonly dryRun: boolean;
  readonly token: string;
  /** Login whose pull requests are the pipeline's. */
  readonly identity: string;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  return {
    images: parseImages(runner.input('image')),
    config: parsePath('config', runner.input('config')),
    branch: parseBranch('branch', runner.input('branch')),
    releases: parseReleases(runner.input('releases')),
    dryRun: parseBoolean('dry-run', runner.input('dry-run')),
    token: runner.input('token'),
    identity: parseIdentity(runner.input('identity')),
  };
}

/** Returns the names, one a line; empty lines are passed over. */
function parseImages(text: string): readonly string[] {
  const names = parseLines(text);
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
