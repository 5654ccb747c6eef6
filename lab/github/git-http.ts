import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type Bearer, loginOf, mayAccessContents, type Tokens } from '#lab/github/identity/tokens.ts';
import { parseMoves, type RefMove } from '#lab/github/repository.ts';

/** What serving git needs. */
export interface GitHttpOptions {
  /** Folder that holds `<owner>/<name>.git`. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly tokens: Tokens;
  /** Called before a push is handed to git. */
  readonly beforePush: (bearer: Bearer) => Promise<void>;
  /** Called after git has answered a push, with what it moved. */
  readonly afterPush: (bearer: Bearer, moves: readonly RefMove[]) => Promise<void>;
}

/** Answers git's smart HTTP requests through git's own http-backend; false when the request is none. */
export async function serveGit(
  request: IncomingMessage,
  response: ServerResponse,
  options: GitHttpOptions,
): Promise<boolean> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const service = url.pathname.match(/\.git\/(info\/refs|git-upload-pack|git-receive-pack)$/)?.[1];
  if (service === undefined) return false;
  const isPush = service === 'git-receive-pack' || url.searchParams.get('service') === 'git-receive-pack';
  const bearer = options.tokens.authenticate(request.headers.authorization);
  if (bearer === undefined) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="GitHub"' }).end('Bad credentials\n');
    return true;
  }
  if (!mayAccessContents(bearer, isPush ? 'write' : 'read')) {
    response
      .writeHead(403)
      .end(`Permission to ${url.pathname.split('.git')[0]?.slice(1)} denied to ${loginOf(bearer)}.\n`);
    return true;
  }
  const moves = service === 'git-receive-pack';
  if (moves) await options.beforePush(bearer);
  const received = join(options.root, `received-${randomUUID()}`);
  const answer = await runBackend(request, url, bearer, { ...options.env, SLIPWAY_RECEIVED: received }, options.root);
  // the client is answered when the runs exist, so that the person who pushed finds them
  if (moves) await options.afterPush(bearer, await takeMoves(received));
  response.writeHead(answer.status, answer.headers).end(answer.body);
  return true;
}

/** A push that was refused, or moved nothing, leaves no file. */
async function takeMoves(file: string): Promise<RefMove[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  await rm(file, { force: true });
  return parseMoves(text);
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

async function runBackend(
  request: IncomingMessage,
  url: URL,
  bearer: Bearer,
  env: Readonly<Record<string, string>>,
  root: string,
): Promise<Answer> {
  const backend = spawn('git', ['http-backend'], {
    env: {
      ...env,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: loginOf(bearer),
      SLIPWAY_BEARER: bearer.kind,
      ...(request.headers['content-length'] === undefined ? {} : { CONTENT_LENGTH: request.headers['content-length'] }),
    },
  });
  backend.stdin.on('error', () => {}); // git may have heard enough
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => backend.once('close', resolve));
  return parseAnswer(Buffer.concat(chunks));
}

/** The backend speaks as a CGI program: fields, an empty line, the body. */
function parseAnswer(output: Buffer): Answer {
  const end = output.indexOf('\r\n\r\n');
  if (end === -1) return { status: 500, headers: {}, body: 'git http-backend gave no answer\n' };
  const lines = output
    .subarray(0, end)
    .toString('latin1')
    .split('\r\n')
    .map((line) => line.split(': '));
  const fields = lines.flatMap(([name, value]) =>
    name === undefined || value === undefined ? [] : [[name, value] as const],
  );
  const status = Number(fields.find(([name]) => name === 'Status')?.[1].slice(0, 3) ?? 200);
  return {
    status,
    headers: Object.fromEntries(fields.filter(([name]) => name !== 'Status')),
    body: output.subarray(end + 4),
  };
}
