import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ApplyResult, sortChanges } from './apply-result.ts';
import { classifyPlan } from './plan/classify.ts';
import { parsePlanFile } from './plan/parse.ts';
import { collectSecrets, collectStateSecrets } from './plan/secrets.ts';
import { scrubFailure } from './plan-stack.ts';
import type { TerraformCli } from './run/cli.ts';
import type { Failure } from './run/failure.ts';
import type { Step } from './run/messages.ts';
import type { SavedPlan } from './saved-plan/binding.ts';
import { createScrub } from './secrets.ts';

/** What an apply came to. Its texts are scrubbed. */
export interface Applied extends ApplyResult {
  /** Undefined where all of the plan was applied. */
  readonly failure: Failure | undefined;
  /** True where Terraform could not write its state to the backend, and left it to be rescued. */
  readonly isRescued: boolean;
}

/** What an apply needs besides the program and the plan. */
export interface ApplyRequest {
  /** The stack's folder on this machine. */
  readonly stackFolder: string;
  /** An empty folder for the plan's file. */
  readonly folder: string;
  readonly secrets: readonly string[];
  /** Keeps the state, secrets and all, that Terraform could not write to its backend. */
  readonly rescue: (state: Buffer) => Promise<void>;
  /** Says what happens, without values. */
  readonly say: (line: string) => void;
}

const ERRORED_STATE = 'errored.tfstate';

/** Applies a saved plan and says what became of each of its changes. */
export async function applyPlan(cli: TerraformCli, saved: SavedPlan, request: ApplyRequest): Promise<Applied> {
  const file = parsePlanFile('the saved plan', saved.json);
  const planned = [...request.secrets, ...collectSecrets(file)];
  const scrub = createScrub(planned);
  const path = join(request.folder, 'plan');
  await writeFile(path, saved.plan, { mode: 0o600 });
  try {
    const { said, failure } = await cli.apply(path, (step) => request.say(scrub(describeStep(step))));
    const progress = { steps: said.steps, errors: failure?.diagnostics ?? [], isDone: failure === undefined };
    const result = hideIn(sortChanges(classifyPlan(file), progress), scrub);
    if (failure === undefined) return { ...result, failure, isRescued: false };
    const made = await readStateSecrets(cli, request.stackFolder);
    const isRescued = await rescueState(request);
    return { ...result, failure: scrubFailure(failure, createScrub([...planned, ...made])), isRescued };
  } finally {
    await rm(path, { force: true });
  }
}

const WORDS = { started: 'began', complete: 'done', errored: 'failed' } as const;

function describeStep({ address, action, state }: Step): string {
  return `${address}: ${action} ${WORDS[state]}`;
}

function hideIn({ applied, failed, notReached }: ApplyResult, scrub: (text: string) => string): ApplyResult {
  return { applied: applied.map(scrub), failed: failed.map(scrub), notReached: notReached.map(scrub) };
}

/** Takes the state that Terraform left beside the code out of the checkout, where any later step may read it. */
async function rescueState({ stackFolder, rescue }: ApplyRequest): Promise<boolean> {
  const path = join(stackFolder, ERRORED_STATE);
  const state = await readFile(path).catch(() => undefined);
  if (state === undefined) return false;
  await rescue(state);
  await rm(path);
  return true;
}

/** What apply itself made, such as a generated password, may be in its errors, and the plan did not know it. */
async function readStateSecrets(cli: TerraformCli, stackFolder: string): Promise<Set<string>> {
  const errored = await cli.show(join(stackFolder, ERRORED_STATE)).catch(() => undefined);
  const shown = errored ?? (await cli.showState().catch(() => undefined));
  return shown === undefined ? new Set() : collectStateSecrets(JSON.parse(shown));
}
