import type { Git } from '#core/git/repository.ts';
import type { Relation } from '#core/release/rules.ts';
import { type LandedRelease, parseReleases } from '#core/release/trailer.ts';
import type { CommitSha } from '#core/values/reference.ts';

/**
 * Commits to fetch from each end, step by step: the usual distance is a few, and commits without their trees are
 * small. The last step is git's own number for "all".
 */
const DEPTHS = [64, 1_024, 16_384, 2_147_483_647] as const;

/** The commit graph and its messages as far as a question needs them, fetched without trees and files. */
export interface History {
  /** Returns the newest release of each image in `environment` that the history of `head` has. */
  findReleases(head: CommitSha, environment: string, images: readonly string[]): Promise<Map<string, LandedRelease>>;
  /** Returns where `source` stands towards `deployed`. */
  relate(source: CommitSha, deployed: CommitSha): Promise<Relation>;
  /** Returns the commit that landed an intent, if one below `head` did. */
  findIntent(head: CommitSha, intent: string): Promise<CommitSha | undefined>;
  /** False when the remote does not have the commit. */
  has(commit: CommitSha): Promise<boolean>;
  /** True when the two commits have a common ancestor. */
  sharesHistory(one: CommitSha, other: CommitSha): Promise<boolean>;
}

/** Makes a history that is fetched into `git`, an empty repository of its own. */
export function createHistory(git: Git): History {
  const state: Fetched = { git, ends: new Set(), step: 0, missing: new Set() };
  return {
    findReleases: (head, environment, images) => findReleases(state, head, environment, images),
    relate: (source, deployed) => relate(state, source, deployed),
    findIntent: async (head, intent) => {
      await include(state, head);
      const entries = await git.log(head);
      return entries.find((entry) => parseReleases(entry.message).some((release) => release.intent === intent))?.commit;
    },
    has: (commit) => include(state, commit),
    sharesHistory: async (one, other) => {
      if (!(await include(state, one)) || !(await include(state, other))) return false;
      for (;;) {
        if (await state.git.hasMergeBase(one, other)) return true;
        if (!(await deepen(state))) return false;
      }
    },
  };
}

interface Fetched {
  readonly git: Git;
  /** The commits from which the history was fetched so far. */
  readonly ends: Set<CommitSha>;
  readonly missing: Set<CommitSha>;
  step: number;
}

async function findReleases(
  state: Fetched,
  head: CommitSha,
  environment: string,
  images: readonly string[],
): Promise<Map<string, LandedRelease>> {
  const found = new Map<string, LandedRelease>();
  await include(state, head);
  for (;;) {
    for (const { commit, message } of await state.git.log(head)) {
      for (const release of parseReleases(message)) {
        if (release.environment !== environment || found.has(release.image)) continue;
        found.set(release.image, { ...release, commit });
      }
    }
    if (images.every((image) => found.has(image)) || !(await deepen(state))) return found;
  }
}

/** "Is an ancestor" is certain in a shallow history, "is not" only in a whole one. */
async function relate(state: Fetched, source: CommitSha, deployed: CommitSha): Promise<Relation> {
  if (source === deployed) return 'same';
  const here = (await include(state, source)) && (await include(state, deployed));
  if (!here) return 'unrelated';
  for (;;) {
    if (await state.git.isAncestor(deployed, source)) return 'newer';
    if (await state.git.isAncestor(source, deployed)) return 'older';
    if (!(await deepen(state))) return 'unrelated';
  }
}

/** Fetches the history below a commit unless it is here; false when the remote does not have it. */
async function include(state: Fetched, commit: CommitSha): Promise<boolean> {
  if (state.ends.has(commit)) return true;
  if (state.missing.has(commit)) return false;
  if ((await state.git.revParse(commit)) === undefined && !(await fetchEnds(state, [commit]))) {
    state.missing.add(commit);
    return false;
  }
  state.ends.add(commit);
  return true;
}

/** Fetches the next step from all ends; false when the history is whole. */
async function deepen(state: Fetched): Promise<boolean> {
  if (!state.git.isShallow() || state.step + 1 >= DEPTHS.length) return false;
  state.step += 1;
  return fetchEnds(state, [...state.ends]);
}

function fetchEnds(state: Fetched, ends: readonly CommitSha[]): Promise<boolean> {
  const refspecs = ends.map((commit) => `${commit}:refs/slipway/ends/${commit}`);
  return state.git.fetch({ refspecs, depth: DEPTHS[state.step] ?? 1, filter: 'tree:0' });
}
