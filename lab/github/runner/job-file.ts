import { stringify } from 'yaml';
import { describeNeeds } from '#lab/github/runner/condition.ts';
import type { Combination } from '#lab/github/runner/matrix.ts';
import type { Workflow, WorkflowJob } from '#lab/github/runner/workflow.ts';

/** What a finished job hands to those that need it. */
export interface JobResult {
  readonly result: 'success' | 'failure' | 'cancelled' | 'skipped';
  readonly outputs: Readonly<Record<string, string>>;
  /** What became of the jobs that it needed, and of those that they needed. */
  readonly earlier?: readonly JobResult['result'][];
}

/**
 * Returns the workflow file that act runs for one job: that job alone, `needs` filled in from the jobs that are done.
 * What GitHub's server does itself (concurrency, permissions, environments) is left out.
 */
export function writeJobFile(
  workflow: Workflow,
  id: string,
  needs: ReadonlyMap<string, JobResult>,
  { combination, triggeringActor = '' }: { combination?: Combination | undefined; triggeringActor?: string } = {},
): string {
  const job = workflow.jobs.get(id);
  if (job === undefined) throw new Error(`${workflow.path} has no job ${id}`);
  const {
    needs: _needs,
    concurrency: _group,
    permissions: _rights,
    environment: _place,
    if: _condition,
    strategy: _strategy,
    ...rest
  } = job;
  const { concurrency: _all, permissions: _default, ...file } = workflow.written;
  const steps = rest.steps.map(hideFromScripts);
  const strategy = combination === undefined ? {} : { strategy: { matrix: { include: [combination] } } };
  const filled = asObject(fillNeeds({ ...rest, steps }, { needs, triggeringActor }));
  return stringify({ ...file, jobs: { [id]: { ...filled, ...strategy } } }, { lineWidth: 0 });
}

/** What GitHub gives to actions only; act gives it to `run:` steps, too. https://github.com/actions/toolkit/issues/2009 */
const FOR_ACTIONS = { ACTIONS_RESULTS_URL: '', ACTIONS_RUNTIME_TOKEN: '' };

function hideFromScripts(step: WorkflowJob['steps'][number]): WorkflowJob['steps'][number] {
  return step.run === undefined ? step : { ...step, env: { ...FOR_ACTIONS, ...asObject(step['env']) } };
}

function asObject(part: unknown): object {
  return typeof part === 'object' && part !== null ? part : {};
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

/** What act does not know. */
interface Known {
  readonly needs: ReadonlyMap<string, JobResult>;
  readonly triggeringActor: string;
}

function fillNeeds(value: unknown, known: Known): unknown {
  if (typeof value === 'string')
    return value.replace(/\$\{\{[\s\S]*?\}\}/g, (expression) => fillExpression(expression, known));
  if (Array.isArray(value)) return value.map((item) => fillNeeds(item, known));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      // the `if` of a step is an expression without its signs, too
      key === 'if' && typeof item === 'string' && !item.includes('${{')
        ? fillExpression(item, known)
        : fillNeeds(item, known),
    ]),
  );
}

function fillExpression(expression: string, { needs, triggeringActor }: Known): string {
  const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  return expression
    .replace(/github\.triggering_actor/g, () => literal(triggeringActor))
    .replace(/toJSON\(\s*needs\s*\)/gi, () => literal(JSON.stringify(describeNeeds(needs), null, 2)))
    .replace(
      /needs\.\*\.result/g,
      () => `fromJSON(${literal(JSON.stringify([...needs.values()].map(({ result }) => result)))})`,
    )
    .replace(/needs\.([\w-]+)\.outputs\.([\w-]+)/g, (_whole, job: string, name: string) =>
      literal(needs.get(job)?.outputs[name] ?? ''),
    )
    .replace(/needs\.([\w-]+)\.result/g, (_whole, job: string) => literal(needs.get(job)?.result ?? ''));
}
