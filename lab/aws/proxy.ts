import { type IncomingHttpHeaders, type IncomingMessage, request as openRequest, type ServerResponse } from 'node:http';

/** Where a request is passed on to. The Host header stays the client's, so that addresses in answers lead back to us. */
export interface Passage {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Instead of the request's own path. */
  readonly path?: string;
  /** Sent instead of the request's own body. */
  readonly body?: Buffer;
  /** Called when nothing answers there and nothing was sent to the client yet. */
  readonly unreachable: (cause: Error) => void;
  /** Told each piece of the request's body, for counting. */
  readonly onBody?: (bytes: number) => void;
}

const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

/** Passes a request on and its answer back, both streamed; a connection that breaks on one side is broken on the other. */
export function passThrough(request: IncomingMessage, response: ServerResponse, passage: Passage): Promise<void> {
  const [hostname, port] = passage.host.split(':');
  return new Promise((resolve) => {
    const upstream = openRequest({
      hostname,
      port,
      method: request.method,
      path: passage.path ?? request.url,
      headers: headersFor(request.headers, passage.body),
      agent: false, // a new connection each: one kept open would be dead after the far side was stopped and started
    });
    const fail = (cause: Error) => {
      upstream.destroy();
      if (response.headersSent || response.destroyed) response.destroy();
      else passage.unreachable(cause);
      resolve();
    };
    upstream.once('error', fail);
    request.once('error', fail);
    response.once('close', () => {
      if (!response.writableFinished) upstream.destroy();
      resolve();
    });
    upstream.once('response', (answer) => {
      answer.once('error', fail);
      response.writeHead(answer.statusCode ?? 502, withoutHopByHop(answer.headers));
      answer.pipe(response);
    });
    sendBody(request, upstream, passage);
  });
}

/** Counting and piping start in the same turn: a listener alone would let the stream flow before its reader is there. */
function sendBody(request: IncomingMessage, upstream: ReturnType<typeof openRequest>, passage: Passage): void {
  if (passage.body !== undefined) {
    upstream.end(passage.body);
    return;
  }
  if (passage.onBody !== undefined) request.on('data', (chunk: Buffer) => passage.onBody?.(chunk.length));
  request.pipe(upstream);
}

function headersFor(headers: IncomingHttpHeaders, body: Buffer | undefined): IncomingHttpHeaders {
  const kept = withoutHopByHop(headers);
  return body === undefined ? kept : { ...kept, 'content-length': String(body.length) };
}

function withoutHopByHop(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
}

/** Returns a request's whole body; refuses one longer than `limit` bytes. */
export async function readBody(request: IncomingMessage, limit = 64 * 1024 * 1024): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw new Error(`a body of more than ${limit} bytes is not taken`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Answers with JSON. `type` is for AWS's own media types. */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : text);
}
