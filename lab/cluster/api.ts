import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { z } from 'zod';

/** An answer of the API server. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

const kubeconfigShape = z.looseObject({
  clusters: z.tuple([z.looseObject({ cluster: z.looseObject({ server: z.string() }) })]),
  users: z.tuple([z.looseObject({ user: z.looseObject({ token: z.string() }) })]),
});

/**
 * Returns a function that gets a path of the API server, over connections that stay open: where something is asked each
 * second, a kubectl each time would take a tenth of a core.
 */
export function openApi(kubeconfig: string): (path: string) => Promise<ApiAnswer> {
  const { clusters, users } = kubeconfigShape.parse(JSON.parse(readFileSync(kubeconfig, 'utf8')));
  const headers = { authorization: `Bearer ${users[0].user.token}` };
  // the certificate is the server's own, on loopback
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  return (path) =>
    new Promise((resolve, reject) => {
      const call = get(`${clusters[0].cluster.server}${path}`, { agent, headers, timeout: 10_000 }, async (answer) => {
        try {
          const chunks: Buffer[] = [];
          for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
          resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
        } catch (error) {
          reject(error);
        }
      });
      call.once('timeout', () => call.destroy(new Error(`${path}: no answer within 10 s`)));
      call.once('error', reject);
    });
}
