import type { Build } from '#core/release/intent.ts';
import type { DeployedRelease, Place } from '#core/release/state.ts';
import type { LandedRelease } from '#core/release/trailer.ts';
import { type CommitSha, NEVER_RELEASED } from '#core/values/reference.ts';

/** Where one commit comes beside another in git's ancestry on the branch. */
export type Relation = 'same' | 'older' | 'newer' | 'beside';

/** What the order of builds is read from: one branch at one head. */
export interface Branch {
  /** True for a commit that is reachable from the head. */
  contains(commit: CommitSha): Promise<boolean>;
  /** Returns where `one` comes beside `other`; both must be on the branch. */
  compare(one: CommitSha, other: CommitSha): Promise<Relation>;
  /** Returns the commit of the first-parent line that brought a commit to the branch: itself where it is on the line. */
  broughtBy(commit: CommitSha): Promise<CommitSha>;
}

/** What is asked of one image. */
export interface ImageHistory {
  /** Identifies what goes into the image at a commit; undefined where that cannot be read. */
  inputsAt(commit: CommitSha): Promise<string | undefined>;
  /** Returns the commits after `source` on the first-parent line at which the image's inputs may differ, newest first. */
  changesAfter(source: CommitSha, like: CommitSha): Promise<readonly CommitSha[]>;
  /** Returns the newest `count` believed releases, newest first. */
  releases(count: number): Promise<readonly LandedRelease[]>;
}

/**
 * Returns where a build comes beside the deployed release, by git alone: no ref, no clock, no order of arrival. A
 * release covers every later commit of the branch whose inputs for the image are the same, so a build is older when
 * its source is older than the newest commit that the release covers. Example: commits 1, 2, 3 give A, B, A. With A
 * of commit 1 deployed, B of commit 2 is older: A is what commit 3 gives.
 */
export async function placeBuild(
  wanted: Build,
  deployed: DeployedRelease | undefined,
  branch: Branch,
  image: ImageHistory,
): Promise<Place> {
  if (deployed === undefined) return { is: 'first' };
  if (!(await branch.contains(deployed.source))) {
    const note = `the deployed release was built from ${deployed.source}, which is no longer on the branch: it counts as older`;
    return { is: 'newer', note };
  }
  const relation = await branch.compare(wanted.source, deployed.source);
  if (relation === 'older') return { is: 'older', winner: deployed };
  if (relation === 'beside') return { is: 'beside', deployed, merge: await branch.broughtBy(wanted.source) };
  if (wanted.digest === deployed.to) return { is: 'newer' };
  const inputs = await image.inputsAt(deployed.source);
  if (inputs === undefined) return { is: 'newer' };
  if (inputs === (await image.inputsAt(wanted.source))) {
    return (await wasReplaced(wanted, deployed, inputs, image)) ? { is: 'older', winner: deployed } : { is: 'rebuilt' };
  }
  for (const commit of await image.changesAfter(wanted.source, deployed.source)) {
    if ((await image.inputsAt(commit)) === inputs) return { is: 'older', winner: { ...deployed, source: commit } };
  }
  return { is: 'newer' };
}

/**
 * True when another build of the same inputs has replaced this one already: `force` built them again, for a newer base
 * image say, and the first build must not come back with a re-run of its job or with the next commit that changes nothing.
 */
async function wasReplaced(
  wanted: Build,
  deployed: DeployedRelease,
  inputs: string,
  image: ImageHistory,
): Promise<boolean> {
  for (let seen = 0, releases: readonly DeployedRelease[] = [deployed]; seen < releases.length; seen++) {
    const release = releases[seen];
    if (release === undefined || (await image.inputsAt(release.source)) !== inputs) return false;
    if (release.from === wanted.digest) return true;
    if (release.from === undefined || release.from === NEVER_RELEASED) return false;
    // older releases are looked for only while every newer one has the same inputs
    if (seen + 1 === releases.length) releases = await readRow(deployed, releases.length + 1, image);
  }
  return false;
}

/** The newest `count` releases, with the deployed one first where it is of the commit that is being decided on. */
async function readRow(
  deployed: DeployedRelease,
  count: number,
  image: ImageHistory,
): Promise<readonly DeployedRelease[]> {
  if (deployed.commit !== undefined) return image.releases(count);
  return [deployed, ...(await image.releases(count - 1))];
}
