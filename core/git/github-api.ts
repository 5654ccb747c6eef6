import { z } from 'zod';
import { createWire, type GitHubOptions, type Lost, type Method } from '#core/git/github-wire.ts';
import { parseRepository } from '#core/github/address.ts';
import type { Answer } from '#core/github/limits.ts';
import { type Attempt, retry, type Tried } from '#core/system/retry.ts';
import { Refusal } from '#core/values/errors.ts';

/** What a request needs of the token; named in the remedy. */
export type Right = `${'contents' | 'pull-requests' | 'deployments'}: ${'read' | 'write'}`;

/** What became of a mutation. */
export type Mutated =
  | { readonly done: true; readonly data: unknown }
  | { readonly done: false; readonly outcome: 'rejected' | 'unclear'; readonly reason: string };

/**
 * GitHub's API for one repository. A request that the token may not make, and one that GitHub does not understand, is a
 * {@link Refusal} at once.
 */
export interface GitHubApi {
  readonly owner: string;
  readonly name: string;
  /** Asks below `repos/<owner>/<name>` until there is an answer, for 30 s, and returns its body. Harmless when repeated. */
  rest(right: Right, method: Method, path: string, body?: unknown): Promise<unknown>;
  /** Asks until there is an answer, for 30 s; `read` returns undefined for one that is not there yet. */
  query<T>(text: string, variables: object, read: (data: unknown) => T | undefined): Promise<T>;
  /** Makes something below `repos/<owner>/<name>`. Asks once: what is not known to be undone is not repeated. */
  create(path: string, body: unknown, right?: Right): Promise<Mutated>;
  /** Asks once, as {@link create} does. */
  mutate(text: string, variables: object, right?: Right): Promise<Mutated>;
}

const DEADLINE_MS = 30_000;

/** Opens the API. Nothing is asked yet. */
export function openGitHubApi(options: GitHubOptions): GitHubApi {
  const { owner, repo: name } = parseRepository(options.repository);
  const { apiUrl, graphqlUrl, clock, random = Math.random } = options;
  const wire = createWire(options);
  const { host } = new URL(apiUrl);
  const repeat = async <T>(what: string, attempt: () => Promise<Attempt<T>>): Promise<T> => {
    const tried: Tried<T> = await retry({ clock, random, deadlineMs: DEADLINE_MS }, attempt);
    if (tried.done) return tried.value;
    throw new Refusal(
      `${host} gave no usable answer to ${what} in ${tried.attempts} attempts (${tried.reason}); see https://www.githubstatus.com and whether this runner reaches it, then run the job again`,
    );
  };
  let mayWrite = false; // a token that wrote an object lacks another right than that
  return {
    owner,
    name,
    rest: (right, method, path, body) =>
      repeat(`${method} ${path}`, async () => {
        const answer = await wire(method, `${apiUrl}/repos/${owner}/${name}/${path}`, body);
        if ('lost' in answer) return { done: false, reason: answer.lost };
        if (answer.status >= 400) throw refuse(`${method} ${path} of ${owner}/${name}`, right, answer, mayWrite);
        mayWrite ||= right === 'contents: write';
        return { done: true, value: answer.body };
      }),
    create: async (path, body, right = 'contents: write') => {
      const answer = await wire('POST', `${apiUrl}/repos/${owner}/${name}/${path}`, body);
      if ('lost' in answer) return { done: false, outcome: 'unclear', reason: answer.lost };
      const { status } = answer;
      if (status < 300) return { done: true, data: answer.body };
      // "Reference already exists", and what a rule says, are 422
      if (status === 409 || status === 422)
        return { done: false, outcome: 'rejected', reason: `HTTP ${status}${saidIn(answer.body)}` };
      throw refuse(`POST ${path} of ${owner}/${name}`, right, answer, mayWrite);
    },
    query: (query, variables, read) =>
      repeat('a question', async () => {
        const judged = judge(await wire('POST', graphqlUrl, { query, variables }), 'contents: read');
        if (judged.done) {
          const value = read(judged.data);
          return value === undefined ? { done: false, reason: 'it is not there' } : { done: true, value };
        }
        if (judged.outcome === 'rejected') throw new Refusal(`${host} answers: ${judged.reason}`);
        return { done: false, reason: judged.reason };
      }),
    mutate: async (query, variables, right = 'contents: write') =>
      judge(await wire('POST', graphqlUrl, { query, variables }), right, mayWrite),
  };
}

