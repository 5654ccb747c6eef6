import { readClone } from '#core/git/clone.ts';
import { createExec, type Exec } from '#core/system/exec.ts';
import { InputError } from '#core/values/errors.ts';
import { UsageError } from '../command.ts';
import type { SlipwayPorts } from './session.ts';

/** What a runner would tell a step, taken from a clone. */
export interface ActionPlace {
  readonly environment: Readonly<Record<string, string>>;
  /** Values of the expressions that action.yml's defaults use; undefined where the clone does not say. */
  readonly expressions: Readonly<Record<string, string | undefined>>;
  /** What the clone does not say, with the option that gives it. */
  readonly missing: readonly string[];
  /** Files that differ from the commit that the action works on. */
  readonly uncommitted: readonly string[];
}

/** The options that stand in for what a clone does not say. */
export interface PlaceOptions {
  readonly repository?: string;
  readonly page?: string;
  readonly actor?: string;
}

/** A page that does not exist: a run by hand has none. */
const NO_RUN = '0';

/** Reads from the clone what a runner tells each step; lists all that is missing, not the first alone. */
export async function readActionPlace(options: PlaceOptions, screen: SlipwayPorts): Promise<ActionPlace> {
  const folder = screen.resolve(options.repository ?? '.');
  const exec = createExec(screen.environment);
  const { name, settings } = await readClone(exec, folder, screen.environment);
  const ask = (...argv: string[]) => askGit(exec, folder, argv);
  const [workspace, sha, branch, origin, target, changes = ''] = await Promise.all([
    ask('rev-parse', '--show-toplevel'),
    ask('rev-parse', '--verify', '--quiet', 'HEAD'),
    ask('symbolic-ref', '--quiet', '--short', 'HEAD'),
    ask('remote', 'get-url', 'origin'),
    ask('rev-parse', '--verify', '--quiet', 'origin/HEAD'),
    ask('-c', 'core.quotePath=false', 'diff', '--name-only', 'HEAD'),
  ]);
  const page = options.page === undefined ? parseOrigin(origin ?? '') : parsePage(options.page);
  const actor = options.actor ?? name;
  const token = screen.environment['GITHUB_TOKEN'] ?? '';
  return {
    environment: {
      ...settings,
      GITHUB_WORKSPACE: workspace ?? folder,
      GITHUB_SERVER_URL: page?.server ?? '',
      GITHUB_REPOSITORY: page?.repository ?? '',
      ...(token === '' || page === undefined ? {} : nameApi(page.server)),
      GITHUB_RUN_ID: NO_RUN,
      GITHUB_RUN_ATTEMPT: String(screen.now().getTime()), // a forced build's tag ends with it
      GITHUB_ACTOR: actor ?? '',
      GITHUB_SHA: sha ?? '',
      GITHUB_REF_NAME: branch ?? '',
      GITHUB_EVENT_NAME: 'workflow_dispatch',
    },
    expressions: {
      'github.sha': sha,
      'github.ref_name': branch,
      'github.token': token,
      // by hand, the change is what is checked out, and it goes to the default branch
      'github.event.pull_request.head.sha': sha,
      'github.event.pull_request.base.sha': target,
    },
    uncommitted: changes.split('\n').filter((path) => path !== ''),
    missing: [
      ...(page === undefined ? ['--page URL: the repository’s page, such as https://github.com/OWNER/NAME'] : []),
      ...(actor === undefined ? ['--actor NAME: who asks; git config user.name is not set'] : []),
      ...(sha === undefined ? ['a commit: the clone has none, git pull brings it'] : []),
    ],
  };
}

function nameApi(server: string): Record<string, string> {
  const { rest, graphql } = apiOf(server);
  return { GITHUB_API_URL: rest, GITHUB_GRAPHQL_URL: graphql };
}

async function askGit(exec: Exec, folder: string, argv: readonly string[]): Promise<string | undefined> {
  const { code, stdout } = await exec(['git', '-C', folder, ...argv], { accept: 'any' });
  return code === 0 ? stdout.toString('utf8').trim() || undefined : undefined;
}

interface Page {
  readonly server: string;
  /** `<owner>/<name>`. */
  readonly repository: string;
}

/** Returns the page behind a remote's URL; undefined for one on this machine. Credentials in it are left out. */
export function parseOrigin(origin: string): Page | undefined {
  const web = /^(https?):\/\/(?:[^@/]*@)?([^/]+)\/([^/]+\/[^/]+?)(?:\.git)?\/?$/.exec(origin);
  if (web !== null) return { server: `${web[1]}://${web[2]}`, repository: web[3] ?? '' };
  const ssh =
    /^ssh:\/\/(?:[^@/]*@)?([^/:]+)(?::\d+)?\/([^/]+\/[^/]+?)(?:\.git)?\/?$/.exec(origin) ??
    /^(?:[^@/\s]+@)?([^/:\s]+):([^/]+\/[^/]+?)(?:\.git)?\/?$/.exec(origin);
  return ssh === null ? undefined : { server: `https://${ssh[1]}`, repository: ssh[2] ?? '' };
}

function parsePage(text: string): Page {
  const page = /^https?:/.test(text) ? parseOrigin(text) : undefined;
  if (page !== undefined) return page;
  const fault = new InputError('--page', text, 'is not a repository’s page: expected https://github.com/OWNER/NAME');
  throw new UsageError(fault.message, { cause: fault });
}

/** Returns the addresses of a server's API. GitHub's own has a host of its own, an Enterprise Server's is below its host. */
export function apiOf(server: string): { readonly rest: string; readonly graphql: string } {
  return server === 'https://github.com'
    ? { rest: 'https://api.github.com', graphql: 'https://api.github.com/graphql' }
    : { rest: `${server}/api/v3`, graphql: `${server}/api/graphql` };
}
