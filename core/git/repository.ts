import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { borrowObjects, readLender } from '#core/git/borrow.ts';
import { type NewCommit, writeCommit } from '#core/git/commit.ts';
import { grep, listChangedPaths, mergeBase } from '#core/git/compare.ts';
import { type Fetch, fetchFrom, fetchObjects, forget, lsRefs, lsRemote } from '#core/git/fetch.ts';
import { openObjects } from '#core/git/objects.ts';
import { type PushResult, pushTo, type RefUpdate } from '#core/git/push.ts';
import {
  type CommitObject,
  type CommitPage,
  type CommitText,
  describe,
  findCommit,
  findCommits,
  findTexts,
  isAncestor,
  type LoggedCommit,
  listBetween,
  listTouching,
  log,
  type RefMessage,
  readBlobs,
  readCommit,
  readRefs,
  readTrees,
  show,
} from '#core/git/read.ts';
import { gitEnvironment, type Remote, type RunGit, secretsOf } from '#core/git/remote.ts';
import type { TreeEntry } from '#core/git/tree-entry.ts';
import { openTrees } from '#core/git/trees.ts';
import type { Exec } from '#core/system/exec.ts';
import { createQueue } from '#core/system/limit.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** The commit of the checkout that lends its objects; all of its tree is here. */
export const BORROWED = 'refs/slipway/borrowed';

