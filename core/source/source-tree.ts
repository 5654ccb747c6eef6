import { parseLsTree, type TreeEntry } from '#core/git/tree-entry.ts';
import type { Exec } from '#core/system/exec.ts';
import { InputError, Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What reads a commit: git in one checkout. */
export interface SourceTree {
  readonly commit: CommitSha;
  /** Returns the ids of paths, in their order; undefined for a path that the commit does not have. */
  findIds(paths: readonly string[]): Promise<(TreeEntry | undefined)[]>;
  /** Returns a file's text, or undefined where the commit has no such file. */
  readText(path: string): Promise<string | undefined>;
}

/** Opens the commit that is checked out in `checkout`. What else lies in the work tree is never read. */
export async function openSourceTree(exec: Exec, checkout: string): Promise<SourceTree> {
  const commit = await readHead(exec, checkout);
  return {
    commit,
    findIds: (paths) => findIds(exec, checkout, commit, paths),
    readText: async (path) => {
      const { code, stdout } = await exec(['git', '-C', checkout, 'cat-file', 'blob', `${commit}:${path}`], {
        accept: [0, 128],
      });
      return code === 0 ? stdout.toString('utf8') : undefined;
    },
  };
}

async function readHead(exec: Exec, checkout: string): Promise<CommitSha> {
  const { code, stdout, stderr } = await exec(['git', '-C', checkout, 'rev-parse', '--verify', 'HEAD^{commit}'], {
    accept: 'any',
  });
  if (code === 0) return stdout.toString('utf8').trim() as CommitSha; // --verify prints a full id or fails
  throw new Refusal(
    `no commit is checked out in ${checkout} (${stderr.trim()}); run actions/checkout in an earlier step`,
  );
}

async function findIds(
  exec: Exec,
  checkout: string,
  commit: CommitSha,
  paths: readonly string[],
): Promise<(TreeEntry | undefined)[]> {
  const wanted = paths.map(normalizePath);
  // a path inside another one of the list would make git open the outer one instead of naming it
  const groups = splitNested(wanted.filter((path) => path !== ''));
  const root = wanted.includes('') ? readRoot(exec, checkout, commit) : undefined;
  const lists = groups.map((group) =>
    exec(['git', '-C', checkout, 'ls-tree', '-z', '--full-tree', commit, '--', ...group]),
  );
  const entries = (await Promise.all(lists)).flatMap(({ stdout }) => parseLsTree(stdout));
  const listed = new Map(entries.map((entry) => [entry.path, entry]));
  if (root !== undefined) listed.set('', await root);
  return wanted.map((path) => listed.get(path));
}

async function readRoot(exec: Exec, checkout: string, commit: CommitSha): Promise<TreeEntry> {
  const { stdout } = await exec(['git', '-C', checkout, 'rev-parse', '--verify', `${commit}^{tree}`]);
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
