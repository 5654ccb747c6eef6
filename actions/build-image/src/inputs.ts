import { parseBoolean, parsePath } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import { InputError } from '#core/values/errors.ts';

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
    config: parsePath('config', runner.input('config')),
    force: parseBoolean('force', runner.input('force')),
  };
}

function parseImage(text: string): string {
  if (text !== '' && !/[\s\p{C}]/u.test(text)) return text;
  throw new InputError('image', text, 'is not the name of an image: expected a key of images in slipway.yaml');
}
