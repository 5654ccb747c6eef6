import { Refusal } from '#core/values/errors.ts';

/** What git and its servers say when another writer was faster, or holds the ref's lock: worth another look. */
const RACES =
  /stale info|fetch first|non-fast-forward|already exists|lock|atomic|failed to update|incorrect old value|expected/i;

/** What a server says to this writer and not to this moment, with anything else beside it: HTTP, GitHub's rules, hooks. */
const REFUSALS = /\b40[13]\b|\bGH\d{3}\b|hook declined/;

/** A push that was not taken, or whose answer got lost. */
export interface Rejection {
  readonly outcome: 'rejected' | 'unclear';
  readonly reason: string;
}

/** True when another try cannot help: the server refuses this writer, and not this moment. */
export function isFinal({ outcome, reason }: Rejection): boolean {
  return REFUSALS.test(reason) || (outcome === 'rejected' && !RACES.test(reason));
}

/** The code of a refusal decides the remedy: HTTP's 403, and GitHub's own for rules of a branch (GH006, GH013). */
export function explainRejection(branch: string, reason: string): Refusal {
  return new Refusal(`branch: ${branch} does not take the commit, the server says: ${reason}; ${remedyOf(reason)}`);
}

function remedyOf(reason: string): string {
  if (/\b40[13]\b/.test(reason))
    return 'give the job `permissions: contents: write`, or use git credentials that may write';
  if (/verified signatures/i.test(reason)) return 'use `transport: api`, by which GitHub signs the commits';
  return 'let the pipeline push to it (branch protection or ruleset: add its identity to the bypass list)';
}
