import { type Bearer, loginOf } from '#lab/github/identity/tokens.ts';
import { type Branches, createBranches } from '#lab/github/pulls/branches.ts';
import { createMerger, type MergeAsked, type Merger } from '#lab/github/pulls/merge.ts';
import type {
  CommentRecord,
  IssueRecord,
  PullAction,
  PullChanges,
  PullRecord,
  PullSettings,
} from '#lab/github/pulls/records.ts';
import type { RefMove } from '#lab/github/repository.ts';
import { type Git, NO_OBJECT } from '#lab/github/rest/git.ts';

/** What the pull requests of a repository need. */
export interface PullOptions {
  readonly git: Git;
  /** owner/name. */
  readonly repository: string;
  readonly now: () => Date;
  /** Told of each event that GitHub has for it. */
  readonly announce: (pull: PullRecord, action: PullAction, bearer: Bearer, changes?: PullChanges) => Promise<void>;
  /** Told that a merge moved the base. */
  readonly moved: (bearer: Bearer, moves: readonly RefMove[]) => Promise<void>;
}

/** What a new pull request is asked for. */
export interface PullAsked {
  readonly title: string;
  readonly body: string | null;
  /** `branch`, or `owner:branch` of a fork. */
  readonly head: string;
  readonly base: string;
}

/** What is to be another one; what is left out stays. */
export interface PullEdit {
  readonly title?: string | undefined;
  readonly body?: string | null | undefined;
  readonly base?: string | undefined;
}

/** What GitHub answers instead of doing it. */
export interface PullRefusal {
  readonly status: 403 | 404 | 405 | 409 | 422;
  readonly message: string;
}

/** The pull requests of a repository, and the comments on them. */
export interface Pulls {
  readonly all: readonly PullRecord[];
  /** Oldest first. */
  readonly comments: CommentRecord[];
  /** Issues, which are numbered with the pull requests. Oldest first. */
  readonly issues: IssueRecord[];
  nextNumber(): number;
  readonly settings: PullSettings;
  /** Gives it another title, text or base. */
  edit(pull: PullRecord, asked: PullEdit, bearer: Bearer): Promise<PullRefusal | undefined>;
  /** Returns the required commit statuses that the head lacks. */
  listMissing(pull: PullRecord): string[];
  /** To be called after a commit got a status: merges what waits for it. */
  noteStatus(sha: string, context: string, status: string): Promise<void>;
  /** Returns an id that no comment has or had. */
  nextCommentId(): number;
  find(number: number): PullRecord | undefined;
  /** Lets pull requests come from this bare repository. */
  addFork(repository: string, bare: string): void;
  open(asked: PullAsked, bearer: Bearer): Promise<PullRecord | PullRefusal>;
  /** Closes or opens it again; undefined where that is done. */
  turn(pull: PullRecord, state: 'open' | 'closed', bearer: Bearer): Promise<PullRefusal | undefined>;
  merge(pull: PullRecord, asked: MergeAsked, bearer: Bearer): Promise<{ readonly sha: string } | PullRefusal>;
  /** Returns the commit that a merge would make now, at refs/pull/<number>/merge; undefined where there is a conflict. */
  testMerge(pull: PullRecord): Promise<string | undefined>;
  /** To be called after references of the repository or of a fork moved. */
  noteMoves(repository: string, moves: readonly RefMove[], bearer: Bearer): Promise<void>;
}

/** The settings at first. */
const NEW_REPOSITORY: PullSettings = {
  allowAutoMerge: false,
  actionsMayOpenPulls: true,
  requiredContexts: [],
  squashMessage: 'COMMIT_MESSAGES',
};

