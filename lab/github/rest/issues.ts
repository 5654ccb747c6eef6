import { z } from 'zod';
import { type Bearer, loginOf } from '#lab/github/identity/tokens.ts';
import type { IssueRecord } from '#lab/github/pulls/records.ts';
import {
  type Answer,
  type Call,
  created,
  type Fault,
  type Handlers,
  type RestContext,
  refuse,
} from '#lab/github/rest/call.ts';
import { describeIssue, describePullAsIssue } from '#lab/github/rest/describe-issue.ts';

const title = z.union([z.string(), z.number().transform(String)]);
const labels = z.array(z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]));
const creation = z.object({ title, body: z.string().nullish(), labels: labels.default([]) });
const change = z.object({
  title: title.nullish(),
  body: z.string().nullish(),
  labels: labels.optional(),
  state: z.enum(['open', 'closed']).optional(),
  state_reason: z.enum(['completed', 'not_planned', 'duplicate', 'reopened']).nullish(),
});

const MOST_CHARACTERS = 65_536;

/** Issues, which are numbered with the pull requests. https://docs.github.com/en/rest/issues/issues */
export function issueHandlers(context: RestContext): Handlers {
  const { pulls, now } = context;
  const withIssue =
    (answer: (issue: IssueRecord, call: Call) => Answer) =>
    (call: Call): Answer => {
      const issue = pulls.issues.find(({ number }) => number === Number(call.parameters['issue_number']));
      return issue === undefined ? refuse(404, 'Not Found') : answer(issue, call);
    };
  return {
    'issues/list-for-repo': ({ parameters }) => listIssues(context, parameters),
    'issues/get': withIssue((issue) => ({ status: 200, body: describeIssue(context, issue) })),
    'issues/create': ({ body: request, bearer }) => {
      const { title: named, body = null, labels: wanted } = creation.parse(request);
      const refusal = refuseText(named, body);
      if (refusal !== undefined) return refusal;
      const at = now();
      const issue: IssueRecord = {
        ...{ number: pulls.nextNumber(), login: loginOf(bearer), createdAt: at, updatedAt: at, title: named, body },
        ...{ labels: dedupe(wanted), state: 'open', reason: null, closed: undefined, locked: false },
      };
      pulls.issues.push(issue);
      return created(describeIssue(context, issue));
    },
    'issues/update': withIssue((issue, { body: request, bearer }) => {
      const asked = change.parse(request);
      const refusal = refuseText(asked.title ?? issue.title, asked.body ?? null);
      if (refusal !== undefined) return refusal;
      issue.title = asked.title ?? issue.title;
      if (asked.body !== undefined) issue.body = asked.body;
      if (asked.labels !== undefined) issue.labels = dedupe(asked.labels);
      if (asked.state !== undefined && asked.state !== issue.state) turn(issue, asked, bearer, now());
      issue.updatedAt = now();
      return { status: 200, body: describeIssue(context, issue) };
    }),
  };
}

/** "Ignored unless `state` is changed." */
function turn(issue: IssueRecord, asked: z.output<typeof change>, bearer: Bearer, at: Date): void {
  const isClosed = asked.state === 'closed';
  issue.state = isClosed ? 'closed' : 'open';
  issue.reason = isClosed ? (asked.state_reason ?? 'completed') : 'reopened';
  issue.closed = isClosed ? { at, by: loginOf(bearer) } : undefined;
}

/** Letter case makes no difference. */
function dedupe(names: readonly string[]): string[] {
  return [...new Map(names.map((name) => [name.toLowerCase(), name])).values()];
}

function refuseText(named: string, body: string | null): Answer | undefined {
  const fault = (field: string, code: Fault['code'], message?: string): Answer =>
    refuse(422, 'Validation Failed', undefined, [
      { resource: 'Issue', field, code, ...(message === undefined ? {} : { message }) },
    ]);
  if (named.trim() === '') return fault('title', 'missing_field');
  if (named.length > 256) return fault('title', 'custom', 'title is too long (maximum is 256 characters)');
  if (body === null || [...body].length <= MOST_CHARACTERS) return undefined;
  return fault('body', 'custom', `body is too long (maximum is ${MOST_CHARACTERS} characters)`);
}

/** Newest first; pull requests are issues, too. */
function listIssues(context: RestContext, parameters: Call['parameters']): Answer {
  const { state = 'open', creator, sort = 'created', direction = 'desc', since } = parameters;
  const wanted = String(parameters['labels'] ?? '')
    .split(',')
    .map((label) => label.trim().toLowerCase())
    .filter(Boolean);
  const { issues, all } = context.pulls;
  const from = since === undefined ? 0 : Date.parse(String(since));
  const fits = (one: { state: string; login: string; labels: readonly string[]; updatedAt: Date }): boolean =>
    (state === 'all' || one.state === state) &&
    (creator === undefined || String(creator).toLowerCase() === one.login.toLowerCase()) &&
    one.updatedAt.getTime() >= from &&
    wanted.every((label) => one.labels.some((own) => own.toLowerCase() === label));
  const found = [
    ...issues.filter(fits).map((one) => ({ one, body: () => describeIssue(context, one) })),
    ...all
      .filter((one) => fits({ ...one, labels: [] }))
      .map((one) => ({ one, body: () => describePullAsIssue(context, one) })),
  ];
  const timeOf = ({ one }: (typeof found)[number]): number =>
    (sort === 'updated' ? one.updatedAt : one.createdAt).getTime();
  const sorted = found.sort((a, b) => timeOf(a) - timeOf(b) || a.one.number - b.one.number);
  return { status: 200, list: (direction === 'asc' ? sorted : sorted.reverse()).map(({ body }) => body()) };
}
