import { type Hold, readHoldDocument } from '#core/release/hold-document.ts';
import { editHoldText } from '#core/release/hold-edit.ts';
import type { Digest } from '#core/values/reference.ts';

export { type Hold, type HoldKind, isHoldKind } from '#core/release/hold-document.ts';

/** What {@link editHolds} does to a file. */
export interface HoldChange {
  readonly add: readonly Hold[];
  readonly remove: (hold: Hold) => boolean;
  /** Holds that are over at this moment go as well. */
  readonly now: Date;
}

/** An image that a hold asks for by its digest. */
export interface HeldImage {
  readonly image: string;
  readonly digest: Digest;
}

/** Returns the holds of a file, the expired ones too; an empty file has none. Refuses a file with any fault. */
export function parseHolds(file: string, text: string): Hold[] {
  return readHoldDocument(file, text).entries.map(({ hold }) => hold);
}

/** True until the hold's end. A `since` that is still to come changes nothing: clocks differ, and a hold is meant. */
export function isActive(hold: Hold, now: Date): boolean {
  return hold.until === undefined || now < hold.until;
}

/**
 * Returns the hold that keeps automatic bumps away from the image, by its name or by `*`. Where several do, it is the
 * one that ends last, and the first of the file among equals.
 */
export function findHold(holds: readonly Hold[], image: string, now: Date): Hold | undefined {
  const end = ({ until }: Hold): number => until?.getTime() ?? Number.POSITIVE_INFINITY;
  const binds = (hold: Hold): boolean =>
    hold.kind !== 'accepted' && (hold.image === image || hold.image === '*') && isActive(hold, now);
  const [first, ...others] = holds.filter(binds);
  return first && others.reduce((last, hold) => (end(hold) > end(last) ? hold : last), first);
}

/**
 * Returns the text with the new holds behind the old ones, and without those that are removed or over. Holds that stay
 * keep their bytes, their comments and their order. `file` is its path in the repository; `text` is undefined for a
 * file that does not exist yet. Refuses a file that cannot be read, and a hold that could not be read back.
 */
export function editHolds(file: string, text: string | undefined, { add, remove, now }: HoldChange): string {
  return editHoldText(file, text, { add, keeps: (hold) => isActive(hold, now) && !remove(hold) });
}

/** Returns the digests that the active holds of a file name. An unreadable file is refused. */
export function parseHeldImages(file: string, text: string, now: Date): HeldImage[] {
  return parseHolds(file, text).flatMap((hold) =>
    hold.digest === undefined || !isActive(hold, now) ? [] : [{ image: hold.image, digest: hold.digest }],
  );
}
