import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { Refusal } from '#core/errors.ts';
import { CommandError, type Exec, type ExecOptions, type ExecResult } from '#core/exec.ts';
import { type CommitSha, parseCommitSha } from '#core/reference.ts';

/** Where the branch lives. The token goes to http(s) remotes only, as a header, never into an argument or a file. */
export interface Remote {
  readonly url: string;
  readonly token: string;
}

/** One entry of a git tree. `path` is relative to the repository, with slashes. */
export interface TreeEntry {
  readonly mode: string;
  readonly type: 'blob' | 'tree' | 'commit';
  readonly oid: string;
  readonly path: string;
}

/** What became of a push: `rejected` carries the server's reason, `unclear` what git printed when the answer got lost. */
export type PushResult = { outcome: 'pushed' } | { outcome: 'rejected' | 'unclear'; reason: string };

/** One ref of a push: where it must be, where it goes. */
export interface RefUpdate {
  readonly ref: string;
  readonly commit: CommitSha;
  readonly lease: CommitSha | undefined;
}

/** A file of a new commit. */
export interface FileChange {
  readonly path: string;
  readonly mode: string;
  readonly content: Uint8Array;
}

/** Who is written into commits that the pipeline makes: the account behind the job's own token. */
export const PIPELINE_IDENTITY = 'github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>';

/** A bare repository of our own and its remote. One method per git verb, one {@link Exec} below them all. */
export interface Git {
  readonly dir: string;
  /** Fetches refs or commits; false when the remote does not have one of them. */
  fetch(what: { refspecs: readonly string[]; depth?: number; filter?: 'tree:0' | 'blob:none' }): Promise<boolean>;
  /** Returns the commit of a ref on the remote, undefined where there is none. */
  lsRemote(ref: string): Promise<CommitSha | undefined>;
  /** Returns the remote's refs whose names begin with `prefix`. */
  lsRemoteBelow(prefix: string): Promise<ReadonlyMap<string, CommitSha>>;
  revParse(revision: string): Promise<CommitSha | undefined>;
  /** True, false, or undefined when one of the commits is not here. */
  isAncestor(older: string, newer: string): Promise<boolean | undefined>;
  /** True when the two have a common ancestor in the history that is here. */
  hasMergeBase(one: string, other: string): Promise<boolean>;
  /** Lists a tree: the entries of a folder, or with `recursive` all files below it. An absent path lists nothing. */
  lsTree(revision: string, path: string, recursive?: boolean): Promise<TreeEntry[]>;
  /** Returns the contents of blobs, in the order asked for, by one process. */
  readBlobs(oids: readonly string[]): Promise<Buffer[]>;
  /** Returns a file of a commit as text, undefined where there is none. */
  readText(revision: string, path: string): Promise<string | undefined>;
  /** Returns those of the paths that a commit has, as files or folders. */
  findPaths(revision: string, paths: readonly string[]): Promise<ReadonlySet<string>>;
  /** Returns commit ids and whole messages, newest first, all parents followed, as far as the history is here. */
  log(revision: string): Promise<{ commit: CommitSha; message: string }[]>;
  /** True when the history ends at a shallow boundary, so that more may be fetched. */
  isShallow(): boolean;
  /** Writes one commit on `parent` and returns it; no branch moves. */
  commit(what: { parent: CommitSha; message: string; files: readonly FileChange[]; at: Date }): Promise<CommitSha>;
  /** Moves remote refs, all or none, each from its lease; without a lease the ref must not be there yet. Nothing is forced. */
  push(updates: readonly RefUpdate[]): Promise<PushResult>;
}

/** What {@link createScratchGit} needs. */
export interface ScratchOptions {
  readonly exec: Exec;
  readonly dir: string;
  readonly remote: Remote;
  /** How many GIT_CONFIG_KEY_<n> the environment of `exec` carries already. */
  readonly configCount: number;
  /** A checkout whose objects are read, so that a fetch brings only what changed since. */
  readonly borrow?: string;
}

