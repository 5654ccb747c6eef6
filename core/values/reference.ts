import { InputError } from '#core/values/errors.ts';

/** `sha256:` and 64 lower-case hex digits: the only identity of a build. */
export type Digest = `sha256:${string}`;

/** Forty lower-case hex digits: a git commit. */
export type CommitSha = string & { readonly commitSha: unique symbol };

/** The form of a {@link Digest}. */
export const DIGEST = /^sha256:[0-9a-f]{64}$/;
/** Matches a {@link CommitSha}. */
export const COMMIT = /^[0-9a-f]{40}$/;

/** The digest that an overlay names before its first release; no build has it. */
export const NEVER_RELEASED: Digest = `sha256:${'0'.repeat(64)}`;

/** True for `sha256:` and 64 lower-case hex digits. */
export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

/** True for forty lower-case hex digits. */
export function isCommitSha(text: string): text is CommitSha {
  return COMMIT.test(text);
}

/** Returns the twelve digits of a digest that people compare by eye. */
export function digitsOf(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}

/** Returns `text` as a digest or refuses it by the name of the input that it came from. */
export function parseDigest(input: string, text: string): Digest {
  if (isDigest(text)) return text;
  throw new InputError(input, text, 'is not a digest: expected sha256: and 64 lower-case hex digits');
}

/** Returns `text` as a full commit id or refuses it by the name of the input that it came from. */
export function parseCommitSha(input: string, text: string): CommitSha {
  if (COMMIT.test(text)) return text as CommitSha; // the pattern is the type
  throw new InputError(input, text, 'is not a commit: expected 40 lower-case hex digits');
}
