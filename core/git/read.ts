import type { ReadObjects } from '#core/git/objects.ts';
import type { RunGit } from '#core/git/remote.ts';
import { parsePrintedCommit } from '#core/git/sha256.ts';
import { parseLsTree, parseTreeObject, type TreeEntry } from '#core/git/tree-entry.ts';
import { InputError } from '#core/values/errors.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';

/** Returns the commit that a revision names; undefined where there is none. */
export async function revParse(run: RunGit, revision: string): Promise<CommitSha | undefined> {
  const argv = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  const { code, stdout } = await run(argv, { accept: 'any' });
  return code === 0 ? parsePrintedCommit(revision, stdout.toString('utf8').trim()) : undefined;
}

/** Returns the commit that a revision of our own names, such as a ref; undefined where there is none. */
export async function findCommit(read: ReadObjects, revision: string): Promise<CommitSha | undefined> {
  const [object] = await read([`${revision}^{commit}`]);
  return object === undefined ? undefined : parsePrintedCommit(revision, object.oid);
}

/** Returns those of the commits that are here. */
export async function findCommits(read: ReadObjects, commits: readonly CommitSha[]): Promise<ReadonlySet<CommitSha>> {
  const found = await read(commits);
  return new Set(commits.filter((_commit, index) => found[index]?.type === 'commit'));
}

/** Returns whether `older` is an ancestor of `newer`; undefined when one of the commits is not here. */
export async function isAncestor(run: RunGit, older: string, newer: string): Promise<boolean | undefined> {
  const { code } = await run(['merge-base', '--is-ancestor', older, newer], { accept: 'any' });
  return code === 0 ? true : code === 1 ? false : undefined;
}

/** Returns the objects that names such as `<revision>:<path>` lead to, by one process; undefined where there is none. */
export async function findObjects(run: RunGit, names: readonly string[]): Promise<(string | undefined)[]> {
  if (names.length === 0) return [];
  const input = names.map((name) => `${name}\n`).join('');
  const { stdout } = await run(['cat-file', '--batch-check=%(objectname)', '--buffer'], { input });
  return stdout
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (/^[0-9a-f]{40}$/.test(line) ? line : undefined));
}

/** Lists a tree: the entries of a folder, or with `recursive` all files below it. An absent path lists nothing. */
export async function lsTree(run: RunGit, revision: string, path: string, recursive: boolean): Promise<TreeEntry[]> {
  const spec = path === '' || path === '.' ? [] : [recursive ? path : `${path}/`];
  const depth = recursive ? ['-r'] : [];
  const argv = ['--literal-pathspecs', 'ls-tree', '-z', '--full-tree', ...depth, revision, '--', ...spec];
  return parseLsTree((await run(argv)).stdout);
}

/** Returns the contents of blobs, in the order asked for; all must be here. */
export async function readBlobs(read: ReadObjects, oids: readonly string[]): Promise<Buffer[]> {
  const found = await read(oids);
  return found.map((object, index) => {
    if (object?.type !== 'blob') throw new Error(`git cat-file does not have the blob ${oids[index]}`);
    return object.bytes;
  });
}

/** Returns the texts of those blobs that are here, in the order asked for. */
export async function findTexts(read: ReadObjects, oids: readonly string[]): Promise<(string | undefined)[]> {
  const found = await read(oids);
  return found.map((object) => (object?.type === 'blob' ? object.bytes.toString('utf8') : undefined));
}

/** Returns the entries of trees named `<revision>:<path>`; undefined where the name leads to none. */
export async function readTrees(
  read: ReadObjects,
  names: readonly string[],
): Promise<(readonly TreeEntry[] | undefined)[]> {
  const parsed = new Map<string, TreeEntry[]>(); // most commits leave a folder as it is
  return (await read(names)).map((object) => {
    if (object?.type !== 'tree') return undefined;
    const entries = parsed.get(object.oid) ?? parseTreeObject(object.bytes);
    parsed.set(object.oid, entries);
    return entries;
  });
}

/** Returns a file of a commit as text, undefined where there is none. */
export async function readText(run: RunGit, revision: string, path: string): Promise<string | undefined> {
  const { code, stdout } = await run(['cat-file', 'blob', `${revision}:${path}`], { accept: 'any' });
  return code === 0 ? stdout.toString('utf8') : undefined;
}

