import { z } from 'zod';

/** A job's right to one thing, as `permissions:` of a workflow writes it. */
export type Access = 'none' | 'read' | 'write';

/** The rights of a job's token that the stand-in checks. */
export interface Permissions {
  readonly contents: Access;
  readonly idToken: Access;
  readonly statuses: Access;
  readonly deployments: Access;
  readonly actions: Access;
  readonly checks: Access;
  readonly pullRequests: Access;
  readonly issues: Access;
}

const access = z.enum(['none', 'read', 'write']);
const written = z.union([z.enum(['read-all', 'write-all']), z.record(z.string(), access)]);

/**
 * Returns the rights of a job. The job's own `permissions` replace the workflow's; what is not named is `none` as soon
 * as one is named; without either, GitHub's restricted default holds: contents may be read, nothing else.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions
 */
export function computePermissions(workflow: unknown, job: unknown): Permissions {
  const chosen = job ?? workflow;
  if (chosen === undefined || chosen === null) return grant((name) => (name === 'contents' ? 'read' : 'none'));
  const parsed = written.parse(chosen);
  if (parsed === 'read-all') return grant((name) => (name === 'id-token' ? 'none' : 'read'));
  if (parsed === 'write-all') return grant(() => 'write');
  return grant((name) => parsed[name] ?? 'none');
}

/** Returns the rights of a job that a fork's pull request started: it reads, and speaks to no cloud. */
export function restrictToFork(permissions: Permissions): Permissions {
  const entries = Object.entries(permissions).map(([name, right]) => [name, right === 'write' ? 'read' : right]);
  return { ...Object.fromEntries(entries), idToken: 'none' };
}

function grant(rightTo: (name: string) => Access): Permissions {
  return {
    contents: rightTo('contents'),
    idToken: rightTo('id-token'),
    statuses: rightTo('statuses'),
    deployments: rightTo('deployments'),
    actions: rightTo('actions'),
    checks: rightTo('checks'),
    pullRequests: rightTo('pull-requests'),
    issues: rightTo('issues'),
  };
}
