import type { OperationId } from '#lab/github/openapi/operations.ts';
import type { Permissions } from '#lab/github/permissions.ts';
import type { RunRecord } from '#lab/github/runs.ts';
import type { Bearer } from '#lab/github/tokens.ts';
import type { Workflow } from '#lab/github/workflow.ts';

/** The server's state, as the operations see it. */
export interface RestContext {
  /** owner/name. */
  readonly repository: string;
  readonly url: string;
  /** Root of the API: addresses in answers begin with it. */
  readonly api: string;
  readonly runs: readonly RunRecord[];
  /** Runs git in the bare repository. */
  readonly git: (args: readonly string[]) => Promise<{ readonly code: number; readonly text: string }>;
  /** True when a job's token must not move the branch. */
  readonly isProtected: (ref: string) => boolean;
  /** To be called after a reference moved: starts what a push starts. */
  readonly moved: (bearer: Bearer) => Promise<void>;
  readonly readWorkflows: (sha: string) => Promise<Workflow[]>;
  /** Throws with what is wrong with the inputs. */
  readonly dispatch: (workflow: string, inputs: Readonly<Record<string, string>>, branch: string) => Promise<RunRecord>;
  readonly now: () => Date;
}

/** A request that its published schema let through; defaults are filled in. */
export interface Call {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly bearer: Bearer;
}

/** What an operation answers; a list is cut into pages by whoever called it. */
export type Answer =
  | { readonly status: number; readonly body?: unknown }
  | {
      readonly status: 200;
      readonly list: readonly unknown[];
      /** For lists that GitHub wraps in an object. */
      readonly wrap?: (page: readonly unknown[]) => unknown;
    };

/** Answers one operation. */
export type Handler = (call: Call) => Promise<Answer> | Answer;

/** The operations of one topic. */
export type Handlers = Partial<Record<OperationId, Handler>>;

/** The right that a job's token needs. A person's token has them all. */
export type Right = readonly [keyof Permissions, 'read' | 'write'];

/** An answer in the form of GitHub's errors. */
export function refuse(status: number, message: string, documentation = 'https://docs.github.com/rest'): Answer {
  return { status, body: { message, documentation_url: documentation, status: String(status) } };
}

/** Returns the login that GitHub shows for a bearer. */
export function loginOf(bearer: Bearer): string {
  return bearer.kind === 'user' ? bearer.login : 'github-actions[bot]';
}

/** Returns the full commit of a branch, tag or SHA; undefined where there is none. */
export async function resolveCommit(context: RestContext, ref: string): Promise<string | undefined> {
  if (ref.startsWith('-')) return undefined;
  const { code, text } = await context.git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]);
  return code === 0 ? text.trim().split('\n').at(-1) : undefined;
}
