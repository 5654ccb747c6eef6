import { createHash } from 'node:crypto';
import { openOciRegistry } from '#core/registry/oci-registry.ts';
import type { PushRegistry } from '#core/registry/registry.ts';
import type { RegistryDeps } from '#core/registry/transport.ts';
import { createTestClock } from '#tests/support/clock.ts';

/** What one host was asked. */
export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly authorization: string | undefined;
  readonly body: string;
}

type Answer = (asked: Asked) => Response;

/** Hosts with names, which loopback has not, answered in this process. */
export interface RegistryNet {
  readonly fetch: typeof fetch;
  readonly asked: Asked[];
  /** What was said and masked by clients. */
  readonly said: string[];
  readonly masked: string[];
  open(host: string, environment: RegistryDeps['environment'], tokenServer?: string): PushRegistry;
  openBase(host: string, environment: RegistryDeps['environment']): PushRegistry;
}

const MANIFEST = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[]}';
/** The digest of every tag at {@link registryOf}. */
export const DIGEST = `sha256:${createHash('sha256').update(MANIFEST).digest('hex')}`;

/** Returns hosts that answer as told; any other host is a fault of the test. */
export function createNet(hosts: Readonly<Record<string, Answer>>): RegistryNet {
  const asked: Asked[] = [];
  const [said, masked]: [string[], string[]] = [[], []];
  const answer: typeof fetch = async (input, init) => {
    const url = new URL(String(input));
    const authorization = new Headers(init?.headers).get('authorization') ?? undefined;
    const body = init?.body instanceof Uint8Array ? Buffer.from(init.body).toString('utf8') : '';
    const one = { method: init?.method ?? 'GET', url, authorization, body };
    asked.push(one);
    const host = hosts[url.host];
    if (host === undefined) throw new Error(`no host ${url.host} in this test`);
    return host(one);
  };
  const deps = (environment: RegistryDeps['environment']): RegistryDeps => ({
    clock: createTestClock(),
    random: () => 0,
    environment,
    mask: (secret) => masked.push(secret),
    say: (line) => said.push(line),
    fetch: answer,
    deadlineMs: 100,
  });
  return {
    fetch: answer,
    asked,
    said,
    masked,
    open: (host, environment, tokenServer) => openOciRegistry(host, deps(environment), { tokenServer }),
    openBase: (host, environment) => openOciRegistry(host, deps(environment)),
  };
}

/** A registry that lets in who presents one of these, and answers all others with its challenge. */
export function registryOf(challenge: string, ...accepted: readonly (string | undefined)[]): Answer {
  return ({ method, authorization }) => {
    if (!accepted.includes(authorization)) return refused(401, { 'WWW-Authenticate': challenge });
    const headers = { 'Docker-Content-Digest': DIGEST, 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' };
    return new Response(method === 'HEAD' ? null : MANIFEST, { headers });
  };
}

/** A token server that gives `token` to who presents one of these by GET. */
export function tokenServerOf(token: string, ...accepted: readonly (string | undefined)[]): Answer {
  return ({ method, authorization }) =>
    method === 'GET' && accepted.includes(authorization) ? Response.json({ token }) : refused(401);
}

/** A token server that knows OAuth2 alone: it gives `token` for one refresh token. */
export function oauthServerOf(token: string, refreshToken: string): Answer {
  return ({ method, body }) => {
    const form = new URLSearchParams(body);
    const isRight = form.get('grant_type') === 'refresh_token' && form.get('refresh_token') === refreshToken;
    return method === 'POST' && isRight ? Response.json({ access_token: token, expires_in: 60 }) : refused(401);
  };
}

function refused(status: number, headers: Record<string, string> = {}): Response {
  return Response.json({ errors: [{ code: 'UNAUTHORIZED', message: 'who are you' }] }, { status, headers });
}

/** Returns the Basic header of a user and a password. */
export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
