import { Refusal } from '#core/values/errors.ts';

/** What git and its servers say when another writer was faster, or holds the ref's lock: worth another look. */
const RACES =
  /stale info|fetch first|non-fast-forward|already exists|lock|atomic|failed to update|incorrect old value|expected/i;

/**
 * GitHub's words where a commit brings workflow files that the token may not bring: of an App or a job, of a personal
 * access token, of an OAuth app. The same rule answers by GH013, or by "push declined due to repository rule violations".
 */
const WORKFLOWS = /without `?workflows?`? (permission|scope)/;
/** The same rule where GitHub could not tell in time: another try may be told. */
const WORKFLOWS_UNKNOWN = /`?workflows?`? scope may be required/;

/** What a server says to this writer and not to this moment, with anything else beside it: HTTP, GitHub's rules, hooks. */
const REFUSALS = new RegExp(
  `\\b40[13]\\b|\\bGH\\d{3}\\b|hook declined|could not read (Username|Password)|Authentication failed|${WORKFLOWS.source}`,
);

/** A push that was not taken, or whose answer got lost. */
export interface Rejection {
  readonly outcome: 'rejected' | 'unclear';
  readonly reason: string;
}

/** True when another try cannot help: the server refuses this writer, and not this moment. */
export function isFinal({ outcome, reason }: Rejection): boolean {
  if (WORKFLOWS_UNKNOWN.test(reason) && !WORKFLOWS.test(reason)) return false;
  return REFUSALS.test(reason) || (outcome === 'rejected' && !RACES.test(reason));
}

/** The code of a refusal decides the remedy: HTTP's 403, and GitHub's own for rules of a branch (GH006, GH013). */
export function explainRejection(branch: string, reason: string): Refusal {
  return new Refusal(
    `branch: ${branch} does not take the commit, the server says: ${reason}; ${remedyOf(branch, reason)}`,
  );
}

function remedyOf(branch: string, reason: string): string {
  if (WORKFLOWS.test(reason) || WORKFLOWS_UNKNOWN.test(reason)) return explainWorkflows(branch, reason);
  if (/\b40[13]\b|could not read (Username|Password)|Authentication failed/.test(reason))
    return 'give the job `permissions: contents: write`, or use git credentials that may write';
  if (/verified signatures/i.test(reason)) return 'use `transport: api`, by which GitHub signs the commits';
  return 'let the pipeline push to it (branch protection or ruleset: add its identity to the bypass list)';
}

/** `permissions:` has no such key: a workflow file that names it does not run at all. */
function explainWorkflows(branch: string, reason: string): string {
  const again = WORKFLOWS.test(reason) ? '' : 'run the job again, and if GitHub says the same: ';
  return `${again}make .github/workflows on ${branch} the same as on the default branch, or pass as \`token\` that of a GitHub App with the permission Workflows: write, or a personal access token with the scope workflow (\`permissions:\` of a job cannot give it)`;
}
