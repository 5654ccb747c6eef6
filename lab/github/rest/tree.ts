import { type Git, remember } from '#lab/github/rest/git.ts';

/** An entry of a tree. */
export interface TreeEntry {
  readonly mode: string;
  readonly kind: 'blob' | 'tree' | 'commit';
  readonly sha: string;
  /** In bytes; of a blob only. */
  readonly size: number | undefined;
  /** From the tree that was read. */
  readonly path: string;
}

/** Returns the entries of a tree that is there, those of the trees below it, too, when asked. */
export function readTree(git: Git, tree: string, { recursive = false } = {}): Promise<TreeEntry[]> {
  return list(git, recursive ? ['-r', '-t', tree] : [tree]);
}

/** Returns what a commit has at a path; undefined where it has nothing. */
export async function readEntry(git: Git, commit: string, path: string): Promise<TreeEntry | undefined> {
  return (await list(git, [commit, '--', path])).find((entry) => entry.path === path);
}

async function list(git: Git, args: readonly string[]): Promise<TreeEntry[]> {
  const read = async (): Promise<TreeEntry[]> => {
    const { text } = await git(['ls-tree', '-z', '-l', '--full-tree', ...args]);
    return text.split('\0').filter(Boolean).map(readLine);
  };
  // both callers name trees and commits by their full SHA
  return (await remember(git, `tree ${args.join(' ')}`, read)) ?? [];
}

/** `100644 blob <sha>    <size> TAB path`. */
function readLine(line: string): TreeEntry {
  const end = line.indexOf('\t');
  const [mode = '', kind = '', sha = '', size = ''] = line.slice(0, end).split(/ +/);
  return {
    mode,
    kind: kind === 'tree' || kind === 'commit' ? kind : 'blob',
    sha,
    size: size === '-' ? undefined : Number(size),
    path: line.slice(end + 1),
  };
}
