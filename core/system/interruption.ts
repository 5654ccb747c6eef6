/** Whether this process was told to stop. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Gives the signals back to Node.js, which ends the process. */
  close(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Takes SIGINT and SIGTERM over, both as the same wish to stop: a cancelled job gets one after the other, and what runs
 * must hear of it once.
 */
export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  for (const signal of SIGNALS) process.on(signal, abort);
  return {
    signal: controller.signal,
    close: () => {
      for (const signal of SIGNALS) process.off(signal, abort);
    },
  };
}
