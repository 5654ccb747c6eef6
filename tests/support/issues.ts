import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { Runner } from '#core/action/runner.ts';
import { createTestClock, type TestClock } from '#tests/support/clock.ts';
import { readInputs } from '../../actions/report-drift/src/inputs.ts';
import { openPorts, type Ports } from '../../actions/report-drift/src/ports.ts';
import { report } from '../../actions/report-drift/src/report.ts';

/** Of github-actions[bot]. */
export const BOT = 41898282;
/** Of a person. */
export const PERSON = 583231;

/** A comment as the server has it. */
interface CommentRecord {
  readonly author: number;
  readonly body: string;
}

/** An issue as the server has it. */
export interface IssueRecord {
  readonly number: number;
  readonly author: number;
  title: string;
  body: string;
  state: 'open' | 'closed';
  reason: string | null;
  locked: boolean;
  readonly isPull: boolean;
  readonly edits: string[];
  readonly comments: CommentRecord[];
}

/** What happens to the next request of this method and path. */
export interface Fault {
  readonly match: RegExp;
  /** Done before the answer is lost or refused. */
  readonly isDone?: boolean;
  /** Undefined: the connection is dropped. */
  readonly status?: number;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A run of the action. */
export interface Asked {
  /** Texts of reports by path. */
  readonly reports: Readonly<Record<string, string>>;
  readonly run?: number;
  readonly attempt?: number;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Replaces ports: to come between two requests. */
  readonly around?: (ports: Ports) => Ports;
}

/** How it ended. */
export interface Ended {
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly clock: TestClock;
  readonly error: unknown;
}

/** A server with issues, and report-drift over it. */
export interface IssueWorld {
  readonly url: string;
  readonly issues: IssueRecord[];
  /** Requests so far: `PATCH /issues/1`. */
  readonly heard: string[];
  readonly faults: Fault[];
  /** Adds an issue of somebody. */
  add(parts: Partial<IssueRecord>): IssueRecord;
  reportDrift(asked: Asked): Promise<Ended>;
  close(): Promise<void>;
}

const change = z.object({
  title: z.string().optional(),
  body: z.string().optional(),
  state: z.enum(['open', 'closed']).optional(),
  state_reason: z.enum(['completed', 'not_planned', 'duplicate', 'reopened']).optional(),
});

/** Opens an {@link IssueWorld}: issues as https://docs.github.com/en/rest/issues describes them, of a token that is the bot's. */
export async function openIssueWorld(): Promise<IssueWorld> {
  const root = mkdtempSync(join(tmpdir(), 'slipway-issues-'));
  const [issues, heard, faults]: [IssueRecord[], string[], Fault[]] = [[], [], []];
  const add: IssueWorld['add'] = (parts) => {
    const body = parts.body ?? '';
    const made: IssueRecord = {
      ...{ number: issues.length + 1, author: PERSON, title: 'An issue', state: 'open', reason: null, locked: false },
      ...{ isPull: false, comments: [], ...parts, body, edits: [body] },
    };
    issues.push(made);
    return made;
  };
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const path = pathname.replace(/^\/api(\/v3\/repos\/acme\/tenant)?/, '');
    const sent: unknown = JSON.parse((await text(request)) || '{}');
    heard.push(`${request.method} ${path}`);
    const at = faults.findIndex(({ match }) => match.test(`${request.method} ${path}`));
    const [fault] = at < 0 ? [] : faults.splice(at, 1);
    const answer =
      fault === undefined || fault.isDone
        ? decide(url, issues, add, `${request.method} ${path}`, sent, searchParams)
        : undefined;
    if (fault !== undefined && fault.status === undefined) return void request.socket.destroy();
    const { status, body } = fault?.status === undefined ? (answer ?? NOT_FOUND) : refusal(fault.status, fault.message);
    response.writeHead(status, { 'content-type': 'application/json', ...fault?.headers });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  return {
    ...{ url, issues, heard, faults, add },
    reportDrift: (asked) => reportDrift(url, root, asked),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(root, { recursive: true });
    },
  };
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const NOT_FOUND: Answer = refusal(404, 'Not Found');

function refusal(status: number, message = ''): Answer {
  return { status, body: { message } };
}

function decide(
  url: string,
  issues: IssueRecord[],
  add: IssueWorld['add'],
  asked: string,
  sent: unknown,
  query: URLSearchParams,
): Answer {
  const [, method = '', number = '', rest = ''] = /^(\w+) \/issues(?:\/(\d+))?(.*)$/.exec(asked) ?? [];
  const issue = issues.find((one) => one.number === Number(number));
  const page = (all: readonly unknown[]): Answer => {
    const size = Number(query.get('per_page') ?? 30);
    return { status: 200, body: all.slice(size * (Number(query.get('page') ?? 1) - 1)).slice(0, size) };
  };
  if (asked === 'POST /graphql') return tellHistory(issues, sent);
  const { body = '', title = '', state, state_reason: reason } = change.parse(sent);
  if ([...body].length > 65_536)
    return refusal(422, 'Validation Failed: body is too long (maximum is 65536 characters)');
  if (method === 'GET' && number === '') {
    expectQuery(query);
    return page(issues.map((one) => show(url, one)));
  }
  if (method === 'POST' && number === '') return { status: 201, body: show(url, add({ title, body, author: BOT })) };
  if (issue === undefined) return NOT_FOUND;
  if (method === 'PATCH') {
    if (body !== '' && body !== issue.body) issue.edits.push(body);
    Object.assign(issue, { ...(body !== '' && { body }), ...(title !== '' && { title }), ...(state && { state }) });
    issue.reason = issue.state === 'open' ? null : (reason ?? issue.reason);
    return { status: 200, body: show(url, issue) };
  }
  if (rest !== '/comments') return NOT_FOUND;
  if (method === 'GET') return page(issue.comments.map((comment, at) => showComment(url, comment, at)));
  if (issue.locked) return refusal(403, 'Unable to create comment because issue is locked.');
  issue.comments.push({ author: BOT, body });
  return { status: 201, body: showComment(url, { author: BOT, body }, issue.comments.length - 1) };
}

/** What is left out of this list would be opened a second time. */
function expectQuery(query: URLSearchParams): void {
  const asked = ['state', 'sort', 'direction'].map((name) => query.get(name));
  if (asked.join() !== 'all,created,asc') throw new Error(`the list is asked for as ${query}`);
}

function tellHistory(issues: readonly IssueRecord[], sent: unknown): Answer {
  const { variables } = z.object({ variables: z.object({ node: z.string() }) }).parse(sent);
  const edits = issues.find(({ number }) => `node ${number}` === variables.node)?.edits ?? [];
  const nodes = edits.map((diff) => ({ diff })).reverse();
  return { status: 200, body: { data: { node: { userContentEdits: { nodes } } } } };
}

function show(url: string, issue: IssueRecord): unknown {
  const { number, author, title, body, state, reason, locked, isPull } = issue;
  return {
    ...{ number, node_id: `node ${number}`, title, body, state, state_reason: reason, locked, user: { id: author } },
    html_url: `${url}/acme/tenant/issues/${number}`,
    ...(isPull && { pull_request: { url } }),
  };
}

function showComment(url: string, { author, body }: CommentRecord, at: number): unknown {
  return { id: at + 1, node_id: `comment ${at}`, user: { id: author }, body, html_url: `${url}/#issuecomment-${at}` };
}

/** Runs the action against a server whose API is below `url`, in a folder below `root`. */
export async function reportDrift(url: string, root: string, asked: Asked): Promise<Ended> {
  const { reports, run = 1, attempt = 1, around = (ports) => ports } = asked;
  const workspace = mkdtempSync(join(root, 'step-'));
  for (const [path, written] of Object.entries(reports)) writeFileSync(join(workspace, path), written);
  const values: Readonly<Record<string, string>> = {
    ...{ reports: Object.keys(reports).join('\n'), token: 'ghs_of_this_test', identity: String(BOT), ...asked.inputs },
  };
  const [outputs, pages]: [Record<string, string>, string[]] = [{}, []];
  const runner: Runner = {
    environment: {
      ...{ workspace, temp: workspace, repository: 'acme/tenant', serverUrl: url, actor: 'octocat' },
      ...{ runUrl: `${url}/acme/tenant/actions/runs/${run}`, sha: '0'.repeat(40), eventName: 'schedule' },
      all: { GITHUB_API_URL: `${url}/api/v3`, GITHUB_RUN_ID: `${run}`, GITHUB_RUN_ATTEMPT: `${attempt}` },
    },
    log: { debug: () => {}, info: () => {}, warn: () => {} },
    input: (name) => values[name] ?? '',
    setOutputs: (set) => void Object.assign(outputs, set),
    annotate: () => {},
    mask: () => {},
    addSummary: async (markdown) => void pages.push(markdown),
  };
  const clock = createTestClock();
  const step = async (): Promise<void> => {
    const inputs = readInputs(runner);
    await report(inputs, around(openPorts(runner, inputs, { clock, random: () => 0.5 })), runner);
  };
  const error = await step().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { outputs, summary: pages.join(''), clock, error };
}
