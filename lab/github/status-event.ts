import { type Bearer, loginOf } from '#lab/github/identity/tokens.ts';
import { type RestContext, resolveCommit } from '#lab/github/rest/call.ts';
import { describeCommit } from '#lab/github/rest/commits.ts';
import { describeUser } from '#lab/github/rest/describe.ts';
import { describeFully } from '#lab/github/rest/repository.ts';
import type { StatusRecord } from '#lab/github/rest/statuses.ts';
import type { Runs } from '#lab/github/runner/runs.ts';
import { startsOnStatus } from '#lab/github/runner/workflow.ts';

const MOST_BRANCHES = 10;

/**
 * Starts the workflows of the default branch that ask for `status`, at that branch's head; the commit meant is in the
 * payload. What a job's own token writes starts none.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#status
 */
export async function startOnStatus(
  context: RestContext,
  runs: Runs,
  bearer: Bearer,
  status: StatusRecord,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (bearer.kind === 'job' && bearer.app === undefined) return undefined;
  const ref = 'refs/heads/main';
  const sha = await resolveCommit(context, ref);
  if (sha === undefined) return undefined;
  const actor = loginOf(bearer);
  const payload = await describeEvent(context, status, actor);
  for (const workflow of await context.readWorkflows(sha)) {
    if (!startsOnStatus(workflow)) continue;
    runs.start({ workflow, event: 'status', ref, sha, title: workflow.name, actor, payload, inputs: {} });
  }
  return payload;
}

/** https://docs.github.com/en/webhooks/webhook-events-and-payloads#status */
async function describeEvent(
  context: RestContext,
  status: StatusRecord,
  actor: string,
): Promise<Readonly<Record<string, unknown>>> {
  const at = status.createdAt.toISOString();
  const { url, ...rest } = await describeCommit(context, status.sha);
  return {
    id: status.id,
    sha: status.sha,
    name: context.repository,
    avatar_url: `${context.url}/avatars/${encodeURIComponent(status.login)}`,
    ...{ state: status.state, context: status.context, description: status.description, target_url: status.target_url },
    commit: { url, ...rest },
    branches: await listBranches(context, status.sha),
    ...{ created_at: at, updated_at: at },
    repository: describeFully(context, at, at),
    sender: describeUser(context, actor),
  };
}

/** "An array of branch objects containing the status' SHA … The array includes a maximum of 10 branches." */
async function listBranches(context: RestContext, sha: string): Promise<unknown[]> {
  const format = '--format=%(refname:lstrip=2) %(objectname)';
  const { text } = await context.git(['for-each-ref', `--contains=${sha}`, format, 'refs/heads/']);
  const lines = text.split('\n').filter(Boolean).slice(0, MOST_BRANCHES);
  return lines.map((line) => {
    const [name = '', head = ''] = line.split(' ');
    const commit = { sha: head, url: `${context.api}/repos/${context.repository}/commits/${head}` };
    return { name, commit, protected: context.rules.isProtected(`refs/heads/${name}`) };
  });
}