/** Makes an empty bare repository in `dir` that talks to `remote`. */
export async function createScratchGit(options: ScratchOptions): Promise<Git> {
  const { exec, dir, remote, borrow } = options;
  const environment = gitEnvironment(remote, options.configCount);
  await mkdir(dir, { recursive: true });
  const run: Run = (args, execOptions = {}) =>
    exec(['git', '-C', dir, ...args], {
      ...execOptions,
      extraEnv: environment,
      secrets: [remote.token, basicCredentials(remote.token)],
    });
  await run(['init', '--quiet', '--bare', '--template=', '.']);
  const borrowed = borrow === undefined ? undefined : await borrowObjects(exec, dir, borrow);
  if (borrowed !== undefined) await run(['update-ref', 'refs/slipway/borrowed', borrowed], { accept: 'any' });
  return gitVerbs(run, dir, remote.url);
}

/** Returns the URL behind the checkout's `origin`. */
export async function readOriginUrl(exec: Exec, checkout: string): Promise<string> {
  const { code, stdout } = await exec(['git', '-C', checkout, 'remote', 'get-url', 'origin'], { accept: 'any' });
  const url = stdout.toString('utf8').trim();
  if (code !== 0 || url === '') {
    throw new Refusal(
      `${checkout} is not a git checkout with a remote named origin; check the repository out in an earlier step`,
    );
  }
  const isPath = !/^[a-z+]+:\/\//i.test(url) && !/^[^/]+:/.test(url);
  return isPath && !isAbsolute(url) ? resolve(checkout, url) : url;
}

type Run = (args: readonly string[], options?: ExecOptions) => Promise<ExecResult>;

