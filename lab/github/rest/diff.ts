import { type Git, NO_OBJECT } from '#lab/github/rest/git.ts';

/** What became of a file between two commits. */
export interface FileChange {
  readonly path: string;
  readonly previousPath: string | undefined;
  readonly status: 'added' | 'removed' | 'modified' | 'renamed' | 'copied' | 'changed' | 'unchanged';
  /** Of the file as it is now; as it was, when it is gone. */
  readonly sha: string;
  readonly additions: number;
  readonly deletions: number;
  /** The changed lines with what is around them; of no file that is binary or only moved. */
  readonly patch: string | undefined;
}

/** Nothing of the machine's configuration may show in an answer. */
const DIFF = ['diff', '--no-color', '--no-ext-diff', '--no-textconv', '--full-index', '-M'];
/** GitHub leaves out a patch that is too long to read. */
const LONGEST_PATCH = 100_000;

/** Returns the files that differ between two trees, in git's order. */
export async function readChanges(git: Git, from: string, to: string): Promise<FileChange[]> {
  const [raw, numbers, patches] = await Promise.all([
    git([...DIFF, '--raw', '-z', from, to]),
    git([...DIFF, '--numstat', '-z', from, to]),
    readPatch(git, from, to),
  ]);
  const counts = readCounts(numbers.text);
  const hunks = readHunks(patches.toString('utf8'));
  return readRaw(raw.text).map((change, index) => ({
    ...change,
    additions: counts[index]?.[0] ?? 0,
    deletions: counts[index]?.[1] ?? 0,
    patch: hunks[index],
  }));
}

/** Returns the difference of two trees as `git diff` prints it. */
export async function readPatch(git: Git, from: string, to: string): Promise<Buffer> {
  return (await git([...DIFF, '-p', from, to])).bytes;
}

const STATUSES: Readonly<Record<string, FileChange['status']>> = {
  A: 'added',
  D: 'removed',
  M: 'modified',
  R: 'renamed',
  C: 'copied',
  T: 'changed',
};

/** `:100644 100644 <sha> <sha> R100 NUL old NUL new NUL`. */
function readRaw(text: string): Pick<FileChange, 'path' | 'previousPath' | 'status' | 'sha'>[] {
  const words = text.split('\0');
  const changes: Pick<FileChange, 'path' | 'previousPath' | 'status' | 'sha'>[] = [];
  while ((words[0] ?? '') !== '') {
    const [, , before = '', after = '', letter = ''] = (words.shift() ?? '').split(' ');
    const first = words.shift() ?? '';
    const status = STATUSES[letter.charAt(0)] ?? 'changed';
    const hasTwo = status === 'renamed' || status === 'copied';
    const path = hasTwo ? (words.shift() ?? '') : first;
    const sha = after === NO_OBJECT ? before : after;
    changes.push({ path, previousPath: hasTwo ? first : undefined, status, sha });
  }
  return changes;
}

/** `1 TAB 2 TAB path NUL`; of a move `1 TAB 2 TAB NUL old NUL new NUL`; of a binary file `- TAB - TAB path NUL`. */
function readCounts(text: string): [number, number][] {
  const words = text.split('\0');
  const counts: [number, number][] = [];
  while ((words[0] ?? '') !== '') {
    const [additions = '', deletions = '', path = ''] = (words.shift() ?? '').split('\t');
    if (path === '') words.splice(0, 2);
    counts.push([Number(additions) || 0, Number(deletions) || 0]);
  }
  return counts;
}

/**
 * Within a file's part every line begins with a blank, a sign or `\\`, so that `diff --git` begins the next. Only a
 * newline ends a line: JavaScript's `m` would take a carriage return for one, too.
 */
function readHunks(text: string): (string | undefined)[] {
  const parts = text.split(/(?<=^|\n)(?=diff --git )/).filter((part) => part !== '');
  return parts.map((part) => {
    const start = part.search(/(?<=\n)@@ /);
    return start === -1 || part.length > LONGEST_PATCH ? undefined : part.slice(start).replace(/\n$/, '');
  });
}
