import type { Permissions } from '#lab/github/identity/permissions.ts';
import type { Bearer } from '#lab/github/identity/tokens.ts';
import type { OperationId } from '#lab/github/openapi/operations.ts';

/**
 * The right that a job's token needs, or one of several; a person's token has them all. `metadata` is in every token; `person` is what no
 * job's token can do; `app` is what an App does in its own name.
 */
export type Right =
  | readonly [keyof Permissions | readonly (keyof Permissions)[], 'read' | 'write']
  | 'metadata'
  | 'person'
  | 'app';

/** https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps */
export const RIGHTS: Readonly<Record<OperationId, Right>> = {
  'actions/approve-workflow-run': ['actions', 'write'],
  'actions/cancel-workflow-run': ['actions', 'write'],
  'actions/create-workflow-dispatch': ['actions', 'write'],
  'actions/re-run-workflow': ['actions', 'write'],
  'actions/download-artifact': ['actions', 'read'],
  'actions/download-job-logs-for-workflow-run': ['actions', 'read'],
  'actions/get-artifact': ['actions', 'read'],
  'actions/get-job-for-workflow-run': ['actions', 'read'],
  'actions/get-pending-deployments-for-run': ['actions', 'read'],
  'actions/get-workflow-run': ['actions', 'read'],
  'actions/list-artifacts-for-repo': ['actions', 'read'],
  'actions/list-jobs-for-workflow-run': ['actions', 'read'],
  'actions/list-repo-workflows': ['actions', 'read'],
  'actions/list-workflow-run-artifacts': ['actions', 'read'],
  'actions/list-workflow-runs': ['actions', 'read'],
  'actions/list-workflow-runs-for-repo': ['actions', 'read'],
  'actions/review-pending-deployments-for-run': ['deployments', 'write'],
  'apps/create-installation-access-token': 'app',
  'checks/list-annotations': ['checks', 'read'],
  'git/create-blob': ['contents', 'write'],
  'git/create-commit': ['contents', 'write'],
  'git/create-ref': ['contents', 'write'],
  'git/create-tree': ['contents', 'write'],
  'git/delete-ref': ['contents', 'write'],
  'git/get-blob': ['contents', 'read'],
  'git/get-commit': ['contents', 'read'],
  'git/get-ref': ['contents', 'read'],
  'git/get-tree': ['contents', 'read'],
  'git/list-matching-refs': ['contents', 'read'],
  'git/update-ref': ['contents', 'write'],
  'issues/create': ['issues', 'write'],
  'issues/create-comment': [['issues', 'pullRequests'], 'write'],
  'issues/delete-comment': [['issues', 'pullRequests'], 'write'],
  'issues/get': ['issues', 'read'],
  'issues/list-comments': [['issues', 'pullRequests'], 'read'],
  'issues/list-for-repo': ['issues', 'read'],
  'issues/update': ['issues', 'write'],
  'issues/update-comment': [['issues', 'pullRequests'], 'write'],
  'pulls/create': ['pullRequests', 'write'],
  'pulls/get': ['pullRequests', 'read'],
  'pulls/list': ['pullRequests', 'read'],
  'pulls/list-commits': ['pullRequests', 'read'],
  'pulls/merge': ['contents', 'write'],
  'pulls/update': ['pullRequests', 'write'],
  'repos/compare-commits-with-basehead': ['contents', 'read'],
  'repos/create-commit-status': ['statuses', 'write'],
  'repos/create-deployment': ['deployments', 'write'],
  'repos/create-deployment-status': ['deployments', 'write'],
  'repos/get': 'metadata',
  'repos/get-branch': ['contents', 'read'],
  'repos/get-collaborator-permission-level': 'metadata',
  'repos/get-combined-status-for-ref': ['statuses', 'read'],
  'repos/get-commit': ['contents', 'read'],
  'repos/get-content': ['contents', 'read'],
  'repos/get-deployment': ['deployments', 'read'],
  'repos/get-deployment-status': ['deployments', 'read'],
  'repos/list-commit-statuses-for-ref': ['statuses', 'read'],
  'repos/list-deployment-statuses': ['deployments', 'read'],
  'repos/list-deployments': ['deployments', 'read'],
  'repos/list-commits': ['contents', 'read'],
  'repos/list-pull-requests-associated-with-commit': ['pullRequests', 'read'],
  'users/get-authenticated': 'person',
};

/** Returns whether a bearer has a right. */
export function mayDo(bearer: Bearer, right: Right): boolean {
  if (bearer.kind === 'app' || right === 'app') return bearer.kind === 'app' && right === 'app';
  if (bearer.kind === 'user' || right === 'metadata') return true;
  if (right === 'person') return false;
  const [permission, wanted] = right;
  const names = typeof permission === 'string' ? [permission] : permission;
  return names.some((name) => {
    const granted = bearer.permissions[name];
    return granted === 'write' || granted === wanted;
  });
}