const reply = z.object({
  data: z.unknown().optional(),
  errors: z
    .array(
      z.object({
        type: z.string().optional(),
        message: z.string().default(''),
        extensions: z.object({ code: z.string().optional() }).optional(),
      }),
    )
    .optional(),
});

/** Kinds of errors that no second attempt and no other head can change. */
const FINAL = new Set(['FORBIDDEN', 'INSUFFICIENT_SCOPES', 'NOT_FOUND', 'UNAUTHORIZED']);

/**
 * Returns what a GraphQL answer says. An error with a type is a decision of the server; one without a type is a failure
 * on its way ("Something went wrong while executing your query"), after which anything may have been done.
 */
function judge(answer: Answer | Lost, right: Right, mayWrite = false): Mutated {
  const unclear = (reason: string): Mutated => ({ done: false, outcome: 'unclear', reason });
  if ('lost' in answer) return unclear(answer.lost);
  if (answer.status >= 400) throw refuse('GraphQL', right, answer, mayWrite);
  const parsed = reply.safeParse(answer.body);
  if (!parsed.success) return unclear('an answer that is not GraphQL');
  const { data, errors = [] } = parsed.data;
  if (errors.length === 0) return { done: true, data };
  const reason = [...new Set(errors.map(({ message }) => message))].join(' ');
  if (errors.some(({ type = '' }) => FINAL.has(type))) throw forbid('GraphQL', right, answer.headers, reason, mayWrite);
  const unknown = errors.find(({ type, extensions }) => type === undefined && extensions?.code !== undefined);
  if (unknown !== undefined)
    throw new Refusal(`GitHub does not understand a question: ${reason}; this server may be too old, write with git`);
  return errors.some(({ type }) => type !== undefined) ? { done: false, outcome: 'rejected', reason } : unclear(reason);
}

/** Returns the refusal for an answer of 400 and more. */
function refuse(what: string, right: Right, { status, body, headers }: Answer, mayWrite: boolean): Refusal {
  const said = `HTTP ${status}${saidIn(body)}`;
  if (status === 401)
    return new Refusal(
      `GitHub does not know the token (${what}: ${said}): pass one of this server that has not expired`,
    );
  if (status === 403 || status === 404) return forbid(what, right, headers, said, mayWrite);
  return new Refusal(`GitHub does not take ${what}: ${said}`);
}

const said = z.object({
  message: z.string(),
  errors: z.array(z.object({ message: z.string().optional() }).or(z.string())).optional(),
});

function saidIn(body: unknown): string {
  const { message, errors = [] } = said.safeParse(body).data ?? {};
  const more = errors.flatMap((error) => (typeof error === 'string' ? error : (error.message ?? [])));
  return [message ?? [], more]
    .flat()
    .map((words) => ` ${words}`)
    .join('');
}

/** A setting of the repository that is off at first. */
const PULLS_OFF = /not permitted to create or approve pull requests/;

/** GitHub hides what a token may not see behind "Not Found". */
function forbid(what: string, right: Right, headers: Headers, said: string, mayWrite: boolean): Refusal {
  const accepted = headers.get('x-accepted-github-permissions') ?? '';
  if (PULLS_OFF.test(said))
    return new Refusal(
      `GitHub does not let the job's own token do it (${what}: ${said}): allow it in the repository's settings (Actions, General, Workflow permissions: "Allow GitHub Actions to create and approve pull requests"), or pass the token of a GitHub App`,
    );
  const remedies = mayWrite && right === 'contents: write' ? [] : [`give the job \`permissions: ${right}\``];
  if (right === 'contents: write') remedies.push("add the pipeline's App to the bypass list of the branch's ruleset");
  if (accepted.includes('workflows=write'))
    remedies.push(
      "make .github/workflows on the branch the same as on the default branch, or use an App's token with Workflows: write (`permissions:` of a job cannot give it)",
    );
  const wanted = accepted === '' ? '' : `; GitHub asks for ${accepted}`;
  return new Refusal(`GitHub does not let this token do it (${what}: ${said}${wanted}): ${remedies.join(', or ')}`);
}
