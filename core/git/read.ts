import type { RunGit } from '#core/git/remote.ts';
import { parseLsTree, type TreeEntry } from '#core/git/tree-entry.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';

/** Returns the commit that a revision names; undefined where there is none. */
export async function revParse(run: RunGit, revision: string): Promise<CommitSha | undefined> {
  const argv = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  const { code, stdout } = await run(argv, { accept: 'any' });
  return code === 0 ? parseCommitSha(revision, stdout.toString('utf8').trim()) : undefined;
}

/** Returns whether `older` is an ancestor of `newer`; undefined when one of the commits is not here. */
export async function isAncestor(run: RunGit, older: string, newer: string): Promise<boolean | undefined> {
  const { code } = await run(['merge-base', '--is-ancestor', older, newer], { accept: 'any' });
  return code === 0 ? true : code === 1 ? false : undefined;
}

/** Returns true when the two have a common ancestor in the history that is here. */
export async function hasMergeBase(run: RunGit, one: string, other: string): Promise<boolean> {
  return (await run(['merge-base', one, other], { accept: [0, 1] })).code === 0;
}

/** Lists a tree: the entries of a folder, or with `recursive` all files below it. An absent path lists nothing. */
export async function lsTree(run: RunGit, revision: string, path: string, recursive: boolean): Promise<TreeEntry[]> {
  const spec = path === '' || path === '.' ? [] : [recursive ? path : `${path}/`];
  const depth = recursive ? ['-r'] : [];
  const argv = ['--literal-pathspecs', 'ls-tree', '-z', '--full-tree', ...depth, revision, '--', ...spec];
  return parseLsTree((await run(argv)).stdout);
}

/** Returns the contents of blobs, in the order asked for, by one process. */
export async function readBlobs(run: RunGit, oids: readonly string[]): Promise<Buffer[]> {
  if (oids.length === 0) return [];
  const { stdout } = await run(['cat-file', '--batch'], { input: oids.map((oid) => `${oid}\n`).join('') });
  return splitBatch(stdout, oids);
}

/** `cat-file --batch` answers `<oid> blob <size>\n<bytes>\n` for each object, in order. */
function splitBatch(output: Buffer, oids: readonly string[]): Buffer[] {
  let offset = 0;
  return oids.map((oid) => {
    const end = output.indexOf(0x0a, offset);
    const header = output.subarray(offset, end).toString('utf8');
    const size = Number(header.match(/^[0-9a-f]+ blob (\d+)$/)?.[1]);
    if (end === -1 || Number.isNaN(size)) throw new Error(`git cat-file does not have the blob ${oid}: ${header}`);
    offset = end + 1 + size + 1;
    return output.subarray(end + 1, end + 1 + size);
  });
}

/** Returns a file of a commit as text, undefined where there is none. */
export async function readText(run: RunGit, revision: string, path: string): Promise<string | undefined> {
  const { code, stdout } = await run(['cat-file', 'blob', `${revision}:${path}`], { accept: 'any' });
  return code === 0 ? stdout.toString('utf8') : undefined;
}

/** Returns those of the paths that a commit has, as files or folders. */
export async function findPaths(run: RunGit, revision: string, paths: readonly string[]): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set();
  const input = paths.map((path) => `${revision}:${path}\n`).join('');
  const { stdout } = await run(['cat-file', '--batch-check'], { input });
  const answers = stdout.toString('utf8').split('\n');
  return new Set(paths.filter((_path, index) => / (blob|tree) \d+$/.test(answers[index] ?? '')));
}

/** A commit with its whole message. */
export interface LoggedCommit {
  readonly commit: CommitSha;
  readonly message: string;
}

/** Returns the commits of a revision's history, newest first, all parents followed, where the history is here. */
export async function log(run: RunGit, revision: string): Promise<LoggedCommit[]> {
  const { stdout } = await run(['log', '--topo-order', '--no-show-signature', '-z', '--format=%H%n%B', revision]);
  const entries = stdout.toString('utf8').split('\0').filter(Boolean);
  return entries.map((entry) => ({
    commit: parseCommitSha('git log', entry.slice(0, 40)),
    message: entry.slice(41),
  }));
}
