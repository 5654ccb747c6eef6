import { apiHost } from '#core/registry/host.ts';
import { answerChallenges, basicAuthorization, type LoginSettings } from '#core/registry/login.ts';
import type { LoginNote } from '#core/registry/registry.ts';
import {
  createSend,
  type RegistryAnswer,
  type RegistryDeps,
  type RegistryRequest,
  registryUrl,
  type Send,
} from '#core/registry/transport.ts';

/** What a session needs to know of its registry. */
export interface SessionSettings extends LoginSettings {
  /** Present the password without waiting to be asked (ECR asks every time): saves a round trip. */
  readonly eager: boolean;
}

/** A final answer, and what there is to say of the login that it was asked with. */
export interface SessionAnswer extends RegistryAnswer {
  readonly notes: readonly LoginNote[];
}

/** Asks a registry about a repository: `path` is what follows its name. */
export type Ask = (
  method: RegistryRequest['method'],
  repository: string,
  path: string,
  content?: Pick<RegistryRequest, 'headers' | 'body'>,
) => Promise<SessionAnswer>;

/** The login that a registry takes for a scope. */
interface Login {
  /** Undefined where the registry asks for none. */
  readonly authorization: string | undefined;
  readonly notes: readonly LoginNote[];
}

const NO_LOGIN: Login = { authorization: undefined, notes: [] };

/** Returns an {@link Ask} that presents the login known for the scope, and another one where the registry asks for it. */
export function createAsk(settings: SessionSettings, deps: RegistryDeps): Ask {
  const send = createSend(deps);
  const say = once(deps.say ?? (() => {}));
  const logins = new Map<string, Login>();
  return async (method, repository, path, content) => {
    const scope = `repository:${repository}:${method === 'PUT' || method === 'POST' ? 'pull,push' : 'pull'}`;
    const url = `${registryUrl(apiHost(settings.host))}/v2/${repository}/${path}`;
    const sendAs = ({ authorization }: Login): Promise<RegistryAnswer> => {
      const headers = { ...content?.headers, ...(authorization === undefined ? {} : { Authorization: authorization }) };
      return send({ ...content, method, url, headers });
    };
    const known = logins.get(scope) ?? (settings.eager ? await logInEagerly(settings) : NO_LOGIN);
    logins.set(scope, known);
    const first = await sendAs(known);
    if (first.status !== 401) return { ...first, notes: known.notes };
    const { login, answer } = await logIn(settings, { first, known, scope, mask: deps.mask, send, sendAs });
    if (answer.status !== 401) {
      logins.set(scope, login);
      for (const { said, remedy } of login.notes) say(remedy === undefined ? said : `${said}; ${remedy}`);
    }
    return { ...answer, notes: login.notes };
  };
}

async function logInEagerly({ login }: SessionSettings): Promise<Login> {
  const { credentials } = await login();
  return credentials === undefined ? NO_LOGIN : { authorization: basicAuthorization(credentials), notes: [] };
}

/** Tries what answers the challenges, one after another, until one is taken; else returns the last 401 with all notes. */
async function logIn(
  settings: SessionSettings,
  what: {
    readonly first: RegistryAnswer;
    readonly known: Login;
    readonly scope: string;
    readonly mask: (secret: string) => void;
    readonly send: Send;
    readonly sendAs: (login: Login) => Promise<RegistryAnswer>;
  },
): Promise<{ login: Login; answer: RegistryAnswer }> {
  let answer = what.first;
  const notes: LoginNote[] = [];
  for await (const attempt of answerChallenges(settings, what.first, what)) {
    notes.push(...attempt.notes);
    const { authorization } = attempt;
    if (authorization === undefined || authorization === what.known.authorization) continue;
    answer = await what.sendAs(attempt);
    if (answer.status !== 401) return { login: attempt, answer };
  }
  return { login: { authorization: undefined, notes: unique(notes) }, answer };
}

function unique(notes: readonly LoginNote[]): LoginNote[] {
  return [...new Map(notes.map((note) => [note.said, note])).values()];
}

function once(say: (line: string) => void): (line: string) => void {
  const said = new Set<string>();
  return (line) => {
    if (!said.has(line)) say(line);
    said.add(line);
  };
}
