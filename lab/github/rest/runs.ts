import { basename } from 'node:path';
import { z } from 'zod';
import { loginOf } from '#lab/github/identity/tokens.ts';
import {
  type Answer,
  type Call,
  type Handlers,
  type RestContext,
  refuse,
  resolveCommit,
} from '#lab/github/rest/call.ts';
import { matchesDates } from '#lab/github/rest/dates.ts';
import { readCommit } from '#lab/github/rest/describe.ts';
import { addressesOf, describeRun, describeWorkflow, headOf, workflowId } from '#lab/github/rest/run-shapes.ts';
import type { RunRecord } from '#lab/github/runner/run-record.ts';

const dispatchRequest = z.object({
  ref: z.string(),
  inputs: z.record(z.string(), z.unknown()).default({}),
  return_run_details: z.boolean().default(false),
});

/**
 * Workflow runs and dispatches.
 * https://docs.github.com/en/rest/actions/workflow-runs, https://docs.github.com/en/rest/actions/workflows
 */
export function runHandlers(context: RestContext): Handlers {
  const find = (id: unknown): RunRecord | undefined => context.runs.find((run) => run.id === id);
  return {
    'actions/list-workflow-runs-for-repo': ({ parameters }) => listRuns(context, parameters, context.runs),
    'actions/list-workflow-runs': async ({ parameters }) => {
      const wanted = String(parameters['workflow_id']);
      const ofWorkflow = context.runs.filter(({ path }) => isWorkflow(path, wanted));
      const head = await resolveCommit(context, 'refs/heads/main');
      const isKnown =
        head !== undefined && (await context.readWorkflows(head)).some(({ path }) => isWorkflow(path, wanted));
      return isKnown || ofWorkflow.length > 0 ? listRuns(context, parameters, ofWorkflow) : refuse(404, 'Not Found');
    },
    'actions/get-workflow-run': async ({ parameters }) => {
      const run = find(parameters['run_id']);
      return run === undefined ? refuse(404, 'Not Found') : { status: 200, body: await describeRun(context, run) };
    },
    'actions/cancel-workflow-run': ({ parameters }) => {
      const run = find(parameters['run_id']);
      if (run === undefined) return refuse(404, 'Not Found');
      if (!context.cancel(run)) return refuse(409, 'Cannot cancel a workflow run that is completed.');
      return { status: 202, body: {} };
    },
    'actions/re-run-workflow': ({ parameters, bearer }) => {
      const run = find(parameters['run_id']);
      if (run === undefined) return refuse(404, 'Not Found');
      if (context.rerun(run, loginOf(bearer))) return { status: 201, body: {} };
      return refuse(403, 'This workflow is already running');
    },
    'actions/approve-workflow-run': ({ parameters, bearer }) => {
      const run = find(parameters['run_id']);
      if (run === undefined) return refuse(404, 'Not Found');
      if (bearer.kind === 'user' && context.approve(run)) return { status: 201, body: {} };
      return refuse(403, 'This run is not waiting for an approval that you may give');
    },
    'actions/list-repo-workflows': async () => {
      const head = await resolveCommit(context, 'refs/heads/main');
      const workflows = head === undefined ? [] : await context.readWorkflows(head);
      const { committer } = head === undefined ? { committer: undefined } : await readCommit(context, head);
      const at = committer?.date ?? context.now().toISOString();
      const wrap = (page: readonly unknown[]): unknown => ({ total_count: workflows.length, workflows: page });
      return { status: 200, list: workflows.map((workflow) => describeWorkflow(context, workflow, at)), wrap };
    },
    'actions/create-workflow-dispatch': (call) => dispatch(context, call),
  };
}

function isWorkflow(path: string, wanted: string): boolean {
  return basename(path) === wanted || String(workflowId(path)) === wanted;
}

/** Newest first. */
function listRuns(context: RestContext, parameters: Call['parameters'], runs: readonly RunRecord[]): Answer {
  const created = parameters['created'];
  const fits = (run: RunRecord): boolean =>
    [
      [parameters['branch'], headOf(run).branch],
      [parameters['event'], run.event],
      [parameters['head_sha'], headOf(run).sha],
      [parameters['actor'], run.actor],
    ].every(([wanted, found]) => wanted === undefined || wanted === found) &&
    [undefined, run.status, run.conclusion].some((state) => state === parameters['status']) &&
    (typeof created !== 'string' || matchesDates(created, run.createdAt));
  const list = runs.filter(fits).reverse();
  const wrap = async (page: readonly unknown[]): Promise<unknown> => {
    const shown = list.filter((run) => page.includes(run));
    return {
      total_count: list.length,
      workflow_runs: await Promise.all(shown.map((run) => describeRun(context, run))),
    };
  };
  return { status: 200, list, wrap };
}

async function dispatch(context: RestContext, { parameters, body, bearer }: Call): Promise<Answer> {
  const { ref, inputs, return_run_details } = dispatchRequest.parse(body);
  const branch = ref.replace(/^refs\/heads\//, '');
  const head = await resolveCommit(context, `refs/heads/${branch}`);
  if (head === undefined) return refuse(422, `No ref found for: ${ref}`);
  const wanted = String(parameters['workflow_id']);
  const workflow = (await context.readWorkflows(head)).find(({ path }) => isWorkflow(path, wanted));
  if (workflow === undefined) return refuse(404, 'Not Found');
  if (workflow.fault === undefined && !('workflow_dispatch' in workflow.triggers))
    return refuse(422, "Workflow does not have 'workflow_dispatch' trigger");
  const values = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, String(value)]));
  let run: RunRecord;
  try {
    run = await context.dispatch(basename(workflow.path), values, branch, loginOf(bearer));
  } catch (error) {
    return refuse(422, error instanceof Error ? error.message : String(error));
  }
  if (!return_run_details) return { status: 204 };
  const { url, html_url } = addressesOf(context, run);
  return { status: 200, body: { workflow_run_id: run.id, run_url: url, html_url } };
}
