import type { ArtifactRecord, Artifacts } from '#lab/github/artifacts/store.ts';
import type { Faults } from '#lab/github/faults.ts';
import type { Bearer } from '#lab/github/identity/tokens.ts';
import type { OperationId } from '#lab/github/openapi/operations.ts';
import type { Pulls } from '#lab/github/pulls/pulls.ts';
import type { RefMove } from '#lab/github/repository.ts';
import { type Git, resolve } from '#lab/github/rest/git.ts';
import type { StatusRecord } from '#lab/github/rest/statuses.ts';
import type { Rules } from '#lab/github/rules.ts';
import type { Approvals } from '#lab/github/runner/approvals.ts';
import type { RunRecord } from '#lab/github/runner/run-record.ts';
import type { Workflow } from '#lab/github/runner/workflow.ts';

/** A role in the repository. */
export type Role = 'admin' | 'maintain' | 'write' | 'triage' | 'read';
/** Roles of people, by login. */
export type Collaborators = Map<string, Role>;

/** The server's state, as the operations see it. */
export interface RestContext {
  /** owner/name. */
  readonly repository: string;
  readonly url: string;
  /** Root of the API: addresses in answers begin with it. */
  readonly api: string;
  readonly runs: readonly RunRecord[];
  /** Ends a run that is queued or under way; false when it is over already. */
  readonly cancel: (run: RunRecord) => boolean;
  /** Begins a run that waits for approval; false where it does not. */
  readonly approve: (run: RunRecord) => boolean;
  /** Runs a run that is over again, in the name of who asks; false where it is not over. */
  readonly rerun: (run: RunRecord, actor: string) => boolean;
  /** Returns an address that shows a text to anyone who has it, for a minute. */
  readonly openLog: (text: string) => string;
  readonly artifacts: Artifacts;
  /** Returns an address that has an artifact's bytes, for a minute. */
  readonly openDownload: (artifact: ArtifactRecord) => string;
  readonly git: Git;
  readonly rules: Rules;
  readonly faults: Faults;
  readonly pulls: Pulls;
  readonly approvals: Approvals;
  /** Roles of people, by login; who is not here has none. */
  readonly collaborators: Collaborators;
  /** To be called after references moved: starts what a push starts. */
  readonly moved: (bearer: Bearer, moves: readonly RefMove[]) => Promise<void>;
  /** To be called after a status was written: starts what it starts. */
  readonly statusWritten: (bearer: Bearer, status: StatusRecord) => Promise<void>;
  readonly readWorkflows: (sha: string) => Promise<Workflow[]>;
  /** Throws with what is wrong with the inputs. */
  readonly dispatch: (
    workflow: string,
    inputs: Readonly<Record<string, string>>,
    branch: string,
    actor: string,
  ) => Promise<RunRecord>;
  readonly now: () => Date;
}

/** A request that its published schema let through; defaults are filled in. */
export interface Call {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly bearer: Bearer;
  /** The media type that the client wants: `raw` of `application/vnd.github.raw+json`. */
  readonly media: string | undefined;
  /** True when the client asked for a page of its own choice. */
  readonly isPaged: boolean;
}

/** What an operation answers; the caller cuts a list into pages. */
export type Answer =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** Something else than JSON, in the media type that was asked for. */
  | { readonly status: 200; readonly type: string; readonly bytes: Buffer }
  | ListAnswer;

/** A list, whole. */
export interface ListAnswer {
  readonly status: 200;
  readonly list: readonly unknown[];
  /** How many there are on a page where the client does not say. Default 30. */
  readonly pageSize?: number;
  /** Makes the body of a page: of lists that GitHub wraps in an object, or whose items are dear. */
  readonly wrap?: (page: readonly unknown[], number: number) => unknown;
}

/** Answers one operation. */
export type Handler = (call: Call) => Promise<Answer> | Answer;

/** The operations of one topic. */
export type Handlers = Partial<Record<OperationId, Handler>>;

/** One entry of an error's list. https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api */
export interface Fault {
  readonly code: 'missing_field' | 'invalid' | 'already_exists' | 'unprocessable' | 'custom';
  readonly field?: string;
  readonly resource?: string;
  readonly message?: string;
}

/** An answer in the form of GitHub's errors. */
export function refuse(
  status: number,
  message: string,
  documentation = 'https://docs.github.com/rest',
  errors: readonly Fault[] = [],
): { readonly status: number; readonly body: unknown } {
  const list = errors.length === 0 ? {} : { errors };
  return { status, body: { message, ...list, documentation_url: documentation, status: String(status) } };
}

/** The answer to a request that made something: a header has its address, too. */
export function created(body: Readonly<Record<string, unknown>> & { readonly url: string }): Answer {
  return { status: 201, body, headers: { location: body.url } };
}

/** Returns the full commit of a branch, tag or SHA; undefined where there is none. */
export async function resolveCommit(context: RestContext, ref: string): Promise<string | undefined> {
  return ref.startsWith('-') ? undefined : resolve(context.git, `${ref}^{commit}`);
}
