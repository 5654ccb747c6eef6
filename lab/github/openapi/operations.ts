/** The operations of GitHub's REST interface that the stand-in answers, by their published ids. */
export const OPERATIONS = [
  'actions/create-workflow-dispatch',
  'actions/get-workflow-run',
  'actions/list-jobs-for-workflow-run',
  'actions/list-repo-workflows',
  'actions/list-workflow-runs-for-repo',
  'git/create-ref',
  'git/delete-ref',
  'git/get-commit',
  'git/get-ref',
  'git/list-matching-refs',
  'git/update-ref',
  'repos/create-commit-status',
  'repos/create-deployment',
  'repos/create-deployment-status',
  'repos/get-combined-status-for-ref',
  'repos/get-deployment',
  'repos/list-commit-statuses-for-ref',
  'repos/list-deployment-statuses',
  'repos/list-deployments',
] as const;

/** One of them. */
export type OperationId = (typeof OPERATIONS)[number];
