import { readFile, rm } from 'node:fs/promises';
import { classifyPlan, type Plan } from '#core/terraform/plan/classify.ts';
import { type PlanFile, parsePlanFile } from '#core/terraform/plan/parse.ts';
import { collectSecrets } from '#core/terraform/plan/secrets.ts';
import type { PlanOptions, TerraformCli } from '#core/terraform/run/cli.ts';
import type { Failure } from '#core/terraform/run/failure.ts';
import type { Diagnostic } from '#core/terraform/run/messages.ts';
import { createScrub, type Scrub } from '#core/terraform/secrets.ts';
import { fingerprintPlan } from './fingerprint.ts';

/** A stack's plan, or why there is none. */
export interface StackPlan {
  /** Undefined where Terraform left none. */
  readonly plan: Plan | undefined;
  /** The plan's file and JSON, secrets and all; undefined where it must not be applied. */
  readonly saved: { readonly bytes: Buffer; readonly json: string } | undefined;
  /** Scrubbed. */
  readonly failure: Failure | undefined;
  readonly version: string;
  /** Empty where there is no plan. */
  readonly fingerprint: string;
  readonly scrub: Scrub;
}

/** How a stack is planned. */
export interface PlanRequest extends PlanOptions {
  readonly backendConfig: readonly string[];
  /** Where the plan's file may be until this returns. */
  readonly out: string;
  /** Hidden whatever the plan says. */
  readonly secrets: readonly string[];
  /** Hidden as well where no plan says which of them are sensitive. */
  readonly variables: readonly string[];
}

/** Plans a stack: `init`, then one `plan`, and `show` for its JSON. A file that a failed plan leaves is not kept. */
export async function planStack(cli: TerraformCli, request: PlanRequest): Promise<StackPlan> {
  const failed = await cli.init(request.backendConfig);
  if (failed !== undefined) return describePlan(request, { failure: failed });
  try {
    const { said, failure } = await cli.plan(request.out, request);
    const bytes = await readFile(request.out).catch(() => undefined);
    const json = bytes === undefined ? undefined : await showPlan(cli, request.out, failure !== undefined);
    const { version = '' } = said;
    if (failure !== undefined || bytes !== undefined) return describePlan(request, { failure, bytes, json, version });
    return describePlan(request, { failure: describeMissing(cli.binary), version });
  } finally {
    await rm(request.out, { force: true });
  }
}

function describeMissing(binary: string): Failure {
  const sentence = `${binary} plan ended well and wrote no plan, so what it did is unknown: remove -out and -generate-config-out from TF_CLI_ARGS_plan`;
  return { kind: 'no-json', sentence, diagnostics: [] };
}

/** A failed plan's JSON says what it had found until then, and what is secret in its messages. */
async function showPlan(cli: TerraformCli, out: string, isFailed: boolean): Promise<string | undefined> {
  if (!isFailed) return cli.show(out);
  return cli.show(out).catch(() => undefined);
}

interface Found {
  readonly failure: Failure | undefined;
  readonly bytes?: Buffer | undefined;
  readonly json?: string | undefined;
  readonly version?: string;
}

function describePlan(request: PlanRequest, { failure, bytes, json, version = '' }: Found): StackPlan {
  const file = json === undefined ? undefined : parsePlanFile('the plan', json);
  const scrub = createScrub([...request.secrets, ...(file === undefined ? request.variables : collectSecrets(file))]);
  const plan = file === undefined ? undefined : classifyPlan(file);
  const isGood = failure === undefined && bytes !== undefined && json !== undefined && plan?.isErrored === false;
  return {
    plan,
    saved: isGood ? { bytes, json } : undefined,
    failure: failure === undefined ? undefined : scrubFailure(failure, scrub),
    version,
    fingerprint: plan === undefined ? '' : fingerprintOf(plan, file),
    scrub,
  };
}

function fingerprintOf(plan: Plan, file: PlanFile | undefined): string {
  return fingerprintPlan(plan, file?.timestamp);
}

/** Returns a failure whose texts hide what the plan says is secret. */
export function scrubFailure(failure: Failure, scrub: Scrub): Failure {
  const clean = (one: Diagnostic): Diagnostic => ({
    ...one,
    summary: scrub(one.summary),
    detail: scrub(one.detail),
    ...(one.address !== undefined && { address: scrub(one.address) }),
  });
  return { ...failure, sentence: scrub(failure.sentence), diagnostics: failure.diagnostics.map(clean) };
}
