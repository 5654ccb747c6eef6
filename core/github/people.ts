import { z } from 'zod';
import type { GitHubClient } from '#core/github/client.ts';

/** Who may do what in one repository, and who wrote a pull request. */
export interface People {
  /** True for someone who may write to the repository. */
  mayWrite(login: string): Promise<boolean>;
  /** Returns who wrote a pull request. */
  authorsOf(pull: number): Promise<Authors>;
}

/** Who wrote a pull request. */
export interface Authors {
  /** Who opened it. */
  readonly opener: string;
  readonly commits: readonly {
    readonly sha: string;
    /** Accounts that wrote or committed it; undefined for an address that GitHub does not know. */
    readonly logins: readonly (string | undefined)[];
  }[];
}

const permission = z.object({ permission: z.string() });
const pull = z.object({ user: z.object({ login: z.string() }).nullable() });
const account = z.object({ login: z.string().optional() }).nullish();
const commits = z.array(z.object({ sha: z.string(), author: account, committer: account }));

/** GitHub's own account for what is done on its pages. */
const WEB = 'web-flow';
/** GitHub lists no more of a pull request. */
export const MOST_COMMITS = 250;
const PAGE_SIZE = 100;

/** Opens the people. */
export function openPeople(client: GitHubClient): People {
  const { where } = client;
  const right = 'pull-requests: read';
  return {
    mayWrite: async (login) => {
      const request = { what: `the rights of ${login}`, right: 'contents: read' };
      const data = await client.ask(request, ({ repos }) =>
        repos.getCollaboratorPermissionLevel({ ...where, username: login }),
      );
      // the older field: maintain is write there, triage is read, and so is what a custom role is built on
      return ['admin', 'write'].includes(permission.parse(data).permission);
    },
    authorsOf: async (number) => {
      const what = `pull request #${number}`;
      const data = await client.ask({ what, right }, ({ pulls }) => pulls.get({ ...where, pull_number: number }));
      const all: z.output<typeof commits> = [];
      for (let page = 1; ; page++) {
        const answer = await client.ask({ what: `the commits of #${number}`, right }, ({ pulls }) =>
          pulls.listCommits({ ...where, pull_number: number, per_page: PAGE_SIZE, page }),
        );
        const read = commits.parse(answer);
        all.push(...read);
        if (read.length < PAGE_SIZE) break;
      }
      return {
        opener: pull.parse(data).user?.login ?? '',
        commits: all.map(({ sha, author, committer }) => ({
          sha,
          logins: [author, committer].map((one) => one?.login).filter((login) => login !== WEB),
        })),
      };
    },
  };
}
