import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Digest } from '#core/values/reference.ts';

/** What the registry was asked. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Something that goes wrong, for the next `times` requests (default 1) whose `METHOD path` matches. */
export interface TestFault {
  readonly match?: RegExp;
  readonly times?: number;
  /** Breaks the connection instead of answering. */
  readonly drop?: boolean;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Runs first: a rival that is faster. */
  readonly before?: () => void;
}

/** How a test registry lets clients in. */
export type TestLogin =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'token'; readonly username?: string; readonly password?: string; readonly realm?: string };

/** A registry of manifests and blobs in memory on loopback, by the OCI distribution specification. */
export interface TestRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly requests: SeenRequest[];
  /** Stores a manifest (an object as JSON, with its own media type) under a tag and returns its digest. */
  put(repository: string, tag: string, manifest?: unknown): Digest;
  /** Stores a blob (an object as JSON) and returns its digest. */
  putBlob(repository: string, blob: unknown): Digest;
  /** Takes a manifest or a blob away; its tags stay. */
  remove(repository: string, digest: Digest): void;
  /** Answers with these bytes where a manifest or a blob that is there is asked for. */
  falsify(repository: string, digest: Digest, bytes: string): void;
  /** Returns the digest of a tag; undefined where there is none. */
  find(repository: string, tag: string): Digest | undefined;
  /** Returns what a PUT with the tag of another manifest is answered from now on, as ECR does with immutable tags. */
  refuseMovedTags(): void;
  fail(fault: TestFault): void;
  /** Ends open connections, too. */
  close(): Promise<void>;
}

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const TOKEN = 'a-token-of-the-test-registry';

interface Content {
  readonly bytes: Buffer;
  readonly type: string;
}

interface State {
  readonly manifests: Map<string, Content>;
  readonly blobs: Map<string, Content>;
  readonly tags: Map<string, Digest>;
  readonly faults: { fault: TestFault; left: number }[];
  immutable: boolean;
}

/** Starts a test registry; without `login` it lets everybody in. */
export async function startTestRegistry(login?: TestLogin): Promise<TestRegistry> {
  const state: State = { manifests: new Map(), blobs: new Map(), tags: new Map(), faults: [], immutable: false };
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const [method = '', path = ''] = [request.method, request.url];
    requests.push({ method, path, headers: request.headers });
    if (!playFault(state, `${method} ${path}`, response)) void answer(state, login, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const host = `127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
  return {
    host,
    requests,
    put: (
      repository,
      tag,
      manifest = { schemaVersion: 2, mediaType: MANIFEST_TYPE, layers: [], nonce: Math.random() },
    ) => {
      const digest = store(state.manifests, repository, toBytes(manifest), readMediaType(manifest));
      state.tags.set(`${repository}:${tag}`, digest);
      return digest;
    },
    putBlob: (repository, blob) => store(state.blobs, repository, toBytes(blob), 'application/octet-stream'),
    remove: (repository, digest) => {
      for (const contents of [state.manifests, state.blobs]) contents.delete(`${repository}@${digest}`);
    },
    falsify: (repository, digest, bytes) => {
      for (const contents of [state.manifests, state.blobs]) {
        const content = contents.get(`${repository}@${digest}`);
        if (content !== undefined) contents.set(`${repository}@${digest}`, { ...content, bytes: Buffer.from(bytes) });
      }
    },
    find: (repository, tag) => state.tags.get(`${repository}:${tag}`),
    refuseMovedTags: () => {
      state.immutable = true;
    },
    fail: (fault) => {
      state.faults.push({ fault, left: fault.times ?? 1 });
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function toBytes(content: unknown): Buffer {
  return Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
}

function readMediaType(manifest: unknown): string {
  const hasType = typeof manifest === 'object' && manifest !== null && 'mediaType' in manifest;
  return hasType ? String(manifest.mediaType) : MANIFEST_TYPE;
}

function store(contents: Map<string, Content>, repository: string, bytes: Buffer, type: string): Digest {
  const digest: Digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  contents.set(`${repository}@${digest}`, { bytes, type });
  return digest;
}

function playFault(state: State, line: string, response: ServerResponse): boolean {
  const entry = state.faults.find(({ fault, left }) => left > 0 && (fault.match?.test(line) ?? true));
  if (entry === undefined) return false;
  entry.left -= 1;
  const { fault } = entry;
  fault.before?.();
  if (fault.drop) response.destroy();
  else if (fault.status !== undefined) response.writeHead(fault.status, fault.headers).end(fault.body ?? '');
  return fault.drop === true || fault.status !== undefined;
}

async function answer(
  state: State,
  login: TestLogin | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
  if (url.pathname === '/token') return answerToken(login, request, response);
  const challenge = login === undefined ? undefined : findChallenge(login, request, url);
  if (challenge !== undefined) return refuse(response, 401, 'UNAUTHORIZED', { 'WWW-Authenticate': challenge });
  const [, repository, kind, reference] =
    /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(decodeURIComponent(url.pathname)) ?? [];
  if (repository === undefined || reference === undefined) return refuse(response, 404, 'UNSUPPORTED');
  if (request.method === 'PUT') return answerPut(state, repository, reference, request, response);
  const digest = reference.startsWith('sha256:') ? (reference as Digest) : state.tags.get(`${repository}:${reference}`);
  const isBlob = kind === 'blobs';
  const content = (isBlob ? state.blobs : state.manifests).get(`${repository}@${digest}`);
  if (digest === undefined || content === undefined)
    return refuse(response, 404, isBlob ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN');
  const headers = {
    'Content-Type': content.type,
    'Content-Length': content.bytes.length,
    'Docker-Content-Digest': digest,
  };
  response.writeHead(200, headers).end(request.method === 'HEAD' ? '' : content.bytes);
}

async function answerPut(
  state: State,
  repository: string,
  tag: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer); // a request without an encoding yields bytes
  const digest = store(state.manifests, repository, Buffer.concat(chunks), request.headers['content-type'] ?? '');
  const there = state.tags.get(`${repository}:${tag}`);
  if (state.immutable && there !== undefined && there !== digest) return refuse(response, 400, 'TAG_INVALID');
  state.tags.set(`${repository}:${tag}`, digest);
  response.writeHead(201, { 'Docker-Content-Digest': digest }).end();
}

function findChallenge(login: TestLogin, request: IncomingMessage, url: URL): string | undefined {
  if (login.kind === 'basic') return request.headers.authorization === basic(login) ? undefined : 'Basic realm="test"';
  if (request.headers.authorization === `Bearer ${TOKEN}`) return undefined;
  const scope = `repository:${url.pathname.split('/')[2]}:pull`;
  return `Bearer realm="${login.realm ?? `${url.origin}/token`}",service="test, with comma",scope="${scope}"`;
}

function answerToken(login: TestLogin | undefined, request: IncomingMessage, response: ServerResponse): void {
  const isKnown = login?.username === undefined || request.headers.authorization === basic(login);
  if (!isKnown) refuse(response, 401, 'UNAUTHORIZED');
  else response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ token: TOKEN }));
}

function basic(login: TestLogin): string {
  return `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
}

function refuse(response: ServerResponse, status: number, code: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify({ errors: [{ code, message: `test registry: ${code}` }] }));
}
