import { randomBytes } from 'node:crypto';
import { readImageEntries } from '#core/overlay/kustomization/entries.ts';
import type { EntryDigests } from '#core/overlay/names.ts';
import { Refusal } from '#core/values/errors.ts';
import { type Digest, NEVER_RELEASED } from '#core/values/reference.ts';

/** Returns what each entry says; those of sixty-four zeros are left out, and what is not a kustomization has none. */
export type DigestReader = (text: string) => EntryDigests;

const ANY_DIGEST = /sha256:[0-9a-f]{64}/g;

/**
 * Returns a reader that parses a text once for all that differ from it in their digests alone, as the releases of an
 * overlay do. Digests are exchanged one for one by others of the same form, which YAML cannot tell apart; those have a
 * random part, so that no text can name them.
 */
export function createDigestReader(): DigestReader {
  const stem = `sha256:${randomBytes(28).toString('hex')}`;
  const known = new Map<string, EntryDigests>();
  return (text) => {
    const originals: string[] = [];
    const numbers = new Map<string, number>();
    const form = text.replace(ANY_DIGEST, (digest) => {
      if (digest === NEVER_RELEASED) return digest;
      const number = numbers.get(digest) ?? originals.push(digest) - 1;
      numbers.set(digest, number);
      return stem + number.toString(16).padStart(8, '0');
    });
    const parsed = known.get(form) ?? parseDigests(form);
    known.set(form, parsed);
    const restore = (value: string): string =>
      value.replace(ANY_DIGEST, (digest) =>
        digest.startsWith(stem) ? (originals[Number.parseInt(digest.slice(stem.length), 16)] ?? digest) : digest,
      );
    const restoreDigest = (digest: Digest | undefined) => digest && (restore(digest) as Digest); // one for one
    return new Map([...parsed].map(([name, digest]) => [restore(name), restoreDigest(digest)]));
  };
}

function parseDigests(text: string): EntryDigests {
  try {
    const entries = readImageEntries(text, 'kustomization.yaml');
    return new Map(
      entries.filter(({ digest }) => digest !== NEVER_RELEASED).map(({ name, digest }) => [name, digest] as const),
    );
  } catch (error) {
    if (error instanceof Refusal) return new Map();
    throw error;
  }
}
