import * as z from 'zod';
import type { Clock } from '#core/system/clock.ts';
import { CommandError, createExec } from '#core/system/exec.ts';
import { execDetached } from '#core/system/exec-detached.ts';
import type { Scratch } from '#core/system/scratch.ts';
import { type Ending, type Failure, findFailure } from '#core/terraform/run/failure.ts';
import { parseMessage, readMessages, readStep, type Said, type Step } from '#core/terraform/run/messages.ts';
import { Refusal } from '#core/values/errors.ts';

/** A state's identity: what a saved plan was made from. */
export interface StateIdentity {
  /** Empty where there is no state yet. */
  readonly lineage: string;
  readonly serial: number;
}

/** What a run of plan or apply came to. */
export interface Run {
  readonly said: Said;
  /** Undefined where it ended well. */
  readonly failure: Failure | undefined;
}

/** Terraform or OpenTofu in the folder of one stack. What it prints is not scrubbed yet. */
export interface TerraformCli {
  readonly binary: 'terraform' | 'tofu';
  /** Returns the version of the program. */
  readVersion(): Promise<string>;
  /** Installs what the lock file names and reads the backend's settings; returns why it could not. */
  init(backendConfig: readonly string[]): Promise<Failure | undefined>;
  plan(out: string, options: PlanOptions): Promise<Run>;
  /** Returns a saved plan as JSON, secrets and all. */
  show(plan: string): Promise<string>;
  /** Returns the state as JSON with the marks of what is sensitive in it. */
  showState(): Promise<string>;
  apply(plan: string, onStep: (step: Step) => void): Promise<Run>;
  /** Returns the state as JSON, secrets and all; empty where there is none. */
  pullState(): Promise<string>;
}

/** How a plan is made. */
export interface PlanOptions {
  /** Reads what is really there first. */
  readonly refresh: boolean;
  /** Holds the state's lock meanwhile, which is written to the backend. */
  readonly lock: boolean;
}

/** What running the program needs. */
export interface CliDeps {
  readonly binary: 'terraform' | 'tofu';
  /** The stack's folder. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly scratch: Scratch;
  readonly interruption: AbortSignal;
  readonly clock: Clock;
  /** What must not appear in a message of a program that was not expected to fail. */
  readonly secrets: readonly string[];
}

/**
 * The runner's own: the inputs, among them the passphrase of saved plans, the tokens by which a job speaks to GitHub's
 * services, and the files that steer later steps. Terraform runs code of the change and of its providers.
 */
const KEPT_FROM_IT = /^(INPUT_|ACTIONS_|GITHUB_(ENV|OUTPUT|PATH|STATE|STEP_SUMMARY)$|TF_LOG)/;

/** Returns the environment of the program: it asks nothing, calls home never, and writes no log, which would hold secrets. */
function environmentFor(environment: CliDeps['environment']): Record<string, string> {
  const entries = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !KEPT_FROM_IT.test(entry[0]),
  );
  return { ...Object.fromEntries(entries), TF_IN_AUTOMATION: '1', TF_INPUT: '0', CHECKPOINT_DISABLE: '1' };
}

/** Opens the program in a stack's folder. */
export function openCli(deps: CliDeps): TerraformCli {
  const { binary, folder } = deps;
  const env = environmentFor(deps.environment);
  const read = async (...args: string[]): Promise<string> => {
    const { stdout } = await createExec(env)([binary, ...args], { cwd: folder, secrets: deps.secrets });
    return stdout.toString('utf8');
  };
  return {
    binary,
    readVersion: async () => parseVersion(await read('version', '-json')),
    init: (backendConfig) => init(deps, env, backendConfig),
    plan: (out, { refresh, lock }) =>
      runJson(deps, env, ['plan', '-json', '-input=false', `-refresh=${refresh}`, `-lock=${lock}`, `-out=${out}`]),
    show: (plan) => read('show', '-json', plan),
    showState: () => read('show', '-json'),
    apply: (plan, onStep) => runJson(deps, env, ['apply', '-json', '-input=false', plan], onStep),
    pullState: () => read('state', 'pull'),
  };
}

async function runJson(
  deps: CliDeps,
  env: Record<string, string>,
  args: readonly string[],
  onStep?: (step: Step) => void,
): Promise<Run> {
  const ended = await runWhole(deps, env, args, (line) => {
    const step = onStep === undefined ? undefined : readStep(parseMessage(line) ?? { type: '' });
    if (step !== undefined) onStep?.(step);
  });
  const said = readMessages(deps.binary, ended.stdout);
  return { said, failure: findFailure({ ...ended, said }) };
}

/** Init of OpenTofu refuses a stack whose tests are written for Terraform (`override_during`), and a plan needs none. */
const WITHOUT_TESTS: Readonly<Record<CliDeps['binary'], readonly string[]>> = {
  terraform: [],
  tofu: ['-test-directory=none'],
};

/** Text only: init has no messages of its own in every version that is supported. */
async function init(
  deps: CliDeps,
  env: Record<string, string>,
  backendConfig: readonly string[],
): Promise<Failure | undefined> {
  const settings = backendConfig.map((setting) => `-backend-config=${setting}`);
  const args = ['init', '-input=false', '-no-color', '-lockfile=readonly', ...WITHOUT_TESTS[deps.binary], ...settings];
  const ended = await runWhole(deps, env, args);
  if (ended.code === 0) return undefined;
  const detail = ended.stderr.replace(/^[╷│╵] ?/gm, '').trim();
  const [summary = '', ...rest] = detail.replace(/^[\s\S]*?Error: /, '').split('\n');
  const said = {
    version: deps.binary,
    finished: undefined,
    diagnostics: [{ severity: 'error', summary, detail: rest.join('\n').trim() }],
  };
  return findFailure({ ...ended, said: summary === '' ? { ...said, diagnostics: [] } : said });
}

type Ended = Omit<Ending, 'said'> & { readonly stdout: string };

async function runWhole(
  { binary, folder, scratch, interruption, clock }: CliDeps,
  env: Record<string, string>,
  args: readonly string[],
  onLine?: (line: string) => void,
): Promise<Ended> {
  const output = await scratch.folder();
  const options = { cwd: folder, env, folder: output, interruption, ...(onLine !== undefined && { onLine }) };
  try {
    const result = await execDetached([binary, ...args], options);
    return { ...result, command: `${binary} ${args[0] ?? ''}`, isInterrupted: interruption.aborted, now: clock.now() };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new Refusal(
      `${error.message}; install ${binary} in an earlier step, or set terraform.binary in slipway.yaml to the other one`,
    );
  }
}

const versionSchema = z.object({ terraform_version: z.string() });

function parseVersion(text: string): string {
  return versionSchema.parse(JSON.parse(text)).terraform_version;
}

const stateSchema = z.object({ lineage: z.string().default(''), serial: z.int().nonnegative().default(0) });

/** Returns the identity of a state, of which nothing else is kept; empty where there is no state yet. */
export function identifyState(text: string): StateIdentity {
  return text.trim() === '' ? { lineage: '', serial: 0 } : stateSchema.parse(JSON.parse(text));
}
