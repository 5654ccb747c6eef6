import { fork } from 'node:child_process';
import type { IncomingMessage } from 'node:http';
import { basename, join } from 'node:path';
import { repositoryRoot } from '#lab/supervisor/root.ts';

/** What a server does with a request: answer it with a status, end the connection before or after git, or let it through. */
export type Verdict = number | 'drop' | 'drop-answer' | undefined;

/** A request as its server sees it. */
export type GitRequest = Pick<IncomingMessage, 'method' | 'url' | 'headers'>;

/** Real git over smart HTTP on loopback. */
export interface GitServer {
  readonly url: string;
  /** Every request, in the order in which they came. */
  readonly requests: { method: string; url: string; authorization: string | undefined }[];
  /** When set, asked before git is. */
  intercept: ((request: GitRequest) => Promise<Verdict>) | undefined;
  /** What the server wants of its clients: the inputs and the environment of every writer. */
  readonly connection?: {
    readonly inputs: Readonly<Record<string, string>>;
    readonly env: Readonly<Record<string, string>>;
  };
  close(): Promise<void>;
}

type Message = { readonly port: number } | ({ readonly id: number } & GitRequest);

/** Serves the bare repository `dir` with git's own http-backend, in a process of its own. */
export async function startGitServer(dir: string): Promise<GitServer> {
  const child = fork(join(repositoryRoot, 'tests/support/git-server-process.ts'), [dir], { execArgv: [] });
  const requests: GitServer['requests'] = [];
  const { promise: port, resolve: listen, reject } = Promise.withResolvers<number>();
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.once('exit', (code) => reject(new Error(`the git server ended with ${code}`)));
  child.on('message', async (message: Message) => {
    if ('port' in message) return listen(message.port);
    const { id, method = '', url = '', headers } = message;
    requests.push({ method, url, authorization: headers.authorization });
    const verdict = await handle.intercept?.(message);
    if (child.connected) child.send({ id, verdict });
  });
  const handle: GitServer = {
    url: `http://127.0.0.1:${await port}/${basename(dir)}`,
    requests,
    intercept: undefined,
    close: () => {
      child.disconnect();
      return ended;
    },
  };
  return handle;
}
