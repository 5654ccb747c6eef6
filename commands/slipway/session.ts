import { parseBranch, parsePath } from '#core/action/inputs.ts';
import { readClone, readDefaultBranch } from '#core/git/clone.ts';
import { withoutRepository } from '#core/git/environment.ts';
import { openGitHubApi } from '#core/git/github-api.ts';
import type { AskPorts } from '#core/release/ask.ts';
import { openWriter } from '#core/release/open-ports.ts';
import { systemClock } from '#core/system/clock.ts';
import { createExec } from '#core/system/exec.ts';
import type { Log } from '#core/system/log.ts';
import { InputError, Refusal } from '#core/values/errors.ts';
import { withPatience } from '#core/verdict/patience.ts';
import type { Verdicts } from '#core/verdict/proven.ts';
import { openVerdicts } from '#core/verdict/read-deployments.ts';
import { UsageError } from '../command.ts';
import { apiOf, parseOrigin } from './action-environment.ts';
import type { Page } from './text.ts';

/** The terminal and the machine, as a verb needs them. */
export interface SlipwayPorts extends Page {
  /** The environment of git, kustomize and the registry's login. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where scratch folders may be made. */
  readonly temp: string;
  /** Turns a path as it was typed into the one that is meant. */
  readonly resolve: (path: string) => string;
  readonly now: () => Date;
  /** Shows text on standard output at once. */
  readonly show: (text: string) => void;
  /** Tells on standard error, at once, what happens. */
  readonly tell: (text: string) => void;
  /** Reads standard input to its end, for what must not be an argument. */
  readonly readInput?: () => Promise<string>;
  /** Asks a question that is answered by yes or no; undefined without a terminal. */
  readonly confirm: ((question: string) => Promise<boolean>) | undefined;
}

/** The options of every verb. */
export const COMMON = {
  repository: {
    type: 'string',
    value: 'FOLDER',
    help: 'your clone of the repository; the current folder unless given',
  },
  branch: { type: 'string', value: 'NAME', help: "the branch that Argo CD follows; origin's default unless given" },
  config: { type: 'string', value: 'PATH', help: 'where slipway.yaml is in the repository; slipway.yaml unless given' },
  json: { type: 'boolean', help: 'prints JSON, whose form is in commands/README.md' },
} as const;

/** The values of {@link COMMON}. */
export interface CommonValues {
  readonly repository?: string;
  readonly branch?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** What a verb works on. */
export interface Session {
  readonly ports: AskPorts;
  readonly branch: string;
}

/** How a verb uses the clone. */
export interface SessionOptions {
  /** True where a commit is written, which has to name its author. */
  readonly isWriting: boolean;
  /** How long a registry that does not answer is asked again, in milliseconds. */
  readonly registryDeadlineMs?: number;
}

/** Opens the clone that was named, and its remote, for one piece of work, with git's own credentials and nothing else. */
export async function withSession<T>(
  values: CommonValues,
  screen: SlipwayPorts,
  options: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const config = asUsage(() => parsePath('--config', values.config ?? 'slipway.yaml'));
  const given = asUsage(() => (values.branch === undefined ? undefined : parseBranch('--branch', values.branch)));
  const folder = screen.resolve(values.repository ?? '.');
  const environment = withoutRepository(screen.environment);
  const exec = createExec(environment);
  const { origin, name, email, settings } = await readClone(exec, folder, environment);
  if (options.isWriting && (name === undefined || email === undefined))
    throw new Refusal(
      `git does not know who you are in ${folder}: set git config user.name and user.email, which the commit names`,
    );
  const branch = given ?? (await readDefaultBranch(exec, folder, origin));
  const log = { debug: () => {}, info: screen.tell, warn: screen.tell };
  const patience = options.registryDeadlineMs === undefined ? {} : { registryDeadlineMs: options.registryDeadlineMs };
  const place = { checkout: folder, temp: screen.temp, log, mask: () => {}, token: '', serverUrl: '', ...patience };
  const identity = `${clean(name)} <${clean(email)}>`;
  const verdicts = openVerdictsOf(origin, screen.environment, log);
  const asker = { actor: name ?? '', runUrl: '', isByHand: true, identity, ...(verdicts && { verdicts }) };
  const opened = await openWriter({ ...place, environment: { ...environment, ...settings } }, asker, config);
  try {
    return await work({ ports: opened.ports, branch });
  } finally {
    await opened.close();
  }
}

/**
 * Returns the verdicts of the clone's repository, read with GH_TOKEN or GITHUB_TOKEN; undefined without one, and where
 * origin is not on the server that the token belongs to: GITHUB_SERVER_URL, github.com unless given.
 */
function openVerdictsOf(origin: string, environment: SlipwayPorts['environment'], log: Log): Verdicts | undefined {
  const token = environment['GH_TOKEN'] || environment['GITHUB_TOKEN'] || '';
  const page = parseOrigin(origin);
  const server = environment['GITHUB_SERVER_URL'] || 'https://github.com';
  if (token === '' || page === undefined || page.server !== server) return undefined;
  const { rest: apiUrl, graphql: graphqlUrl } = apiOf(page.server);
  const options = { apiUrl, graphqlUrl, repository: page.repository, token, clock: systemClock, log };
  return withPatience(openVerdicts(openGitHubApi(options)));
}

/** What git cannot have in a name or an address. */
function clean(text = ''): string {
  return text.replace(/[<>\p{C}]/gu, '').trim();
}

/** A wrong value on the command line is wrong usage. */
export function asUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof InputError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** Returns the one word that names the environment. */
export function readEnvironment(operands: readonly string[]): string {
  const [environment, ...more] = operands;
  if (environment === undefined) throw new UsageError('the environment is missing: name one of slipway.yaml');
  if (more.length > 0) throw new UsageError(`one environment at a time: ${operands.join(', ')} are ${operands.length}`);
  return environment;
}

/** Returns an object as the JSON that a verb prints. */
export function toJson(object: object): string {
  return `${JSON.stringify({ schema: 1, ...object }, undefined, 2)}\n`;
}