/** Returns the entries of paths, in their order; undefined for a path that the commit does not have. Reads no blob. */
export async function findEntries(
  run: RunGit,
  revision: string,
  paths: readonly string[],
): Promise<(TreeEntry | undefined)[]> {
  const wanted = paths.map(normalizePath);
  // a path inside another one of the list would make git open the outer one instead of naming it
  const groups = splitNested(wanted.filter((path) => path !== ''));
  const root = wanted.includes('') ? readRoot(run, revision) : undefined;
  const lists = groups.map((group) =>
    run(['--literal-pathspecs', 'ls-tree', '-z', '--full-tree', revision, '--', ...group]),
  );
  const entries = (await Promise.all(lists)).flatMap(({ stdout }) => parseLsTree(stdout));
  const listed = new Map(entries.map((entry) => [entry.path, entry]));
  if (root !== undefined) listed.set('', await root);
  return wanted.map((path) => listed.get(path));
}

async function readRoot(run: RunGit, revision: string): Promise<TreeEntry> {
  const { stdout } = await run(['rev-parse', '--verify', `${revision}^{tree}`]);
  return { path: '.', mode: '040000', type: 'tree', oid: stdout.toString('utf8').trim() };
}

/** Groups paths so that no group has a path below another of the same group. */
function splitNested(paths: readonly string[]): string[][] {
  const groups: string[][] = [];
  for (const path of new Set(paths)) {
    const group = groups.find((members) =>
      members.every((member) => !member.startsWith(`${path}/`) && !path.startsWith(`${member}/`)),
    );
    if (group === undefined) groups.push([path]);
    else group.push(path);
  }
  return groups;
}

function normalizePath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || path.startsWith('/')) throw new InputError('path', path, 'is not inside the repository');
  return parts.join('/');
}

/** A commit of a history. */
export interface LoggedCommit {
  readonly commit: CommitSha;
  /** Empty for a root commit, and where the history that is here ends. */
  readonly parents: readonly CommitSha[];
  /** The whole message where a line of it begins with the prefix that was asked for; undefined elsewhere. */
  readonly message: string | undefined;
  /** All that git printed of it, for {@link readTree}, {@link readTime} and {@link readPage}, which few commits are asked for. */
  readonly entry: string;
}

/** An entry begins with two whole ids, each followed by a space. */
const [COMMIT, TREE] = [40, 81];

/** Returns the commits below a revision, all parents followed, by one process; the messages with a line of `prefix`. */
export async function log(run: RunGit, revision: string, prefix: string): Promise<LoggedCommit[]> {
  const argv = ['log', '--no-show-signature', '-z', '--format=%H %T %P%n%ct %at %an%n%B', revision, '--'];
  const entries = (await run(argv)).stdout.toString('utf8').split('\0').filter(Boolean);
  const ofPrefix = `\n${prefix}`;
  return entries.map((entry) => {
    const parents = entry.slice(TREE + 1, entry.indexOf('\n')).split(' ') as CommitSha[]; // git prints whole ids
    return {
      commit: entry.slice(0, COMMIT) as CommitSha,
      parents: parents[0] === '' ? [] : parents,
      message: entry.includes(ofPrefix) ? splitEntry(entry).body : undefined,
      entry,
    };
  });
}

/** Splits what `git log` prints into when it was committed and written, by whom, and the message. */
function splitEntry(entry: string): { committed: string; written: string; author: string; body: string } {
  const [start, end] = [entry.indexOf('\n') + 1, entry.indexOf('\n', entry.indexOf('\n') + 1)];
  const [committed = '', written = '', ...author] = entry.slice(start, end).split(' ');
  return { committed, written, author: author.join(' '), body: entry.slice(end + 1) };
}

/** Returns a commit's root tree. */
export function readTree({ entry }: LoggedCommit): string {
  return entry.slice(COMMIT + 1, TREE);
}

/** Returns when a commit was committed, by its committer's clock. */
export function readTime({ entry }: LoggedCommit): Date {
  return new Date(Number(splitEntry(entry).committed) * 1000);
}

