import { createIamFront } from '#lab/aws/iam.ts';
import { listen } from '#lab/supervisor/http.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import { freePort } from '#lab/supervisor/ports.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/** The region and the account of the lab; the same as in the tenant's slipway.yaml. */
export const REGION = 'ca-central-1';
export const ACCOUNT = '123456789012';

/**
 * Starts moto's server on loopback, with what it lacks of IAM before it, and returns the `127.0.0.1:PORT` of both. It knows
 * every AWS API and enforces no IAM.
 */
export async function startMoto(lab: Lab, toolbox: Toolbox): Promise<string> {
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  await lab.start({
    name: 'moto',
    argv: [toolbox.tool('moto_server'), '--host', '127.0.0.1', '--port', String(port)],
    env: { MOTO_ACCOUNT_ID: ACCOUNT, AWS_DEFAULT_REGION: REGION, PYTHONUNBUFFERED: '1' },
    ready: async () => (await fetch(`http://${host}/moto-api/`)).ok,
  });
  const front = await listen(createIamFront(host));
  lab.onStop('IAM front', front.close);
  return front.host;
}
