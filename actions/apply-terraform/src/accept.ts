import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { CommandError } from '#core/system/exec.ts';
import { fingerprintPlan } from '#core/terraform/fingerprint.ts';
import { describeBlock, guardPlan } from '#core/terraform/guard.ts';
import { judgeOverride } from '#core/terraform/override.ts';
import { classifyPlan } from '#core/terraform/plan/classify.ts';
import { parsePlanFile } from '#core/terraform/plan/parse.ts';
import { collectSecrets } from '#core/terraform/plan/secrets.ts';
import { scrubFailure } from '#core/terraform/plan-stack.ts';
import { identifyState, type StateIdentity, type TerraformCli } from '#core/terraform/run/cli.ts';
import type { Failure } from '#core/terraform/run/failure.ts';
import type { SavedPlan } from '#core/terraform/saved-plan/binding.ts';
import { checkBinding, checkState, type PlanRefusal } from '#core/terraform/saved-plan/check.ts';
import { createScrub } from '#core/terraform/secrets.ts';
import { hashLockFile, readTrees, type Stack } from '#core/terraform/stack.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';
import { openSavedPlan } from './saved-plan.ts';

/** What is to be applied, and with what. */
export interface Work {
  readonly stack: Stack;
  readonly cli: TerraformCli;
  readonly inputs: Inputs;
  readonly ports: Ports;
}

/** A saved plan that may be applied, or why none is. */
export type Accepted =
  | { readonly kind: 'accepted'; readonly saved: SavedPlan }
  | { readonly kind: 'refused'; readonly refusal: PlanRefusal; readonly saved: SavedPlan | undefined }
  /** Terraform itself could not begin. */
  | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * Opens the saved plan and holds it against what is so now; what costs least is looked at first. At the end Terraform
 * says what the plan's file does: that alone is applied, whatever stands beside it.
 */
export async function acceptSavedPlan(work: Work): Promise<Accepted> {
  const saved = await openSavedPlan(work);
  if ('sentence' in saved) return { kind: 'refused', refusal: saved, saved: undefined };
  const refusal =
    (await checkOverride(work)) ?? checkWhole(saved) ?? (await checkPresent(saved, work)) ?? checkGuard(saved, work);
  if (refusal !== undefined) return { kind: 'refused', refusal, saved };
  const failure = await work.cli.init(work.inputs.backendConfig);
  if (failure !== undefined) return { kind: 'failed', failure: hideSecrets(failure, saved, work) };
  const state = await readState(work);
  if ('sentence' in state) return { kind: 'failed', failure: hideSecrets(state, saved, work) };
  const moved = checkState(saved.binding, state);
  if (moved !== undefined) return { kind: 'refused', refusal: moved, saved };
  const shown = await readFileOf(saved, work);
  if (shown === undefined) return { kind: 'refused', refusal: refuseFile('cannot be read by Terraform'), saved };
  const differs = checkFile(shown) ?? checkGuard(shown, work);
  return differs === undefined ? { kind: 'accepted', saved: shown } : { kind: 'refused', refusal: differs, saved };
}

/** Returns which state is there now, or why it cannot be read. */
async function readState({ cli }: Work): Promise<StateIdentity | Failure> {
  try {
    return identifyState(await cli.pullState());
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const [summary = '', ...rest] = stripVTControlCharacters(error.stderr).trim().split('\n');
    return {
      kind: 'errors',
      sentence: `${cli.binary} could not read the state, and nothing was applied: see whether its backend can be reached, then run the job again`,
      diagnostics: [{ severity: 'error', summary, detail: rest.join('\n') }],
    };
  }
}

/** Returns the saved plan with what Terraform itself says of its file; undefined where it cannot read that file. */
async function readFileOf(saved: SavedPlan, { cli, ports }: Work): Promise<SavedPlan | undefined> {
  const path = join(await ports.folder(), 'plan');
  await writeFile(path, saved.plan, { mode: 0o600 });
  try {
    return { ...saved, json: await cli.show(path) };
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  } finally {
    await rm(path, { force: true });
  }
}

/** Anyone who has the key can seal a file beside the JSON of another one. */
function checkFile({ binding, json }: SavedPlan): PlanRefusal | undefined {
  const file = parsePlanFile('the saved plan', json);
  const fingerprint = fingerprintPlan(classifyPlan(file), file.timestamp);
  if (fingerprint === binding.fingerprint) return undefined;
  return refuseFile(
    `does not do what was shown: its fingerprint is ${fingerprint.slice(0, 12)}, and ${binding.fingerprint.slice(0, 12)} was reviewed`,
  );
}

function refuseFile(what: string): PlanRefusal {
  return {
    kind: 'file-differs',
    sentence: `the file of the saved plan ${what}: look at what the pull request changes in workflows and actions, give the environments \`plan\` and \`aws\` a new key, and plan it again, in a pull request`,
  };
}

function checkWhole({ json }: SavedPlan): PlanRefusal | undefined {
  const { isErrored, isComplete } = classifyPlan(parsePlanFile('the saved plan', json));
  if (!isErrored && isComplete) return undefined;
  const what = isErrored ? 'ended in an error' : 'is not complete';
  return {
    kind: 'incomplete',
    sentence: `the saved plan ${what}, so it cannot be applied as it is: plan it again, in a pull request`,
  };
}

async function checkPresent(
  { binding }: SavedPlan,
  { stack, cli, inputs, ports }: Work,
): Promise<PlanRefusal | undefined> {
  return checkBinding(binding, {
    stack: stack.name,
    head: inputs.head,
    stacks: stack.stacks,
    trees: await readTrees(ports.source, Object.keys(binding.trees)),
    lockFile: await hashLockFile(stack, ports),
    tool: { binary: stack.binary, version: await cli.readVersion() },
    now: ports.clock.now(),
  });
}

/** Asks GitHub who they are that allow something. */
async function checkOverride({ inputs, ports }: Work): Promise<PlanRefusal | undefined> {
  if (inputs.allow.length === 0) return undefined;
  const { pullRequest } = inputs;
  const sentence = await judgeOverride({ actors: ports.actors, pullRequest }, ports.github?.people);
  return sentence === undefined ? undefined : { kind: 'not-allowed', sentence };
}

/** The guard looks again: what allowed it may have been for another plan. */
function checkGuard({ binding, json }: SavedPlan, { inputs }: Work): PlanRefusal | undefined {
  const { fingerprint } = binding;
  const plan = classifyPlan(parsePlanFile('the saved plan', json));
  const block = describeBlock(guardPlan(plan, { ...inputs, fingerprint }), fingerprint);
  return block === undefined ? undefined : { kind: 'guard', sentence: block };
}

function hideSecrets(failure: Failure, { json }: SavedPlan, { ports }: Work): Failure {
  return scrubFailure(
    failure,
    createScrub([...ports.secrets, ...collectSecrets(parsePlanFile('the saved plan', json))]),
  );
}
