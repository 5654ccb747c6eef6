import { planOf, read, resource } from '#core/terraform/comment/tests/plan-builder.ts';
import { fingerprintPlan } from '#core/terraform/fingerprint.ts';
import { classifyPlan } from '#core/terraform/plan/classify.ts';
import type { PlanFile } from '#core/terraform/plan/parse.ts';
import { collectSecrets } from '#core/terraform/plan/secrets.ts';
import { reportPlan } from '#core/terraform/report-plan.ts';
import type { Failure } from '#core/terraform/run/failure.ts';
import { createScrub } from '#core/terraform/secrets.ts';

/** What a plan found. */
interface Parts {
  readonly changes?: readonly object[];
  readonly drift?: readonly object[];
  readonly stack?: string;
  readonly refresh?: boolean;
  readonly failure?: Failure | undefined;
  readonly more?: Readonly<Record<string, unknown>>;
}

/** Returns the text of plan-terraform's report about a plan of these parts, by the code that writes it. */
export function reportOf({ changes = [], drift = [], stack = 'aws', refresh = true, failure, more }: Parts): string {
  return reportFile(read(planOf(changes, { resource_drift: drift, ...more })), { stack, refresh, failure });
}

/** Returns the text of plan-terraform's report about a plan. */
export function reportFile(file: PlanFile, { stack = 'aws', refresh = true, failure }: Parts): string {
  const plan = classifyPlan(file);
  const planned = {
    ...{ plan, failure, saved: undefined, version: '1.11.4', fingerprint: fingerprintPlan(plan, undefined) },
    scrub: createScrub([...collectSecrets(file)]),
  };
  const folder = `terraform/${stack}`;
  const of = {
    name: stack,
    folder,
    binary: 'terraform',
    stacks: { [stack]: folder },
    isRefreshed: refresh,
    isAppliedByHand: false,
  } as const;
  const head = 'a1b2c3d'.padEnd(40, '0');
  return JSON.stringify(
    reportPlan(planned, { stack: of, head, base: '', refresh, guard: [], sources: [folder], pullRequest: undefined }),
  );
}

const ttl = (attribute: string): object => ({ ttl: [{ attribute_name: attribute, enabled: true }] });
const TABLE = 'module.tables.aws_dynamodb_table.this["history"]';

/** A table whose TTL somebody changed. */
const drifted = (to: string): object => resource(TABLE, ['update'], { before: ttl('ttl'), after: ttl(to) });
/** The plan puts it back. */
const back = (from: string): object => resource(TABLE, ['update'], { before: ttl(from), after: ttl('ttl') });
/** A queue that the code has and AWS has not. */
const queue = resource('aws_sqs_queue.more', ['create'], { after: { name: 'more' } });

/** Reports of the stack aws. */
export const NOTHING = reportOf({});
export const DRIFT = reportOf({ drift: [drifted('expires')], changes: [back('expires')] });
export const OTHER_DRIFT = reportOf({ drift: [drifted('until')], changes: [back('until')] });
export const DRIFT_ONLY = reportOf({ drift: [drifted('expires')] });
export const OTHER_DRIFT_ONLY = reportOf({ drift: [drifted('until')] });
export const CODE = reportOf({ changes: [queue] });
export const BOTH = reportOf({ drift: [drifted('expires')], changes: [back('expires'), queue] });
