import type { Asked } from '#core/doctor/facts.ts';
import { fetchByNode } from '#core/registry/http.ts';
import { CommandError, type Exec } from '#core/system/exec.ts';
import { hideUserinfo } from '#core/values/userinfo.ts';

/** A cluster, as a person's kubectl reaches it. Nothing is written; values of Secrets are never asked for. */
export interface KubePort {
  /** Returns what a path of the API answers; null where there is nothing of that name, or no such kind. */
  get(path: string): Promise<Asked<unknown>>;
  /** Returns the names of the Secrets of a namespace. */
  secretNames(namespace: string): Promise<Asked<readonly string[]>>;
  /** Returns the last lines of a container that ended. */
  lastLines(namespace: string, pod: string, container: string): Promise<Asked<readonly string[]>>;
  /** Asks a pod over HTTP, through the API server. */
  ask(
    namespace: string,
    pod: string,
    port: number,
    path: string,
  ): Promise<Asked<{ readonly status: number; readonly body: string }>>;
}

/** How kubectl is called, and by which of the person's settings. */
export interface KubectlOptions {
  readonly exec: Exec;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

/** How long one question may take. */
const PATIENCE_MS = 10_000;
const LARGEST_BODY = 4_000;

/** Opens the cluster by kubectl, which knows every way of logging in. */
export function openKubectl({ exec, kubeconfig, context }: KubectlOptions): KubePort {
  const argv = (words: readonly string[]): [string, ...string[]] => [
    'kubectl',
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
    ...(context === undefined ? [] : [`--context=${context}`]),
    `--request-timeout=${PATIENCE_MS / 1_000}s`,
    ...words,
  ];
  const run = async (words: readonly string[]): Promise<Asked<string>> => {
    try {
      const { stdout } = await exec(argv(words), { timeoutMs: PATIENCE_MS + 2_000, extraEnv: { LC_ALL: 'C' } });
      return { value: stdout.toString('utf8') };
    } catch (error) {
      if (error instanceof CommandError) return { unknown: explain(error) };
      throw error;
    }
  };
  return {
    get: async (path) => {
      const answer = await run(['get', '--raw', path]);
      if ('unknown' in answer)
        return /\(NotFound\)|could not find the requested resource/.test(answer.unknown) ? { value: null } : answer;
      return readJson(answer.value);
    },
    // as a table, which the API server makes of the metadata: the values stay there
    secretNames: async (namespace) => {
      const answer = await run(['get', 'secrets', '--namespace', namespace, '--no-headers']);
      if ('unknown' in answer) return answer;
      return { value: answer.value.split('\n').flatMap((line) => line.split(/\s+/)[0] || []) };
    },
    lastLines: async (namespace, pod, container) => {
      const words = ['logs', '--namespace', namespace, pod, '--container', container, '--tail=10'];
      const before = await run([...words, '--previous']);
      const answer = 'value' in before ? before : await run(words);
      return 'unknown' in answer ? answer : { value: answer.value.split('\n').filter((line) => line.trim() !== '') };
    },
    ask: (namespace, pod, port, path) =>
      askThrough(exec, argv(['port-forward', '--namespace', namespace, `pod/${pod}`, `:${port}`]), path),
  };
}

function readJson(text: string): Asked<unknown> {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { unknown: 'the API server answers with something that is not JSON' };
  }
}

/** kubectl's last line says it; where it was never begun, our own words do. */
function explain(error: CommandError): string {
  const line = error.stderr.trim().split('\n').at(-1) ?? '';
  const said =
    line === ''
      ? (error.message.split('\n')[0] ?? '').replace(/^kubectl .* (?=(could|ran|was|exited))/, 'kubectl ')
      : line;
  return hideUserinfo(said.replace(/^(error|Error from server): ?/, '')).slice(0, 300);
}

/** Opens a port on loopback that leads to the pod, asks once, and closes it. */
async function askThrough(
  exec: Exec,
  argv: [string, ...string[]],
  path: string,
): Promise<Asked<{ readonly status: number; readonly body: string }>> {
  const end = new AbortController();
  const opened = Promise.withResolvers<number>();
  const onLine = (line: string): void => {
    const port = /^Forwarding from 127\.0\.0\.1:(\d+) /.exec(line)?.[1];
    if (port !== undefined) opened.resolve(Number(port));
  };
  const forward = exec(argv, { endOn: end.signal, onLine, timeoutMs: PATIENCE_MS, extraEnv: { LC_ALL: 'C' } });
  const ended = forward.then(
    () => 'kubectl port-forward ended',
    (error: unknown) => (error instanceof CommandError ? explain(error) : String(error)),
  );
  try {
    const port = await Promise.race([opened.promise, ended]);
    if (typeof port === 'string') return { unknown: port };
    const signal = AbortSignal.timeout(PATIENCE_MS / 2);
    const answer = await fetchByNode(`http://127.0.0.1:${port}${path}`, {
      method: 'GET',
      headers: {},
      signal,
      redirect: 'manual',
    });
    return { value: { status: answer.status, body: await readStart(answer.body) } };
  } catch (error) {
    return { unknown: `the pod does not answer ${path}: ${error instanceof Error ? error.name : 'no answer'}` };
  } finally {
    end.abort();
    await ended;
  }
}

async function readStart(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > LARGEST_BODY) break;
  }
  return Buffer.concat(chunks).toString('utf8').slice(0, LARGEST_BODY);
}
