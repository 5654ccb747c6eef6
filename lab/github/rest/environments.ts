import { z } from 'zod';
import { loginOf } from '#lab/github/identity/tokens.ts';
import { type Answer, type Call, type Handlers, type RestContext, refuse } from '#lab/github/rest/call.ts';
import { describeUser, nodeId, repositoryUrl } from '#lab/github/rest/describe.ts';
import type { PendingJob } from '#lab/github/runner/approvals.ts';

const review = z.object({ environment_ids: z.array(z.number()), state: z.enum(['approved', 'rejected']) });

/** Jobs that wait for a reviewer. https://docs.github.com/en/rest/actions/workflow-runs#get-pending-deployments-for-a-workflow-run */
export function environmentHandlers(context: RestContext): Handlers {
  const { approvals, runs } = context;
  const withRun =
    (answer: (pending: readonly PendingJob[], call: Call) => Answer) =>
    (call: Call): Answer => {
      const run = runs.find(({ id }) => id === call.parameters['run_id']);
      if (run === undefined) return refuse(404, 'Not Found');
      return answer(
        approvals.pending.filter((job) => job.run === run),
        call,
      );
    };
  return {
    'actions/get-pending-deployments-for-run': withRun((pending, { bearer }) => {
      const names = [...new Set(pending.map(({ environment }) => environment))];
      return { status: 200, body: names.map((name) => describePending(context, name, loginOf(bearer))) };
    }),
    'actions/review-pending-deployments-for-run': withRun((pending, { body, bearer }) => {
      const { environment_ids: ids, state } = review.parse(body);
      const jobs = pending.filter(({ environment }) => ids.includes(idOf(environment)));
      if (jobs.length === 0) return refuse(422, 'No pending deployment requests to approve or reject');
      if (!jobs.every(({ environment }) => approvals.reviewersOf(environment).includes(loginOf(bearer))))
        return refuse(422, 'The current user is not a required reviewer of the environment');
      for (const job of jobs) job.decide(state);
      return { status: 200, body: [] };
    }),
  };
}

function describePending(context: RestContext, name: string, login: string): Record<string, unknown> {
  const reviewers = context.approvals.reviewersOf(name);
  const id = idOf(name);
  return {
    environment: {
      ...{ id, node_id: nodeId('Environment', id), name },
      url: `${repositoryUrl(context)}/environments/${encodeURIComponent(name)}`,
      html_url: `${context.url}/${context.repository}/deployments/activity_log?environments_filter=${encodeURIComponent(name)}`,
    },
    ...{ wait_timer: 0, wait_timer_started_at: null, current_user_can_approve: reviewers.includes(login) },
    reviewers: reviewers.map((reviewer) => ({ type: 'User', reviewer: describeUser(context, reviewer) })),
  };
}

function idOf(name: string): number {
  return [...name.toLowerCase()].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 1_000_000_007, 13);
}
