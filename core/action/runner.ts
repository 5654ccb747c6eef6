import * as actions from '@actions/core';
import type { Annotation, Log } from '#core/system/log.ts';
import { describeError, InputError, isExpected, Refusal } from '#core/values/errors.ts';
import { hideUserinfo } from '#core/values/userinfo.ts';

/** What the runner tells every step, each from its documented environment variable. */
export interface RunnerEnvironment {
  /** GITHUB_WORKSPACE: the checkout. */
  readonly workspace: string;
  /** RUNNER_TEMP: emptied by the runner at the end of the job. */
  readonly temp: string;
  /** GITHUB_REPOSITORY: owner/name. */
  readonly repository: string;
  /** GITHUB_SERVER_URL, without a slash at its end. */
  readonly serverUrl: string;
  /** GITHUB_RUN_ID as a page: `<server>/<repository>/actions/runs/<id>`; empty for a run by hand, whose id is 0. */
  readonly runUrl: string;
  /** GITHUB_ACTOR: the login that started the run. */
  readonly actor: string;
  /** GITHUB_SHA: the commit that started the run. */
  readonly sha: string;
  /** GITHUB_EVENT_NAME: what started the run, such as push or workflow_dispatch; empty where it is not set. */
  readonly eventName: string;
  /** The whole environment, for the processes that the step starts. */
  readonly all: Readonly<Record<string, string | undefined>>;
}

/** The workflow runner: inputs in, outputs, summary, masks and annotations out. */
export interface Runner {
  readonly environment: RunnerEnvironment;
  readonly log: Log;
  /** Returns an input, trimmed; empty when it is not set. */
  input(name: string): string;
  setOutputs(outputs: Readonly<Record<string, string>>): void;
  /** Hides a value in everything that is printed from now on. */
  mask(secret: string): void;
  addSummary(markdown: string): Promise<void>;
  /** Shows an error beside its line of code; the step is not red by it. */
  annotate(annotation: Annotation): void;
}

/**
 * Runs an action's body on the real runner. What it throws makes the step red: an expected error by its message,
 * anything else (our bug) with its stack.
 */
export function runAction(body: (runner: Runner) => Promise<void>): void {
  Promise.resolve()
    .then(() => body(createRunner()))
    .catch((error: unknown) => {
      actions.setFailed(plain(isExpected(error) ? describeError(error) : explainBug(error)));
    });
}

function explainBug(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : describeError(error);
  return `This is a bug in Slipway, please report it with this text: ${stack}`;
}

function createRunner(): Runner {
  return {
    environment: readEnvironment(process.env),
    log: {
      debug: (message) => actions.debug(plain(message)),
      info: (message) => actions.info(plain(message)),
      warn: (message) => actions.warning(plain(message)),
    },
    input: (name) => actions.getInput(name),
    setOutputs: (outputs) => {
      for (const [name, value] of Object.entries(outputs)) actions.setOutput(name, value);
    },
    mask: (secret) => {
      for (const line of secret.split(/\r?\n/).filter((part) => part.trim() !== '')) actions.setSecret(line);
    },
    addSummary: async (markdown) => {
      required(process.env, 'GITHUB_STEP_SUMMARY');
      await actions.summary.addRaw(hideUserinfo(markdown), true).write();
    },
    annotate: ({ title, message, file, line, endLine }) =>
      actions.error(plain(message), {
        title: plain(title),
        ...(file !== undefined && { file }),
        ...(line !== undefined && { startLine: line }),
        ...(endLine !== undefined && { endLine }),
      }),
  };
}

/** Returns a message as it may be printed: without credentials, and without a workflow command. */
function plain(message: string): string {
  return inert(hideUserinfo(message));
}

/**
 * Breaks up what the runner takes for a workflow command: `::` at the start of a line, after any white space (.NET's,
 * which has U+0085 besides JavaScript's), and `##[` anywhere in a line (actions/runner, ActionCommand.cs). By a plain
 * space: the runner compares by culture, where a zero-width one counts as absent.
 */
function inert(message: string): string {
  return message.replace(/^([\s\u0085]*):(?=:)/gm, '$1: ').replaceAll('##[', '# #[');
}

/** What every step needs of the runner. */
const NEEDED = [
  'GITHUB_WORKSPACE',
  'RUNNER_TEMP',
  'GITHUB_REPOSITORY',
  'GITHUB_SERVER_URL',
  'GITHUB_RUN_ID',
  'GITHUB_ACTOR',
  'GITHUB_SHA',
] as const;

function readEnvironment(env: NodeJS.ProcessEnv): RunnerEnvironment {
  const missing = NEEDED.filter((name) => (env[name] ?? '') === '');
  if (missing.length > 1)
    throw new Refusal(
      `${missing.join(', ')} are empty: this action runs on a GitHub Actions runner, which sets them; by hand: ${BY_HAND}`,
    );
  const serverUrl = required(env, 'GITHUB_SERVER_URL').replace(/\/+$/, '');
  const repository = required(env, 'GITHUB_REPOSITORY');
  const run = required(env, 'GITHUB_RUN_ID');
  return {
    workspace: required(env, 'GITHUB_WORKSPACE'),
    temp: required(env, 'RUNNER_TEMP'),
    repository,
    serverUrl,
    runUrl: run === '0' ? '' : `${serverUrl}/${repository}/actions/runs/${run}`,
    actor: required(env, 'GITHUB_ACTOR'),
    sha: required(env, 'GITHUB_SHA'),
    eventName: env['GITHUB_EVENT_NAME'] ?? '',
    all: env,
  };
}

/** How a person runs an action without a runner. */
const BY_HAND = 'npm run -s slipway -- run-action --help';

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name] ?? '';
  if (value === '')
    throw new InputError(
      name,
      value,
      `is empty: this action runs on a GitHub Actions runner, which sets it; by hand: ${BY_HAND}`,
    );
  return value;
}
