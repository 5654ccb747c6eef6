import * as z from 'zod';
import { isLoopback } from '#core/registry/host.ts';
import type { RegistryCredentials } from '#core/registry/registry.ts';
import type { Send } from '#core/registry/transport.ts';
import { Refusal } from '#core/values/errors.ts';

/** What a registry asks for in WWW-Authenticate (RFC 9110, section 11.6.1; the token form is the Docker registry's). */
export interface Challenge {
  readonly scheme: 'basic' | 'bearer';
  readonly parameters: ReadonlyMap<string, string>;
}

/** Returns the first challenge that we can answer; undefined where there is none. */
export function parseChallenge(header: string | null): Challenge | undefined {
  const match = /\b(basic|bearer)\b\s*(.*)$/is.exec(header ?? '');
  if (match === null) return undefined;
  const parameters = new Map<string, string>();
  for (const [, key = '', quoted, bare] of (match[2] ?? '').matchAll(/([\w-]+)=(?:"([^"]*)"|([^\s,"]+))/g)) {
    parameters.set(key.toLowerCase(), quoted ?? bare ?? '');
  }
  return { scheme: match[1]?.toLowerCase() === 'basic' ? 'basic' : 'bearer', parameters };
}

const tokenAnswer = z.object({ token: z.string().min(1).optional(), access_token: z.string().min(1).optional() });

/** Returns the Authorization header that answers a challenge, or undefined when we have nothing that would. */
export async function answerChallenge(what: {
  challenge: Challenge;
  host: string;
  scope: string;
  credentials: RegistryCredentials | undefined;
  send: Send;
  mask: (secret: string) => void;
}): Promise<string | undefined> {
  const { challenge, credentials } = what;
  if (challenge.scheme === 'basic') return credentials === undefined ? undefined : basicAuthorization(credentials);
  const realm = parseRealm(what.host, challenge.parameters.get('realm') ?? '');
  const service = challenge.parameters.get('service');
  if (service !== undefined) realm.searchParams.set('service', service);
  realm.searchParams.set('scope', what.scope);
  const isOurs = credentials !== undefined && mayKnowCredentials(what.host, realm);
  const headers = isOurs ? { Authorization: basicAuthorization(credentials) } : {};
  const answer = await what.send({ method: 'GET', url: realm.href, headers });
  if (answer.status === 401 || answer.status === 403) return undefined;
  const token = answer.status === 200 ? readToken(answer.body) : undefined;
  if (token === undefined) {
    throw new Refusal(`the token server ${realm.host} of ${what.host} answers ${answer.status} without a token`);
  }
  what.mask(token);
  return `Bearer ${token}`;
}

/** Returns the Basic form of a user name and password. */
export function basicAuthorization({ username, password }: RegistryCredentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

function parseRealm(host: string, text: string): URL {
  const realm = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe =
    realm?.protocol === 'https:' || (realm?.protocol === 'http:' && isLoopback(realm.host) && isLoopback(host));
  if (realm !== undefined && isSafe) return realm;
  throw new Refusal(`the registry ${host} names ${JSON.stringify(text)} as its token server, which is not safe to ask`);
}

/** A registry may name any token server; ours is told only to one of the same host or the same site. */
function mayKnowCredentials(host: string, realm: URL): boolean {
  const site = (name: string) => name.replace(/:\d+$/, '').split('.').slice(-2).join('.');
  return realm.host === host || (realm.protocol === 'https:' && !isLoopback(host) && site(realm.host) === site(host));
}

function readToken(body: Buffer): string | undefined {
  try {
    const { token, access_token } = tokenAnswer.parse(JSON.parse(body.toString('utf8')));
    return token ?? access_token;
  } catch {
    return undefined; // the caller says which server answered so
  }
}
