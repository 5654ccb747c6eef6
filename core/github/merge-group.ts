import { z } from 'zod';
import type { Base } from '#core/github/base.ts';
import type { GitHubClient } from '#core/github/client.ts';

/** What a merge queue would merge next: a commit that holds its pull requests on top of the branch. */
export interface MergeGroup {
  /** The commit that the queue waits for a status of. */
  readonly head: string;
  /** The queue's own branch for it: `gh-readonly-queue/main/pr-7-<commit>`. */
  readonly ref: string;
  /** The commit below it, as the event says. */
  readonly base: string;
  /** The branch that is merged into. */
  readonly branch: string;
}

/** A pull request in a merge group, and where its own merge begins and ends. */
export interface Entry {
  readonly pull: number;
  readonly commit: string;
  /** The commits that it may be merged onto: its plan must be of all of them. */
  readonly below: readonly string[];
}

/** The queue of one repository. */
export interface MergeQueue {
  /** Returns the pull requests of a group in their order, the last one is the group's own; undefined where its name has none. */
  listEntries(group: MergeGroup, base: Base): Promise<Entry[] | undefined>;
}

const refs = z.array(z.object({ ref: z.string(), object: z.object({ sha: z.string() }) }));
const comparison = z.object({ commits: z.array(z.object({ sha: z.string() })) });

const READ = 'contents: read';
const PAGE_SIZE = 100;

/** Opens the queue. Its branches are how GitHub names them: `gh-readonly-queue/<branch>/pr-<number>-<commit>`. */
export function openMergeQueue(client: GitHubClient): MergeQueue {
  const { where } = client;
  const listCommits = async (from: string, to: string): Promise<string[]> => {
    const all: string[] = [];
    for (let page = 1; ; page++) {
      const request = { what: `the commits from ${from.slice(0, 7)} to ${to.slice(0, 7)}`, right: READ };
      const data = await client.ask(request, ({ repos }) =>
        repos.compareCommitsWithBasehead({ ...where, basehead: `${from}...${to}`, per_page: PAGE_SIZE, page }),
      );
      const { commits } = comparison.parse(data);
      all.push(...commits.map(({ sha }) => sha));
      if (commits.length < PAGE_SIZE) return all;
    }
  };
  return {
    listEntries: async ({ head, ref, base: parent, branch }, base) => {
      const own = readPull(ref, branch);
      if (own === undefined) return undefined;
      const prefix = `heads/${prefixOf(branch)}`;
      const data = await client.ask({ what: 'the branches of the merge queue', right: READ }, ({ git }) =>
        git.listMatchingRefs({ ...where, ref: prefix }),
      );
      const order = await listCommits(base.commit, head);
      const ahead = refs
        .parse(data)
        .map(({ ref: name, object }) => ({ pull: readPull(name, branch), commit: object.sha }))
        .filter(({ pull, commit }) => pull !== undefined && pull !== own && commit !== head && order.includes(commit))
        .sort((one, other) => order.indexOf(one.commit) - order.indexOf(other.commit));
      const merged = [...ahead, { pull: own, commit: head }];
      return merged.flatMap(({ pull, commit }, at) => {
        const before = merged[at - 1]?.commit ?? base.commit;
        const isLast = at === merged.length - 1;
        return pull === undefined ? [] : [{ pull, commit, below: isLast ? [...new Set([before, parent])] : [before] }];
      });
    },
  };
}

function prefixOf(branch: string): string {
  return `gh-readonly-queue/${branch}/pr-`;
}

/** Returns the number of the pull request that a branch of the queue is for. */
function readPull(ref: string, branch: string): number | undefined {
  const name = ref.replace(/^refs\/heads\//, '');
  if (!name.startsWith(prefixOf(branch))) return undefined;
  const [, number] = /^([1-9]\d{0,14})-[0-9a-f]+$/.exec(name.slice(prefixOf(branch).length)) ?? [];
  return number === undefined ? undefined : Number(number);
}
