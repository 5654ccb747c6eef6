import { basename } from 'node:path';
import { z } from 'zod';
import type { StepRecord } from '#lab/github/act.ts';
import { type Handlers, type RestContext, refuse, resolveCommit } from '#lab/github/rest/call.ts';
import { describeRepository, describeUser, nodeId, readCommit, repositoryUrl } from '#lab/github/rest/describe.ts';
import type { JobRecord, RunRecord } from '#lab/github/runs.ts';
import type { Workflow } from '#lab/github/workflow.ts';

const dispatchRequest = z.object({
  ref: z.string(),
  inputs: z.record(z.string(), z.unknown()).default({}),
  return_run_details: z.boolean().default(false),
});

/**
 * Workflow runs, their jobs, and dispatches.
 * https://docs.github.com/en/rest/actions/workflow-runs, https://docs.github.com/en/rest/actions/workflows
 */
export function runHandlers(context: RestContext): Handlers {
  const find = (id: unknown): RunRecord | undefined => context.runs.find((run) => run.id === id);
  return {
    'actions/list-workflow-runs-for-repo': async ({ parameters }) => {
      const fits = (run: RunRecord): boolean =>
        [
          [parameters['branch'], branchOf(run)],
          [parameters['event'], run.event],
          [parameters['head_sha'], run.sha],
          [parameters['actor'], run.actor],
        ].every(([wanted, found]) => wanted === undefined || wanted === found) &&
        [undefined, run.status, run.conclusion].some((state) => state === parameters['status']);
      const found = context.runs.filter(fits).reverse();
      const wrap = (page: readonly unknown[]): unknown => ({ total_count: found.length, workflow_runs: page });
      return { status: 200, list: await Promise.all(found.map((run) => describeRun(context, run))), wrap };
    },
    'actions/get-workflow-run': async ({ parameters }) => {
      const run = find(parameters['run_id']);
      return run === undefined ? refuse(404, 'Not Found') : { status: 200, body: await describeRun(context, run) };
    },
    'actions/list-jobs-for-workflow-run': ({ parameters }) => {
      const run = find(parameters['run_id']);
      if (run === undefined) return refuse(404, 'Not Found');
      const wrap = (page: readonly unknown[]): unknown => ({ total_count: run.jobs.length, jobs: page });
      return { status: 200, list: run.jobs.map((job, index) => describeJob(context, run, job, index)), wrap };
    },
    'actions/list-repo-workflows': async () => {
      const head = await resolveCommit(context, 'refs/heads/main');
      const workflows = head === undefined ? [] : await context.readWorkflows(head);
      const { committer } = head === undefined ? { committer: undefined } : await readCommit(context, head);
      const at = committer?.date ?? context.now().toISOString();
      const wrap = (page: readonly unknown[]): unknown => ({ total_count: workflows.length, workflows: page });
      return { status: 200, list: workflows.map((workflow) => describeWorkflow(context, workflow, at)), wrap };
    },
    'actions/create-workflow-dispatch': async ({ parameters, body }) => {
      const { ref, inputs, return_run_details } = dispatchRequest.parse(body);
      const branch = ref.replace(/^refs\/heads\//, '');
      const head = await resolveCommit(context, `refs/heads/${branch}`);
      if (head === undefined) return refuse(422, `No ref found for: ${ref}`);
      const wanted = String(parameters['workflow_id']);
      const workflow = (await context.readWorkflows(head)).find(
        ({ path }) => basename(path) === wanted || String(workflowId(path)) === wanted,
      );
      if (workflow === undefined) return refuse(404, 'Not Found');
      if (workflow.triggers.workflow_dispatch === undefined)
        return refuse(422, "Workflow does not have 'workflow_dispatch' trigger");
      const values = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, String(value)]));
      let run: RunRecord;
      try {
        run = await context.dispatch(basename(workflow.path), values, branch);
      } catch (error) {
        return refuse(422, error instanceof Error ? error.message : String(error));
      }
      if (!return_run_details) return { status: 204 };
      const { url, html_url } = addressesOf(context, run);
      return { status: 200, body: { workflow_run_id: run.id, run_url: url, html_url } };
    },
  };
}

