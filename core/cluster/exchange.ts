import { request } from 'node:http';
import type { Asked } from '#core/cluster/asked.ts';

/** An API server's answers to a few hundred pods with their events. In bytes. */
export const LARGEST_LIST = 64 * 1024 * 1024;

/** What is answered over HTTP. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** What is asked over HTTP, and where: GET without a body unless given. */
export type Question = {
  readonly method?: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
} & ({ readonly socketPath: string } | { readonly host: string; readonly port: number });

/** Asks once over HTTP, without a pool of connections. A body that is too long is cut. */
export function exchange(
  to: Question,
  { longest, withinMs }: { readonly longest: number; readonly withinMs: number },
): Promise<Asked<HttpAnswer>> {
  return new Promise((resolve) => {
    const fail = (error: Error): void => resolve({ unknown: error.message });
    const call = request({ ...to, signal: AbortSignal.timeout(withinMs), agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      let length = 0;
      const finish = (): void => {
        const body = Buffer.concat(chunks).subarray(0, longest).toString('utf8');
        resolve({ value: { status: answer.statusCode ?? 0, body } });
      };
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length <= longest) return;
        finish();
        call.destroy();
      });
      answer.once('end', finish);
      answer.once('error', fail);
    });
    call.once('error', fail);
    call.end(to.body);
  });
}
