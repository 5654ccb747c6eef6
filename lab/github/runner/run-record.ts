import type { Exec } from '#core/system/exec.ts';
import type { Permissions } from '#lab/github/identity/permissions.ts';
import type { Tokens } from '#lab/github/identity/tokens.ts';
import type { StepRecord } from '#lab/github/runner/act.ts';
import type { Approvals } from '#lab/github/runner/approvals.ts';
import type { Workflow, WorkflowJob } from '#lab/github/runner/workflow.ts';

/** How far a run or a job is; `pending` waits for its concurrency group, `waiting` for an approval. */
export type Status = 'queued' | 'pending' | 'waiting' | 'in_progress' | 'completed';
/** How it ended; `action_required`: it did not begin, and waits until a person lets it. */
export type Conclusion = 'success' | 'failure' | 'cancelled' | 'skipped' | 'action_required';

/** A job of a run. */
export interface JobRecord {
  /** Its key in the workflow file; of a job of a matrix with the combination: `plan (aws)`. */
  readonly id: string;
  /** What GitHub shows, where that is not the id. */
  readonly name?: string;
  status: Status;
  conclusion: Conclusion | undefined;
  readonly steps: StepRecord[];
  /** What is said of the job as a whole: why it was cancelled before it began. */
  readonly annotations: string[];
  outputs: Readonly<Record<string, string>>;
  startedAt: Date | undefined;
  endedAt: Date | undefined;
}

/** A run of a workflow. */
export interface RunRecord {
  readonly id: number;
  readonly workflow: string;
  readonly path: string;
  readonly event: 'push' | 'workflow_dispatch' | 'pull_request' | 'status';
  readonly ref: string;
  readonly sha: string;
  /** Of a pull request's run: what GitHub shows instead of the merge commit. */
  readonly head?: RunHead | undefined;
  readonly title: string;
  /** Who started it; their rights are those of every attempt. */
  readonly actor: string;
  /** How often it was begun; a re-run is the next attempt of the same run. */
  attempt: number;
  /** Who started this attempt. */
  triggeringActor: string;
  readonly createdAt: Date;
  status: Status;
  conclusion: Conclusion | undefined;
  /** What is said of the run as a whole: why it could not start, or why it was cancelled before it did. */
  readonly annotations: string[];
  readonly jobs: JobRecord[];
}

/** The head of the pull request that started a run. */
export interface RunHead {
  readonly pull: number;
  readonly sha: string;
  readonly branch: string;
  readonly isFork: boolean;
}

/** What starts a run. */
export interface Trigger {
  readonly workflow: Workflow;
  readonly event: RunRecord['event'];
  readonly ref: string;
  readonly sha: string;
  readonly title: string;
  readonly actor: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Begins when a person approves it. */
  readonly isHeld?: boolean;
  readonly inputs: Readonly<Record<string, string>>;
  /** Of a pull request's event. The job of a fork's gets a token that only reads, and no secret. */
  readonly pull?: {
    readonly number: number;
    readonly headRef: string;
    readonly headSha: string;
    readonly baseRef: string;
    readonly isFork: boolean;
  };
}

/** A job that is about to begin. */
export interface JobOpening {
  readonly run: RunRecord;
  readonly record: JobRecord;
  readonly job: WorkflowJob;
  readonly permissions: Permissions;
  readonly workflow: Workflow;
}

/** What running needs. */
export interface RunnerOptions {
  readonly exec: Exec;
  readonly act: string;
  readonly path: string;
  /** Folder below which each job gets its own. */
  readonly dir: string;
  /** Temporary folder of the jobs' programs. */
  readonly temp: string;
  /** When it aborts, jobs are killed and none begins. */
  readonly ending: AbortSignal;
  readonly bareRepository: string;
  readonly tokens: Tokens;
  /** Whom a job of a protected environment waits for. */
  readonly approvals: Approvals;
  /** Environment of every job. */
  readonly env: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Returns what a job gets on top: its way to artifacts, and to OIDC where it has the right. Called once for each job. */
  readonly openJob: (opening: JobOpening) => Record<string, string>;
  readonly onChange: (run: RunRecord) => void;
}

/** Returns the record of a job that has not begun. */
export function openJobRecord(id: string, name: string = id): JobRecord {
  const nothing = { conclusion: undefined, startedAt: undefined, endedAt: undefined };
  return { id, name, status: 'queued', ...nothing, steps: [], annotations: [], outputs: {} };
}
