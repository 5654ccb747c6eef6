import { stringify } from 'yaml';
import type { Workflow, WorkflowJob } from '#lab/github/runner/workflow.ts';

/** What a finished job hands to those that need it. */
export interface JobResult {
  readonly result: 'success' | 'failure' | 'cancelled' | 'skipped';
  readonly outputs: Readonly<Record<string, string>>;
}

/**
 * Returns the workflow file that act runs for one job: that job alone, `needs` filled in from the jobs that are done.
 * What GitHub's server does itself (concurrency, permissions, environments) is left out.
 */
export function writeJobFile(workflow: Workflow, id: string, needs: ReadonlyMap<string, JobResult>): string {
  const job = workflow.jobs.get(id);
  if (job === undefined) throw new Error(`${workflow.path} has no job ${id}`);
  const {
    needs: _needs,
    concurrency: _group,
    permissions: _rights,
    environment: _place,
    if: _condition,
    ...rest
  } = job;
  const { concurrency: _all, permissions: _default, ...file } = workflow.written;
  const steps = rest.steps.map(hideFromScripts);
  return stringify({ ...file, jobs: { [id]: fillNeeds({ ...rest, steps }, needs) } }, { lineWidth: 0 });
}

/** What GitHub gives to actions only; act gives it to `run:` steps, too. https://github.com/actions/toolkit/issues/2009 */
const FOR_ACTIONS = { ACTIONS_RESULTS_URL: '', ACTIONS_RUNTIME_TOKEN: '' };

function hideFromScripts(step: WorkflowJob['steps'][number]): WorkflowJob['steps'][number] {
  return step.run === undefined ? step : { ...step, env: { ...FOR_ACTIONS, ...readEnv(step['env']) } };
}

function readEnv(env: unknown): object {
  return typeof env === 'object' && env !== null ? env : {};
}

/** Returns whether a job goes on when its run is cancelled. */
export function isKeptWhenCancelled(job: WorkflowJob): boolean {
  return conditionOf(job) === 'always()';
}

function conditionOf(job: WorkflowJob): string {
  return String(job.if ?? 'success()')
    .replace(/^\$\{\{|\}\}$/g, '')
    .trim();
}

/** Returns whether a job runs, by its `if` and what became of those that it needs. */
export function shouldRun(job: WorkflowJob, needs: ReadonlyMap<string, JobResult>): boolean {
  const condition = conditionOf(job);
  const results = [...needs.values()].map((need) => need.result);
  const words: Record<string, boolean> = {
    'success()': results.every((result) => result === 'success'),
    'failure()': results.includes('failure'),
    'always()': true,
    '!cancelled()': !results.includes('cancelled'),
    true: results.every((result) => result === 'success'),
    false: false,
  };
  const answer = words[condition];
  if (answer === undefined)
    throw new Error(`the stand-in cannot evaluate the condition ${JSON.stringify(condition)} of a job`);
  return answer;
}

/** Returns a job's outputs from what its steps set. Only `\${{ steps.<id>.outputs.<name> }}` is known. */
export function readJobOutputs(job: WorkflowJob, set: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(job.outputs).map(([name, expression]) => [
      name,
      expression.replace(
        /\$\{\{\s*steps\.([\w-]+)\.outputs\.([\w-]+)\s*\}\}/g,
        (_whole, step: string, output: string) => set.get(`${step}.${output}`) ?? '',
      ),
    ]),
  );
}

function fillNeeds(value: unknown, needs: ReadonlyMap<string, JobResult>): unknown {
  if (typeof value === 'string')
    return value.replace(/\$\{\{[\s\S]*?\}\}/g, (expression) => fillExpression(expression, needs));
  if (Array.isArray(value)) return value.map((item) => fillNeeds(item, needs));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillNeeds(item, needs)]));
}

function fillExpression(expression: string, needs: ReadonlyMap<string, JobResult>): string {
  const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  return expression
    .replace(/needs\.([\w-]+)\.outputs\.([\w-]+)/g, (_whole, job: string, name: string) =>
      literal(needs.get(job)?.outputs[name] ?? ''),
    )
    .replace(/needs\.([\w-]+)\.result/g, (_whole, job: string) => literal(needs.get(job)?.result ?? ''));
}
