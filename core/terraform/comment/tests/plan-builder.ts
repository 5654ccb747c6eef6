import { renderComment } from '#core/terraform/comment/render.ts';
import type { PlanReport } from '#core/terraform/comment/report.ts';
import { fingerprintPlan } from '#core/terraform/fingerprint.ts';
import { guardPlan } from '#core/terraform/guard.ts';
import { classifyPlan, type Plan } from '#core/terraform/plan/classify.ts';
import { type PlanFile, parsePlanFile } from '#core/terraform/plan/parse.ts';
import { collectSecrets } from '#core/terraform/plan/secrets.ts';
import { reportPlan } from '#core/terraform/report-plan.ts';
import type { Failure } from '#core/terraform/run/failure.ts';
import { createScrub } from '#core/terraform/secrets.ts';

/** A part of a plan's JSON that a test sets beside what each change has. */
type More = Readonly<Record<string, unknown>>;

/** Returns a change of a resource as a plan's JSON has it. */
export function resource(address: string, actions: readonly string[], change: More = {}, more: More = {}): object {
  const type = /(?:^|\.)([a-z_0-9]+)\.[^.]+$/.exec(address.replace(/\[.*\]$/s, ''))?.[1] ?? 'terraform_data';
  return {
    address,
    mode: 'managed',
    type,
    name: 'x',
    ...more,
    change: { actions, before: null, after: null, ...change },
  };
}

/** Returns the JSON of a plan with these changes. */
export function planOf(resources: readonly object[], more: More = {}): object {
  return { format_version: '1.2', terraform_version: '1.11.4', resource_changes: resources, errored: false, ...more };
}

/** Returns a plan's JSON as the core reads it. */
export function read(plan: object): PlanFile {
  return parsePlanFile('plan.json', JSON.stringify(plan));
}

/** Returns a plan sorted by what it does. */
export function classify(plan: object): Plan {
  return classifyPlan(read(plan));
}

/** What is rendered as one comment. */
export interface Rendering {
  readonly plans: Readonly<Record<string, object>>;
  readonly approved?: object;
  readonly errors?: readonly string[];
  readonly head?: string;
  readonly limit?: number;
  readonly rest?: string;
}

/** Returns the comment of plans, as the command makes it. */
export function render({ plans, approved, errors, ...options }: Rendering): string {
  const files = Object.entries(plans).map(([name, plan]) => ({ name, file: read(plan) }));
  const before = approved === undefined ? undefined : read(approved);
  const all = [...files.map(({ file }) => file), ...(before === undefined ? [] : [before])];
  const scrub = createScrub(all.flatMap((file) => [...collectSecrets(file)]));
  const stacks = files.map(({ name, file }) => ({
    name,
    plan: classifyPlan(file),
    approved: before === undefined ? undefined : classifyPlan(before),
    ...(errors !== undefined && { errors }),
  }));
  return renderComment(stacks, { ...options, scrub });
}

/** Returns what plan-terraform leaves of each of the plans: one report for each stack. */
export function reportEach({ plans, approved, errors }: Rendering): PlanReport[] {
  const before = approved === undefined ? undefined : read(approved);
  return Object.entries(plans).map(([name, json]) => {
    const file = read(json);
    const plan = classifyPlan(file);
    const fingerprint = fingerprintPlan(plan, file.timestamp);
    const secrets = [file, ...(before === undefined ? [] : [before])].flatMap((one) => [...collectSecrets(one)]);
    const scrub = createScrub(secrets);
    const folder = `terraform/${name}`;
    const stack = { name, folder, binary: 'terraform', isRefreshed: true, isAppliedByHand: false, stacks: {} } as const;
    return reportPlan(
      { plan, fingerprint, scrub, saved: undefined, version: '1.13.0', failure: failureOf(errors) },
      {
        ...{ stack, head: 'a'.repeat(40), base: 'b'.repeat(40), sources: [folder], refresh: true, pullRequest: 7 },
        guard: guardPlan(plan, { stateful: [], allow: [], fingerprint }),
        ...(before !== undefined && { approved: classifyPlan(before) }),
      },
    );
  });
}

function failureOf(errors: readonly string[] | undefined): Failure | undefined {
  if (errors === undefined || errors.length === 0) return undefined;
  const diagnostics = errors.map((summary) => ({ severity: 'error', summary, detail: '' }) as const);
  return { kind: 'errors', sentence: 'terraform plan found an error', diagnostics };
}
