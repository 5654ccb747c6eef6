import { parseAddress } from '#core/git/address.ts';
import { SHA256_REPOSITORY } from '#core/git/sha256.ts';
import { isLoopback } from '#core/registry/host.ts';
import { systemClock } from '#core/system/clock.ts';
import { CommandError, type ExecOptions, type ExecResult } from '#core/system/exec.ts';
import { type Attempt, type RetryPolicy, retry } from '#core/system/retry.ts';
import { Refusal } from '#core/values/errors.ts';
import { hideUserinfo } from '#core/values/userinfo.ts';

/** Where the branch lives, and how git gets in: by environment alone, never by an argument or a file. */
export interface Remote {
  /** Without the credentials that an http(s) address may hold. */
  readonly url: string;
  /** Sent to an http(s) remote as a header; empty where it is not. */
  readonly token: string;
  /** Name and password of the address, which git gets where the server asks for them. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** What must not be printed of the address. */
  readonly secrets?: readonly string[];
  /** Why a token that there is is not sent, and what to do. */
  readonly withheld?: string | undefined;
}

/** Runs git in one repository with that repository's environment. */
export type RunGit = (args: readonly string[], options?: ExecOptions) => Promise<ExecResult>;

/** Returns the remote at an address. The token goes to the server that it belongs to, and nowhere in plain text. */
export function openRemote(address: string, token: string, serverUrl: string): Remote {
  const { url, ...credentials } = parseAddress(address);
  if (token === '' || !/^https?:\/\//i.test(url)) return { url, token: '', ...credentials };
  const withheld = explainWithheld(new URL(url), serverUrl);
  return { url, token: withheld === undefined ? token : '', ...credentials, withheld };
}

function explainWithheld(to: URL, serverUrl: string): string | undefined {
  const of = URL.canParse(serverUrl) ? new URL(serverUrl) : undefined;
  const there = `${of?.origin ?? 'https://HOST'}${to.pathname}`;
  if (to.host !== of?.host)
    return `The token is not sent to ${to.host}: it belongs to ${of?.host ?? 'no server (GITHUB_SERVER_URL is empty)'}; set origin to the repository there (git remote set-url origin ${there}), or give git credentials of its own for ${to.host} on this runner`;
  if (to.protocol === 'https:' || staysHere(to)) return undefined;
  return `The token is not sent to ${to.origin}: anyone on the way could read it; give origin its https address (git remote set-url origin https://${to.host}${to.pathname})`;
}

/** True for this machine's own servers, `*.localhost` too: git's HTTP client asks no resolver for it (RFC 6761, 6.3). */
function staysHere({ host, hostname }: URL): boolean {
  return isLoopback(host) || hostname.endsWith('.localhost');
}

/** Returns everything of a remote that must not be printed. */
export function secretsOf({ token, username = '', password, secrets = [] }: Remote): string[] {
  const logins = password === undefined ? [] : [encodeBasic(username, password)];
  return [token, basicCredentials(token), ...secrets, ...logins].filter(Boolean);
}

/**
 * Answers git where a server asks for the credentials of the address: git asks for each host of its own, so that no
 * redirect takes them along.
 */
const HELPER = `!f() { test "$1" = get && printf 'username=%s\\npassword=%s\\n' "$SLIPWAY_USERNAME" "$SLIPWAY_PASSWORD"; }; f`;

/** Returns git's environment for a remote; `configCount` GIT_CONFIG_KEY_<n> are set already. */
export function gitEnvironment(remote: Remote, configCount: number): Record<string, string> {
  const { username = '', password = '' } = remote;
  const settings = listSettings(remote);
  const pairs = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${configCount + index}`, key],
    [`GIT_CONFIG_VALUE_${configCount + index}`, value],
  ]);
  return {
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
    GIT_DIR: '.',
    GIT_DEFAULT_HASH: 'sha1', // whatever a person's settings make of new repositories
    ...(password === '' ? {} : { SLIPWAY_USERNAME: username, SLIPWAY_PASSWORD: password }),
    ...(settings.length === 0 ? {} : { GIT_CONFIG_COUNT: String(configCount + settings.length) }),
    ...Object.fromEntries(pairs),
  };
}

function listSettings({ url, token, username, password }: Remote): (readonly [string, string])[] {
  if (!/^https?:\/\//i.test(url)) return [];
  const { origin } = new URL(url);
  const header = [
    [`http.${origin}/.extraheader`, `AUTHORIZATION: basic ${basicCredentials(token)}`],
    // git would send the header along to wherever it is led
    [`http.${origin}/.followRedirects`, 'false'],
  ] as const;
  const asked = [
    [`credential.${origin}.helper`, ''], // those of the machine come before
    [`credential.${origin}.helper`, HELPER],
  ] as const;
  const named = username === undefined ? [] : [[`credential.${origin}.username`, username] as const];
  return [...(token === '' ? [] : header), ...(password === undefined ? named : asked)];
}

/** Returns the value of the Basic authorization header for a token, as GitHub's git server expects it. */
function basicCredentials(token: string): string {
  return token === '' ? '' : encodeBasic('x-access-token', token);
}

function encodeBasic(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

/** How long a remote that does not answer is asked again. */
const PATIENCE: RetryPolicy = {
  clock: systemClock,
  random: Math.random,
  deadlineMs: 20_000,
  firstPauseMs: 150,
  longestPauseMs: 2_000,
};

/** What git and its servers say when a remote answers and does not have what was asked for. */
const MISSING = /not our ref|remote ref|bad object/;
/** What they say where they want credentials, or others. */
const LOGIN = /\b40[13]\b|[Aa]uthentication|[Pp]ermission|could not read (Username|Password)/;
/** What git says of servers and repositories that lack what we use, and the sentence for a person. */
const LACKS: readonly (readonly [RegExp, string])[] = [
  [/mismatched algorithms|hash algorithm/, SHA256_REPOSITORY],
  [/dumb http/, 'is served as plain files: serve it by smart HTTP (git http-backend) or ssh'],
  [/support shallow/, 'is on a server without shallow fetches: it takes one that knows them (git 1.9 and later)'],
  [
    /unadvertised object/,
    'is on a server that gives out only what a branch or a tag points at: let it give out any commit (git config uploadpack.allowReachableSHA1InWant true)',
  ],
];
/** What no repetition changes: the remote refuses, or does not have it. */
const FINAL = new RegExp(
  [/\b(404|30[12378])\b|[Rr]epository .*not found/, LOGIN, MISSING, ...LACKS.map(([said]) => said)]
    .map(({ source }) => source)
    .join('|'),
);

/** True where a remote said that it does not have what was asked for. */
export function isMissing({ stderr }: CommandError): boolean {
  return MISSING.test(stderr);
}

/**
 * Asks a remote, again where no answer came: connections break and servers restart. A question can be repeated; what
 * changes something is not asked this way. Throws a CommandError when the remote never answered.
 */
export async function askRemote(run: RunGit, argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  let unanswered: unknown;
  const tried = await retry(PATIENCE, async (): Promise<Attempt<ExecResult>> => {
    try {
      return { done: true, value: await run(argv, options) };
    } catch (error) {
      if (!(error instanceof CommandError) || error.code === undefined || FINAL.test(error.stderr)) throw error;
      unanswered = error;
      return { done: false, reason: error.message };
    }
  });
  if (tried.done) return tried.value;
  throw unanswered;
}

/** Refuses where a server, or the repository on it, lacks what we use: the sentence says what. */
export function refuseLack(remote: Remote, { stderr }: CommandError): void {
  const lack = LACKS.find(([said]) => said.test(stderr))?.[1];
  if (lack !== undefined) throw new Refusal(`the repository ${showAddress(remote)} ${lack}`);
}

/** True where a server wants credentials, or others than it got. */
export function isLoginWanted(stderr: string): boolean {
  return LOGIN.test(stderr);
}

/** Returns a handler that turns git's failure to reach the remote into a sentence with a remedy. */
export function explainRemote(remote: Remote): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof CommandError)) throw error;
    refuseLack(remote, error);
    const said = error.stderr.trim().split('\n').slice(-3).join(' ');
    throw new Refusal(`the repository ${showAddress(remote)} does not answer: ${remedyOf(remote, said)} (${said})`);
  };
}

/** Returns the remote's address as it may be printed. */
export function showAddress({ url, secrets = [] }: Remote): string {
  return hideUserinfo(secrets.reduce((text, secret) => text.replaceAll(secret, '***'), url));
}

function remedyOf({ withheld }: Remote, said: string): string {
  if (isLoginWanted(said) && withheld !== undefined) return withheld;
  if (isLoginWanted(said))
    return 'check that the token input may read the repository (permissions: contents), or your git credentials at a terminal';
  if (/[Rr]epository .*not found|\b404\b/.test(said))
    return `check the address of origin, and that the token input may read it (permissions: contents), or your git credentials at a terminal${withheld === undefined ? '' : `. ${withheld}`}`;
  if (/error: 30[12378]\b/.test(said))
    return 'it redirects to another address, which the token does not follow; set origin to the address that it has now (git remote set-url origin https://HOST/OWNER/NAME)';
  return 'check that it can be reached from this machine';
}
