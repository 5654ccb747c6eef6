import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { execute } from './execute.ts';
import { clearLeftovers } from './leftovers.ts';
import { parseRun, parseWorkspace, Refused } from './request.ts';
import { LIMITS, type Settings } from './settings.ts';
import type { Workspaces } from './workspaces.ts';

/** What the server works with. */
export interface ServerPorts {
  readonly settings: Settings;
  readonly workspaces: Workspaces;
  readonly isStopping: () => boolean;
  readonly log: (message: string) => void;
}

/** The server, and what does other work between two runs. */
export interface SandboxServer {
  readonly server: Server;
  readonly between: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Returns a server for runs. One run at a time: what is ended after it is then never another one's. */
export function createSandboxServer(ports: ServerPorts): SandboxServer {
  const turns = createTurns();
  const server = createServer((request, response) => {
    handle(request, response, { ...ports, turns }).catch((error: unknown) => {
      const { status, message } = error instanceof Refused ? error : { status: 500, message: 'the sandbox failed' };
      if (!(error instanceof Refused))
        ports.log(`a request failed: ${error instanceof Error ? error.stack : String(error)}`);
      send(response, status, { error: message });
    });
  });
  return { server, between: turns.take };
}

interface Context extends ServerPorts {
  readonly turns: Turns;
}

async function handle(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const route = `${request.method} ${path}`;
  if (route === 'GET /health') {
    if (context.isStopping()) throw new Refused(503, 'the sandbox is stopping');
    return send(response, 200, { status: 'alive', waiting: context.turns.waiting() });
  }
  if (route === 'POST /runs') return run(request, response, context);
  const [, name] = /^DELETE \/workspaces\/([^/]+)$/.exec(route) ?? [];
  if (name === undefined) throw new Refused(404, 'there is POST /runs, DELETE /workspaces/<name> and GET /health');
  const workspace = parseWorkspace(name);
  await context.turns.take(() => context.workspaces.remove(workspace));
  send(response, 200, { removed: workspace });
}

async function run(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  const main = `.main-${randomUUID()}`;
  const { run: wanted, code } = parseRun(parseJson(await readBody(request)), main);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const answer = await context.turns.take(async () => {
    const { workspaces, settings } = context;
    if (settings.ownsProcesses && settings.shared.length > 0) {
      await clearLeftovers(settings.shared);
      await workspaces.clearBeside();
    }
    const folder = await workspaces.open(wanted.workspace);
    const files = code === undefined ? wanted.files : [...wanted.files, { path: main, content: Buffer.from(code) }];
    try {
      await workspaces.write(folder, files);
      const ended = await execute(wanted, { folder, ownsProcesses: settings.ownsProcesses, cancelled: gone.signal });
      const collected = await workspaces.collect(folder, wanted.collect, gone.signal);
      await workspaces.touch(wanted.workspace).catch(() => {}); // the run may have removed it
      return { ...ended, ...collected };
    } finally {
      await rm(join(folder, main), { force: true }).catch(() => {}); // the run may have made something else of it
    }
  });
  send(response, 200, answer);
}

/** One after another, in the order in which they came; more than a few are refused. */
interface Turns {
  take<T>(work: () => Promise<T>): Promise<T>;
  waiting(): number;
}

function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  let open = 0;
  return {
    waiting: () => Math.max(0, open - 1),
    take: async (work) => {
      if (open > LIMITS.waiting)
        throw new Refused(429, `${LIMITS.waiting} runs wait already: ask again in some seconds`);
      open += 1;
      const own = last.then(work);
      last = own.catch(() => {});
      try {
        return await own;
      } finally {
        open -= 1;
      }
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LIMITS.bodyBytes) throw new Refused(413, `the body has more than ${LIMITS.bodyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(400, 'the body is not JSON');
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed || response.headersSent) return;
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    // the rest of a body that is too large is not read: no other request may follow it
    ...(status === 413 ? { connection: 'close' } : {}),
  });
  response.end(text);
}
