import { describeAnswer } from '#core/registry/answers.ts';
import { isLoopback } from '#core/registry/host.ts';
import { fetchByNode, type HttpAnswer, type HttpFetch } from '#core/registry/http.ts';
import type { Clock } from '#core/system/clock.ts';
import type { Exec } from '#core/system/exec.ts';
import { type Attempt, retry } from '#core/system/retry.ts';
import { describeError, Refusal } from '#core/values/errors.ts';

/** What talking to a registry needs of the world. */
export interface RegistryDeps {
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Called with every password and token before it is first used. */
  readonly mask: (secret: string) => void;
  /** Told, once for each registry, why a request goes without the login that it might have. Default: it is not said. */
  readonly say?: (line: string) => void;
  /** Runs credential helpers. Default: with `environment`. */
  readonly exec?: Exec;
  /** Default: {@link fetchByNode}. */
  readonly fetch?: HttpFetch;
  /** Default: Math.random. */
  readonly random?: () => number;
  /** How long one request is tried again, in milliseconds. Default 30 s. */
  readonly deadlineMs?: number;
}

/** One HTTP request to a registry or to its token server. */
export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** A whole answer. */
export interface RegistryAnswer {
  readonly status: number;
  readonly headers: HttpAnswer['headers'];
  readonly body: Buffer;
}

/** Sends one request and returns the final answer, whatever its status; refuses when there is none in time. */
export type Send = (request: RegistryRequest) => Promise<RegistryAnswer>;

/** Manifests are at most this large by the OCI distribution specification; configs are much smaller. */
const LARGEST_BODY = 4 * 1024 * 1024;
const ATTEMPT_MS = 20_000;
const REDIRECTS = 3;

/** Returns the address of a registry's API: plain HTTP on loopback, as Docker does, HTTPS everywhere else. */
export function registryUrl(host: string): string {
  return `${isLoopback(host) ? 'http' : 'https'}://${host}`;
}

/**
 * Returns a {@link Send} that tries again what may pass by itself (429, 5xx, a dropped or refused connection, silence),
 * waits as long as the server asks for, and follows redirects of reads, without credentials where the host changes.
 */
export function createSend(deps: RegistryDeps): Send {
  const policy = { clock: deps.clock, random: deps.random ?? Math.random, deadlineMs: deps.deadlineMs ?? 30_000 };
  return async (request) => {
    let last: Attempt<RegistryAnswer> | undefined;
    const tried = await retry(policy, async () => {
      last = await attempt(deps, request);
      return last;
    });
    if (tried.done) return tried.value;
    const { host } = new URL(request.url);
    const seconds = Math.round(policy.deadlineMs / 1000);
    const pauseMs = last?.done === false ? last.pauseMs : undefined;
    if (pauseMs !== undefined) throw describePause(host, tried.reason, pauseMs, seconds, deps.clock);
    throw new Refusal(
      `the registry ${host} gave no usable answer in ${seconds} s and ${tried.attempts} attempts (${tried.reason}); see whether it is up and reachable from this runner, then run the job again`,
    );
  };
}

/** The server told when it answers again: no attempt before that would help, and none of ours is that late. */
function describePause(host: string, reason: string, pauseMs: number, seconds: number, clock: Clock): Refusal {
  const until = new Date(clock.now().getTime() + pauseMs);
  const time = Number.isNaN(until.getTime()) ? '' : `, until ${until.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return new Refusal(
    `the registry ${host} asks for a pause of ${Math.ceil(pauseMs / 1000)} s${time}, and a request waits for ${seconds} s at most (${reason}); run the job again after that`,
  );
}

async function attempt(deps: RegistryDeps, request: RegistryRequest): Promise<Attempt<RegistryAnswer>> {
  try {
    const answer = await follow(deps, request, REDIRECTS);
    if (!isTransient(answer.status)) return { done: true, value: answer };
    const reason = describeAnswer(answer).replace('answers', 'HTTP');
    return { done: false, reason, ...readRetryAfter(answer.headers, deps.clock) };
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const reason = describeError(error);
    if (!isCertificateFault(error)) return { done: false, reason };
    const host = new URL(request.url).host;
    throw new Refusal(
      `the registry ${host} shows a certificate that is not trusted here (${reason}); add its authority with NODE_EXTRA_CA_CERTS`,
      { cause: error },
    );
  }
}

/** Node's codes for a certificate that it does not trust (doc/api/tls.md, "X509 certificate error codes"). */
const CERTIFICATE_FAULTS = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** The code is the socket's error's, which fetch hides in the cause of its own. */
function isCertificateFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && CERTIFICATE_FAULTS.has(String(error.code))) || isCertificateFault(error.cause);
}

function isTransient(status: number): boolean {
  return status === 429 || status === 408 || (status >= 500 && status !== 501);
}

function readRetryAfter(headers: HttpAnswer['headers'], clock: Clock): { pauseMs?: number } {
  const text = headers.get('retry-after');
  if (text === null) return {};
  const milliseconds = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - clock.now().getTime();
  return Number.isFinite(milliseconds) && milliseconds > 0 ? { pauseMs: milliseconds } : {};
}

async function follow(deps: RegistryDeps, request: RegistryRequest, left: number): Promise<RegistryAnswer> {
  const { method, url, headers, body } = request;
  const response = await (deps.fetch ?? fetchByNode)(url, {
    method,
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(ATTEMPT_MS),
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
  });
  const location = response.headers.get('location');
  const isRedirect = [301, 302, 303, 307, 308].includes(response.status) && location !== null;
  if (!isRedirect) return { status: response.status, headers: response.headers, body: await readBody(response, url) };
  for await (const _unread of response.body ?? []) break; // closes the connection
  if (method === 'PUT' || method === 'POST' || left === 0) {
    throw new Refusal(`${new URL(url).host} redirects ${method} ${new URL(url).pathname}, which a registry must not`);
  }
  return follow(deps, redirect(request, location), left - 1);
}

/** The credentials stay with the host that they are for, and an answer over HTTPS never sends us to plain HTTP. */
function redirect(request: RegistryRequest, location: string): RegistryRequest {
  const from = new URL(request.url);
  const to = new URL(location, from);
  const isSafe =
    to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:' && isLoopback(to.host));
  if (!isSafe) throw new Refusal(`${from.host} redirects to ${to.protocol}//${to.host}, which is not safe to follow`);
  const { Authorization: _dropped, ...rest } = request.headers;
  return { ...request, url: to.href, headers: to.origin === from.origin ? request.headers : rest };
}

async function readBody(response: HttpAnswer, url: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > LARGEST_BODY)
      throw new Refusal(`${new URL(url).host} answers with more than 4 MiB for a manifest or a config`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
