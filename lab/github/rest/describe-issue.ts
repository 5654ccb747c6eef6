import type { IssueRecord, PullRecord } from '#lab/github/pulls/records.ts';
import type { RestContext } from '#lab/github/rest/call.ts';
import { describeUser, nodeId, repositoryUrl } from '#lab/github/rest/describe.ts';

type Described = Record<string, unknown> & { readonly url: string };

/** Returns an `issue`. */
export function describeIssue(context: RestContext, issue: IssueRecord): Described {
  return {
    ...describeEither(context, issue, 'issues'),
    state_reason: issue.reason,
    labels: issue.labels.map((name) => describeLabel(context, name)),
    closed_at: issue.closed?.at.toISOString() ?? null,
    closed_by: issue.closed === undefined ? null : describeUser(context, issue.closed.by),
  };
}

/** Returns the `issue` that a pull request is, too. */
export function describePullAsIssue(context: RestContext, pull: PullRecord): Described {
  const url = `${repositoryUrl(context)}/pulls/${pull.number}`;
  const html_url = `${context.url}/${context.repository}/pull/${pull.number}`;
  return {
    ...describeEither(context, pull, 'pull'),
    ...{ labels: [], closed_at: pull.closedAt?.toISOString() ?? null, draft: false },
    pull_request: {
      ...{ url, html_url, diff_url: `${html_url}.diff`, patch_url: `${html_url}.patch` },
      merged_at: pull.merged?.at.toISOString() ?? null,
    },
  };
}

type Either = Pick<IssueRecord, 'number' | 'login' | 'title' | 'body' | 'state' | 'locked' | 'createdAt' | 'updatedAt'>;

function describeEither(context: RestContext, one: Either, page: 'issues' | 'pull'): Described {
  const { number, login, title, body, state, locked, createdAt, updatedAt } = one;
  const url = `${repositoryUrl(context)}/issues/${number}`;
  return {
    ...{ id: number, node_id: nodeId('Issue', number), number, title, body, state, locked, url },
    html_url: `${context.url}/${context.repository}/${page}/${number}`,
    repository_url: repositoryUrl(context),
    ...{ labels_url: `${url}/labels{/name}`, comments_url: `${url}/comments`, events_url: `${url}/events` },
    user: describeUser(context, login),
    ...{ assignee: null, assignees: [], milestone: null, active_lock_reason: null, performed_via_github_app: null },
    comments: context.pulls.comments.filter(({ issue }) => issue === number).length,
    author_association: login.endsWith('[bot]') ? 'NONE' : 'CONTRIBUTOR',
    ...{ created_at: createdAt.toISOString(), updated_at: updatedAt.toISOString() },
  };
}

/** A label that is not there yet is made when an issue gets it; GitHub gives it the color of its default labels. */
function describeLabel(context: RestContext, name: string): Record<string, unknown> {
  const id = [...name].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 1_000_000_007, 11);
  const url = `${repositoryUrl(context)}/labels/${encodeURIComponent(name)}`;
  return { id, node_id: nodeId('Label', id), url, name, description: null, color: 'ededed', default: false };
}
