import * as z from 'zod';
import type { RegistryLogin } from '#core/registry/registry.ts';
import { CommandError, type Exec, type ExecResult } from '#core/system/exec.ts';
import { quote } from '#core/values/errors.ts';

/** A program that keeps logins for Docker, and where the configuration names it. */
export interface CredentialHelper {
  /** `gcr` for docker-credential-gcr. */
  readonly name: string;
  /** The configuration file. */
  readonly path: string;
}

/** A helper may ask a service or a person; a person there is none. */
const PATIENCE_MS = 60_000;

/** The words by which every helper says so (docker-credential-helpers, credentials/error.go). */
const NOT_FOUND = 'credentials not found in native keychain';
/** The user name of a login whose secret is an identity token. */
export const TOKEN_USER = '<token>';

const answerShape = z.object({ Username: z.string(), Secret: z.string().min(1) });

/**
 * Returns the login that a credential helper has for `server`, Docker's key of `host`. A helper that is missing, fails or
 * has none is not refused yet: the registry may let everybody in. Nothing of an answer is ever shown: it holds the secret.
 */
export async function askCredentialHelper(
  { name, path }: CredentialHelper,
  host: string,
  server: string,
  exec: Exec,
): Promise<RegistryLogin> {
  const program = `docker-credential-${name}`;
  const fail = (what: string, remedy?: string): RegistryLogin => {
    const said = `${path} names the credential helper ${quote(name)} for ${host}, and ${what}`;
    return { credentials: undefined, note: remedy === undefined ? { said } : { said, remedy } };
  };
  if (!/^[\w.-]+$/.test(name))
    return fail('that is not the name of one', `write the part behind docker-credential- into ${path}`);
  const instead = `or take it out of ${path} and log in to ${host} (docker login ${host})`;
  const result = await run(program, server, exec);
  if (typeof result === 'string') return fail(result, `install ${program} in an earlier step, ${instead}`);
  const said = result.stdout.toString('utf8').trim();
  if (result.code !== 0 && said === NOT_FOUND) return fail(`it has no login for ${server}`);
  if (result.code !== 0)
    return fail(`it exits with code ${result.code}${showWords(result, said)}`, `fix ${program}, ${instead}`);
  const answer = answerShape.safeParse(parseJson(said)).data;
  if (answer === undefined) return fail('its answer is not a login', `fix ${program}, ${instead}`);
  const { Username: username, Secret: secret } = answer;
  const isToken = username === TOKEN_USER;
  return { credentials: isToken ? { username, password: '', identityToken: secret } : { username, password: secret } };
}

/** Returns what the helper left behind, or why there is nothing. */
async function run(program: string, server: string, exec: Exec): Promise<ExecResult | string> {
  try {
    return await exec([program, 'get'], { input: server, accept: 'any', timeoutMs: PATIENCE_MS });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return error.message.split('\n')[0]?.replace(`${program} get `, 'it ') ?? '';
  }
}

/** A helper that fails says why on standard output; what looks like an answer all the same is kept back. */
function showWords({ stderr }: ExecResult, said: string): string {
  const [words = ''] = (stderr.trim() || (said.includes('{') ? '' : said)).split('\n');
  return words === '' ? '' : `: ${quote(words)}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