function gitVerbs(run: Run, dir: string, url: string): Git {
  return {
    dir,
    fetch: (what) => fetchFrom(run, url, what),
    lsRemote: async (ref) => {
      const { code, stdout } = await run(['ls-remote', '--exit-code', url, ref], { accept: [0, 2] }).catch(
        explainRemote(url),
      );
      if (code === 2) return undefined;
      const line = stdout
        .toString('utf8')
        .split('\n')
        .find((text) => text.split('\t')[1] === ref);
      return line === undefined ? undefined : parseCommitSha(ref, line.split('\t')[0] ?? '');
    },
    lsRemoteBelow: async (prefix) => {
      const { stdout } = await run(['ls-remote', url, `${prefix}*`]).catch(explainRemote(url));
      const lines = stdout
        .toString('utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split('\t'));
      return new Map(lines.map(([sha = '', ref = '']) => [ref, parseCommitSha(ref, sha)]));
    },
    revParse: async (revision) => {
      const { code, stdout } = await run(
        ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`],
        { accept: 'any' },
      );
      return code === 0 ? parseCommitSha(revision, stdout.toString('utf8').trim()) : undefined;
    },
    isAncestor: async (older, newer) => {
      const { code } = await run(['merge-base', '--is-ancestor', older, newer], { accept: 'any' });
      return code === 0 ? true : code === 1 ? false : undefined;
    },
    hasMergeBase: async (one, other) => (await run(['merge-base', one, other], { accept: [0, 1] })).code === 0,
    lsTree: async (revision, path, recursive = false) => {
      const spec = path === '' || path === '.' ? [] : [recursive ? path : `${path}/`];
      const { stdout } = await run([
        '--literal-pathspecs',
        'ls-tree',
        '-z',
        '--full-tree',
        ...(recursive ? ['-r'] : []),
        revision,
        '--',
        ...spec,
      ]);
      return stdout.toString('utf8').split('\0').filter(Boolean).map(parseTreeLine);
    },
    readBlobs: async (oids) => {
      if (oids.length === 0) return [];
      const { stdout } = await run(['cat-file', '--batch'], { input: oids.map((oid) => `${oid}\n`).join('') });
      return splitBatch(stdout, oids);
    },
    readText: async (revision, path) => {
      const { code, stdout } = await run(['cat-file', 'blob', `${revision}:${path}`], { accept: 'any' });
      return code === 0 ? stdout.toString('utf8') : undefined;
    },
    findPaths: async (revision, paths) => {
      if (paths.length === 0) return new Set();
      const input = paths.map((path) => `${revision}:${path}\n`).join('');
      const { stdout } = await run(['cat-file', '--batch-check'], { input });
      const answers = stdout.toString('utf8').split('\n');
      return new Set(paths.filter((_path, index) => / (blob|tree) \d+$/.test(answers[index] ?? '')));
    },
    log: async (revision) => {
      const { stdout } = await run(['log', '--topo-order', '--no-show-signature', '-z', '--format=%H%n%B', revision]);
      return stdout
        .toString('utf8')
        .split('\0')
        .filter(Boolean)
        .map((entry) => ({ commit: parseCommitSha('git log', entry.slice(0, 40)), message: entry.slice(41) }));
    },
    isShallow: () => existsSync(join(dir, 'shallow')),
    commit: (what) => writeCommit(run, what),
    push: (updates) => pushTo(run, url, updates),
  };
}

async function fetchFrom(run: Run, url: string, what: Parameters<Git['fetch']>[0]): Promise<boolean> {
  const depth = what.depth === undefined ? [] : [`--depth=${what.depth}`];
  const filter = what.filter === undefined ? [] : [`--filter=${what.filter}`];
  const flags = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', ...depth, ...filter];
  const argv = ['fetch', ...flags, url, ...what.refspecs];
  const first = await run(argv, { accept: 'any' });
  if (first.code === 0) return true;
  const sources = what.refspecs.map((refspec) => refspec.replace(/^\+/, '').split(':')[0] ?? refspec);
  for (const source of sources.filter((name) => name.startsWith('refs/'))) {
    const { code } = await run(['ls-remote', '--exit-code', url, source], { accept: [0, 2] }).catch(explainRemote(url));
    if (code === 2) return false;
  }
  const again = await run(argv, { accept: 'any' });
  if (again.code === 0) return true;
  if (sources.some((name) => !name.startsWith('refs/')) && /not our ref|unadvertised object/.test(again.stderr))
    return false;
  return explainRemote(url)(
    new CommandError({ argv: ['git', 'fetch'], code: again.code, reason: 'failed', stderr: again.stderr }),
  );
}

/** One process for blobs, trees and commit; only the trees on the files' own paths are read. */
async function writeCommit(run: Run, what: Parameters<Git['commit']>[0]): Promise<CommitSha> {
  const when = `${Math.floor(what.at.getTime() / 1000)} +0000`;
  const message = Buffer.from(what.message, 'utf8');
  const stream = [
    Buffer.from(
      `commit refs/slipway/landing\nauthor ${PIPELINE_IDENTITY} ${when}\ncommitter ${PIPELINE_IDENTITY} ${when}\n`,
    ),
    dataOf(message),
    Buffer.from(`from ${what.parent}\n`),
    ...what.files.flatMap((file) => [
      Buffer.from(`M ${file.mode} inline ${quotePath(file.path)}\n`),
      dataOf(file.content),
    ]),
    Buffer.from('done\n'),
  ];
  await run(['fast-import', '--quiet', '--force', '--done', '--date-format=raw'], { input: Buffer.concat(stream) });
  const { stdout } = await run(['rev-parse', '--verify', 'refs/slipway/landing']);
  return parseCommitSha('git fast-import', stdout.toString('utf8').trim());
}

function dataOf(content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`data ${content.byteLength}\n`), content, Buffer.from('\n')]);
}

function quotePath(path: string): string {
  return `"${path.replace(/[\\"]/g, (char) => `\\${char}`).replace(/\n/g, '\\n')}"`;
}

/**
 * The lease makes the update conditional on what was read, so a deleted branch is not created anew; the commit is a
 * child of the lease, so nothing can be lost. The result is read from `--porcelain`, whose flags are stable.
 */
async function pushTo(run: Run, url: string, updates: readonly RefUpdate[]): Promise<PushResult> {
  const leases = updates.map((update) => `--force-with-lease=${update.ref}:${update.lease ?? ''}`);
  const refspecs = updates.map((update) => `${update.commit}:${update.ref}`);
  const argv = ['push', '--porcelain', '--no-verify', '--atomic', ...leases, url, ...refspecs];
  const { code, stdout, stderr } = await run(argv, { accept: 'any' });
  const lines = stdout
    .toString('utf8')
    .split('\n')
    .filter((text) => /^[ +*=!-]\t/.test(text));
  const refused = lines.filter((line) => line.startsWith('!'));
  if (code === 0 && lines.length > 0 && refused.length === 0) return { outcome: 'pushed' };
  if (refused.length === 0) return { outcome: 'unclear', reason: stderr.trim() };
  const reasons = new Set(refused.map((line) => line.split('\t')[2] ?? ''));
  return { outcome: 'rejected', reason: [...reasons, ...remoteWords(stderr)].join(' ').trim() };
}

function remoteWords(stderr: string): string[] {
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('remote: '))
    .map((line) => line.slice('remote: '.length).trim())
    .filter((line) => line !== '');
}

