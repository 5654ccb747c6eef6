import { createServer } from 'node:net';

const handedOut = new Set<number>();

/** Returns a TCP port that is free on `host` now and that this process has not handed out before. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(0, host, () => {
        const address = server.address();
        server.close(() =>
          address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
        );
      });
    });
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    return port;
  }
}
