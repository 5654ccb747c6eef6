import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { runHttpBackend } from '#lab/github/http-backend.ts';

/** A server in front of git that a test makes up, with every request that it saw. */
export interface GitFront {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  readonly requests: { readonly url: string; readonly authorization: string | undefined }[];
  close(): Promise<void>;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Opens a server that answers as the test says. */
export async function openFront(answer: Answer): Promise<GitFront> {
  const requests: GitFront['requests'][number][] = [];
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    requests.push({ url, authorization: headers.authorization ?? headers['proxy-authorization'] });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    origin: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Serves the repositories below `root` to those who log in as `name:password`; to everyone where it is not given. */
export function serveRepositories(root: string, login?: string): Answer {
  const expected = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
  return async (request, response) => {
    const given = request.headers.authorization?.replace(/^basic /i, 'Basic ');
    if (expected !== undefined && given !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('who are you?');
      return;
    }
    const env = { PATH: process.env['PATH'] ?? '', REMOTE_USER: 'tester' };
    const { status, headers, body } = await runHttpBackend(request, root, env);
    response.writeHead(status, headers).end(body);
  };
}