function explainRemote(url: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof CommandError)) throw error;
    const said = error.stderr.trim().split('\n').slice(-3).join(' ');
    const remedy = /\b40[13]\b|[Aa]uthentication|[Pp]ermission|could not read Username/.test(said)
      ? 'check that the token input may read the repository (permissions: contents)'
      : 'check that it can be reached from this runner';
    throw new Refusal(`the repository ${url} does not answer: ${remedy} (${said})`, { cause: undefined });
  };
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

function parseTreeLine(line: string): TreeEntry {
  const tab = line.indexOf('\t');
  const [mode = '', type = '', oid = ''] = line.slice(0, tab).split(' ');
  return { mode, type: type as TreeEntry['type'], oid, path: line.slice(tab + 1) }; // git prints these three words only
}

function gitEnvironment(remote: Remote, configCount: number): Record<string, string> {
  const common = { GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C', GIT_DIR: '.' };
  if (remote.token === '' || !/^https?:\/\//i.test(remote.url)) return common;
  return {
    ...common,
    GIT_CONFIG_COUNT: String(configCount + 1),
    [`GIT_CONFIG_KEY_${configCount}`]: `http.${new URL(remote.url).origin}/.extraheader`,
    [`GIT_CONFIG_VALUE_${configCount}`]: `AUTHORIZATION: basic ${basicCredentials(remote.token)}`,
  };
}

/** Returns what stands in the Basic authorization header for a token, as GitHub's git server wants it. */
export function basicCredentials(token: string): string {
  return token === '' ? '' : Buffer.from(`x-access-token:${token}`).toString('base64');
}

/**
 * Lets `dir` read the checkout's objects, so that a fetch brings only what changed since. A partial clone lends
 * nothing: git would count on objects that it never fetched. Returns the checkout's commit.
 */
async function borrowObjects(exec: Exec, dir: string, checkout: string): Promise<string | undefined> {
  const ask = (...args: string[]) => exec(['git', '-C', checkout, ...args], { accept: 'any' });
  const partial = await ask('config', '--get-regexp', '^remote\\..*\\.(promisor|partialclonefilter)$');
  if (partial.code === 0) return undefined;
  const { code, stdout } = await ask('rev-parse', '--git-path', 'objects', '--git-path', 'shallow', '--verify', 'HEAD');
  const [objects, shallow, head] = stdout.toString('utf8').trim().split('\n');
  if (code !== 0 || objects === undefined || shallow === undefined || head === undefined) return undefined;
  await writeFile(join(dir, 'objects', 'info', 'alternates'), `${resolve(checkout, objects)}\n`);
  const boundary = await readFile(resolve(checkout, shallow)).catch(() => undefined);
  if (boundary !== undefined) await writeFile(join(dir, 'shallow'), boundary);
  return head;
}
