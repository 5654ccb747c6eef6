import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How act is started. */
export interface ActProcess {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
  /** When it aborts, the step under way ends, the steps with `if: always()` still run, and act ends. */
  readonly signal: AbortSignal;
  /** When it aborts, act is killed and not waited for: who ends the lab ends its steps. */
  readonly ending: AbortSignal;
}

const PATIENCE_MS = 10_000;

/** Runs act to its end and returns its exit code; it is ended by force when it does not heed the signal in 10 s. */
export function runActProcess({ argv, cwd, env, onLine, signal, ending }: ActProcess): Promise<number | undefined> {
  const [file, ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let last: NodeJS.Timeout | undefined;
    const cancel = (): void => {
      child.kill('SIGINT'); // act takes it as GitHub's "cancel"
      last = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    };
    const kill = (): void => {
      child.kill('SIGKILL');
      resolve(undefined);
    };
    ending.addEventListener('abort', kill, { once: true });
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', onLine);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(last);
      signal.removeEventListener('abort', cancel);
      ending.removeEventListener('abort', kill);
      resolve(code ?? undefined);
    });
  });
}
