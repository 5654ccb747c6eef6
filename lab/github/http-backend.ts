import { spawn } from 'node:child_process';
import type { IncomingMessage } from 'node:http';

/** What git's http-backend answers. */
export interface BackendAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

/** Hands a request to `git http-backend`, which serves the repositories below `root`; `env` is its whole environment beside CGI's. */
export async function runHttpBackend(
  request: IncomingMessage,
  root: string,
  env: Readonly<Record<string, string>>,
): Promise<BackendAnswer> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const { headers } = request;
  const backend = spawn('git', ['http-backend'], {
    env: {
      ...env,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: String(headers['content-encoding'] ?? ''),
      GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
      ...(headers['content-length'] === undefined ? {} : { CONTENT_LENGTH: headers['content-length'] }),
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
function parseAnswer(output: Buffer): BackendAnswer {
  const end = output.indexOf('\r\n\r\n');
  if (end === -1) return { status: 500, headers: {}, body: 'git http-backend gave no answer\n' };
  const lines = output.subarray(0, end).toString('latin1').split('\r\n');
  const fields = lines.flatMap((line) => {
    const [name, value] = line.split(': ');
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  const status = Number(fields.find(([name]) => name === 'Status')?.[1].slice(0, 3) ?? 200);
  return {
    status,
    headers: Object.fromEntries(fields.filter(([name]) => name !== 'Status')),
    body: output.subarray(end + 4),
  };
}
