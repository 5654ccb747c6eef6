import type { PushResult } from '#core/git/push.ts';
import type { Transport } from '#core/git/transport.ts';
import { type OpenIntent, withdrawIntent } from '#core/release/open-intents.ts';
import { describeError, isExpected, Refusal } from '#core/values/errors.ts';

/** A job that ends red must not land behind its back: takes the intent back, and says so where that fails. */
export async function takeBack(error: unknown, own: OpenIntent | undefined, transport: Transport): Promise<never> {
  if (!isExpected(error) || own === undefined) throw error;
  const { outcome } = await withdrawIntent(own, transport).catch((failed: unknown): PushResult => {
    if (!isExpected(failed)) throw failed;
    return { outcome: 'unclear', reason: describeError(failed) }; // what stopped the writer may stop this as well
  });
  if (outcome === 'pushed') throw error;
  const { id } = own.intent;
  const fate =
    outcome === 'rejected'
      ? `another writer took its intent ${id}: run the job again, which says what became of it and writes nothing twice`
      : describeOpen(id);
  throw new Refusal(`${describeError(error)}; ${fate}`);
}

/** Says what becomes of an intent that is left open. */
export function describeOpen(id: string): string {
  return `its intent ${id} stays open, and the next writer or the workflow Reconcile lands it`;
}