/** Opens the pull requests of a repository; there are none at first. */
export function createPulls(options: PullOptions): Pulls {
  const { git, repository, now } = options;
  const all: PullRecord[] = [];
  const issues: IssueRecord[] = [];
  const nextNumber = (): number => all.length + issues.length + 1;
  const branches = createBranches(git, repository);
  const settings: PullSettings = { ...NEW_REPOSITORY };
  const statuses = new Map<string, string>();
  const state: State = {
    ...options,
    settings,
    statuses,
    all,
    nextNumber,
    branches,
    merger: createMerger(git, now, settings),
  };
  const tested = new WeakMap<PullRecord, string>();
  let commentIds = 0;
  return {
    all,
    issues,
    nextNumber,
    settings,
    comments: [],
    nextCommentId: () => ++commentIds,
    find: (number) => all.find((pull) => pull.number === number),
    addFork: branches.addFork,
    open: (asked, bearer) => openPull(state, asked, bearer),
    turn: (pull, wanted, bearer) => turnPull(state, pull, wanted, bearer),
    merge: (pull, asked, bearer) => mergePull(state, pull, asked, bearer),
    edit: (pull, asked, bearer) => editPull(state, pull, asked, bearer),
    listMissing: (pull) => listMissing(state, pull),
    noteStatus: async (sha, context, status) => {
      statuses.set(`${sha} ${context}`, status);
      for (const pull of all) if (pull.head.sha === sha) await mergeWhenReady(state, pull);
    },
    testMerge: async (pull) => {
      const base = await branches.read(repository, pull.base.ref);
      const sha = base === undefined ? undefined : await state.merger.test(pull, base.sha);
      if (sha !== undefined && tested.get(pull) !== sha)
        await git(['update-ref', `refs/pull/${pull.number}/merge`, sha]);
      if (sha !== undefined) tested.set(pull, sha);
      return sha;
    },
    noteMoves: async (name, moves, bearer) => {
      const concerned = moves.flatMap(({ ref, after }) =>
        all
          .filter(
            ({ state: now, head }) => now === 'open' && head.repository === name && ref === `refs/heads/${head.ref}`,
          )
          .map((pull) => ({ pull, after })),
      );
      for (const { pull, after } of concerned) await followHead(state, pull, after, bearer);
    },
  };
}

interface State extends PullOptions {
  readonly all: PullRecord[];
  readonly nextNumber: () => number;
  readonly settings: PullSettings;
  readonly statuses: ReadonlyMap<string, string>;
  readonly branches: Branches;
  readonly merger: Merger;
}

async function openPull(
  { git, repository, now, announce, all, nextNumber, branches, settings }: State,
  { title, body, head: written, base: into }: PullAsked,
  bearer: Bearer,
): Promise<PullRecord | PullRefusal> {
  if (!settings.actionsMayOpenPulls && bearer.kind === 'job' && bearer.app === undefined)
    return { status: 403, message: 'GitHub Actions is not permitted to create or approve pull requests.' };
  const [owner, ref = ''] = written.includes(':') ? written.split(':') : [undefined, written];
  const head = await branches.read(branches.ofOwner(owner), ref);
  const base = await branches.read(repository, into);
  if (head === undefined || base === undefined)
    return { status: 422, message: `${head === undefined ? 'head' : 'base'} is not a branch` };
  const isSame = (pull: PullRecord): boolean =>
    pull.head.repository === head.repository && pull.head.ref === ref && pull.base.ref === base.ref;
  if (all.some((pull) => pull.state === 'open' && isSame(pull)))
    return { status: 422, message: `A pull request already exists for ${head.repository.split('/')[0]}:${ref}.` };
  const isIn =
    head.repository === repository && (await git(['merge-base', '--is-ancestor', head.sha, base.sha])).code === 0;
  if (isIn) return { status: 422, message: `No commits between ${into} and ${ref}` };
  const pull: PullRecord = {
    ...{ number: nextNumber(), login: loginOf(bearer), title, body, head, base },
    ...{ createdAt: now(), updatedAt: now(), closedAt: undefined },
    ...{ state: 'open', locked: false, merged: undefined },
  };
  all.push(pull);
  await branches.keep(pull.number, head);
  await announce(pull, 'opened', bearer);
  return pull;
}

async function closePull({ now, announce }: State, pull: PullRecord, bearer: Bearer): Promise<void> {
  Object.assign(pull, { state: 'closed', closedAt: now(), updatedAt: now() });
  await announce(pull, 'closed', bearer);
}

async function turnPull(
  state: State,
  pull: PullRecord,
  wanted: 'open' | 'closed',
  bearer: Bearer,
): Promise<PullRefusal | undefined> {
  const { repository, now, announce, branches } = state;
  if (pull.state === wanted) return undefined;
  if (wanted === 'closed') return void (await closePull(state, pull, bearer));
  const head = await branches.read(pull.head.repository, pull.head.ref);
  const base = await branches.read(repository, pull.base.ref);
  if (pull.merged !== undefined || head === undefined || base === undefined)
    return { status: 422, message: `state cannot be changed. The ${pull.head.ref} branch was deleted or merged.` };
  await branches.keep(pull.number, head);
  Object.assign(pull, { state: wanted, head, base, closedAt: undefined, updatedAt: now() });
  await announce(pull, 'reopened', bearer);
  return undefined;
}

