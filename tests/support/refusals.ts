import { join } from 'node:path';
import { expect } from '@jest/globals';
import { describeError, isExpected } from '#core/values/errors.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { normalizeText } from '#tests/support/normalize.ts';
import type { Tenant } from '#tests/support/tenant.ts';

/** Expects that a run is refused with the golden message of this name, writes nothing, and leaves no intent. */
export async function expectRefused(
  folder: string,
  name: string,
  tenant: Tenant,
  run: () => Promise<unknown>,
): Promise<string> {
  const refs = () => tenant.remoteGit('for-each-ref');
  const before = refs();
  const error = await run().then(
    () => expect('landed').toBe('refused'),
    (thrown: unknown) => thrown,
  );
  if (!isExpected(error)) throw error;
  const message = describeError(error);
  expectGolden(join(folder, 'golden', 'refusals', `${name}.txt`), `${normalizeText(message)}\n`);
  expect(refs()).toBe(before);
  return message;
}
