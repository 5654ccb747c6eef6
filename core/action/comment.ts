import { parseId } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import { readBase } from '#core/github/base.ts';
import { type GitHubClient, openGitHubClient } from '#core/github/client.ts';
import { openComments } from '#core/github/comments.ts';
import { openPulls } from '#core/github/pulls.ts';
import type { SettlePorts } from '#core/github/settle-plan.ts';
import { openStatuses } from '#core/github/statuses.ts';
import { systemClock } from '#core/system/clock.ts';
import { InputError } from '#core/values/errors.ts';

/** The inputs of every action that writes the one comment. */
export interface CommentOptions {
  /** Name of the comment. */
  readonly marker: string;
  readonly token: string;
  /** Id of the account that the token writes as. */
  readonly identity: number;
}

/** Returns those inputs, checked. */
export function parseCommentOptions(inputs: Readonly<Record<keyof CommentOptions, string>>): CommentOptions {
  const { marker, token, identity } = inputs;
  if (!/^[a-z0-9][a-z0-9-]{0,49}$/.test(marker))
    throw new InputError('marker', marker, 'is not a name: expected lower-case letters, digits and dashes');
  return { marker, ...parseAccount({ token, identity }) };
}

/** Returns a token and the id of the account that it writes as, checked. */
export function parseAccount(inputs: Readonly<Record<'token' | 'identity', string>>): Omit<CommentOptions, 'marker'> {
  const { token, identity } = inputs;
  if (token === '') throw new InputError('token', token, "is empty: pass the job's own, github.token");
  return { token, identity: parseId('identity', identity) };
}

/** What waits. */
export type Time = Pick<SettlePorts, 'clock' | 'random'>;

/** The machine's own. */
export const systemTime: Time = { clock: systemClock, random: Math.random };

/** Opens GitHub's API for the repository of the run. */
export function openClient({ environment, log }: Runner, token: string, time: Time): GitHubClient {
  const { all, repository } = environment;
  return openGitHubClient({ apiUrl: all['GITHUB_API_URL'] ?? '', repository, token, log, ...time });
}

/** Returns the id of the run, and which attempt of it this is; 0 where the runner does not say. */
export function readRun({ all }: Runner['environment']): { readonly run: number; readonly attempt: number } {
  const number = (name: string): number => Number(/^\d{1,15}$/.exec(all[name] ?? '')?.[0] ?? 0);
  return { run: number('GITHUB_RUN_ID'), attempt: number('GITHUB_RUN_ATTEMPT') };
}

/** Opens what writes the comment and judges its plans, on a real runner. */
export function openSettlePorts(runner: Runner, client: GitHubClient, { clock, random }: Time): SettlePorts {
  const { repository, serverUrl } = runner.environment;
  return {
    comments: openComments(client),
    pulls: openPulls(client),
    statuses: openStatuses(client),
    readBase: (branch) => readBase(client, branch),
    repositoryUrl: `${serverUrl}/${repository}`,
    clock,
    log: runner.log,
    random,
  };
}
