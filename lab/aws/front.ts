import type { IncomingMessage, ServerResponse } from 'node:http';
import { isDigest } from '#core/values/reference.ts';
import type { Faults } from '#lab/aws/faults.ts';
import { digestOf, type Images } from '#lab/aws/images.ts';
import { ACCOUNT } from '#lab/aws/moto.ts';
import { answerJson, passThrough, readBody } from '#lab/aws/proxy.ts';
import type { Tokens } from '#lab/aws/tokens.ts';
import type { Answer } from '#lab/supervisor/http.ts';

/** One request that the front saw. */
export interface RegistryRequest {
  readonly method: string;
  readonly path: string;
  /** 0 while it runs and when it was cut off. */
  status: number;
  /** Bytes of its body. */
  sent: number;
}

/** What {@link createFront} needs. */
export interface FrontOptions {
  /** The real registry's `127.0.0.1:PORT`. */
  readonly registry: string;
  readonly images: Images;
  readonly tokens: Tokens;
  readonly faults: Faults;
  /** Gets every request, in the order of arrival. */
  readonly seen: RegistryRequest[];
}

/** One request on its way through the front. */
interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: RegistryRequest;
}

const MANIFEST_LIMIT = 4 * 1024 * 1024;
const API_VERSION = { 'docker-distribution-api-version': 'registry/2.0' };

/** Returns what ECR adds in front of its registry: login, existing repositories only, immutable tags, records. */
export function createFront(options: FrontOptions): Answer {
  return async (request, response) => {
    const record: RegistryRequest = { method: request.method ?? 'GET', path: request.url ?? '/', status: 0, sent: 0 };
    options.seen.push(record);
    response.once('finish', () => {
      record.status = response.statusCode;
    });
    const visit = { request, response, record };
    const isPlayed = await options.faults.play(request, response, (status) =>
      refuse(visit, status, ...faultWords(status)),
    );
    if (isPlayed || !isLoggedIn(options.tokens, visit)) return;
    await route(options, visit);
  };
}

/** The codes are those of the distribution specification; a client decides by them and by the status. */
function faultWords(status: number): [string, string] {
  if (status === 429) return ['TOOMANYREQUESTS', 'Rate exceeded'];
  if (status === 401) return ['UNAUTHORIZED', 'Not Authorized'];
  if (status === 403) return ['DENIED', `User is not authorized to perform this on a repository of ${ACCOUNT}`];
  return ['UNKNOWN', 'Internal Failure'];
}

function isLoggedIn(tokens: Tokens, visit: Visit): boolean {
  const judgement = tokens.judge(visit.request.headers.authorization);
  if (judgement === 'valid') return true;
  if (judgement === 'expired') {
    refuse(visit, 403, 'DENIED', 'Your authorization token has expired. Reauthenticate and try again.');
    return false;
  }
  const realm = `http://${visit.request.headers.host}/`;
  refuse(visit, 401, 'UNAUTHORIZED', 'Not Authorized', {
    'www-authenticate': `Basic realm="${realm}",service="ecr.amazonaws.com"`,
  });
  return false;
}

async function route(options: FrontOptions, visit: Visit): Promise<void> {
  const { pathname } = new URL(visit.request.url ?? '/', 'http://registry');
  if (pathname === '/v2/' || pathname === '/v2') return answerJson(visit.response, 200, {}, API_VERSION);
  const match = pathname.match(/^\/v2\/([a-z0-9]+(?:[._/-]+[a-z0-9]+)*)\/(manifests|blobs|tags)\/(.+)$/);
  const [, name = '', kind, rest = ''] = match ?? [];
  if (kind === 'manifests' && visit.request.method === 'PUT') return putManifest(options, visit, name, rest);
  if (kind === 'manifests') return getManifest(options, visit, name, rest);
  if (kind === undefined) return refuse(visit, 404, 'UNSUPPORTED', `${pathname} is not a path of the distribution API`);
  if (!(await options.images.hasRepository(name))) return refuseRepository(visit, name);
  if (kind === 'tags') return answerJson(visit.response, 200, { name, tags: await options.images.tags(name) });
  return pass(options, visit, withoutMount(visit.request.url ?? ''));
}

