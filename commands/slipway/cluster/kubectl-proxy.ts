import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { explain, type KubeAnswer, type KubeApi } from '#core/cluster/api.ts';
import { exchange, LARGEST_LIST } from '#core/cluster/exchange.ts';
import { serve, shorten } from '#core/cluster/serving.ts';
import { systemClock } from '#core/system/clock.ts';
import { CommandError, type Exec } from '#core/system/exec.ts';
import { retry } from '#core/system/retry.ts';
import { describeError, quote, Refusal } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';

/** Which cluster, and by whose login. */
export interface KubeTarget {
  readonly exec: Exec;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** A folder that only this person may enter: the way to the API server is a socket in it. */
  readonly folder: string;
}

const PATIENCE_MS = 30_000;
/** What runs in a pod of the sandbox may never end. */
const KUBECTL_MS = 120_000;
const PROXY = /^Starting to serve on /;

/** Opens the way to a cluster: one `kubectl proxy`, which knows every way of logging in. */
export async function openKubeApi({ exec, kubeconfig, context, folder }: KubeTarget): Promise<KubeApi> {
  const file = kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`];
  // kubectl takes a file that is not there for an empty one
  if (kubeconfig !== undefined && !existsSync(kubeconfig))
    throw new Refusal(`--kubeconfig: ${quote(kubeconfig)} does not exist: check the path`);
  await checkContext(exec, kubeconfig, context);
  const settings = [...file, ...(context === undefined ? [] : [`--context=${context}`])];
  const socketPath = join(folder, 'api.sock');
  const end = new AbortController();
  const proxy = ['kubectl', ...settings, 'proxy', `--unix-socket=${socketPath}`] as const;
  const { ready, ended } = await serve(exec, [...proxy], PROXY, end);
  if ('unknown' in ready)
    throw new Refusal(`kubectl does not reach the cluster: ${ready.unknown}; check --kubeconfig and --context`);
  const close = async (): Promise<void> => {
    end.abort();
    await ended;
  };
  const api: KubeApi = {
    call: (method, path, options = {}) => sendUntilTaken(() => send(socketPath, method, path, options)),
    kubectl: async (words) =>
      (await exec(['kubectl', ...settings, ...words], { timeoutMs: KUBECTL_MS })).stdout.toString('utf8'),
    close,
  };
  try {
    await checkReach(api);
    return api;
  } catch (error) {
    await close();
    throw error;
  }
}

const configuration = z.looseObject({
  contexts: z.array(z.looseObject({ name: z.string() })).nullish(),
  'current-context': z.string().default(''),
});

/** Refuses where kubectl, its configuration or the context is missing. */
async function checkContext(exec: Exec, kubeconfig: string | undefined, context: string | undefined): Promise<void> {
  const { contexts, 'current-context': current } = await readConfiguration(exec, kubeconfig);
  const names = (contexts ?? []).map(({ name }) => name);
  if (names.length === 0)
    throw new Refusal(
      kubeconfig === undefined
        ? 'kubectl knows no cluster: neither KUBECONFIG nor ~/.kube/config has a context. Pass --kubeconfig, or DO_TOKEN with --do-cluster-name'
        : `--kubeconfig: ${quote(kubeconfig)} has no context: pass a file that names a cluster`,
    );
  if (context !== undefined && !names.includes(context))
    throw new Refusal(`kubectl has no context ${quote(context)}${suggestName(context, names)}`);
  if (context !== undefined || names.includes(current)) return;
  const fault = current === '' ? 'is not set' : `is ${quote(current)}, which its configuration does not have`;
  throw new Refusal(`kubectl's current context ${fault}: pass --context; there are ${names.join(', ')}`);
}

/** kubectl hides tokens and keys in what it prints here. */
async function readConfiguration(exec: Exec, kubeconfig: string | undefined): Promise<z.output<typeof configuration>> {
  const file = kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`];
  try {
    const { stdout } = await exec(['kubectl', ...file, 'config', 'view', '--output=json']);
    return configuration.parse(JSON.parse(stdout.toString('utf8')));
  } catch (error) {
    if (error instanceof CommandError && error.isAbsent)
      throw new Refusal('kubectl is not on PATH: install it (https://kubernetes.io/docs/tasks/tools/), then repeat', {
        cause: error,
      });
    const said = error instanceof CommandError ? error.stderr.trim().split('\n').at(-1) : undefined;
    const why = (said || describeError(error)).replace(/^error: /, '');
    throw new Refusal(
      `kubectl cannot read its configuration: ${shorten(why)}. Repair the file, or pass another with --kubeconfig`,
      { cause: error },
    );
  }
}

/** One question before all others: is anyone there, and does it know who asks? */
async function checkReach(api: KubeApi): Promise<void> {
  const { status, body } = await api.call('GET', '/api');
  if (status === 200) return;
  if (status === 401)
    throw new Refusal('the cluster does not know who you are: log in again, or pass another --kubeconfig');
  const said = explain({ status, body });
  if (status === 403)
    throw new Refusal(`the cluster does not let you in: ${said}; use the context of an administrator (--context)`);
  throw new Refusal(`the cluster does not answer: ${said}; check that it runs, and that this is its context`);
}

/**
 * Sends a request again that the API server did not begin with (429): it has too many, or gets the store of a new kind
 * ready, which takes seconds. After {@link PATIENCE_MS} its answer counts.
 */
async function sendUntilTaken(once: () => Promise<KubeAnswer>): Promise<KubeAnswer> {
  let answer: KubeAnswer = { status: 429, body: '' };
  const policy = { clock: systemClock, random: Math.random, deadlineMs: PATIENCE_MS };
  await retry(policy, async () => {
    answer = await once();
    return answer.status === 429 ? { done: false, reason: 'HTTP 429' } : { done: true, value: undefined };
  });
  return answer;
}

async function send(
  socketPath: string,
  method: string,
  path: string,
  { body, type = 'application/json', accept = 'application/json' }: { body?: unknown; type?: string; accept?: string },
): Promise<KubeAnswer> {
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers = {
    host: 'localhost', // the name that the proxy takes
    accept,
    ...(text === '' ? {} : { 'content-type': type, 'content-length': String(Buffer.byteLength(text)) }),
  };
  const answer = await exchange(
    { socketPath, method, path, headers, body: text },
    { longest: LARGEST_LIST, withinMs: PATIENCE_MS },
  );
  if ('unknown' in answer) throw new Refusal(`the cluster does not answer ${method} ${path}: ${answer.unknown}`);
  return { status: answer.value.status, body: parseBody(answer.value.body) };
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // a log, or the proxy's own words
  }
}
