import type { Server } from 'node:http';
import type { Logger } from 'pino';

/** How long the parts of a stop take, in milliseconds. Together they must stay below the pod's grace period. */
export interface StopTimes {
  /** Connections are still taken for so long: a Service needs a moment to learn that this pod is gone. */
  readonly lagMs: number;
  /** Requests under way may take so long after that. */
  readonly drainMs: number;
}

/** How often connections are looked for whose last answer is out. */
const SWEEP_MS = 50;

/** Lets a server finish what it has begun; resolves when its last connection is closed. */
export async function drain(server: Server, times: StopTimes, log: Logger): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, times.lagMs));
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // again and again: a connection whose answer began before the stop is kept alive after it, for as long as a client likes
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const timer = setTimeout(() => {
    log.warn(`requests were still under way after ${times.drainMs} ms: cut off`);
    server.closeAllConnections();
  }, times.drainMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(timer);
}