/** A bare repository of our own and its remote. One method per git verb; each is documented beside its code. */
export interface Git {
  readonly dir: string;
  /** Fetches refs or commits; false when the remote does not have one of them. */
  fetch(what: Fetch): Promise<boolean>;
  /** Returns the commit of a ref on the remote, undefined where there is none. */
  lsRemote(ref: string): Promise<CommitSha | undefined>;
  /** Returns the commits of those of the refs that the remote has. */
  lsRefs(refs: readonly string[]): Promise<ReadonlyMap<string, CommitSha>>;
  /** Fetches single objects by their ids, whatever a filter left out. */
  fetchObjects(oids: readonly string[]): Promise<void>;
  revParse(revision: string): Promise<CommitSha | undefined>;
  /** Returns those of the commits that are here. */
  findCommits(commits: readonly CommitSha[]): Promise<ReadonlySet<CommitSha>>;
  /** Returns the objects that names such as `<revision>:<path>` lead to; undefined where there is none. */
  findObjects(names: readonly string[]): Promise<(string | undefined)[]>;
  /** True, false, or undefined when one of the commits is not here. */
  isAncestor(older: string, newer: string): Promise<boolean | undefined>;
  /** Returns the best common ancestor of two commits, by the history that is here; undefined where there is none. */
  mergeBase(one: CommitSha, other: CommitSha): Promise<CommitSha | undefined>;
  /** Returns the paths at which two commits differ; a file that moved is at both. */
  listChangedPaths(from: CommitSha, to: CommitSha): Promise<string[]>;
  /** Returns the files of a commit that have a line of a pattern, of those that `globs` name. */
  grep(commit: CommitSha, pattern: string, globs: readonly string[]): Promise<string[]>;
  /** Lists a tree: the entries of a folder, or with `recursive` all files below it. An absent path lists nothing. */
  lsTree(revision: string, path: string, recursive?: boolean): Promise<TreeEntry[]>;
  /** Returns the contents of blobs, in the order asked for, by one process. */
  readBlobs(oids: readonly string[]): Promise<Buffer[]>;
  /** Returns the texts of those blobs that are here, in the order asked for, by one process. */
  findTexts(oids: readonly string[]): Promise<(string | undefined)[]>;
  /** Returns the entries of trees named `<revision>:<path>`, by one process; undefined for a name without one. */
  readTrees(names: readonly string[]): Promise<(readonly TreeEntry[] | undefined)[]>;
  /** Returns a file of a commit as text, undefined where there is none. */
  readText(revision: string, path: string): Promise<string | undefined>;
  /** Returns the entries of paths, in their order; undefined for a path that the commit does not have. */
  findEntries(revision: string, paths: readonly string[]): Promise<(TreeEntry | undefined)[]>;
  /** Returns the commits below a revision, all parents followed; the messages with a line that begins with `prefix`. */
  log(revision: string, prefix: string): Promise<LoggedCommit[]>;
  /** Returns what a person reads of a commit. */
  describe(commit: string): Promise<CommitPage>;
  /** Returns a commit as it was written: its parents too, where they are not here. */
  readCommit(commit: CommitSha): Promise<CommitObject>;
  /** Returns a commit's message and what it changes; its parent must be here. */
  show(commit: string): Promise<CommitText>;
  /** Returns the refs that are here, of those named and those below a name that ends in a slash. */
  readRefs(names: readonly string[]): Promise<RefMessage[]>;
  /** Returns the commits of `head`'s first-parent line after `base` that change one of the paths, newest first. */
  listTouching(base: string, head: string, paths: readonly string[]): Promise<CommitSha[]>;
  /** Returns those of `commits` that are reachable from `head` and not from `base`. */
  listBetween(base: string, head: string, commits: ReadonlySet<string>): Promise<string[]>;
  /** Returns the commits whose parents were not fetched. */
  shallowCommits(): Promise<ReadonlySet<string>>;
  /** True when the history ends at a shallow boundary, so that more may be fetched. */
  isShallow(): boolean;
  /** Writes one commit, on `parent` where it has one, and returns it; no branch moves. */
  commit(what: NewCommit): Promise<CommitSha>;
  /** Moves and deletes remote refs, all or none, each from its lease; without a lease the ref must not exist yet. Nothing is forced. */
  push(updates: readonly RefUpdate[]): Promise<PushResult>;
  /** Ends the process that reads objects; a later question starts another one. */
  close(): Promise<void>;
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

/** Returns an empty bare repository in `dir` that talks to `remote`; it is made when it is used first. */
export function createScratchGit(options: ScratchOptions): Git {
  const { exec, dir, remote, borrow } = options;
  const environment = gitEnvironment(remote, options.configCount);
  const runThere: RunGit = (args, execOptions = {}) =>
    exec(['git', '-C', dir, ...args], {
      ...execOptions,
      extraEnv: environment,
      secrets: secretsOf(remote),
    });
  const make = async (): Promise<void> => {
    await mkdir(dir, { recursive: true });
    const init = runThere(['init', '--quiet', '--bare', '--template=', '.']);
    const [lender] = await Promise.all([borrow === undefined ? undefined : readLender(exec, borrow), init]);
    if (lender === undefined) return;
    await borrowObjects(dir, lender);
    await runThere(['update-ref', BORROWED, lender.head], { accept: 'any' });
  };
  let making: Promise<void> | undefined;
  const run: RunGit = async (args, execOptions) => {
    making ??= make();
    await making;
    return runThere(args, execOptions);
  };
  return openGit(run, dir, remote);
}

function openGit(run: RunGit, dir: string, remote: Remote): Git {
  let outputs = 0;
  const runLong: RunGit = (args, options) => run(args, { ...options, through: join(dir, `output-${outputs++}`) });
  const objects = openObjects(run, runLong);
  const { read } = objects;
  const trees = openTrees(run, objects);
  let wasFetched = false;
  const isShallow = (): boolean => existsSync(join(dir, 'shallow'));
  const oneByOne = createQueue(); // two fetches at once would fight over the locks of `shallow` and of refs
  return {
    dir,
    fetch: (what) =>
      oneByOne(async () => {
        if (what.afresh === true && (wasFetched || isShallow())) await forget(run, dir);
        wasFetched = true;
        return fetchFrom(run, remote, what);
      }),
    lsRemote: (ref) => lsRemote(run, remote, ref),
    lsRefs: (refs) => lsRefs(run, remote, refs),
    fetchObjects: (oids) => oneByOne(() => fetchObjects(run, remote, oids)),
    revParse: (revision) => findCommit(read, revision),
    findCommits: (commits) => findCommits(read, commits),
    isAncestor: (older, newer) => isAncestor(run, older, newer),
    mergeBase: (one, other) => mergeBase(run, one, other),
    listChangedPaths: (from, to) => listChangedPaths(run, from, to),
    grep: (commit, pattern, globs) => grep(run, commit, pattern, globs),
    lsTree: (revision, path, recursive = false) => trees.lsTree(revision, path, recursive),
    readBlobs: (oids) => readBlobs(read, oids),
    findTexts: (oids) => findTexts(read, oids),
    readTrees: (names) => readTrees(read, names),
    readText: trees.readText,
    findEntries: trees.findEntries,
    describe: (commit) => describe(run, commit),
    readCommit: (commit) => readCommit(read, commit),
    show: (commit) => show(run, commit),
    readRefs: (names) => readRefs(run, names),
    findObjects: trees.findObjects,
    log: (revision, prefix) => log(runLong, revision, prefix),
    listTouching: (base, head, paths) => listTouching(run, base, head, paths),
    listBetween: (base, head, commits) => listBetween(run, base, head, commits),
    shallowCommits: async () => {
      const text = await readFile(join(dir, 'shallow'), 'utf8').catch(() => '');
      return new Set(text.split('\n').filter(Boolean));
    },
    isShallow,
    commit: (what) => writeCommit(run, what),
    push: (updates) => pushTo(run, remote, updates),
    close: objects.close,
  };
}
