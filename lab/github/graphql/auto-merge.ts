import { z } from 'zod';
import { Refused } from '#lab/github/graphql/refused.ts';
import { type Bearer, loginOf } from '#lab/github/identity/tokens.ts';
import type { PullRecord } from '#lab/github/pulls/records.ts';
import type { RestContext } from '#lab/github/rest/call.ts';
import { describeUser, nodeId } from '#lab/github/rest/describe.ts';
import { mayDo } from '#lab/github/rest/rights.ts';

const asked = z.object({ pullRequestId: z.string(), clientMutationId: z.string().nullish() });
const enabling = asked.extend({
  mergeMethod: z.enum(['MERGE', 'SQUASH', 'REBASE']).default('MERGE'),
  commitHeadline: z.string().nullish(),
  commitBody: z.string().nullish(),
  expectedHeadOid: z.string().nullish(),
});
const METHODS = { MERGE: 'merge', SQUASH: 'squash', REBASE: 'rebase' } as const;

/** Merges a pull request as soon as nothing blocks it. https://docs.github.com/en/graphql/reference/mutations#enablepullrequestautomerge */
export function enableAutoMerge(context: RestContext, args: unknown, bearer: Bearer): unknown {
  const input = z.object({ input: enabling }).parse(args).input;
  const pull = findPull(context, input.pullRequestId, bearer);
  const { settings } = context.pulls;
  if (!settings.allowAutoMerge) throw new Refused('UNPROCESSABLE', 'Auto merge is not allowed for this repository');
  if (pull.state === 'closed') throw new Refused('UNPROCESSABLE', 'Pull request is closed');
  if (input.expectedHeadOid && input.expectedHeadOid !== pull.head.sha)
    throw new Refused('UNPROCESSABLE', 'The head of the pull request has moved');
  if (context.pulls.listMissing(pull).length === 0)
    throw new Refused('UNPROCESSABLE', 'Pull request Pull request is in clean status');
  pull.autoMerge = {
    bearer,
    method: METHODS[input.mergeMethod],
    title: input.commitHeadline ?? undefined,
    message: input.commitBody ?? undefined,
  };
  return answer(context, pull, bearer, input.clientMutationId);
}

/** https://docs.github.com/en/graphql/reference/mutations#disablepullrequestautomerge */
export function disableAutoMerge(context: RestContext, args: unknown, bearer: Bearer): unknown {
  const { pullRequestId, clientMutationId } = z.object({ input: asked }).parse(args).input;
  const pull = findPull(context, pullRequestId, bearer);
  if (pull.autoMerge === undefined)
    throw new Refused('UNPROCESSABLE', "Can't disable auto-merge for this pull request");
  pull.autoMerge = undefined;
  return answer(context, pull, bearer, clientMutationId);
}

function findPull({ pulls }: RestContext, id: string, bearer: Bearer): PullRecord {
  const pull = pulls.all.find(({ number }) => nodeId('PullRequest', number) === id);
  if (pull === undefined) throw new Refused('NOT_FOUND', `Could not resolve to a node with the global id of '${id}'`);
  if (!mayDo(bearer, ['pullRequests', 'write']) || !mayDo(bearer, ['contents', 'write']))
    throw new Refused('FORBIDDEN', 'Resource not accessible by integration');
  return pull;
}

function answer(
  context: RestContext,
  pull: PullRecord,
  bearer: Bearer,
  clientMutationId: string | null = null,
): unknown {
  const { number, title, state, autoMerge } = pull;
  const { login, html_url } = describeUser(context, loginOf(bearer));
  const actor = { __typename: loginOf(bearer).endsWith('[bot]') ? 'Bot' : 'User', login, url: html_url };
  const request =
    autoMerge === undefined
      ? null
      : { __typename: 'AutoMergeRequest', mergeMethod: autoMerge.method.toUpperCase(), enabledBy: actor };
  const shown = {
    id: nodeId('PullRequest', number),
    number,
    title,
    state: state.toUpperCase(),
    autoMergeRequest: request,
  };
  return { actor, clientMutationId, pullRequest: { __typename: 'PullRequest', ...shown } };
}
