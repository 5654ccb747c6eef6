import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** The part of fetch's `init` that a registry's client uses. */
export interface HttpInit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Always: the client follows redirects itself. */
  readonly redirect: 'manual';
  readonly body?: Buffer<ArrayBuffer>;
}

/** The part of fetch's answer that a registry's client reads. */
export interface HttpAnswer {
  readonly status: number;
  /** Returns a header by its name in any case; several of one name come joined by commas. */
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** One exchange by HTTP; rejects when the connection fails. The platform's fetch is one. */
export type HttpFetch = (url: string, init: HttpInit) => Promise<HttpAnswer>;

/** The same by Node's older client: fetch is loaded when it is first used, which takes as long as a start of Node. */
export const fetchByNode: HttpFetch = (url, { method, headers, signal, body }) =>
  new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? requestHttps : requestHttp;
    const all = { 'User-Agent': 'slipway', Accept: '*/*', ...headers };
    const asked = request(url, { method, headers: all, signal }, (response) => resolve(describeAnswer(response)));
    asked.on('error', reject);
    asked.end(body);
  });

function describeAnswer(response: IncomingMessage): HttpAnswer {
  return {
    status: response.statusCode ?? 0,
    headers: {
      get: (name) => {
        const value = response.headers[name.toLowerCase()];
        return Array.isArray(value) ? value.join(', ') : (value ?? null);
      },
    },
    body: response,
  };
}
