import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer, Call, ListAnswer } from '#lab/github/rest/call.ts';
import { type Rate, rateHeaders } from '#lab/github/rest/rate.ts';

/** An answer as it will be sent. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent instead of {@link Reply.body}. */
  readonly raw?: { readonly type: string; readonly bytes: Buffer };
}

const PAGE_SIZE = 30;
const LARGEST_PAGE = 100;

/** Returns an answer with its list, if it has one, cut to the page that was asked for. */
export async function preparePage(
  answer: Answer,
  call: Pick<Call, 'parameters' | 'isPaged'>,
  url: URL,
): Promise<Reply> {
  if ('bytes' in answer) return { status: answer.status, raw: answer };
  if (!('list' in answer)) return answer;
  const size = sizeOf(answer, call);
  const at = Math.max(Number(call.parameters['page'] ?? 1), 1);
  const page = answer.list.slice((at - 1) * size, at * size);
  const last = Math.max(Math.ceil(answer.list.length / size), 1);
  const body: unknown = answer.wrap === undefined ? page : await answer.wrap(page, at);
  return { status: answer.status, body, headers: linkOf(url, at, last) };
}

function sizeOf({ pageSize = PAGE_SIZE }: ListAnswer, { parameters, isPaged }: Pick<Call, 'parameters' | 'isPaged'>) {
  if (!isPaged) return pageSize;
  return Math.min(Math.max(Number(parameters['per_page'] ?? pageSize), 1), LARGEST_PAGE);
}

/** https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api */
function linkOf(url: URL, at: number, last: number): Record<string, string> {
  if (last === 1) return {};
  const address = (page: number): string => {
    const other = new URL(url);
    other.searchParams.set('page', String(page));
    return other.href;
  };
  const pages = [
    { rel: 'prev', page: at - 1, isThere: at > 1 },
    { rel: 'next', page: at + 1, isThere: at < last },
    { rel: 'last', page: last, isThere: at < last },
    { rel: 'first', page: 1, isThere: at > 1 },
  ].filter(({ isThere }) => isThere);
  return { link: pages.map(({ rel, page }) => `<${address(page)}>; rel="${rel}"`).join(', ') };
}

/** Sends a reply; a client that has it already gets 304, and then it is not counted. */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  counted: { readonly rate: Rate; readonly giveBack: () => void },
): void {
  const { status, body, raw } = reply;
  const bytes = raw?.bytes ?? (body === undefined ? undefined : Buffer.from(JSON.stringify(body)));
  const etag =
    request.method === 'GET' && status === 200 && bytes !== undefined
      ? `W/"${createHash('sha256').update(bytes).digest('hex')}"`
      : undefined;
  const isKnown = etag !== undefined && request.headers['if-none-match'] === etag;
  if (isKnown) counted.giveBack();
  const rate = isKnown ? { ...counted.rate, used: counted.rate.used - 1 } : counted.rate;
  response.writeHead(isKnown ? 304 : status, {
    ...(bytes === undefined || isKnown ? {} : { 'content-type': raw?.type ?? 'application/json; charset=utf-8' }),
    ...(etag === undefined ? {} : { etag, 'cache-control': 'private, max-age=60, s-maxage=60' }),
    'x-github-media-type': 'github.v3; format=json',
    'x-github-request-id': randomUUID(),
    'x-slipway-stand-in': 'github',
    ...rateHeaders(rate),
    ...reply.headers,
  });
  response.end(isKnown ? undefined : bytes);
}
