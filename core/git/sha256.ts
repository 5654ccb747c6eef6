import { Refusal } from '#core/values/errors.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';

/** What to say of a repository whose objects have SHA-256 ids, after "the repository …". */
export const SHA256_REPOSITORY =
  'has SHA-256 object ids, which neither GitHub nor Slipway takes; copy its history into one with SHA-1 ids: git fast-export --all | git -C NEW fast-import, where NEW comes from git init --object-format=sha1 NEW';

/** Returns a commit's id that git printed for `name`; refuses the id of a SHA-256 repository by what it is. */
export function parsePrintedCommit(name: string, text: string): CommitSha {
  if (/^[0-9a-f]{64}$/.test(text)) throw new Refusal(`${name}: the repository ${SHA256_REPOSITORY}`);
  return parseCommitSha(name, text);
}
