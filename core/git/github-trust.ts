import { z } from 'zod';
import type { GitHubApi } from '#core/git/github-api.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What GitHub says of a commit. */
export interface Verification {
  /** True where GitHub itself signed the commit, so that its author is not just text. */
  readonly verified: boolean;
  /** The author's login (`github-actions[bot]`); undefined where the commit is not verified, or the account is not known. */
  readonly author: string | undefined;
}

/** What GitHub vouches for. */
export interface GitHubTrust {
  /** Returns what GitHub says of those of the commits that it has, by one request for each hundred. */
  verify(commits: readonly CommitSha[]): Promise<ReadonlyMap<CommitSha, Verification>>;
  /** True where a branch protection or a ruleset covers the branch. Refuses a branch that is not there. */
  isProtected(branch: string): Promise<boolean>;
}

/** How many commits one request asks for. */
const BATCH = 100;

/** Returns the question for this many commits: `$c0` is answered as `c0`. */
function askForSignatures(count: number): string {
  const names = Array.from({ length: count }, (_, index) => `c${index}`);
  return `query ($owner: String!, $name: String!, ${names.map((name) => `$${name}: GitObjectID!`).join(', ')}) {
  repository(owner: $owner, name: $name) {
    ${names.map((name) => `${name}: object(oid: $${name}) {...signed}`).join('\n    ')}
  }
}
fragment signed on Commit {author {email user {login}} committer {email} signature {isValid wasSignedByGitHub}}`;
}

const person = z.object({ email: z.string().nullish(), user: z.object({ login: z.string() }).nullish() });
const commit = z.object({
  author: person.nullish(),
  committer: person.nullish(),
  signature: z.object({ isValid: z.boolean(), wasSignedByGitHub: z.boolean() }).nullish(),
});
const signed = z.object({ repository: z.record(z.string(), commit.nullish()) });
const branchAnswer = z.object({ protected: z.boolean() });

/** Opens the questions; they need `contents: read`. */
export function openGitHubTrust(api: GitHubApi): GitHubTrust {
  return {
    verify: async (commits) => {
      const found = new Map<CommitSha, Verification>();
      for (let at = 0; at < commits.length; at += BATCH)
        for (const [sha, said] of await verifyBatch(api, commits.slice(at, at + BATCH))) found.set(sha, said);
      return found;
    },
    isProtected: async (branch) =>
      branchAnswer.parse(await api.rest('contents: read', 'GET', `branches/${encodeURIComponent(branch)}`)).protected,
  };
}

function verifyBatch(api: GitHubApi, commits: readonly CommitSha[]): Promise<[CommitSha, Verification][]> {
  const { owner, name } = api;
  const variables = { owner, name, ...Object.fromEntries(commits.map((sha, index) => [`c${index}`, sha])) };
  return api.query(askForSignatures(commits.length), variables, (data) => {
    const { repository } = signed.parse(data);
    return commits.flatMap((sha, index): [CommitSha, Verification][] => {
      const said = repository[`c${index}`];
      return said ? [[sha, judge(said)]] : [];
    });
  });
}

function judge({ author, committer, signature }: z.output<typeof commit>): Verification {
  const verified = signature?.isValid === true && signature.wasSignedByGitHub;
  const isOwn = committer?.email === author?.email || committer?.email === WEB_FLOW;
  return { verified, author: verified && isOwn ? (author?.user?.login ?? botOf(author?.email)) : undefined };
}

/** The committer that GitHub puts where it writes for someone. */
const WEB_FLOW = 'noreply@github.com';

/** GraphQL has no user for a bot. Only GitHub gives out these addresses, so the domain is compared whole. */
function botOf(email: string | null | undefined): string | undefined {
  return email?.match(/^\d+\+([^@]+\[bot\])@users\.noreply\.github\.com$/)?.[1];
}
