import { InputError } from '#core/errors.ts';
import type { Runner } from '#core/runner.ts';

/** The inputs of this action, checked. */
export interface Inputs {
  readonly image: string;
  readonly config: string;
  readonly force: boolean;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  return {
    image: parseImage(runner.input('image')),
    config: parsePath(runner.input('config')),
    force: parseBoolean('force', runner.input('force')),
  };
}

function parseImage(text: string): string {
  if (text !== '' && !/[\s\p{C}]/u.test(text)) return text;
  throw new InputError('image', text, 'is not the name of an image: expected a key of images in slipway.yaml');
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
