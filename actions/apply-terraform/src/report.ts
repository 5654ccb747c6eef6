import { describeFailure, listErrors } from '#core/terraform/annotations.ts';
import type { Applied } from '#core/terraform/apply-plan.ts';
import type { ApplyReport } from '#core/terraform/comment/apply-report.ts';
import type { PlanReport } from '#core/terraform/comment/report.ts';
import { describeRescue } from '#core/terraform/rescue.ts';
import type { Failure } from '#core/terraform/run/failure.ts';
import type { PlanRefusal } from '#core/terraform/saved-plan/check.ts';
import { hideUserinfo } from '#core/values/userinfo.ts';
import type { Work } from './accept.ts';
import { renderReport } from './summary.ts';

type Facts = Omit<ApplyReport, 'version' | 'kind' | 'name' | 'head' | 'summaryMarkdown'>;

const NOTHING: Facts = {
  outcome: 'applied',
  refusal: null,
  reason: '',
  applied: [],
  failed: [],
  notReached: [],
  errors: [],
  fresh: null,
  rescued: '',
};

/** Returns the report of a plan that was applied as a whole. */
export function reportApplied({ applied }: Applied, work: Work): ApplyReport {
  return write({ ...NOTHING, applied: [...applied] }, work);
}

/** Returns the report of an apply that did not come to its end; without `applied`, one that could not begin. */
export function reportFailure(failure: Failure, applied: Applied | undefined, work: Work): ApplyReport {
  const { inputs, stack } = work;
  const rescued = applied?.isRescued === true ? inputs.rescue : '';
  const reason = [describeFailure(failure), ...(rescued === '' ? [] : [describeRescue(rescued, stack)])].join('\n');
  const facts: Facts = {
    ...NOTHING,
    outcome: 'failed',
    reason,
    applied: [...(applied?.applied ?? [])],
    failed: [...(applied?.failed ?? [])],
    notReached: [...(applied?.notReached ?? [])],
    errors: listErrors(failure.diagnostics, stack.folder),
    rescued,
  };
  return write(facts, work);
}

/** Returns the report of a plan that was not applied, with the new one beside it. */
export function reportRefusal({ kind, sentence }: PlanRefusal, fresh: PlanReport, work: Work): ApplyReport {
  return write(
    { ...NOTHING, outcome: 'refused', refusal: kind, reason: `nothing was applied: ${sentence}`, fresh },
    work,
  );
}

/** Returns the report of a stack that waits for one which was not applied. */
export function reportNotReached(reason: string, work: Work): ApplyReport {
  return write({ ...NOTHING, outcome: 'not-reached', reason }, work);
}

function write(facts: Facts, { stack, inputs }: Work): ApplyReport {
  const clean: Facts = { ...facts, reason: hideUserinfo(facts.reason), errors: facts.errors.map(hideUserinfo) };
  const report: Omit<ApplyReport, 'summaryMarkdown'> = {
    version: 1,
    kind: 'terraform-apply',
    name: stack.name,
    head: inputs.head,
    ...clean,
  };
  return { ...report, summaryMarkdown: renderReport(report) };
}
