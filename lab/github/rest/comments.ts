import { z } from 'zod';
import { type Bearer, loginOf } from '#lab/github/identity/tokens.ts';
import type { CommentRecord, PullRecord } from '#lab/github/pulls/records.ts';
import { type Answer, type Call, created, type Handlers, type RestContext, refuse } from '#lab/github/rest/call.ts';
import { describeComment } from '#lab/github/rest/describe-pull.ts';

const written = z.object({ body: z.string() });

/** GitHub's sentence has this number; a probe of 2026 found that 262,144 bytes are taken. */
const MOST_CHARACTERS = 65_536;

/** Comments on pull requests, which are issues. https://docs.github.com/en/rest/issues/comments */
export function commentHandlers(context: RestContext): Handlers {
  const { pulls, now } = context;
  const { comments } = pulls;
  const withComment =
    (answer: (comment: CommentRecord, call: Call) => Answer) =>
    (call: Call): Answer => {
      const comment = comments.find(({ id }) => id === Number(call.parameters['comment_id']));
      return comment === undefined ? refuse(404, 'Not Found') : answer(comment, call);
    };
  const withPull =
    (answer: (pull: PullRecord, call: Call) => Answer) =>
    (call: Call): Answer => {
      const pull = pulls.find(Number(call.parameters['issue_number']));
      return pull === undefined ? refuse(404, 'Not Found') : answer(pull, call);
    };
  return {
    'issues/list-comments': withPull(({ number }, { parameters }) => {
      const since = parameters['since'] === undefined ? 0 : Date.parse(String(parameters['since']));
      const list = comments.filter(({ issue, updatedAt }) => issue === number && updatedAt.getTime() >= since);
      return { status: 200, list: list.map((comment) => describeComment(context, comment)) };
    }),
    'issues/create-comment': withPull((pull, { body: request, bearer }) => {
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
      const refusal = refuseBody(body) ?? refuseLocked(pulls.find(comment.issue), bearer, 'update');
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
function refuseLocked(pull: PullRecord | undefined, bearer: Bearer, verb: 'create' | 'update'): Answer | undefined {
  if (pull?.locked !== true || bearer.kind === 'user') return undefined;
  return refuse(403, `Unable to ${verb} comment because issue is locked.`);
}
