import { z } from 'zod';
import type { GitHubClient } from '#core/github/client.ts';

/** A comment on a pull request or an issue. */
export interface Comment {
  readonly id: number;
  /** Its id in GraphQL. */
  readonly node: string;
  /** The author's id; undefined where the account is gone. */
  readonly author: number | undefined;
  readonly body: string;
  readonly url: string;
}

/** What became of a write: without an answer, it may have been done. */
export type Written = 'done' | 'gone' | 'unclear';

/** The comments on the pull requests, or on the issues, of one repository. */
export interface Comments {
  /** Returns all of them, oldest first. */
  list(pull: number): Promise<Comment[]>;
  /** Returns the comment; undefined where no answer came, so that it may be there. */
  create(pull: number, body: string): Promise<Comment | undefined>;
  update(pull: number, id: number, body: string): Promise<Written>;
  remove(pull: number, id: number): Promise<Written>;
  /** Returns the texts of its edit history, oldest first; none where GitHub does not tell. */
  history(node: string): Promise<string[]>;
}

const comment = z.object({
  id: z.number(),
  node_id: z.string(),
  user: z.object({ id: z.number() }).nullish(),
  body: z.string().nullish(),
  html_url: z.string(),
});

const edited = z.object({
  node: z.object({ userContentEdits: z.object({ nodes: z.array(z.object({ diff: z.string().nullable() })) }) }),
});

/** GitHub shows the newest edits first. An issue is a `Comment` as well. */
const HISTORY = `query($node: ID!) {
  node(id: $node) { ... on Comment { userContentEdits(first: 50) { nodes { diff } } } }
}`;

/** Returns the texts that a comment or an issue has had, oldest first; none where GitHub does not tell. */
export async function readHistory(client: GitHubClient, node: string): Promise<string[]> {
  const { data } = edited.safeParse(await client.query(HISTORY, { node }));
  return (data?.node.userContentEdits.nodes ?? []).flatMap(({ diff }) => diff ?? []).reverse();
}

const PAGE_SIZE = 100;

/** Opens the comments; on issues, other rights of the job's token count. */
export function openComments(client: GitHubClient, on: 'pull-requests' | 'issues' = 'pull-requests'): Comments {
  const { where } = client;
  const write = `${on}: write`;
  return {
    list: async (pull) => {
      const all: Comment[] = [];
      for (let page = 1; ; page++) {
        const request = { what: `the comments of #${pull}`, right: `${on}: read` };
        const data = await client.ask(request, ({ issues }) =>
          issues.listComments({ ...where, issue_number: pull, per_page: PAGE_SIZE, page }),
        );
        const read = z.array(comment).parse(data).map(toComment);
        all.push(...read);
        if (read.length < PAGE_SIZE) return all;
      }
    },
    create: async (pull, body) => {
      const request = { what: `a comment on #${pull}`, right: write };
      const sent = await client.once(request, ({ issues }) =>
        issues.createComment({ ...where, issue_number: pull, body }),
      );
      return sent.done ? toComment(comment.parse(sent.data)) : undefined;
    },
    update: async (pull, id, body) =>
      client.change({ what: `a new text of the comment on #${pull}`, right: write }, ({ issues }) =>
        issues.updateComment({ ...where, comment_id: id, body }),
      ),
    history: (node) => readHistory(client, node),
    remove: async (pull, id) =>
      client.change({ what: `taking a second comment from #${pull}`, right: write }, ({ issues }) =>
        issues.deleteComment({ ...where, comment_id: id }),
      ),
  };
}

function toComment({ id, node_id, user, body, html_url }: z.output<typeof comment>): Comment {
  return { id, node: node_id, author: user?.id, body: body ?? '', url: html_url };
}
