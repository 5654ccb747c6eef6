import * as z from 'zod';
import { describeAnswer, parseJson } from '#core/registry/answers.ts';
import { type Challenge, parseChallenges } from '#core/registry/challenge.ts';
import { isLoopback } from '#core/registry/host.ts';
import type { LoginNote, RegistryCredentials, RegistryLogin } from '#core/registry/registry.ts';
import type { RegistryAnswer, Send } from '#core/registry/transport.ts';
import { Refusal } from '#core/values/errors.ts';

/** What answering challenges needs to know of a registry. */
export interface LoginSettings {
  readonly host: string;
  /** Asked for once, when it is needed first. */
  readonly login: () => Promise<RegistryLogin>;
  /** The token server on another site that may see the login: a host and, where it needs one, a port. */
  readonly tokenServer?: string | undefined;
  /** What a person does to let a token server on another site see the login. */
  readonly allowTokenServer: (server: string) => string;
}

/** What answers one challenge, and what there is to say of it. */
export interface LoginAttempt {
  /** Undefined where nothing that we have answers the challenge. */
  readonly authorization: string | undefined;
  readonly notes: readonly LoginNote[];
}

/** What a login is for: `repository:bot:pull`. */
interface LoginDeps {
  readonly scope: string;
  readonly send: Send;
  readonly mask: (secret: string) => void;
}

/** A registry names two at most; each may cost a request to a token server. */
const MOST_CHALLENGES = 4;

/**
 * Yields an attempt for each challenge of a 401 that is known here: tokens first, for they are for this scope alone, then
 * the password. The caller sends with one and asks for the next where that is refused as well.
 */
export async function* answerChallenges(
  settings: LoginSettings,
  answer: RegistryAnswer,
  deps: LoginDeps,
): AsyncGenerator<LoginAttempt> {
  const challenges = parseChallenges(answer.headers.get('www-authenticate'));
  const of = (scheme: string): Challenge[] => challenges.filter((challenge) => challenge.scheme === scheme);
  const known = [...of('bearer'), ...of('basic')].slice(0, MOST_CHALLENGES);
  if (known.length === 0) yield { authorization: undefined, notes: describeUnknown(settings, challenges) };
  for (const challenge of known) {
    const isLast = challenge === known.at(-1);
    const isBasic = challenge.scheme === 'basic';
    try {
      yield isBasic ? answerBasic(settings, await settings.login()) : await fetchToken(settings, challenge, deps);
    } catch (error) {
      if (isLast || !(error instanceof Refusal)) throw error; // the other scheme may do
      yield { authorization: undefined, notes: [{ said: error.message }] };
    }
  }
}

function describeUnknown({ host }: LoginSettings, challenges: readonly Challenge[]): LoginNote[] {
  const names = [...new Set(challenges.map(({ scheme }) => scheme))].slice(0, MOST_CHALLENGES).join(', ');
  if (names === '') return [];
  return [{ said: `${host} asks for a login by ${names}, and only bearer and basic are known here` }];
}

function answerBasic({ host }: LoginSettings, { credentials, note }: RegistryLogin): LoginAttempt {
  if (credentials === undefined) return { authorization: undefined, notes: note === undefined ? [] : [note] };
  if (credentials.identityToken === undefined) return { authorization: basicAuthorization(credentials), notes: [] };
  const said = `${host} asks for a user name and a password, and the login is an identity token`;
  return { authorization: undefined, notes: [{ said }] };
}

/** Asks the token server: with the login where it may see it, without one where it may not. */
async function fetchToken(settings: LoginSettings, challenge: Challenge, deps: LoginDeps): Promise<LoginAttempt> {
  const { host } = settings;
  const realm = parseRealm(host, challenge.parameters.get('realm') ?? '');
  const { credentials, note } = await settings.login();
  const isTrusted = mayKnowCredentials(settings, realm);
  const login = isTrusted ? credentials : undefined;
  const withheld = credentials === undefined || isTrusted ? [] : [describeWithheld(settings, realm)];
  const notes: LoginNote[] = [...(note === undefined ? [] : [note]), ...withheld];
  const service = challenge.parameters.get('service');
  const answer = await deps.send(tokenRequest(realm, service, deps.scope, login));
  const token = answer.status === 200 ? tokenShape.safeParse(parseJson(answer.body)).data : undefined;
  const text = token?.token ?? token?.access_token;
  if (text !== undefined) {
    deps.mask(text);
    if (token?.refresh_token !== undefined) deps.mask(token.refresh_token);
    return { authorization: `Bearer ${text}`, notes };
  }
  const said = `the token server ${realm.host} of ${host} ${describeAnswer(answer)}`;
  const isOldServer = login?.identityToken !== undefined && (answer.status === 404 || answer.status === 405);
  if (isOldServer) notes.push({ said: `${said} to an identity token: it knows no OAuth2` });
  else if (answer.status < 400 || answer.status >= 500 || answer.status === 404)
    throw new Refusal(`${said} without a token`);
  else notes.push({ said });
  return { authorization: undefined, notes };
}

const tokenShape = z.object({
  token: z.string().min(1).optional(),
  access_token: z.string().min(1).optional(),
  refresh_token: z.string().min(1).optional(),
});

/** A GET with the password, or OAuth2's grant by POST with an identity token (distribution/docs, spec/auth). */
function tokenRequest(
  realm: URL,
  service: string | undefined,
  scope: string,
  login: RegistryCredentials | undefined,
): Parameters<Send>[0] {
  const asked = { ...(service === undefined ? {} : { service }), scope };
  if (login?.identityToken !== undefined) {
    const grant = { grant_type: 'refresh_token', refresh_token: login.identityToken, client_id: 'slipway', ...asked };
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    return { method: 'POST', url: realm.href, headers, body: Buffer.from(new URLSearchParams(grant).toString()) };
  }
  const url = new URL(realm);
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  const headers = login === undefined ? {} : { Authorization: basicAuthorization(login) };
  return { method: 'GET', url: url.href, headers };
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

function describeWithheld({ host, allowTokenServer }: LoginSettings, realm: URL): LoginNote {
  return {
    said: `the login for ${host} is kept from the token server ${realm.host}, which ${host} names: only ${host} itself and hosts of its own site are trusted with it`,
    remedy: allowTokenServer(realm.host),
  };
}

/** A registry may name any token server; ours is told only to the same host, the same site, or the one that is allowed. */
function mayKnowCredentials({ host, tokenServer }: LoginSettings, realm: URL): boolean {
  if (realm.host === host || (tokenServer !== undefined && realm.host === new URL(`https://${tokenServer}`).host))
    return true;
  return realm.protocol === 'https:' && isSite(host) && siteOf(realm.host) === siteOf(host);
}

/** Below these, as below `uk` itself, names belong to anyone. */
const SHARED = /\.(?:ac|co|com|edu|go|gov|ne|net|or|org)\.[a-z]{2}$/;

/** `example.com` of `registry.example.com`, `example.co.uk` of `registry.example.co.uk`. */
function siteOf(host: string): string {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return name
    .split('.')
    .slice(SHARED.test(name) ? -3 : -2)
    .join('.');
}

/** Addresses have no site: 10.1.0.5 has nothing to do with 192.168.0.5. */
function isSite(host: string): boolean {
  return !isLoopback(host) && !/^\[|^\d+(\.\d+){3}(:|$)/.test(host);
}
