import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { z } from 'zod';
import { listenUntilStop } from '#lab/supervisor/http.ts';
import type { Lab } from '#lab/supervisor/lab.ts';

/** What becomes of a notification on its way to GitHub. */
export type Fate = 'straight' | 'lost' | 'lost reply' | 'doubled' | 'late';

/** Up to which of a hundred each goes; a lost one and one whose reply is lost both fail for the controller, which sends them again. */
const SHARES: readonly (readonly [fate: Fate, upTo: number])[] = [
  ['lost', 20],
  ['lost reply', 30],
  ['doubled', 50],
  ['late', 70],
  ['straight', 100],
];

/** A way to GitHub on which notifications are lost, doubled and overtaken; everything else passes as it is. */
export interface UnreliableWay {
  readonly url: string;
  /** How many notifications about an Application the controller was told to have arrived. */
  countTaken(application: string): number;
  /** Lets through what is still held up. */
  deliverLate(): Promise<void>;
  /** How often each happened. */
  readonly fates: ReadonlyMap<Fate, number>;
}

const status = z.looseObject({ context: z.string(), state: z.string(), description: z.string() });

/** A notification with all that is needed to send it. */
interface Notification {
  readonly application: string;
  readonly sha: string;
  send(): Promise<Response>;
}

/** What a notification's fate depends on is its own: the same seed gives the same ones the same fate, in whatever order they come. */
function draw(seed: number, key: string): Fate {
  const percent = (createHash('sha256').update(`${seed} ${key}`).digest().readUInt32BE() / 2 ** 32) * 100;
  return SHARES.find(([, upTo]) => percent < upTo)?.[0] ?? 'straight';
}

/** Opens the way to the server at `target`. */
export async function openUnreliableWay(lab: Lab, target: string, seed: number): Promise<UnreliableWay> {
  const server = await listenUntilStop(lab, 'the way to GitHub');
  const taken = new Map<string, number>();
  const attempts = new Map<string, number>();
  const fates = new Map<Fate, number>();
  const held = new Map<string, Notification[]>();
  const count = <K>(counts: Map<K, number>, key: K): number => {
    const next = (counts.get(key) ?? 0) + 1;
    counts.set(key, next);
    return next;
  };
  const release = async (application: string, isHeld: (one: Notification) => boolean): Promise<void> => {
    const all = held.get(application) ?? [];
    held.set(application, all.filter(isHeld));
    for (const one of all) if (!isHeld(one)) await one.send();
  };
  /** Undefined where the controller hears of a failure. */
  const meet = async (fate: Fate, notification: Notification): Promise<Response | undefined> => {
    if (fate === 'lost') return undefined;
    const { application, sha, send } = notification;
    // the controller sends one after another: what overtakes is about another revision
    const isOvertaken = (held.get(application) ?? []).some((one) => one.sha === sha);
    if (fate === 'late' || isOvertaken) {
      held.set(application, [...(held.get(application) ?? []), notification]);
      return Response.json({}, { status: 201 });
    }
    const answer = await send();
    if (fate === 'doubled') await send();
    await release(application, (one) => one.sha === sha);
    return fate === 'lost reply' ? undefined : answer;
  };
  server.serve(async (request, response) => {
    const body = await readText(request);
    const send = () => forward(request, target, body);
    const sha = /\/statuses\/([0-9a-f]{40})$/.exec(request.url ?? '')?.[1];
    let answer: Response | undefined;
    if (request.method !== 'POST' || sha === undefined) answer = await send();
    else {
      const { context, state, description } = status.parse(JSON.parse(body));
      const application = context.split('/')[1] ?? '';
      const key = [sha, context, state, description.replace(/ at=\S+/, '')].join(' ');
      const fate = draw(seed, `${key} ${count(attempts, key)}`);
      count(fates, fate);
      answer = await meet(fate, { application, sha, send });
      if (answer?.ok === true) count(taken, application);
    }
    if (answer === undefined) return void response.writeHead(502).end();
    const type = answer.headers.get('content-type') ?? 'application/json';
    response.writeHead(answer.status, { 'content-type': type }).end(await answer.text());
  });
  return {
    ...{ url: server.url, fates },
    countTaken: (application) => taken.get(application) ?? 0,
    deliverLate: async () => {
      for (const application of held.keys()) await release(application, () => false);
    },
  };
}

function forward(
  { method = 'GET', url = '/', headers }: IncomingMessage,
  target: string,
  body: string,
): Promise<Response> {
  const { authorization = '', accept = '*/*', 'content-type': type = 'application/json' } = headers;
  const passed = { authorization, accept, 'content-type': type, 'user-agent': headers['user-agent'] ?? 'argocd' };
  return fetch(`${target}${url}`, { method, headers: passed, ...(body === '' ? {} : { body }) });
}
