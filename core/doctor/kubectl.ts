import { join } from 'node:path';
import * as z from 'zod';
import type { Asked } from '#core/cluster/asked.ts';
import { exchange, type HttpAnswer, LARGEST_LIST } from '#core/cluster/exchange.ts';
import { type Serving, serve, shorten } from '#core/cluster/serving.ts';
import type { Exec } from '#core/system/exec.ts';

/** A cluster, as a person's kubectl reaches it. Nothing is written; values of Secrets are never asked for. */
export interface KubePort {
  /** Returns what a path of the API answers; null where there is nothing of that name, or no such kind. */
  get(path: string): Promise<Asked<unknown>>;
  /** Returns the names of the Secrets of a namespace. */
  secretNames(namespace: string): Promise<Asked<readonly string[]>>;
  /** Returns the last lines of a container that ended. */
  lastLines(namespace: string, pod: string, container: string): Promise<Asked<readonly string[]>>;
  /** Asks a pod over HTTP, by the kubelet: network policies do not matter. */
  ask(namespace: string, pod: string, port: number, path: string): Promise<Asked<HttpAnswer>>;
  close(): Promise<void>;
}

/** How kubectl is called, and by which of the person's settings. */
export interface KubectlOptions {
  readonly exec: Exec;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** A folder that only this person may enter: the way to the API is a socket in it, and needs no login. */
  readonly folder: string;
}

/** How long one question may take. */
const PATIENCE_MS = 10_000;
const LARGEST_BODY = 4_000;

/** Opens the cluster by kubectl, which knows every way of logging in: one process, for as long as there are questions. */
export function openKubectl({ exec, kubeconfig, context, folder }: KubectlOptions): KubePort {
  const argv = (words: readonly string[]): [string, ...string[]] => [
    'kubectl',
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
    ...(context === undefined ? [] : [`--context=${context}`]),
    ...words,
  ];
  const socketPath = join(folder, 'api.sock');
  const end = new AbortController();
  let opened: Promise<Serving> | undefined;
  const ask = async (path: string, accept = 'application/json'): Promise<Asked<HttpAnswer>> => {
    opened ??= serve(exec, argv(['proxy', `--unix-socket=${socketPath}`]), /^Starting to serve on /, end);
    const { ready } = await opened;
    if ('unknown' in ready) return ready;
    // the name is the one that the proxy takes
    return exchange(
      { socketPath, path, headers: { host: 'localhost', accept } },
      { longest: LARGEST_LIST, withinMs: PATIENCE_MS },
    );
  };
  return {
    get: async (path) => {
      const answer = await ask(path);
      return 'unknown' in answer ? answer : readAnswer(answer.value);
    },
    secretNames: async (namespace) => {
      const answer = await ask(`/api/v1/namespaces/${namespace}/secrets`, METADATA);
      const read = 'unknown' in answer ? answer : readAnswer(answer.value);
      if ('unknown' in read) return read;
      if (read.value === null) return { value: [] };
      const { data } = names.safeParse(read.value);
      return data === undefined
        ? { unknown: 'the API server lists no names of Secrets' }
        : { value: (data.items ?? []).map(({ metadata }) => metadata.name) };
    },
    lastLines: async (namespace, pod, container) => {
      const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?container=${encodeURIComponent(container)}&tailLines=10`;
      const before = readLog(await ask(`${path}&previous=true`, '*/*'));
      if ('value' in before) return before;
      const now = readLog(await ask(path, '*/*'));
      // a process that has just begun says nothing of why the one before it ended
      return 'value' in now && now.value.length === 0 && LOST.test(before.unknown) ? before : now;
    },
    ask: (namespace, pod, port, path) =>
      askThrough(exec, argv(['port-forward', '--namespace', namespace, `pod/${pod}`, `:${port}`]), path),
    close: async () => {
      end.abort();
      await (await opened)?.ended;
    },
  };
}

/** The API server leaves the values out of what it sends. */
const METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const names = z.object({
  kind: z.literal('PartialObjectMetadataList'),
  items: z.array(z.object({ metadata: z.object({ name: z.string().regex(/^[a-z0-9.-]{1,253}$/) }) })).nullable(),
});

/** What the kubelet answers, as if it were a line of the log and with status 200, for a container that it has removed. */
const LOST = /^unable to retrieve container logs for /;

function readLog(answer: Asked<HttpAnswer>): Asked<readonly string[]> {
  if ('unknown' in answer) return answer;
  const { status, body } = answer.value;
  if (status !== 200) return { unknown: explain(answer.value) };
  return LOST.test(body) ? { unknown: body.trim() } : { value: body.split('\n').filter((line) => line.trim() !== '') };
}

function readAnswer(answer: HttpAnswer): Asked<unknown> {
  if (answer.status === 404) return { value: null };
  if (answer.status !== 200) return { unknown: explain(answer) };
  try {
    return { value: JSON.parse(answer.body) };
  } catch {
    return { unknown: 'the API server answers with something that is not JSON' };
  }
}

const failure = z.object({ kind: z.literal('Status'), message: z.string() });

/** The API server says it as a Status; the way to it says it in plain text. */
function explain({ status, body }: HttpAnswer): string {
  try {
    const { data } = failure.safeParse(JSON.parse(body));
    if (data !== undefined) return shorten(data.message);
  } catch {
    // plain text, below
  }
  return shorten(`HTTP ${status}: ${body}`);
}

/** Opens a port on loopback that leads to the pod, asks once, and closes it. */
async function askThrough(exec: Exec, argv: [string, ...string[]], path: string): Promise<Asked<HttpAnswer>> {
  const end = new AbortController();
  const pattern = /^Forwarding from 127\.0\.0\.1:(\d+) /;
  const { ready, ended } = await serve(exec, argv, pattern, end);
  try {
    if ('unknown' in ready) return ready;
    const port = Number(pattern.exec(ready.value)?.[1]);
    const answer = await exchange(
      { host: '127.0.0.1', port, path, headers: { host: '127.0.0.1' } },
      { longest: LARGEST_BODY, withinMs: PATIENCE_MS },
    );
    return 'value' in answer ? answer : { unknown: `the pod does not answer ${path}: ${shorten(answer.unknown)}` };
  } finally {
    end.abort();
    await ended;
  }
}