/** A repository does not share its layers with others unless the account switches blob mounting on. */
function withoutMount(url: string): string {
  return /\/blobs\/uploads\/\?.*\bmount=/.test(url) ? url.replace(/\?.*$/, '') : url;
}

async function getManifest(options: FrontOptions, visit: Visit, name: string, reference: string): Promise<void> {
  if (!['GET', 'HEAD'].includes(visit.request.method ?? '')) {
    return refuse(visit, 405, 'UNSUPPORTED', 'ECR deletes images by its own API (BatchDeleteImage) only');
  }
  const found = await options.images.find(name, reference);
  if (found === 'no-repository') return refuseRepository(visit, name);
  if (found === 'no-image') return refuse(visit, 404, 'MANIFEST_UNKNOWN', 'Requested image not found');
  return pass(options, visit, `/v2/${name}/manifests/${found}`);
}

async function putManifest(options: FrontOptions, visit: Visit, name: string, reference: string): Promise<void> {
  const bytes = await readBody(visit.request, MANIFEST_LIMIT);
  visit.record.sent = bytes.length;
  if (isDigest(reference) && reference !== digestOf(bytes)) {
    return refuse(visit, 400, 'DIGEST_INVALID', `the manifest's digest is ${digestOf(bytes)}, not ${reference}`);
  }
  const tag = isDigest(reference) ? undefined : reference;
  const mediaType = visit.request.headers['content-type'] ?? '';
  const put = await options.images.put(name, tag, { bytes, mediaType }).catch((cause: unknown) => {
    if (isUnreachable(cause)) return undefined;
    throw cause;
  });
  if (put === undefined) return refuse(visit, 503, 'UNAVAILABLE', 'Service Unavailable');
  if (put.outcome === 'no-repository') return refuseRepository(visit, name);
  if (put.outcome === 'tag-taken') return refuse(visit, 400, 'TAG_INVALID', takenTagWords(name, tag ?? ''));
  if (put.outcome === 'refused') {
    visit.response.writeHead(put.status, { 'content-type': put.contentType }).end(put.body);
    return;
  }
  const location = `http://${visit.request.headers.host}/v2/${name}/manifests/${put.digest}`;
  visit.response.writeHead(201, { ...API_VERSION, location, 'docker-content-digest': put.digest, 'content-length': 0 });
  visit.response.end();
}

/** Returns ECR's sentence about a tag that an immutable repository already has. */
export function takenTagWords(repository: string, tag: string): string {
  return `The image tag '${tag}' already exists in the '${repository}' repository and cannot be overwritten because the tag is immutable.`;
}

/** Returns ECR's sentence about a repository that does not exist. */
export function missingRepositoryWords(repository: string): string {
  return `The repository with name '${repository}' does not exist in the registry with id '${ACCOUNT}'`;
}

/** fetch wraps every failure of the connection in one TypeError. */
function isUnreachable(cause: unknown): boolean {
  return cause instanceof TypeError && cause.message === 'fetch failed';
}

function pass({ registry }: FrontOptions, visit: Visit, path: string): Promise<void> {
  return passThrough(visit.request, visit.response, {
    host: registry,
    path,
    unreachable: () => refuse(visit, 503, 'UNAVAILABLE', 'Service Unavailable'),
    onBody: (bytes) => {
      visit.record.sent += bytes;
    },
  });
}

function refuseRepository(visit: Visit, name: string): void {
  refuse(visit, 404, 'NAME_UNKNOWN', missingRepositoryWords(name));
}

/** A refused upload is not read to its end: the connection closes instead. */
function refuse(
  visit: Visit,
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  const isUpload = !visit.request.complete && !['GET', 'HEAD'].includes(visit.request.method ?? '');
  answerJson(
    visit.response,
    status,
    { errors: [{ code, message }] },
    {
      ...API_VERSION,
      ...headers,
      ...(isUpload ? { connection: 'close' } : {}),
    },
  );
}
