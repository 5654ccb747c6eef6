import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { type CheckResult, isReady } from './checks.ts';

/** What the HTTP side tells of. */
export interface ServerPorts {
  readonly log: Logger;
  readonly runChecks: () => Promise<readonly CheckResult[]>;
  readonly isStopping: () => boolean;
  readonly version: Readonly<Record<string, string | null>>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Returns a server for /health, /ready and /version. It is not listening yet. */
export function createBotServer(ports: ServerPorts): Server {
  const reportReadiness = createReadinessReport(ports.log);
  const routes: Readonly<Record<string, () => Promise<Answer>>> = {
    '/health': async () => ({ status: 200, body: { status: 'alive' } }),
    '/version': async () => ({ status: 200, body: ports.version }),
    '/ready': async () => {
      if (ports.isStopping()) return { status: 503, body: { ready: false, reason: 'stopping', checks: [] } };
      const checks = await ports.runChecks();
      reportReadiness(checks);
      return { status: isReady(checks) ? 200 : 503, body: { ready: isReady(checks), checks } };
    },
  };
  return createServer((request, response) => {
    answer(request, routes)
      .then(({ status, body }) => send(request, response, { status, body }, ports))
      .catch((error: unknown) => {
        ports.log.error({ err: error }, 'a request could not be answered');
        response.destroy();
      });
  });
}

async function answer(
  { method, url = '/' }: IncomingMessage,
  routes: Readonly<Record<string, () => Promise<Answer>>>,
): Promise<Answer> {
  const path = url.split('?')[0] ?? '/';
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) return { status: 404, body: { error: `there is ${Object.keys(routes).join(', ')}` } };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: { error: 'GET and HEAD only' } };
  return route();
}

function send(request: IncomingMessage, response: ServerResponse, { status, body }: Answer, ports: ServerPorts): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
    ...(ports.isStopping() ? { connection: 'close' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : text);
  // without the query: people put tokens there
  ports.log.debug({ method: request.method, path: request.url?.split('?')[0], status }, 'request');
}

/** Readiness is asked every few seconds: only a change is worth a line. */
function createReadinessReport(log: Logger): (checks: readonly CheckResult[]) => void {
  let last = '';
  return (checks) => {
    const failing = checks.filter((check) => check.status === 'failing');
    const state = failing.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
    if (state === last) return;
    last = state;
    if (state === '') log.info('ready again');
    else log.warn({ failing }, `not ready: ${state}`);
  };
}
