import type { Server } from 'node:http';
import type { Logger } from 'pino';

/** How long the parts of a stop take, in milliseconds. Together they must stay below the pod's grace period. */
export interface StopTimes {
  /** Connections are still taken for so long: a Service needs a moment to learn that this pod is gone. */
  readonly lagMs: number;
  /** Requests under way may take so long after that. */
  readonly drainMs: number;
}

/** Lets a server finish what it has begun; resolves when its last connection is closed. */
export async function drain(server: Server, times: StopTimes, log: Logger): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, times.lagMs));
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    log.warn(`requests were still under way after ${times.drainMs} ms: cut off`);
    server.closeAllConnections();
  }, times.drainMs);
  await closed;
  clearTimeout(timer);
}
