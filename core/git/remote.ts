import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { systemClock } from '#core/system/clock.ts';
import { CommandError, type Exec, type ExecOptions, type ExecResult } from '#core/system/exec.ts';
import { type Attempt, type RetryPolicy, retry } from '#core/system/retry.ts';
import { Refusal } from '#core/values/errors.ts';

/** Where the branch lives. The token goes to http(s) remotes only, as a header, never into an argument or a file. */
export interface Remote {
  readonly url: string;
  readonly token: string;
}

/** Runs git in one repository with that repository's environment. */
export type RunGit = (args: readonly string[], options?: ExecOptions) => Promise<ExecResult>;

/** Returns the URL behind the checkout's `origin`. */
export async function readOriginUrl(exec: Exec, checkout: string): Promise<string> {
  const { code, stdout } = await exec(['git', '-C', checkout, 'remote', 'get-url', 'origin'], { accept: 'any' });
  const url = stdout.toString('utf8').trim();
  if (code !== 0 || url === '') {
    throw new Refusal(
      `${checkout} is not a git checkout with a remote named origin; check the repository out in an earlier step`,
    );
  }
  const isPath = !/^[a-z+]+:\/\//i.test(url) && !/^[^/]+:/.test(url);
  // as a URL: from a path alone git takes no part of a repository
  return isPath ? pathToFileURL(isAbsolute(url) ? url : resolve(checkout, url)).href : url;
}

/** Returns git's environment for a remote; `configCount` GIT_CONFIG_KEY_<n> are set already. */
export function gitEnvironment(remote: Remote, configCount: number): Record<string, string> {
  const common = { GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C', GIT_DIR: '.' };
  if (remote.token === '' || !/^https?:\/\//i.test(remote.url)) return common;
  return {
    ...common,
    GIT_CONFIG_COUNT: String(configCount + 1),
    [`GIT_CONFIG_KEY_${configCount}`]: `http.${new URL(remote.url).origin}/.extraheader`,
    [`GIT_CONFIG_VALUE_${configCount}`]: `AUTHORIZATION: basic ${basicCredentials(remote.token)}`,
  };
}

/** Returns the value of the Basic authorization header for a token, as GitHub's git server expects it. */
export function basicCredentials(token: string): string {
  return token === '' ? '' : Buffer.from(`x-access-token:${token}`).toString('base64');
}

/** How long a remote that does not answer is asked again. */
const PATIENCE: RetryPolicy = {
  clock: systemClock,
  random: Math.random,
  deadlineMs: 20_000,
  firstPauseMs: 150,
  longestPauseMs: 2_000,
};

/** What git and its servers say when a remote answers and does not have what was asked for. */
const MISSING = /not our ref|remote ref|unadvertised object|bad object/;
/** What no repetition changes: the remote refuses, or does not have it. */
const FINAL = new RegExp(`\\b40[134]\\b|[Aa]uthentication|[Pp]ermission|could not read Username|${MISSING.source}`);

/** True where a remote said that it does not have what was asked for. */
export function isMissing({ stderr }: CommandError): boolean {
  return MISSING.test(stderr);
}

/**
 * Asks a remote, again where no answer came: connections break and servers restart. A question can be repeated; what
 * changes something is not asked this way. Throws a CommandError when the remote never answered.
 */
export async function askRemote(run: RunGit, argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  let unanswered: unknown;
  const tried = await retry(PATIENCE, async (): Promise<Attempt<ExecResult>> => {
    try {
      return { done: true, value: await run(argv, options) };
    } catch (error) {
      if (!(error instanceof CommandError) || error.code === undefined || FINAL.test(error.stderr)) throw error;
      unanswered = error;
      return { done: false, reason: error.message };
    }
  });
  if (tried.done) return tried.value;
  throw unanswered;
}

/** Returns a handler that turns git's failure to reach `url` into a sentence with a remedy. */
export function explainRemote(url: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof CommandError)) throw error;
    const said = error.stderr.trim().split('\n').slice(-3).join(' ');
    const remedy = /\b40[13]\b|[Aa]uthentication|[Pp]ermission|could not read Username/.test(said)
      ? 'check that the token input may read the repository (permissions: contents), or your git credentials at a terminal'
      : 'check that it can be reached from this machine';
    throw new Refusal(`the repository ${url} does not answer: ${remedy} (${said})`, { cause: undefined });
  };
}
