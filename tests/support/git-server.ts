import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage } from 'node:http';
import { dirname } from 'node:path';

/** Real git over smart HTTP on loopback. */
export interface GitServer {
  readonly url: string;
  /** `METHOD path authorization` of every request. */
  readonly requests: { method: string; url: string; authorization: string | undefined }[];
  /** When set, answers instead of git: return a status to refuse, undefined to let the request through. */
  intercept: ((request: IncomingMessage) => Promise<number | 'drop' | 'drop-answer' | undefined>) | undefined;
  /** What the server wants of its clients: the inputs and the environment of every writer. */
  readonly connection?: {
    readonly inputs: Readonly<Record<string, string>>;
    readonly env: Readonly<Record<string, string>>;
  };
  close(): Promise<void>;
}

/** Serves the bare repository `dir` with git's own http-backend. */
export async function startGitServer(dir: string): Promise<GitServer> {
  const requests: GitServer['requests'] = [];
  const server = createServer(async (request, response): Promise<void> => {
    requests.push({
      method: request.method ?? '',
      url: request.url ?? '',
      authorization: request.headers.authorization,
    });
    const verdict = await handle.intercept?.(request);
    if (verdict === 'drop') return void request.socket.destroy();
    if (typeof verdict === 'number') return void response.writeHead(verdict).end('refused by the test');
    const backend = spawn('git', ['http-backend'], { env: environmentOf(request, dirname(dir)) });
    request.pipe(backend.stdin);
    backend.stdin.on('error', () => {});
    const chunks: Buffer[] = [];
    backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    backend.on('close', (): void => {
      if (verdict === 'drop-answer') return void request.socket.destroy();
      const output = Buffer.concat(chunks);
      const end = output.indexOf('\r\n\r\n');
      const headers = output
        .subarray(0, end)
        .toString('latin1')
        .split('\r\n')
        .map((line) => line.split(': '));
      const status = Number(headers.find(([name]) => name === 'Status')?.[1]?.slice(0, 3) ?? 200);
      for (const [name, value] of headers)
        if (name !== undefined && name !== 'Status' && value !== undefined) response.setHeader(name, value);
      response.writeHead(status).end(output.subarray(end + 4));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const handle: GitServer = {
    url: `http://127.0.0.1:${port}/${dir.slice(dirname(dir).length + 1)}`,
    requests,
    intercept: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return handle;
}

/** The CGI variables of `git http-backend`. */
function environmentOf(request: IncomingMessage, projects: string): NodeJS.ProcessEnv {
  const url = new URL(request.url ?? '/', 'http://localhost');
  return {
    PATH: process.env['PATH'],
    GIT_PROJECT_ROOT: projects,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: url.pathname,
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    CONTENT_LENGTH: request.headers['content-length'] ?? '',
    HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
    GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    REMOTE_USER: 'tester',
    REMOTE_ADDR: '127.0.0.1',
  };
}
