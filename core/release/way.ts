import type { Way } from '#core/release/rollback-target.ts';
import { InputError } from '#core/values/errors.ts';

/**
 * Returns how far back a person wants to go, of which `steps` or `to` is given and the other is empty. Refusals name
 * the inputs as they are typed: with `--` before them at a terminal.
 */
export function parseWay({ steps, to }: { readonly steps: string; readonly to: string }, prefix = ''): Way['to'] {
  const [stepsInput, toInput] = [`${prefix}steps`, `${prefix}to`];
  if (steps !== '' && to !== '')
    throw new InputError(toInput, to, `is given together with ${stepsInput}: ${steps}; give one of them`);
  if (to === 'proven') return { seen: 'running' };
  if (to !== '') return parseName(toInput, to);
  if (/^([1-9]|10)$/.test(steps)) return { steps: Number(steps) };
  throw new InputError(
    stepsInput,
    steps,
    `is not a number from 1 to 10: say how many sets to go back, or give ${toInput}`,
  );
}

function parseName(input: string, to: string): { name: string } {
  if (/^(sha256:[0-9a-f]{64}|[0-9a-f]{7,40})$/i.test(to)) return { name: to.toLowerCase() };
  throw new InputError(
    input,
    to,
    'is neither a commit (7 to 40 hex digits) nor a digest (sha256: and 64 hex digits): give one of a release that ran, or proven',
  );
}
