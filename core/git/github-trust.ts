import { z } from 'zod';
import { openGitHubApi } from '#core/git/github-api.ts';
import type { GitHubOptions } from '#core/git/github-wire.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What GitHub vouches for. */
export interface GitHubTrust {
  /**
   * Verified: GitHub itself signed the commit, so that its author is not just text. `author` is the login of that author
   * (`github-actions[bot]`); undefined where the commit is not verified or not there, or the account is not known.
   */
  isVerified(commit: CommitSha): Promise<{ readonly verified: boolean; readonly author: string | undefined }>;
  /** True where a branch protection or a ruleset covers the branch. Refuses a branch that is not there. */
  isProtected(branch: string): Promise<boolean>;
}

const READ_SIGNATURE = `query ($owner: String!, $name: String!, $commit: GitObjectID!) {
  repository(owner: $owner, name: $name) {
    object(oid: $commit) {
      ... on Commit {author {email user {login}} committer {email} signature {isValid wasSignedByGitHub}}
    }
  }
}`;

const person = z.object({ email: z.string().nullish(), user: z.object({ login: z.string() }).nullish() });
const signed = z.object({
  repository: z.object({
    object: z
      .object({
        author: person.nullish(),
        committer: person.nullish(),
        signature: z.object({ isValid: z.boolean(), wasSignedByGitHub: z.boolean() }).nullish(),
      })
      .nullish(),
  }),
});
const branchAnswer = z.object({ protected: z.boolean() });

/** Opens the questions; they need `contents: read`. */
export function openGitHubTrust(options: GitHubOptions): GitHubTrust {
  const api = openGitHubApi(options);
  return {
    isVerified: (commit) =>
      api.query(READ_SIGNATURE, { owner: api.owner, name: api.name, commit }, (data) => {
        const { author, committer, signature } = signed.parse(data).repository.object ?? {};
        const verified = signature?.isValid === true && signature.wasSignedByGitHub;
        const isOwn = committer?.email === author?.email || committer?.email === WEB_FLOW;
        return { verified, author: verified && isOwn ? (author?.user?.login ?? botOf(author?.email)) : undefined };
      }),
    isProtected: async (branch) =>
      branchAnswer.parse(await api.rest('contents: read', 'GET', `branches/${encodeURIComponent(branch)}`)).protected,
  };
}

/** The committer that GitHub puts where it writes for someone. */
const WEB_FLOW = 'noreply@github.com';

/** GraphQL has no user for a bot. Only GitHub gives out these addresses, so the domain is compared whole. */
function botOf(email: string | null | undefined): string | undefined {
  return email?.match(/^\d+\+([^@]+\[bot\])@users\.noreply\.github\.com$/)?.[1];
}
