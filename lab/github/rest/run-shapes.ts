import type { RestContext } from '#lab/github/rest/call.ts';
import {
  describeRepository,
  describeUser,
  nodeId,
  REPOSITORY_ID,
  readCommit,
  repositoryUrl,
} from '#lab/github/rest/describe.ts';
import type { StepRecord } from '#lab/github/runner/act.ts';
import type { JobRecord, RunRecord } from '#lab/github/runner/run-record.ts';
import type { Workflow } from '#lab/github/runner/workflow.ts';

/** Returns a workflow's number, the same for a path forever. */
export function workflowId(path: string): number {
  return [...path].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 1_000_000_007, 7);
}

/** What a run is about: of a pull request its head, though the run is of the merge commit. */
export function headOf(run: RunRecord): { readonly sha: string; readonly branch: string; readonly isFork: boolean } {
  return run.head ?? { sha: run.sha, branch: run.ref.replace(/^refs\/heads\//, ''), isFork: false };
}

/** Returns where a run is, for programs and for people. */
export function addressesOf(context: RestContext, run: RunRecord): { url: string; html_url: string } {
  return { url: `${repositoryUrl(context)}/actions/runs/${run.id}`, html_url: `${context.url}/runs/${run.id}` };
}

function endOf(run: RunRecord): Date {
  return run.jobs.reduce(
    (last, job) => (job.endedAt !== undefined && job.endedAt > last ? job.endedAt : last),
    run.createdAt,
  );
}

/** Returns a `workflow-run`. */
export async function describeRun(context: RestContext, run: RunRecord): Promise<Record<string, unknown>> {
  const { sha, branch, isFork } = headOf(run);
  const commit = await readCommit(context, sha);
  const actor = describeUser(context, run.actor);
  return {
    id: run.id,
    name: run.workflow,
    node_id: nodeId('WorkflowRun', run.id),
    head_branch: branch,
    head_sha: sha,
    path: run.path,
    display_title: run.title,
    run_number: run.id,
    run_attempt: run.attempt,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion ?? null,
    workflow_id: workflowId(run.path),
    ...linksOf(context, run),
    pull_requests: isFork ? [] : describePulls(context, run),
    created_at: run.createdAt.toISOString(),
    updated_at: endOf(run).toISOString(),
    run_started_at: run.createdAt.toISOString(),
    actor,
    triggering_actor: describeUser(context, run.triggeringActor),
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

/** GitHub names none for a fork's. */
function describePulls(context: RestContext, { head }: RunRecord): unknown[] {
  const pull = head === undefined ? undefined : context.pulls.find(head.pull);
  if (pull === undefined) return [];
  const repo = { id: REPOSITORY_ID, url: repositoryUrl(context), name: context.repository.split('/')[1] };
  const { number } = pull;
  const url = `${repositoryUrl(context)}/pulls/${number}`;
  const [from, to] = [pull.head, pull.base].map(({ ref, sha }) => ({ ref, sha, repo }));
  return [{ id: number, number, url, head: from, base: to }];
}

function linksOf(context: RestContext, run: RunRecord): Record<string, string> {
  const { url, html_url } = addressesOf(context, run);
  return {
    url,
    html_url,
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${repositoryUrl(context)}/check-suites/${run.id}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    workflow_url: `${repositoryUrl(context)}/actions/workflows/${workflowId(run.path)}`,
  };
}

/** A job keeps its number when a matrix before it unfolds. */
const numbers = new WeakMap<JobRecord, number>();

/** Returns a job's number. */
export function jobId(run: RunRecord, job: JobRecord): number {
  const known = numbers.get(job);
  if (known !== undefined) return known;
  const used = run.jobs.flatMap((one) => numbers.get(one) ?? []);
  const next = Math.max(run.id * 1000 - 1, ...used) + 1;
  numbers.set(job, next);
  return next;
}

/** Returns a `job`. */
export function describeJob(context: RestContext, run: RunRecord, job: JobRecord): Record<string, unknown> {
  const id = jobId(run, job);
  const { url, html_url } = addressesOf(context, run);
  const startedAt = (job.startedAt ?? run.createdAt).toISOString();
  return {
    id,
    run_id: run.id,
    run_url: url,
    run_attempt: run.attempt,
    node_id: nodeId('CheckRun', id),
    head_sha: headOf(run).sha,
    url: `${repositoryUrl(context)}/actions/jobs/${id}`,
    html_url: `${html_url}#${encodeURIComponent(job.id)}`,
    status: job.status,
    conclusion: job.conclusion ?? null,
    created_at: run.createdAt.toISOString(),
    started_at: startedAt,
    completed_at: job.endedAt?.toISOString() ?? null,
    name: job.name ?? job.id,
    workflow_name: run.workflow,
    head_branch: headOf(run).branch,
    steps: job.steps.map(describeStep),
    check_run_url: `${repositoryUrl(context)}/check-runs/${id}`,
    labels: ['ubuntu-24.04'],
    runner_id: 1,
    runner_name: 'act on this machine',
    runner_group_id: 1,
    runner_group_name: 'Default',
  };
}

/** Returns a `check-annotation` that is about no file: those that GitHub itself makes name `.github`. */
export function describeAnnotation(context: RestContext, run: RunRecord, message: string): Record<string, unknown> {
  return {
    path: '.github',
    blob_href: `${context.url}/${context.repository}/blob/${run.sha}/.github`,
    start_line: 1,
    start_column: null,
    end_line: 1,
    end_column: null,
    annotation_level: 'failure',
    title: '',
    message,
    raw_details: '',
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

/** Returns a `workflow`. */
export function describeWorkflow(context: RestContext, { path, name }: Workflow, at: string): Record<string, unknown> {
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
