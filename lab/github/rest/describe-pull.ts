import { loginOf } from '#lab/github/identity/tokens.ts';
import type { CommentRecord, PullBranch, PullRecord } from '#lab/github/pulls/records.ts';
import type { RestContext } from '#lab/github/rest/call.ts';
import { describeUser, FORK_ID, nodeId, repositoryUrl } from '#lab/github/rest/describe.ts';
import { describeFully } from '#lab/github/rest/repository.ts';

/** Returns a `pull-request-simple`: as lists show it. */
export function describePullSimply(
  context: RestContext,
  pull: PullRecord,
): Record<string, unknown> & { readonly url: string } {
  const { number, state, locked, title, body, merged } = pull;
  const time = (at: Date | undefined): string | null => at?.toISOString() ?? null;
  return {
    ...addressesOf(context, number),
    ...{ id: number, node_id: nodeId('PullRequest', number), number, state, locked, title, body },
    user: describeUser(context, pull.login),
    ...{ labels: [], milestone: null, assignee: null, assignees: [], requested_reviewers: [], requested_teams: [] },
    ...{ created_at: time(pull.createdAt), updated_at: time(pull.updatedAt) },
    ...{ closed_at: time(pull.closedAt), merged_at: time(merged?.at) },
    merge_commit_sha: merged?.sha ?? null,
    head: describeBranch(context, pull, pull.head),
    base: describeBranch(context, pull, pull.base),
    _links: linksOf(context, pull),
    ...{ author_association: associationOf(pull.login), auto_merge: describeAutoMerge(context, pull), draft: false },
  };
}

/** Returns a `pull-request`: with what its commits change, and whether it can be merged. */
export async function describePull(
  context: RestContext,
  pull: PullRecord,
): Promise<Record<string, unknown> & { readonly url: string }> {
  const simple = describePullSimply(context, pull);
  const { head, base, merged } = pull;
  const test = merged === undefined ? await context.pulls.testMerge(pull) : merged.sha;
  const isBlocked = context.pulls.listMissing(pull).length > 0;
  return {
    ...simple,
    merge_commit_sha: test ?? null,
    merged: merged !== undefined,
    ...{
      mergeable: test !== undefined,
      rebaseable: test !== undefined,
      mergeable_state: test === undefined ? 'dirty' : isBlocked ? 'blocked' : 'clean',
    },
    merged_by: merged === undefined ? null : describeUser(context, merged.by),
    ...{ comments: context.pulls.comments.filter(({ issue }) => issue === pull.number).length, review_comments: 0 },
    maintainer_can_modify: false,
    ...(await countChanges(context, base.sha, head.sha)),
  };
}

function describeAutoMerge(context: RestContext, { autoMerge }: PullRecord): Record<string, unknown> | null {
  if (autoMerge === undefined) return null;
  const { bearer, method, title = '', message = '' } = autoMerge;
  const enabled_by = describeUser(context, loginOf(bearer));
  return { enabled_by, merge_method: method, commit_title: title, commit_message: message };
}

type Counts = Readonly<Record<'commits' | 'additions' | 'deletions' | 'changed_files', number>>;

/** What lies between two commits never changes. */
const counted = new Map<string, Promise<Counts>>();

function countChanges(context: RestContext, base: string, head: string): Promise<Counts> {
  const count = async (): Promise<Counts> => {
    const { text: commits } = await context.git(['rev-list', '--count', `${base}..${head}`]);
    const { text } = await context.git(['diff', '--shortstat', `${base}...${head}`]);
    const changed = (what: RegExp): number => Number(what.exec(text)?.[1] ?? 0);
    return {
      commits: Number(commits.trim()),
      additions: changed(/(\d+) insertion/),
      deletions: changed(/(\d+) deletion/),
      changed_files: changed(/(\d+) file/),
    };
  };
  const key = `${base}..${head}`;
  const counting = counted.get(key) ?? count();
  counted.set(key, counting);
  return counting;
}

/** Returns an `issue-comment`. */
export function describeComment(
  context: RestContext,
  comment: CommentRecord,
): Record<string, unknown> & { readonly url: string } {
  const { id, issue, body, login } = comment;
  return {
    id,
    node_id: nodeId('IssueComment', id),
    url: `${repositoryUrl(context)}/issues/comments/${id}`,
    html_url: `${pageOf(context, issue)}#issuecomment-${id}`,
    issue_url: `${repositoryUrl(context)}/issues/${issue}`,
    body,
    user: describeUser(context, login),
    created_at: comment.createdAt.toISOString(),
    updated_at: comment.updatedAt.toISOString(),
    author_association: associationOf(login),
    performed_via_github_app: null,
  };
}

function pageOf(context: RestContext, number: number): string {
  const kind = context.pulls.find(number) === undefined ? 'issues' : 'pull';
  return `${context.url}/${context.repository}/${kind}/${number}`;
}

function addressesOf(context: RestContext, number: number): Record<string, string> & { readonly url: string } {
  const [api, page] = [repositoryUrl(context), pageOf(context, number)];
  return {
    url: `${api}/pulls/${number}`,
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    issue_url: `${api}/issues/${number}`,
    commits_url: `${api}/pulls/${number}/commits`,
    review_comments_url: `${api}/pulls/${number}/comments`,
    review_comment_url: `${api}/pulls/comments{/number}`,
    comments_url: `${api}/issues/${number}/comments`,
    statuses_url: `${api}/statuses/${context.pulls.find(number)?.head.sha ?? ''}`,
  };
}

function linksOf(context: RestContext, { number }: PullRecord): Record<string, { readonly href: string }> {
  const from = addressesOf(context, number);
  const names = ['comments', 'commits', 'statuses', 'issue', 'review_comments', 'review_comment'];
  const links = names.map((name) => [name, { href: from[`${name}_url`] ?? '' }] as const);
  return { ...Object.fromEntries(links), self: { href: from.url }, html: { href: from['html_url'] ?? '' } };
}

function describeBranch(context: RestContext, pull: PullRecord, branch: PullBranch): Record<string, unknown> {
  const { repository, ref, sha } = branch;
  const owner = repository.split('/')[0] ?? '';
  const isFork = repository !== context.repository;
  const opened = pull.createdAt.toISOString();
  const repo = describeFully({ ...context, repository }, opened, opened);
  const user = describeUser(context, owner);
  return { label: `${owner}:${ref}`, ref, sha, user, repo: isFork ? { ...repo, id: FORK_ID, fork: true } : repo };
}

function associationOf(login: string): string {
  return login.endsWith('[bot]') ? 'NONE' : 'CONTRIBUTOR';
}
