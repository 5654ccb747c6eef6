import type { GitHubTrust, Verification } from '#core/git/github-trust.ts';
import type { OpenRef } from '#core/release/open-intents.ts';
import type { Log } from '#core/system/log.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** Returns those open intents that may be folded; says which are left, and why. */
export type Trust = <Ref extends OpenRef>(open: readonly Ref[], branch: string) => Promise<readonly Ref[]>;

/** Where a branch's rules cannot be asked for, anyone who may push a ref may push the branch: every intent counts. */
export const trustAll: Trust = async (open) => open;

/**
 * Returns the trust of a repository on GitHub. No rule covers refs outside branches and tags, so on a protected branch
 * an intent counts only where GitHub itself vouches that the pipeline's own identity wrote it.
 */
export function createTrust(github: GitHubTrust, identity: string, log: Log): Trust {
  const protectedBranches = new Map<string, Promise<boolean>>();
  const known = new Map<CommitSha, Verification>(); // a commit never changes
  const said = new Set<string>();
  const isProtected = (branch: string): Promise<boolean> => {
    const asked = protectedBranches.get(branch) ?? github.isProtected(branch);
    protectedBranches.set(branch, asked);
    return asked;
  };
  return async (open, branch) => {
    if (open.length === 0 || !(await isProtected(branch))) return open;
    const unknown = open.map(({ commit }) => commit).filter((commit) => !known.has(commit));
    for (const [commit, verification] of await github.verify(unknown)) known.set(commit, verification);
    return open.filter(({ ref, commit }) => {
      const { verified = false, author } = known.get(commit) ?? {};
      if (verified && author === identity) return true;
      if (said.has(ref)) return false;
      said.add(ref);
      const who = verified ? `is signed by ${author ?? 'an unknown account'}` : 'is not signed by GitHub';
      log.warn(
        `${ref} is left as it is: ${branch} is protected, and the intent ${who} (folded are those of ${identity})`,
      );
      return false;
    });
  };
}
