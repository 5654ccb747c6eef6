import { z } from 'zod';
import type { GitHubApi, Mutated } from '#core/git/github-api.ts';
import { isExpected, Refusal } from '#core/values/errors.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';

/** A pull request of a branch of the repository itself. */
export interface BranchPull {
  readonly number: number;
  /** Its id in GraphQL. */
  readonly node: string;
  readonly url: string;
  readonly state: 'open' | 'merged' | 'closed';
  /** The branch that it is to be merged into. */
  readonly base: string;
  /** The head's commit: when it was closed, where it is. */
  readonly head: CommitSha;
  /** The commit that its merge made on the base; undefined where it is not merged. */
  readonly landed: CommitSha | undefined;
  readonly closedAt: Date | undefined;
  /** Login of who opened it; `<app>[bot]` for an App, empty where the account is gone. */
  readonly author: string;
  readonly title: string;
  readonly body: string;
  readonly isAutoMerged: boolean;
}

/** What the repository's settings say of merges. */
export interface MergeSettings {
  readonly isAutoMergeAllowed: boolean;
  readonly methods: readonly ('MERGE' | 'REBASE' | 'SQUASH')[];
}

/** What a pull request says. */
export interface PullText {
  readonly title: string;
  readonly body: string;
}

/** The pull requests of branches that the pipeline writes. */
export interface BranchPulls {
  /** Returns the newest hundred of a branch, the newest first, whichever account opened them. */
  list(branch: string): Promise<BranchPull[]>;
  /** Opens one. A string is why GitHub did not, or may have: there may be one already. */
  create(text: PullText & { readonly branch: string; readonly base: string }): Promise<BranchPull | string>;
  /** Writes title and body. */
  update(number: number, text: PullText): Promise<void>;
  close(number: number, text: PullText): Promise<void>;
  readSettings(): Promise<MergeSettings>;
  /** Asks GitHub to merge it as soon as it may be; with undefined, takes that back. A string is why GitHub does not. */
  setAutoMerge(pull: BranchPull, method: MergeSettings['methods'][number] | undefined): Promise<string | undefined>;
}

const time = z
  .string()
  .nullish()
  .transform((text) => (text == null ? undefined : new Date(text)));
const pull = z
  .object({
    number: z.number(),
    node_id: z.string(),
    html_url: z.string(),
    state: z.enum(['open', 'closed']),
    title: z.string(),
    body: z.string().nullish(),
    user: z.object({ login: z.string() }).nullish(),
    head: z.object({ sha: z.string(), ref: z.string() }),
    base: z.object({ ref: z.string() }),
    merged_at: time,
    closed_at: time,
    merge_commit_sha: z.string().nullish(),
    auto_merge: z.unknown(),
  })
  .transform((one): BranchPull => {
    const isMerged = one.merged_at !== undefined;
    return {
      ...{ number: one.number, node: one.node_id, url: one.html_url, title: one.title, body: one.body ?? '' },
      state: isMerged ? 'merged' : one.state,
      base: one.base.ref,
      head: parseCommitSha('pulls', one.head.sha),
      landed: isMerged && one.merge_commit_sha ? parseCommitSha('pulls', one.merge_commit_sha) : undefined,
      closedAt: one.closed_at,
      author: one.user?.login ?? '',
      isAutoMerged: one.auto_merge !== null && one.auto_merge !== undefined,
    };
  });

const settings = z.object({
  repository: z.object({
    autoMergeAllowed: z.boolean(),
    mergeCommitAllowed: z.boolean(),
    rebaseMergeAllowed: z.boolean(),
    squashMergeAllowed: z.boolean(),
  }),
});

const READ_SETTINGS = `query ($owner: String!, $name: String!) {repository(owner: $owner, name: $name) {
  autoMergeAllowed mergeCommitAllowed rebaseMergeAllowed squashMergeAllowed
}}`;
const ENABLE = `mutation ($id: ID!, $method: PullRequestMergeMethod!) {
  enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: $method}) {clientMutationId}
}`;
const DISABLE = `mutation ($id: ID!) {disablePullRequestAutoMerge(input: {pullRequestId: $id}) {clientMutationId}}`;

const WRITE = 'pull-requests: write';
const PAGE_SIZE = 100;

/** Opens the pull requests. */
export function openBranchPulls(api: GitHubApi): BranchPulls {
  const change = (number: number, body: object) => api.rest(WRITE, 'PATCH', `pulls/${number}`, body);
  return {
    list: async (branch) => {
      const query = `head=${encodeURIComponent(`${api.owner}:${branch}`)}&state=all&per_page=${PAGE_SIZE}`;
      return z.array(pull).parse(await api.rest('pull-requests: read', 'GET', `pulls?${query}`));
    },
    create: async ({ title, body, branch, base }) => {
      const made = await api.create('pulls', { title, body, head: branch, base }, WRITE);
      return made.done ? pull.parse(made.data) : made.reason;
    },
    update: async (number, { title, body }) => void (await change(number, { title, body })),
    close: async (number, { title, body }) => void (await change(number, { title, body, state: 'closed' })),
    readSettings: () =>
      api.query(READ_SETTINGS, { owner: api.owner, name: api.name }, (data) => {
        const { repository } = settings.parse(data);
        const methods = [
          ...(repository.mergeCommitAllowed ? (['MERGE'] as const) : []),
          ...(repository.rebaseMergeAllowed ? (['REBASE'] as const) : []),
          ...(repository.squashMergeAllowed ? (['SQUASH'] as const) : []),
        ];
        return { isAutoMergeAllowed: repository.autoMergeAllowed, methods };
      }),
    setAutoMerge: async ({ node }, method) => {
      const asked =
        method === undefined
          ? api.mutate(DISABLE, { id: node }, WRITE)
          : api.mutate(ENABLE, { id: node, method }, WRITE);
      return reasonOf(asked);
    },
  };
}

/** What GitHub does not let this token do is said as well, and stops nothing. */
async function reasonOf(asked: Promise<Mutated>): Promise<string | undefined> {
  try {
    const answer = await asked;
    return answer.done ? undefined : answer.reason;
  } catch (error) {
    if (isExpected(error) && error instanceof Refusal) return error.message;
    throw error;
  }
}