async function mergePull(
  state: State,
  pull: PullRecord,
  asked: MergeAsked,
  bearer: Bearer,
): Promise<{ readonly sha: string } | PullRefusal> {
  const { git, repository, now, moved, branches, merger } = state;
  if (pull.state === 'closed') return { status: 405, message: 'Pull Request is not mergeable' };
  if (asked.sha !== undefined && asked.sha !== pull.head.sha)
    return { status: 409, message: 'Head branch was modified. Review and try the merge again.' };
  const [missing] = listMissing(state, pull);
  if (missing !== undefined) return { status: 405, message: `Required status check "${missing}" is expected.` };
  const ref = `refs/heads/${pull.base.ref}`;
  const before = (await branches.read(repository, pull.base.ref))?.sha ?? NO_OBJECT;
  const sha = await merger.merge(pull, before, asked);
  if (sha === undefined) return { status: 405, message: 'Pull Request is not mergeable' };
  if ((await git(['update-ref', ref, sha, before])).code !== 0)
    return { status: 409, message: 'Base branch was modified. Review and try the merge again.' };
  pull.merged = { at: now(), by: loginOf(bearer), sha };
  await moved(bearer, [{ ref, before, after: sha }]);
  await closePull(state, pull, bearer);
  return { sha };
}

/** One event for all that an edit changes; none where it changes nothing. */
async function editPull(
  state: State,
  pull: PullRecord,
  { title, body, base }: PullEdit,
  bearer: Bearer,
): Promise<PullRefusal | undefined> {
  const was = { title: pull.title, body: pull.body, base: pull.base };
  const refusal = base === undefined || base === was.base.ref ? undefined : await retargetPull(state, pull, base);
  if (refusal !== undefined) return refusal;
  Object.assign(pull, { ...(title === undefined ? {} : { title }), ...(body === undefined ? {} : { body }) });
  const changes: PullChanges = {
    ...(pull.title === was.title ? {} : { title: { from: was.title } }),
    ...(pull.body === was.body ? {} : { body: { from: was.body ?? '' } }),
    ...(pull.base.ref === was.base.ref ? {} : { base: { ref: { from: was.base.ref }, sha: { from: was.base.sha } } }),
  };
  if (Object.keys(changes).length > 0) await state.announce(pull, 'edited', bearer, changes);
  return undefined;
}

async function retargetPull(
  { all, branches, repository, now }: State,
  pull: PullRecord,
  into: string,
): Promise<PullRefusal | undefined> {
  const base = await branches.read(repository, into);
  if (base === undefined) return { status: 422, message: `Proposed base branch '${into}' was not found` };
  const isSame = (one: PullRecord): boolean =>
    one !== pull && one.state === 'open' && one.head.ref === pull.head.ref && one.base.ref === into;
  if (all.some(isSame))
    return {
      status: 422,
      message: `A pull request already exists for base branch '${into}' and head branch '${pull.head.ref}'`,
    };
  Object.assign(pull, { base, updatedAt: now() });
  return undefined;
}

function listMissing({ settings, statuses }: State, { head }: PullRecord): string[] {
  return settings.requiredContexts.filter((context) => statuses.get(`${head.sha} ${context}`) !== 'success');
}

async function mergeWhenReady(state: State, pull: PullRecord): Promise<void> {
  if (pull.autoMerge === undefined || pull.state === 'closed' || listMissing(state, pull).length > 0) return;
  const { bearer, ...asked } = pull.autoMerge;
  await mergePull(state, pull, { ...asked, sha: undefined }, bearer);
}

/** A branch that is gone closes its pull request. */
async function followHead(state: State, pull: PullRecord, after: string, bearer: Bearer): Promise<void> {
  if (after === NO_OBJECT) return closePull(state, pull, bearer);
  if (after === pull.head.sha) return;
  pull.head = { ...pull.head, sha: after };
  pull.base = (await state.branches.read(state.repository, pull.base.ref)) ?? pull.base;
  pull.updatedAt = state.now();
  await state.branches.keep(pull.number, pull.head);
  await state.announce(pull, 'synchronize', bearer);
}
