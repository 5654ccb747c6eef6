import { z } from 'zod';
import { type Bearer, loginOf } from '#lab/github/identity/tokens.ts';
import type { Pulls } from '#lab/github/pulls/pulls.ts';
import type { CommentRecord, PullRecord } from '#lab/github/pulls/records.ts';
import { type Answer, type Call, created, type Handlers, type RestContext, refuse } from '#lab/github/rest/call.ts';
import { describeComment } from '#lab/github/rest/describe-pull.ts';
import { mayDo } from '#lab/github/rest/rights.ts';

const written = z.object({ body: z.string() });

/** GitHub's sentence has this number; a probe of 2026 found that 262,144 bytes are taken. */
const MOST_CHARACTERS = 65_536;

type Either = Pick<PullRecord, 'number' | 'locked'>;

const NOT_FOUND = refuse(404, 'Not Found');

function findEither(pulls: Pulls, number: number): Either | undefined {
  return pulls.find(number) ?? pulls.issues.find((issue) => issue.number === number);
}

/** The right to pull requests does for their comments, and not for those of issues. */
function refuseStranger(pulls: Pulls, number: number | undefined, { bearer }: Call): Answer | undefined {
  const isIssue = pulls.issues.some((issue) => issue.number === number);
  return isIssue && !mayDo(bearer, ['issues', 'read'])
    ? refuse(403, 'Resource not accessible by integration')
    : undefined;
}

/** Comments on issues and on pull requests, which are issues. https://docs.github.com/en/rest/issues/comments */
export function commentHandlers(context: RestContext): Handlers {
  const { pulls, now } = context;
  const { comments } = pulls;
  const withComment =
    (answer: (comment: CommentRecord, call: Call) => Answer) =>
    (call: Call): Answer => {
      const comment = comments.find(({ id }) => id === Number(call.parameters['comment_id']));
      return refuseStranger(pulls, comment?.issue, call) ?? (comment === undefined ? NOT_FOUND : answer(comment, call));
    };
  const withEither =
    (answer: (either: Either, call: Call) => Answer) =>
    (call: Call): Answer => {
      const found = findEither(pulls, Number(call.parameters['issue_number']));
      return refuseStranger(pulls, found?.number, call) ?? (found === undefined ? NOT_FOUND : answer(found, call));
    };
  return {
    'issues/list-comments': withEither(({ number }, { parameters }) => {
      const since = parameters['since'] === undefined ? 0 : Date.parse(String(parameters['since']));
      const list = comments.filter(({ issue, updatedAt }) => issue === number && updatedAt.getTime() >= since);
      return { status: 200, list: list.map((comment) => describeComment(context, comment)) };
    }),
    'issues/create-comment': withEither((pull, { body: request, bearer }) => {
      const { body } = written.parse(request);
      const refusal = refuseBody(body) ?? refuseLocked(pull, bearer, 'create');
      if (refusal !== undefined) return refusal;
      const [id, at] = [pulls.nextCommentId(), now()];
      const comment = {
        id,
        issue: pull.number,
        login: loginOf(bearer),
        createdAt: at,
        updatedAt: at,
        body,
        edits: [body],
      };
      comments.push(comment);
      return created(describeComment(context, comment));
    }),
    'issues/update-comment': withComment((comment, { body: request, bearer }) => {
      const { body } = written.parse(request);
      const refusal = refuseBody(body) ?? refuseLocked(findEither(pulls, comment.issue), bearer, 'update');
      if (refusal !== undefined) return refusal;
      Object.assign(comment, { body, updatedAt: now() });
      comment.edits.push(body);
      return { status: 200, body: describeComment(context, comment) };
    }),
    'issues/delete-comment': withComment((comment) => {
      comments.splice(comments.indexOf(comment), 1);
      return { status: 204 };
    }),
  };
}

function refuseBody(body: string): Answer | undefined {
  const fault = (message: string): Answer =>
    refuse(422, 'Validation Failed', undefined, [
      { resource: 'IssueComment', code: 'unprocessable', field: 'data', message },
    ]);
  if (body.trim() === '') return fault('Body cannot be blank');
  return [...body].length > MOST_CHARACTERS
    ? fault(`Body is too long (maximum is ${MOST_CHARACTERS} characters)`)
    : undefined;
}

/** People on the lab have write access, and may go on; a job's token may not, however it was asked for. */
function refuseLocked(pull: Either | undefined, bearer: Bearer, verb: 'create' | 'update'): Answer | undefined {
  if (pull?.locked !== true || bearer.kind === 'user') return undefined;
  return refuse(403, `Unable to ${verb} comment because issue is locked.`);
}
