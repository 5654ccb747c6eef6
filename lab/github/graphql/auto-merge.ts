import { z } from 'zod';
import { Refused } from '#lab/github/graphql/refused.ts';
import type { Bearer } from '#lab/github/identity/tokens.ts';
import type { RestContext } from '#lab/github/rest/call.ts';
import { nodeId } from '#lab/github/rest/describe.ts';
import { mayDo } from '#lab/github/rest/rights.ts';

const asked = z.object({
  input: z.object({
    pullRequestId: z.string(),
    mergeMethod: z.enum(['MERGE', 'REBASE', 'SQUASH']).nullish(),
    clientMutationId: z.string().nullish(),
  }),
});

/**
 * Turns auto-merge on or off. GitHub refuses where the repository does not allow it, and where nothing has to be waited for.
 * https://docs.github.com/en/graphql/reference/mutations#enablepullrequestautomerge
 */
export function setAutoMerge(context: RestContext, args: unknown, bearer: Bearer, isOn: boolean): unknown {
  const { pullRequestId, mergeMethod, clientMutationId } = asked.parse(args).input;
  const { pulls, rules } = context;
  const pull = pulls.all.find(({ number }) => nodeId('PullRequest', number) === pullRequestId);
  if (pull === undefined)
    throw new Refused('NOT_FOUND', `Could not resolve to a node with the global id of '${pullRequestId}'`);
  const mayWrite = mayDo(bearer, ['pullRequests', 'write']) && mayDo(bearer, ['contents', 'write']);
  if (!mayWrite) throw new Refused('FORBIDDEN', 'Resource not accessible by integration');
  if (isOn && !pulls.settings.isAutoMergeAllowed)
    throw new Refused('UNPROCESSABLE', 'Pull request Auto merge is not allowed for this repository');
  if (isOn && !rules.isProtected(`refs/heads/${pull.base.ref}`))
    throw new Refused('UNPROCESSABLE', 'Pull request Pull request is in clean status');
  pull.autoMerge = isOn ? (mergeMethod ?? 'MERGE') : undefined;
  return { clientMutationId: clientMutationId ?? null };
}