/** Returns what a person reads of a commit. */
export function readPage({ entry }: LoggedCommit): CommitPage {
  const { written, author, body } = splitEntry(entry);
  const [title = ''] = body.trimStart().split(/\n\s*\n/, 1); // the first paragraph, on one line
  return { author, date: new Date(Number(written) * 1000), subject: title.trim().replace(/\s*\n\s*/g, ' ') };
}

/** What a person reads of a commit: its author's name, the author's date, the first line of its message. */
export interface CommitPage {
  readonly author: string;
  readonly date: Date;
  readonly subject: string;
}

/** Returns what a person reads of a commit. */
export async function describe(run: RunGit, commit: string): Promise<CommitPage> {
  const argv = ['log', '-1', '--no-show-signature', '--format=%an%x00%aI%x00%s', commit, '--'];
  const [author = '', date = '', subject = ''] = (await run(argv)).stdout.toString('utf8').trimEnd().split('\0');
  return { author, date: new Date(date), subject };
}

/** A commit as it was written. */
export interface CommitObject {
  readonly parents: readonly CommitSha[];
  readonly message: string;
  /** `Name <address>` */
  readonly committer: string;
}

/** Returns a commit as it was written: its parents too, where they are not here. */
export async function readCommit(read: ReadObjects, commit: CommitSha): Promise<CommitObject> {
  const [object] = await read([commit]);
  if (object?.type !== 'commit') throw new Error(`git cat-file does not have the commit ${commit}`);
  const text = object.bytes.toString('utf8');
  const end = text.indexOf('\n\n');
  const parents = [...text.slice(0, end).matchAll(/^parent ([0-9a-f]+)$/gm)];
  const [, committer = ''] = /^committer (.*>) \d+ [+-]\d+$/m.exec(text.slice(0, end)) ?? [];
  const ids = parents.map(([, parent = '']) => parseCommitSha(commit, parent));
  return { parents: ids, message: text.slice(end + 2), committer };
}

/** A commit as `git show` tells it. */
export interface CommitText {
  readonly message: string;
  /** Unified, of all files, against the first parent. */
  readonly diff: string;
}

/** Returns a commit's message and what it changes; its parent must be here. */
export async function show(run: RunGit, commit: string): Promise<CommitText> {
  const diffArgs = ['-p', '-r', '--no-color', '--no-ext-diff', '--no-textconv', '--no-renames'];
  const [message, diff] = await Promise.all([
    run(['log', '-1', '--no-show-signature', '--format=%B', commit, '--']),
    run(['diff-tree', ...diffArgs, `${commit}^`, commit, '--']),
  ]);
  return { message: `${message.stdout.toString('utf8').trimEnd()}\n`, diff: diff.stdout.toString('utf8') };
}

/** A ref with the message of its commit. */
export interface RefMessage {
  readonly ref: string;
  readonly commit: CommitSha;
  readonly message: string;
}

/** Returns the refs that are here, of those named and those below a name that ends in a slash, by one process. */
export async function readRefs(run: RunGit, names: readonly string[]): Promise<RefMessage[]> {
  const format = '%(refname)%00%(objectname)%00%(contents)%00';
  const { stdout } = await run(['for-each-ref', `--format=${format}`, ...names]);
  const words = stdout.toString('utf8').split('\0');
  const refs: RefMessage[] = [];
  for (let at = 0; at + 2 < words.length; at += 3) {
    const [ref = '', commit = '', message = ''] = words.slice(at, at + 3);
    refs.push({ ref: ref.trimStart(), commit: parseCommitSha(ref, commit), message });
  }
  return refs;
}

/** Returns the commits of `head`'s first-parent line after `base` that change one of the paths, newest first. */
export async function listTouching(
  run: RunGit,
  base: string,
  head: string,
  paths: readonly string[],
): Promise<CommitSha[]> {
  const argv = ['--literal-pathspecs', 'rev-list', '--first-parent', head, `^${base}`, '--', ...paths];
  return (await run(argv)).stdout.toString('utf8').split('\n').filter(Boolean) as CommitSha[]; // whole ids only
}

/** Returns those of `commits` that are reachable from `head` and not from `base`. */
export async function listBetween(
  run: RunGit,
  base: string,
  head: string,
  commits: ReadonlySet<string>,
): Promise<string[]> {
  const { stdout } = await run(['rev-list', head, `^${base}`, '--']);
  return stdout
    .toString('utf8')
    .split('\n')
    .filter((line) => commits.has(line));
}
