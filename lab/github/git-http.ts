import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { runHttpBackend } from '#lab/github/http-backend.ts';
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
  /** Called after git has answered a push, with what it moved, in which repository. */
  readonly afterPush: (bearer: Bearer, moves: readonly RefMove[], repository: string) => Promise<void>;
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
  const answer = await runHttpBackend(request, options.root, {
    ...options.env,
    REMOTE_USER: loginOf(bearer),
    SLIPWAY_BEARER: bearer.kind,
    SLIPWAY_RECEIVED: received,
  });
  // the client is answered when the runs exist, so that the person who pushed finds them
  const repository = url.pathname.split('.git/')[0]?.slice(1) ?? '';
  if (moves) await options.afterPush(bearer, await takeMoves(received), repository);
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
