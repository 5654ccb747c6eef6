import { z } from 'zod';
import type { GitHubClient } from '#core/github/client.ts';
import { readHistory, type Written } from '#core/github/comments.ts';

/** An issue, which is never a pull request here. */
export interface Issue {
  readonly number: number;
  /** Its id in GraphQL. */
  readonly node: string;
  /** The author's id; undefined where the account is gone. */
  readonly author: number | undefined;
  readonly body: string;
  readonly isOpen: boolean;
  readonly url: string;
}

/** What is changed of an issue; what is left out stays as it is, the title always. */
export interface IssueChange {
  readonly body: string;
  readonly state: 'open' | 'completed' | 'not_planned';
}

/** The issues of one repository. */
export interface Issues {
  /** Returns all of them, open and closed, oldest first. */
  list(): Promise<Issue[]>;
  /** Returns the issue; undefined where no answer came, so that it may be there. */
  create(title: string, body: string): Promise<Issue | undefined>;
  update(number: number, change: IssueChange): Promise<Written>;
  /** Returns the texts of its edit history, oldest first; none where GitHub does not tell. */
  history(node: string): Promise<string[]>;
}

const issue = z.object({
  number: z.number(),
  node_id: z.string(),
  user: z.object({ id: z.number() }).nullish(),
  body: z.string().nullish(),
  state: z.string(),
  html_url: z.string(),
  pull_request: z.unknown().optional(),
});

const PAGE_SIZE = 100;

/** Opens the issues. */
export function openIssues(client: GitHubClient): Issues {
  const { where } = client;
  return {
    list: async () => {
      const all = new Map<number, Issue>();
      const request = { what: 'the issues of this repository', right: 'issues: read' };
      for (let page = 1; ; page++) {
        const data = await client.ask(request, ({ issues }) =>
          // the oldest first: what is opened meanwhile moves no page
          issues.listForRepo({
            ...{ ...where, state: 'all', sort: 'created', direction: 'asc', per_page: PAGE_SIZE, page },
          }),
        );
        const read = z.array(issue).parse(data);
        for (const one of read) if (one.pull_request === undefined) all.set(one.number, toIssue(one));
        if (read.length < PAGE_SIZE) return [...all.values()];
      }
    },
    create: async (title, body) => {
      const sent = await client.once({ what: 'a new issue', right: WRITE }, ({ issues }) =>
        issues.create({ ...where, title, body }),
      );
      return sent.done ? toIssue(issue.parse(sent.data)) : undefined;
    },
    update: (number, { body, state }) => {
      const request = { what: `a new text of issue #${number}`, right: WRITE };
      const change = state === 'open' ? ({ state } as const) : ({ state: 'closed', state_reason: state } as const);
      return client.change(request, ({ issues }) => issues.update({ ...where, issue_number: number, body, ...change }));
    },
    history: (node) => readHistory(client, node),
  };
}

const WRITE = 'issues: write';

function toIssue({ number, node_id, user, body, state, html_url }: z.output<typeof issue>): Issue {
  return { number, node: node_id, author: user?.id, body: body ?? '', isOpen: state === 'open', url: html_url };
}
