import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LandingPage } from '#core/action/landing.ts';
import type { Runner } from '#core/action/runner.ts';
import { readConfig } from '#core/config/read.ts';
import type { AskPorts } from '#core/release/ask.ts';
import type { LandResult } from '#core/release/land.ts';
import { type WriterOptions as AskOptions, openAskPorts } from '#core/release/open-ports.ts';
import { readImageInputs } from '#core/source/image-inputs.ts';
import { openSourceTree } from '#core/source/source-tree.ts';
import { createExec } from '#core/system/exec.ts';
import type { Digest } from '#core/values/reference.ts';
import { putImage } from '#tests/support/images.ts';
import { type InProcessRunner, openRunner } from '#tests/support/in-process.ts';
import type { Tenant } from '#tests/support/tenant.ts';
import { readInputs as readBump } from '../../actions/bump-overlay/src/inputs.ts';
import { run as runBump } from '../../actions/bump-overlay/src/run.ts';
import { renderSummary as renderBump } from '../../actions/bump-overlay/src/summary.ts';
import { readInputs as readHold } from '../../actions/hold-overlay/src/inputs.ts';
import { run as runHold } from '../../actions/hold-overlay/src/run.ts';
import { renderSummary as renderHold } from '../../actions/hold-overlay/src/summary.ts';
import { readInputs as readPromotion } from '../../actions/promote-overlay/src/inputs.ts';
import { run as runPromotion } from '../../actions/promote-overlay/src/run.ts';
import { renderSummary as renderPromotion } from '../../actions/promote-overlay/src/summary.ts';
import { readInputs as readReconcile } from '../../actions/reconcile-overlays/src/inputs.ts';
import { describeOutputs as describeReconcile } from '../../actions/reconcile-overlays/src/outputs.ts';
import { run as runReconcile } from '../../actions/reconcile-overlays/src/run.ts';
import { renderSummary as renderReconcile } from '../../actions/reconcile-overlays/src/summary.ts';
import { readInputs as readRollback } from '../../actions/rollback-overlay/src/inputs.ts';
import { run as runRollback } from '../../actions/rollback-overlay/src/run.ts';
import { renderSummary as renderRollback } from '../../actions/rollback-overlay/src/summary.ts';

/** What a writer's run in the test's process came to, with what it said and its summary. */
export interface Written extends LandResult {
  readonly runner: InProcessRunner;
  readonly summary: string;
}

/** Conditions of a run. */
export interface WriterOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The commit that the person saw; the branch's head where it is not given. */
  readonly sha?: string;
  /** The workflow run's id. */
  readonly run?: string;
  /** The folder of the checkout; a shallow one of `sha` where it is not given. */
  readonly checkout?: string;
  /** Changes what the run has of the world. */
  readonly change?: (ports: AskPorts) => AskPorts;
}

type Inputs = Readonly<Record<string, string>>;

const COMMON = { environment: 'production', branch: 'main', config: 'slipway.yaml' };
let runs = 100;

async function write<In extends AskOptions, Result extends object>(
  tenant: Tenant,
  inputs: Inputs,
  options: WriterOptions,
  action: {
    readonly read: (runner: Runner) => In;
    readonly run: (inputs: In, ports: AskPorts) => Promise<Result>;
    readonly render: (result: Result, page: LandingPage & In) => string;
  },
): Promise<Result & Omit<Written, keyof LandResult>> {
  const { connection } = tenant.server;
  const env = { ...connection?.env, ...options.env };
  const opened = openRunner(
    tenant,
    { ...COMMON, ...connection?.inputs, ...inputs },
    env,
    options.sha,
    options.checkout,
  );
  const id = options.run ?? String(++runs);
  const environment = {
    ...opened.environment,
    runUrl: `https://github.example/acme/tenant/actions/runs/${id}`,
  };
  const runner = { ...opened, environment };
  const read = action.read(runner);
  const { ports, close } = await openAskPorts(runner, read);
  try {
    const result = await action.run(read, options.change === undefined ? ports : options.change(ports));
    const page = { ...read, branch: 'main', repositoryUrl: 'https://github.example/acme/tenant' };
    return { ...result, runner, summary: action.render(result, page) };
  } finally {
    await close();
  }
}

/** Runs bump-overlay in this process. */
export function bump(tenant: Tenant, inputs: Inputs, options: WriterOptions = {}) {
  const source = inputs['source-sha'] ?? tenant.remoteGit('rev-parse', 'main');
  const action = { read: readBump, run: runBump, render: renderBump };
  return write(tenant, { ...inputs, 'source-sha': source }, options, action);
}

const BY_HAND = { GITHUB_EVENT_NAME: 'workflow_dispatch' };

/** Runs rollback-overlay in this process, as a person who started it on the branch's head. */
export function rollBack(tenant: Tenant, inputs: Inputs = {}, options: WriterOptions = {}) {
  const way = inputs['to'] === undefined ? { steps: '1' } : {};
  const action = { read: readRollback, run: runRollback, render: renderRollback };
  return write(tenant, { reason: 'it answers 500', ...way, ...inputs }, { env: BY_HAND, ...options }, action);
}

/** Runs hold-overlay in this process. */
export function hold(tenant: Tenant, inputs: Inputs = {}, options: WriterOptions = {}) {
  const read = (runner: Runner) => readHold(runner, new Date());
  const action = { read, run: runHold, render: renderHold };
  return write(tenant, { action: 'set', reason: 'we look at it', ...inputs }, { env: BY_HAND, ...options }, action);
}

/** Runs promote-overlay in this process. */
export function promote(tenant: Tenant, inputs: Inputs = {}, options: WriterOptions = {}) {
  const action = { read: readPromotion, run: runPromotion, render: renderPromotion };
  return write(tenant, inputs, { env: BY_HAND, ...options }, action);
}

/** Runs reconcile-overlays in this process, as its schedule does. */
export async function reconcile(tenant: Tenant, inputs: Inputs = {}, options: WriterOptions = {}) {
  const read = (runner: Runner) => readReconcile(runner);
  const run = async (own: ReturnType<typeof readReconcile>, ports: AskPorts) => {
    const result = await runReconcile(own, ports);
    return { ...result, ...describeReconcile(result), folded: result.folded, commits: result.commits };
  };
  return write(
    tenant,
    inputs,
    { env: { GITHUB_EVENT_NAME: 'schedule' }, ...options },
    { read, run, render: renderReconcile },
  );
}

/** Pushes the build of an image's inputs at the branch's head, under the tag that build-image gives it. */
export async function build(tenant: Tenant, image = 'discord-bot'): Promise<Digest> {
  const exec = createExec({ PATH: process.env['PATH'], HOME: tmpdir() });
  const checkout = mkdtempSync(join(tenant.temp, '..', 'source-'));
  await exec(['git', 'clone', '-q', '--bare', tenant.remote, checkout]);
  const tree = await openSourceTree(exec, checkout);
  const settings = (await readConfig(tree, 'slipway.yaml')).images.get(image);
  if (settings === undefined) throw new Error(`the tenant has no image ${image}`);
  const { inputHash } = await readImageInputs(settings, tree);
  const config = { os: 'linux', architecture: 'amd64', inputHash };
  return putImage(tenant.registry, image, { tag: `in-${inputHash}`, config }).digest;
}
