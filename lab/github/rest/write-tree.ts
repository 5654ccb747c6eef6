import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Git, kindOf } from '#lab/github/rest/git.ts';
import { readTree } from '#lab/github/rest/tree.ts';

/** What a new tree has at a path: text, an object, or nothing any more (`sha: null`). */
export interface WantedEntry {
  readonly path: string;
  readonly mode: string;
  readonly type?: 'blob' | 'tree' | 'commit' | undefined;
  readonly sha?: string | null | undefined;
  readonly content?: string | undefined;
}

/** A tree that cannot be written, in GitHub's words. */
export class WrongTree extends Error {
  override readonly name = 'WrongTree';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Writes a tree and returns its SHA. It is put together in an index of its own, so that calls at once do not meet.
 * https://docs.github.com/en/rest/git/trees#create-a-tree
 */
export async function writeTree(git: Git, base: string | undefined, wanted: readonly WantedEntry[]): Promise<string> {
  if (wanted.length === 0) throw new WrongTree(422, 'Invalid tree info');
  const folder = await mkdtemp(join(tmpdir(), 'slipway-index-'));
  const env = { GIT_INDEX_FILE: join(folder, 'index') };
  const inIndex: Git = (args, options = {}) => git(args, { ...options, env });
  try {
    await startFrom(inIndex, base);
    for (const entry of wanted) await place(inIndex, entry);
    const { code, text } = await inIndex(['write-tree']);
    if (code !== 0) throw new WrongTree(422, 'GitRPC::BadObjectState');
    return text.trim();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function startFrom(git: Git, base: string | undefined): Promise<void> {
  if (base === undefined) return;
  const kind = await kindOf(git, base);
  if (kind !== 'tree' && kind !== 'commit') throw new WrongTree(422, 'Tree SHA does not exist');
  await git(['read-tree', base]);
}

async function place(git: Git, entry: WantedEntry): Promise<void> {
  const { path, content, sha } = entry;
  if (isMalformed(path)) throw new WrongTree(422, 'tree.path contains a malformed path component');
  if (sha !== undefined && content !== undefined)
    throw new WrongTree(422, 'Must supply either tree.sha or tree.content, not both');
  if (sha === null) return remove(git, path);
  if (content !== undefined) {
    const written = await git(['hash-object', '-w', '--stdin'], { input: content });
    return record(git, entry.mode, written.text.trim(), path);
  }
  const expected = entry.mode === '040000' ? 'tree' : entry.mode === '160000' ? 'commit' : 'blob';
  if (entry.type !== undefined && entry.type !== expected)
    throw new WrongTree(422, `tree.mode ${entry.mode} is not one of a ${entry.type}`);
  if (sha === undefined) throw new WrongTree(422, 'Must supply tree.sha or tree.content');
  // the commit of a submodule lives elsewhere
  if (expected !== 'commit' && (await kindOf(git, sha)) !== expected)
    throw new WrongTree(422, `tree.sha ${sha} is not a valid ${expected}`);
  if (expected !== 'tree') return record(git, entry.mode, sha, path);
  await clear(git, path);
  const files = (await readTree(git, sha, { recursive: true })).filter(({ kind }) => kind !== 'tree');
  const input = files.map((file) => `${file.mode} ${file.sha}\t${path}/${file.path}\0`).join('');
  if (input !== '') await git(['update-index', '-z', '--index-info'], { input });
}

async function record(git: Git, mode: string, sha: string, path: string): Promise<void> {
  await clear(git, path);
  const input = `${mode} ${sha}\t${path}\0`;
  const { code } = await git(['update-index', '-z', '--index-info'], { input });
  if (code !== 0) throw new WrongTree(422, 'GitRPC::BadObjectState');
}

async function remove(git: Git, path: string): Promise<void> {
  if ((await listBelow(git, path)).length === 0) throw new WrongTree(422, 'GitRPC::BadObjectState');
  await clear(git, path);
}

/** A file takes the place of a folder, and a folder that of a file. */
async function clear(git: Git, path: string): Promise<void> {
  const parents = path
    .split('/')
    .map((_name, depth, names) => names.slice(0, depth).join('/'))
    .slice(1);
  const all = [...(await listBelow(git, path)), ...parents];
  const input = all.map((name) => `0 ${'0'.repeat(40)}\t${name}\0`).join('');
  if (input !== '') await git(['update-index', '-z', '--index-info'], { input });
}

async function listBelow(git: Git, path: string): Promise<string[]> {
  const { text } = await git(['--literal-pathspecs', 'ls-files', '-z', '--', path]);
  return text.split('\0').filter(Boolean);
}

function isMalformed(path: string): boolean {
  return path.includes('\0') || path.split('/').some((part) => ['', '.', '..'].includes(part) || /^\.git$/i.test(part));
}
