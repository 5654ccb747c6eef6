import type { Asked } from '#core/cluster/asked.ts';
import { CommandError, type Exec } from '#core/system/exec.ts';
import { hideUserinfo } from '#core/values/userinfo.ts';

/** How long kubectl may take to begin. */
const PATIENCE_MS = 10_000;

/** A kubectl that serves until it is ended. */
export interface Serving {
  /** The line that says that it serves, or why it does not. */
  readonly ready: Asked<string>;
  readonly ended: Promise<unknown>;
}

/** Starts a kubectl that serves, and waits for the line that says so; `end` ends it. */
export async function serve(
  exec: Exec,
  argv: [string, ...string[]],
  line: RegExp,
  end: AbortController,
): Promise<Serving> {
  const serving = Promise.withResolvers<Asked<string>>();
  const onLine = (text: string): void => {
    if (line.test(text)) serving.resolve({ value: text });
  };
  const forget = endWithUs(end);
  const late = AbortSignal.timeout(PATIENCE_MS);
  late.addEventListener('abort', () => {
    serving.resolve({ unknown: `kubectl does not serve within ${PATIENCE_MS / 1_000} s` });
  });
  const ended = exec(argv, { endOn: end.signal, onLine, extraEnv: { LC_ALL: 'C' } })
    .then(() => ({ unknown: 'kubectl ended' }))
    .catch((error: unknown) => ({ unknown: describeEnd(error) }))
    .finally(forget);
  const ready = await Promise.race([serving.promise, ended]);
  if ('unknown' in ready) end.abort();
  return { ready, ended };
}

/** A Ctrl-C does not reach what is in a group of its own: that is ended first, and then we end as if no one had listened. */
function endWithUs(end: AbortController): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = (signal: NodeJS.Signals): void => {
    forget();
    end.abort();
    process.kill(process.pid, signal);
  };
  const forget = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return forget;
}

/** kubectl's last line says it; where it was never begun, our own words do. */
function describeEnd(error: unknown): string {
  if (!(error instanceof CommandError)) return String(error);
  const said = error.stderr.trim().split('\n').at(-1) ?? '';
  const own = (error.message.split('\n')[0] ?? '').replace(/^kubectl .*? (?=(could|ran|was|exited) )/, 'kubectl ');
  return shorten(said === '' ? own : said.replace(/^error: /, ''));
}

/** One line, and no more of it than a person reads. */
export function shorten(text: string): string {
  return hideUserinfo(text.replace(/\s+/g, ' ').trim()).slice(0, 300);
}
