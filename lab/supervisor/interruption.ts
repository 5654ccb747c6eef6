import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '#core/values/errors.ts';
import { LeftBehind } from '#lab/supervisor/lab.ts';
import type { Terminal } from '#lab/supervisor/terminal.ts';
import { endDescendants } from '#lab/supervisor/traces.ts';

const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** npm hands a Ctrl-C on that its script has had already: what comes this soon after is the same press. */
const ONE_PRESS_MS = 250;

/** What is said when nothing of the lab is on the machine any more. */
export const CLOSING_LINE = 'The lab is down; nothing is left.';

/**
 * Does work that SIGINT, SIGTERM and SIGHUP end at any moment, once `signal` has taken it down whole; further ones change
 * nothing. Returns the exit code: 128 + the signal's number, 1 when the work failed. What the work says after the
 * signal is not shown.
 */
export async function runInterruptibly(
  terminal: Terminal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<number> {
  const controller = new AbortController();
  const { signal } = controller;
  let voice: Pick<Terminal, 'say'> = terminal;
  let code = 0;
  let latest = 0;
  const end = (line: string, exitCode: number): void => {
    voice = terminal.takeOver();
    voice.say(line);
    code = exitCode;
    controller.abort(new Error('told to end'));
  };
  for (const [name, number] of Object.entries(NUMBERS)) {
    process.on(name, () => {
      if (!signal.aborted) end(`${name}: taking the lab down …`, 128 + number);
      else if (performance.now() - latest > ONE_PRESS_MS) voice.say('still taking down …');
      latest = performance.now();
    });
  }
  process.on('uncaughtException', (error) => {
    if (!signal.aborted) end(`${error.stack}\nTaking the lab down …`, 1);
  });
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {}); // the terminal was closed
  try {
    await work(signal);
  } catch (error) {
    if (!signal.aborted || error instanceof LeftBehind) {
      voice.say(`\n${describeError(error)}`);
      return 1;
    }
  }
  if (signal.aborted) voice.say(CLOSING_LINE);
  return code;
}

const GRACE_MS = 3_000;

/** Does work before there is a lab; when `signal` aborts, the processes that it started are ended. */
export async function endWith<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  let leave = (): void => {};
  const end = (): void => {
    leave = endDescendants(GRACE_MS);
  };
  signal?.addEventListener('abort', end, { once: true });
  const running = work();
  try {
    // it may wait for what another process builds, which is not ours to end
    return await (signal === undefined ? running : Promise.race([running, rejectAfter(signal, 2 * GRACE_MS)]));
  } finally {
    signal?.removeEventListener('abort', end);
    leave();
  }
}

async function rejectAfter(signal: AbortSignal, milliseconds: number): Promise<never> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await sleep(milliseconds);
  throw signal.reason;
}
