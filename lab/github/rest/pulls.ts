import { z } from 'zod';
import type { PullRecord } from '#lab/github/pulls/records.ts';
import { type Answer, type Call, created, type Handlers, type RestContext, refuse } from '#lab/github/rest/call.ts';
import { describeCommit } from '#lab/github/rest/commits.ts';
import { describePull, describePullSimply } from '#lab/github/rest/describe-pull.ts';

const creation = z.object({
  title: z.string().default(''),
  body: z.string().nullish(),
  head: z.string(),
  base: z.string(),
});
const change = z.object({
  title: z.string().optional(),
  body: z.string().nullish(),
  state: z.enum(['open', 'closed']).optional(),
  base: z.string().optional(),
});
const merging = z.object({
  commit_title: z.string().optional(),
  commit_message: z.string().optional(),
  sha: z.string().optional(),
  merge_method: z.enum(['merge', 'squash', 'rebase']).default('merge'),
});

/** Pull requests. https://docs.github.com/en/rest/pulls/pulls */
export function pullHandlers(context: RestContext): Handlers {
  const { pulls } = context;
  const withPull =
    (answer: (pull: PullRecord, call: Call) => Promise<Answer> | Answer) =>
    (call: Call): Promise<Answer> | Answer => {
      const pull = pulls.find(Number(call.parameters['pull_number']));
      return pull === undefined ? refuse(404, 'Not Found') : answer(pull, call);
    };
  return {
    'pulls/create': async ({ body, bearer }) => {
      const { title, body: text, head, base } = creation.parse(body);
      const opened = await pulls.open({ title, body: text ?? null, head, base }, bearer);
      if ('status' in opened && opened.status === 403) return refuse(403, opened.message);
      if ('status' in opened) return refuseCustom(opened.status, opened.message);
      return created(await describePull(context, opened));
    },
    'pulls/get': withPull(async (pull) => ({ status: 200, body: await describePull(context, pull) })),
    'pulls/list': ({ parameters }) => listPulls(context, parameters),
    'pulls/list-commits': withPull(async ({ base, head }) => {
      const { text } = await context.git([
        'log',
        '--format=%H',
        '--reverse',
        '--max-count=250',
        `${base.sha}..${head.sha}`,
      ]);
      const wrap = (page: readonly unknown[]) => Promise.all(page.map((one) => describeCommit(context, String(one))));
      return { status: 200, list: text.split('\n').filter(Boolean), wrap };
    }),
    'repos/list-pull-requests-associated-with-commit': async ({ parameters }) => {
      const sha = String(parameters['commit_sha']);
      const isOf = await Promise.all(pulls.all.map((pull) => hasCommit(context, pull, sha)));
      return {
        status: 200,
        list: pulls.all.filter((_pull, at) => isOf[at]).map((one) => describePullSimply(context, one)),
      };
    },
    'pulls/update': withPull(async (pull, { body, bearer }) => {
      const { title, body: text, state, base } = change.parse(body);
      const refusal =
        (await pulls.edit(pull, { title, body: text, base }, bearer)) ??
        (state === undefined ? undefined : await pulls.turn(pull, state, bearer));
      if (refusal !== undefined) return refuseCustom(refusal.status, refusal.message);
      return { status: 200, body: await describePull(context, pull) };
    }),
    'pulls/merge': withPull(async (pull, { body, bearer }) => {
      const { commit_title: title, commit_message: message, sha, merge_method: method } = merging.parse(body);
      const merged = await pulls.merge(pull, { method, sha, title, message }, bearer);
      if ('status' in merged) return refuse(merged.status, merged.message);
      return { status: 200, body: { sha: merged.sha, merged: true, message: 'Pull Request successfully merged' } };
    }),
  };
}

/** True for the commit that a merge ended with, and for those of the pull request itself. */
async function hasCommit(context: RestContext, { merged, base, head }: PullRecord, sha: string): Promise<boolean> {
  if (merged?.sha === sha) return true;
  const { text } = await context.git(['log', '--format=%H', `${base.sha}..${head.sha}`]);
  return text.split('\n').includes(sha);
}

function refuseCustom(status: number, message: string): Answer {
  return refuse(status, 'Validation Failed', undefined, [{ resource: 'PullRequest', code: 'custom', message }]);
}

function listPulls({ pulls, ...context }: RestContext, parameters: Call['parameters']): Answer {
  const { state = 'open', base, head, sort = 'created', direction } = parameters;
  const isWanted = (pull: PullRecord): boolean =>
    (state === 'all' || pull.state === state) &&
    (base === undefined || pull.base.ref === base) &&
    (head === undefined || head === `${pull.head.repository.split('/')[0]}:${pull.head.ref}`);
  const timeOf = ({ createdAt, updatedAt }: PullRecord): number =>
    (sort === 'updated' ? updatedAt : createdAt).getTime();
  const sorted = pulls.all.filter(isWanted).sort((a, b) => timeOf(a) - timeOf(b) || a.number - b.number);
  const list = direction === 'asc' || (direction === undefined && sort !== 'created') ? sorted : sorted.reverse();
  return { status: 200, list: list.map((pull) => describePullSimply({ pulls, ...context }, pull)) };
}
