import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JobIdentity, OidcIssuer } from '#lab/github/identity/oidc.ts';
import type { OpenLogs } from '#lab/github/open-logs.ts';
import { PAGE_HEADERS } from '#lab/github/page/frame.ts';
import { renderRun, renderRuns } from '#lab/github/page/page.ts';
import { readSource } from '#lab/github/page/source.ts';
import type { Git } from '#lab/github/rest/git.ts';
import { renderLog } from '#lab/github/rest/jobs.ts';
import type { Runs } from '#lab/github/runner/runs.ts';

/** What is answered besides git and the API. */
export interface PagesContext {
  readonly runs: Runs;
  readonly issuer: OidcIssuer;
  /** Jobs that may ask for a token, by what they ask with. */
  readonly requests: ReadonlyMap<string, JobIdentity>;
  readonly logs: OpenLogs;
  readonly git: Git;
  /** owner/name. */
  readonly repository: string;
  readonly remote: string;
}

/** Answers OIDC requests and pages for people; everything else is not there. */
export async function answerPages(
  request: IncomingMessage,
  response: ServerResponse,
  context: PagesContext,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname.startsWith('/oidc/')) return answerOidc(request, response, url, context);
  const page = readPage(url.pathname, context);
  if (page !== undefined) return void response.writeHead(200, PAGE_HEADERS).end(page);
  const log = readLog(url.pathname, context);
  if (log !== undefined) return void response.writeHead(200, TEXT).end(log);
  const prefix = `/${context.repository}/`;
  const path = url.pathname.startsWith(prefix) ? decode(url.pathname.slice(prefix.length)) : '';
  const source = path === '' ? undefined : await readSource(context.git, context.repository, path);
  if (source === undefined) return json(response, 404, NOT_FOUND);
  if ('page' in source) return void response.writeHead(200, PAGE_HEADERS).end(source.page);
  response.writeHead(200, TEXT).end(source.bytes);
}

/** What a commit or a job wrote is shown, never run. */
const TEXT = {
  'content-type': 'text/plain; charset=utf-8',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
};
const NOT_FOUND = { message: 'Not Found', documentation_url: 'https://docs.github.com/rest' };

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function answerOidc(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  { issuer, requests }: PagesContext,
): Promise<void> {
  const document = url.pathname.match(/^\/oidc\/\.well-known\/([\w-]+)$/)?.[1];
  if (document !== undefined) return json(response, 200, issuer.documents()[document] ?? {});
  if (url.pathname !== '/oidc/token') return json(response, 404, NOT_FOUND);
  const identity = requests.get((request.headers.authorization ?? '').replace(/^bearer /i, ''));
  if (identity === undefined) return json(response, 401, { message: 'Bad credentials' });
  const audience = url.searchParams.get('audience') ?? `https://github.com/${identity.repository.split('/')[0]}`;
  json(response, 200, { value: await issuer.sign(identity, audience) });
}

function readPage(path: string, { runs, repository, remote }: PagesContext): string | undefined {
  const context = { repository, remote, now: new Date() };
  if (path === '/') return renderRuns(runs.all, context);
  // GitHub's own addresses have a repository before, and summaries link by them
  const id = Number(path.match(/\/runs\/(\d+)$/)?.[1]);
  const run = runs.all.find((candidate) => candidate.id === id);
  return run === undefined ? undefined : renderRun(run, context);
}

function readLog(path: string, { runs, logs }: PagesContext): string | undefined {
  const [, id = '', name = ''] = path.match(/^\/runs\/(\d+)\/logs\/([^/]+)$/) ?? [];
  const job = runs.all.find((run) => run.id === Number(id))?.jobs.find((candidate) => candidate.id === decode(name));
  return job === undefined ? logs.read(path) : renderLog(job);
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
