import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bearer, JOB_LOGIN, loginOf } from '#lab/github/identity/tokens.ts';
import type { RefMove } from '#lab/github/repository.ts';
import { type Git, NO_OBJECT } from '#lab/github/rest/git.ts';

/** Why a reference must not move, with the words that GitHub has for it. */
export interface RuleRefusal {
  readonly rule: 'protected' | 'signatures' | 'workflows';
  readonly message: string;
}

/** The rules of the repository's references and the commits that GitHub signed. A person is on every bypass list. */
export interface Rules {
  /** From now on, job tokens cannot move this reference. */
  protect(ref: string): void;
  /** From now on, job tokens move this reference to signed commits only. */
  requireSignatures(ref: string): void;
  /** Puts a GitHub App on the bypass list of the reference's rules; a job's own token cannot be put there. */
  letThrough(ref: string, login: string): void;
  /** From now on, no rule is on this reference. */
  lift(ref: string): void;
  /** True where a rule protects the reference. */
  isProtected(ref: string): boolean;
  /** Remembers that GitHub signed the commit. */
  sign(sha: string): void;
  isSigned(sha: string): boolean;
  /** Returns why this bearer must not make this move; undefined when it may. */
  refuse(bearer: Bearer, move: RefMove): Promise<RuleRefusal | undefined>;
}

/** Lists of the bare repository, one name a line: git's `update` hook reads them as well. */
const LISTS = {
  protected: 'protected',
  signatures: 'require-signatures',
  signed: 'signed-commits',
  bypass: 'bypass',
} as const;
const DEFAULT_BRANCH = 'refs/heads/main';
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** Opens the rules of a bare repository; there are none at first. */
export function openRules(bare: string, git: Git): Rules {
  const add = (list: keyof typeof LISTS, name: string): void => appendFileSync(join(bare, LISTS[list]), `${name}\n`);
  const has = (list: keyof typeof LISTS, name: string): boolean => {
    const file = join(bare, LISTS[list]);
    return existsSync(file) && readFileSync(file, 'utf8').split('\n').includes(name);
  };
  return {
    protect: (ref) => add('protected', ref),
    requireSignatures: (ref) => add('signatures', ref),
    letThrough: (ref, login) => {
      if (login === JOB_LOGIN) throw new Error('Actor GitHub Actions integration must be part of the ruleset source');
      add('bypass', `${ref} ${login}`);
    },
    lift: (ref) => {
      for (const list of [LISTS.protected, LISTS.signatures, LISTS.bypass].map((name) => join(bare, name))) {
        if (!existsSync(list)) continue;
        const rest = readFileSync(list, 'utf8')
          .split('\n')
          .filter((line) => line.split(' ')[0] !== ref);
        writeFileSync(list, rest.join('\n'));
      }
    },
    isProtected: (ref) => has('protected', ref) || has('signatures', ref),
    sign: (sha) => add('signed', sha),
    isSigned: (sha) => has('signed', sha),
    refuse: async (bearer, { ref, before, after }) => {
      if (bearer.kind === 'user') return undefined;
      const isLetThrough = has('bypass', `${ref} ${loginOf(bearer)}`);
      if (has('protected', ref) && !isLetThrough)
        return { rule: 'protected', message: `GH006: Protected branch update failed for ${ref}.` };
      if (after === NO_OBJECT) return undefined;
      if (await changesWorkflows(git, after))
        return { rule: 'workflows', message: 'Resource not accessible by integration' };
      const unsigned =
        has('signatures', ref) && !isLetThrough
          ? (await listNew(git, before, after)).filter((sha) => !has('signed', sha))
          : [];
      return unsigned.length === 0 ? undefined : { rule: 'signatures', message: tellUnsigned(ref, unsigned) };
    },
  };
}

/** A commit without a file that the default branch has does not create or update it. */
async function changesWorkflows(git: Git, after: string): Promise<boolean> {
  const isThere = (await git(['show-ref', '--verify', '--quiet', '--', DEFAULT_BRANCH])).code === 0;
  const range = [isThere ? DEFAULT_BRANCH : EMPTY_TREE, after];
  const { text } = await git(['diff-tree', '-r', '--name-only', '--diff-filter=AMT', ...range, '--', WORKFLOWS]);
  return text.trim() !== '';
}

const WORKFLOWS = '.github/workflows';

async function listNew(git: Git, before: string, after: string): Promise<string[]> {
  const known = before === NO_OBJECT ? DEFAULT_BRANCH : before;
  return (await git(['rev-list', after, `^${known}`])).text.split('\n').filter(Boolean);
}

function tellUnsigned(ref: string, commits: readonly string[]): string {
  const count = `Found ${commits.length} violation${commits.length === 1 ? '' : 's'}:`;
  return `Repository rule violations found for ${ref}.\n\n- Commits must have verified signatures.\n  ${count}\n\n  ${commits.join('\n  ')}`;
}

/**
 * Git's `update` hook: the same rules for a push. https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets
 */
export const UPDATE_HOOK = `#!/bin/sh
[ "$SLIPWAY_BEARER" = job ] || exit 0
bypassed=no
! grep -qxF "$1 $REMOTE_USER" "$GIT_DIR/${LISTS.bypass}" 2>/dev/null || bypassed=yes
if [ $bypassed = no ] && grep -qxF "$1" "$GIT_DIR/${LISTS.protected}" 2>/dev/null; then
  echo "error: GH006: Protected branch update failed for $1." >&2
  exit 1
fi
[ "$3" != ${NO_OBJECT} ] || exit 0
base=${DEFAULT_BRANCH}
git show-ref --verify --quiet "$base" || base=${EMPTY_TREE}
changed=$(git diff-tree -r --name-only --diff-filter=AMT "$base" "$3" -- ${WORKFLOWS} 2>/dev/null | head -n 1)
if [ -n "$changed" ]; then
  echo "error: GH013: Repository rule violations found for $1." >&2
  echo "- refusing to allow a GitHub App to create or update workflow \\\`$changed\\\` without \\\`workflows\\\` permission" >&2
  exit 1
fi
[ $bypassed = no ] || exit 0
grep -qxF "$1" "$GIT_DIR/${LISTS.signatures}" 2>/dev/null || exit 0
known=$2
[ "$known" != ${NO_OBJECT} ] || known=${DEFAULT_BRANCH}
for commit in $(git rev-list "$3" "^$known"); do
  if ! grep -qxF "$commit" "$GIT_DIR/${LISTS.signed}" 2>/dev/null; then
    echo "error: GH013: Repository rule violations found for $1." >&2
    echo "- Commits must have verified signatures." >&2
    echo "  $commit" >&2
    exit 1
  fi
done
`;
