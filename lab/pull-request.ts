import { getOctokit } from '@actions/github';
import { type Change, type World, writeChange } from '#lab/world.ts';

/** A pull request of the lab's tenant, as a person handles it. */
export interface PullRequest {
  readonly number: number;
  /** Pushes a change to its branch; resolves when all runs have ended. */
  push(change: Change): Promise<void>;
  /** Returns its comments, the oldest first. */
  comments(): Promise<string[]>;
  /** Returns the state of the commit status `slipway/plan` of its head; undefined where there is none. */
  status(): Promise<string | undefined>;
  /** Squashes it; resolves with the commit on main when all runs have ended. */
  merge(): Promise<string>;
}

/** The tenant's repository. */
export const where = { owner: 'acme', repo: 'tenant' };

/** Someone without rights in the repository, and their fork. */
export interface Stranger {
  readonly login: string;
  readonly token: string;
  /** The fork's clone address with the token in it. */
  readonly remote: string;
}

/** Forks the tenant as `login`, who may do nothing else. */
export async function forkAs(world: World, login: string): Promise<Stranger> {
  const remote = await world.github.fork(login);
  return { login, token: new URL(remote).password, remote };
}

/** Opens GitHub's API as the owner of a token. */
export function speakAs({ github }: World, token: string): ReturnType<typeof getOctokit>['rest'] {
  return getOctokit(token, { baseUrl: `${github.url}/api/v3` }).rest;
}

/** Opens a pull request of a change, from a fork where a stranger does; resolves when all runs have ended. */
export async function openPullRequest(
  world: World,
  branch: string,
  change: Change,
  stranger?: Stranger,
): Promise<PullRequest> {
  const rest = speakAs(world, world.github.userToken);
  const author = stranger?.login ?? 'hubot';
  const identity = ['-c', `user.name=${author}`, '-c', `user.email=${author}@users.noreply.github.com`];
  const git = async (...args: string[]): Promise<void> =>
    void (await world.lab.exec(['git', '-C', world.clone, ...identity, ...args]));
  const push = async (next: Change): Promise<void> => {
    await git('switch', '--quiet', branch);
    writeChange(world.clone, next);
    await git('add', '--all');
    await git('commit', '--quiet', '--message', next.message ?? 'a change');
    await git('push', '--quiet', stranger?.remote ?? 'origin', `HEAD:${branch}`);
    await git('switch', '--quiet', 'main');
    await world.settled();
  };
  await git('pull', '--quiet', '--rebase', 'origin', 'main');
  await git('branch', branch);
  await push(change);
  const title = change.message ?? branch;
  const { data } =
    stranger === undefined
      ? await rest.pulls.create({ ...where, title, head: branch, base: 'main' })
      : await speakAs(world, stranger.token).pulls.create({
          ...{ ...where, title, head: `${stranger.login}:${branch}`, base: 'main' },
        });
  await world.settled();
  const pull = { ...where, pull_number: data.number };
  return {
    number: data.number,
    push,
    comments: async () =>
      (await rest.issues.listComments({ ...where, issue_number: data.number })).data.map(({ body = '' }) => body),
    status: async () => {
      const { head } = (await rest.pulls.get(pull)).data;
      const { statuses } = (await rest.repos.getCombinedStatusForRef({ ...where, ref: head.sha })).data;
      return statuses.find(({ context }) => context === 'slipway/plan')?.state;
    },
    merge: async () => {
      const merged = await rest.pulls.merge({ ...pull, merge_method: 'squash' });
      await world.settled();
      await git('pull', '--quiet', '--rebase', 'origin', 'main');
      return merged.data.sha;
    },
  };
}