/** A workflow's number, the same for a path forever. */
function workflowId(path: string): number {
  return [...path].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 1_000_000_007, 7);
}

function branchOf(run: RunRecord): string {
  return run.ref.replace(/^refs\/heads\//, '');
}

function addressesOf(context: RestContext, run: RunRecord): { url: string; html_url: string } {
  return { url: `${repositoryUrl(context)}/actions/runs/${run.id}`, html_url: `${context.url}/runs/${run.id}` };
}

function endOf(run: RunRecord): Date {
  return run.jobs.reduce(
    (last, job) => (job.endedAt !== undefined && job.endedAt > last ? job.endedAt : last),
    run.createdAt,
  );
}

async function describeRun(context: RestContext, run: RunRecord): Promise<Record<string, unknown>> {
  const commit = await readCommit(context, run.sha);
  const { url, html_url } = addressesOf(context, run);
  const actor = describeUser(context, run.actor);
  const workflow = workflowId(run.path);
  return {
    id: run.id,
    name: run.workflow,
    node_id: nodeId('WorkflowRun', run.id),
    head_branch: branchOf(run),
    head_sha: run.sha,
    path: run.path,
    display_title: run.title,
    run_number: run.id,
    run_attempt: 1,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion ?? null,
    workflow_id: workflow,
    url,
    html_url,
    pull_requests: [],
    created_at: run.createdAt.toISOString(),
    updated_at: endOf(run).toISOString(),
    run_started_at: run.createdAt.toISOString(),
    actor,
    triggering_actor: actor,
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${repositoryUrl(context)}/check-suites/${run.id}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    workflow_url: `${repositoryUrl(context)}/actions/workflows/${workflow}`,
    head_commit: {
      id: commit.sha,
      tree_id: commit.tree,
      message: commit.message,
      timestamp: commit.committer.date,
      author: { name: commit.author.name, email: commit.author.email },
      committer: { name: commit.committer.name, email: commit.committer.email },
    },
    repository: describeRepository(context),
    head_repository: describeRepository(context),
  };
}

function describeJob(context: RestContext, run: RunRecord, job: JobRecord, index: number): Record<string, unknown> {
  const id = run.id * 1000 + index;
  const { url, html_url } = addressesOf(context, run);
  const startedAt = (job.startedAt ?? run.createdAt).toISOString();
  return {
    id,
    run_id: run.id,
    run_url: url,
    run_attempt: 1,
    node_id: nodeId('CheckRun', id),
    head_sha: run.sha,
    url: `${repositoryUrl(context)}/actions/jobs/${id}`,
    html_url: `${html_url}#${encodeURIComponent(job.id)}`,
    status: job.status,
    conclusion: job.conclusion ?? null,
    created_at: run.createdAt.toISOString(),
    started_at: startedAt,
    completed_at: job.endedAt?.toISOString() ?? null,
    name: job.id,
    workflow_name: run.workflow,
    head_branch: branchOf(run),
    steps: job.steps.map(describeStep),
    check_run_url: `${repositoryUrl(context)}/check-runs/${id}`,
    labels: ['ubuntu-24.04'],
    runner_id: 1,
    runner_name: 'act on this machine',
    runner_group_id: 1,
    runner_group_name: 'Default',
  };
}

function describeStep(step: StepRecord, index: number): Record<string, unknown> {
  const isOver = step.status !== 'in_progress';
  return {
    name: step.name,
    status: isOver ? 'completed' : 'in_progress',
    conclusion: isOver ? step.status : null,
    number: index + 1,
    started_at: step.startedAt.toISOString(),
    completed_at:
      step.milliseconds === undefined ? null : new Date(step.startedAt.getTime() + step.milliseconds).toISOString(),
  };
}

function describeWorkflow(context: RestContext, { path, name }: Workflow, at: string): Record<string, unknown> {
  const id = workflowId(path);
  return {
    id,
    node_id: nodeId('Workflow', id),
    name,
    path,
    state: 'active',
    created_at: at,
    updated_at: at,
    url: `${repositoryUrl(context)}/actions/workflows/${id}`,
    html_url: `${context.url}/${context.repository}/blob/main/${path}`,
    badge_url: `${context.url}/${context.repository}/workflows/${encodeURIComponent(name)}/badge.svg`,
  };
}
