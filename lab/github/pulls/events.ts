import { type Bearer, loginOf } from '#lab/github/identity/tokens.ts';
import type { PullAction, PullChanges, PullRecord } from '#lab/github/pulls/records.ts';
import type { RestContext } from '#lab/github/rest/call.ts';
import { describeUser } from '#lab/github/rest/describe.ts';
import { describePull } from '#lab/github/rest/describe-pull.ts';
import { describeFully } from '#lab/github/rest/repository.ts';
import type { Runs } from '#lab/github/runner/runs.ts';
import { startsOnPull } from '#lab/github/runner/workflow.ts';

/**
 * Starts the workflows of an event: those of the merge commit, so that a pull request with a conflict starts none. Where
 * a job's own token opened or pushed to it, the runs wait for a person's approval; where it closed or edited it, there
 * are none.
 */
export async function startOnPull(
  context: RestContext,
  runs: Runs,
  pull: PullRecord,
  action: PullAction,
  bearer: Bearer,
  changes?: PullChanges,
): Promise<void> {
  const isHeld = bearer.kind === 'job' && bearer.app === undefined;
  if (isHeld && (action === 'closed' || action === 'edited')) return;
  const { number, head, base, title } = pull;
  const sha = pull.merged?.sha ?? (await context.pulls.testMerge(pull));
  if (sha === undefined) return;
  const { text } = await context.git(['diff', '--name-only', '--no-renames', `${base.sha}...${head.sha}`]);
  const files = text.split('\n').filter(Boolean);
  const actor = loginOf(bearer);
  const opened = pull.createdAt.toISOString();
  const payload = {
    ...{ action, number, pull_request: await describePull(context, pull) },
    ...(changes === undefined ? {} : { changes }),
    repository: describeFully(context, opened, opened),
    sender: describeUser(context, actor),
  };
  const isFork = head.repository !== context.repository;
  for (const workflow of await context.readWorkflows(sha)) {
    if (!startsOnPull(workflow, action, base.ref, files)) continue;
    const ref = `refs/pull/${number}/merge`;
    const about = { number, headRef: head.ref, headSha: head.sha, baseRef: base.ref, isFork };
    runs.start({ workflow, event: 'pull_request', ref, sha, title, actor, payload, inputs: {}, pull: about, isHeld });
  }
}
