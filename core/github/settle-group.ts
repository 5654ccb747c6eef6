import type { Base } from '#core/github/base.ts';
import { type PlanFault, TOO_OLD } from '#core/github/marker.ts';
import type { Entry, MergeGroup, MergeQueue } from '#core/github/merge-group.ts';
import {
  cut,
  DESCRIPTION,
  isTooOld,
  listChanged,
  newestOf,
  PLAN_CONTEXT,
  type SettlePorts,
  withRemedy,
} from '#core/github/settle-plan.ts';
import type { Status } from '#core/github/statuses.ts';
import { readOwn } from '#core/github/write-comment.ts';
import { Refusal } from '#core/values/errors.ts';

/** What judging a merge group needs. */
export interface GroupPorts
  extends Pick<SettlePorts, 'comments' | 'pulls' | 'statuses' | 'readBase' | 'clock' | 'log' | 'repositoryUrl'> {
  readonly queue: MergeQueue;
  /** Returns what reads the folders of a commit. */
  readonly openTrees: (commit: string) => Base['readTree'];
}

/** What a merge group is worth: proven, or why not, for each of its pull requests. */
export interface JudgedGroup {
  readonly isProven: boolean;
  readonly entries: readonly { readonly pull: number; readonly fault: Fault | undefined }[];
  readonly status: Status;
}

/** Why merging a pull request is not what was reviewed, and what to do before it is queued again. */
export interface Fault {
  readonly what: string;
  readonly remedy: string;
}

/**
 * Judges whether merging a group does what was reviewed, and sets the commit status of its head. It is proven where each
 * of its pull requests has a comment about its present head whose plans succeeded, and the commit that it is merged onto
 * has the folders that they were made from; a pull request ahead of it that changes one of them is so seen before the
 * merge. What cannot be known is a failure.
 */
export async function judgeGroup(
  group: MergeGroup,
  own: { readonly name: string; readonly author: number },
  ports: GroupPorts,
): Promise<JudgedGroup> {
  const listed = await ports.queue.listEntries(group, await ports.readBase(group.branch));
  const entries = [];
  for (const entry of listed ?? [])
    entries.push({ pull: entry.pull, fault: await findFault(entry, own, group, ports) });
  const status = describeStatus(entries, ports.repositoryUrl);
  ports.log.info(`${PLAN_CONTEXT} of ${group.head.slice(0, 7)} is ${status.state}: ${status.description}`);
  await setStatus(group.head, status, ports);
  return { isProven: status.state === 'success', entries, status };
}

/** Returns why merging a pull request here is not what was reviewed. */
async function findFault(
  { pull: number, below }: Entry,
  own: { readonly name: string; readonly author: number },
  { branch }: MergeGroup,
  ports: GroupPorts,
): Promise<Fault | undefined> {
  const { pull, present } = await readOwn({ pull: number, ...own }, ports);
  const comment = newestOf(present, pull.head);
  if (pull.base !== branch) return { what: `it goes into ${pull.base}`, remedy: `move it to ${branch}` };
  if (pull.isFork) return { what: 'it comes from a fork, which gets no plan', remedy: OWN_BRANCH };
  if (comment === undefined) return { what: 'it has no reviewed plan', remedy: REOPEN };
  const { head, verdict, fault, stale } = comment.marker;
  if (head !== pull.head || verdict === undefined) return { what: 'its head has no reviewed plan', remedy: REOPEN };
  if (verdict === 'failure') return FAULTS[fault ?? 'failed'];
  if (stale === TOO_OLD || isTooOld(comment.marker, ports.clock.now()))
    return { what: 'its plan is too old', remedy: UPDATE };
  if (stale !== undefined) return { what: `its plan is stale since ${stale.slice(0, 7)}`, remedy: UPDATE };
  for (const commit of below) {
    const [changed] = await listChanged(comment, { readTree: ports.openTrees(commit) });
    if (changed !== undefined) return { what: `${changed} changes ahead of it`, remedy: UPDATE };
  }
  return undefined;
}

/** A re-run keeps the old base: only a new event plans on the one of now. */
const UPDATE = 'update its branch';
const REOPEN = 'close and reopen it';
/** What a plan that a merge does not apply needs. */
const FAULTS: Readonly<Record<PlanFault, Fault>> = {
  failed: { what: 'its plan failed', remedy: 'fix what its comment says' },
  unsaved: { what: 'its plan was not saved', remedy: 'do what the log of its job says' },
  held: { what: 'the destroy guard holds its plan', remedy: 'take out what it destroys' },
};
const OWN_BRANCH = 'push its commits to a branch of this repository';

function describeStatus(entries: JudgedGroup['entries'], page: string): Status {
  const [fault] = entries.flatMap(({ pull, fault }) => (fault === undefined ? [] : [{ pull, fault }]));
  const last = entries.at(-1);
  if (last === undefined)
    return { state: 'failure', description: 'The name of the merge group has no pull request', url: '' };
  const url = `${page}/pull/${(fault ?? last).pull}`;
  if (fault !== undefined) {
    const { what, remedy } = fault.fault;
    const description = withRemedy(`#${fault.pull}: ${what}`, `${remedy}, then queue it again`);
    return { state: 'failure', description, url };
  }
  const pulls = entries.map(({ pull }) => `#${pull}`).join(', ');
  return { state: 'success', description: cut(`This merge does what was reviewed: ${pulls}`, DESCRIPTION), url };
}

/** Sets it until it is there: an answer may be lost. */
async function setStatus(head: string, status: Status, { statuses }: GroupPorts): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await statuses.set(head, PLAN_CONTEXT, status);
    const newest = await statuses.newest(head, PLAN_CONTEXT);
    if (newest?.state === status.state && newest.description === status.description) return;
  }
  throw new Refusal(
    `the commit status ${PLAN_CONTEXT} of the merge group ${head.slice(0, 7)} could not be set in ${ATTEMPTS} attempts, so the queue waits until it gives up: see https://www.githubstatus.com, then run the job again`,
  );
}

const ATTEMPTS = 5;
