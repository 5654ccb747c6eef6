import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { passThrough, readBody } from '#lab/aws/proxy.ts';
import type { TrustPolicies, TrustRefusal } from '#lab/aws/trust.ts';

/** True for the form-encoded calls of AWS's query protocol, which STS still speaks. */
export function isQueryCall(request: IncomingMessage): boolean {
  return request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
}

/** Passes a query call on to moto; AssumeRoleWithWebIdentity only when a trust policy lets the token in. */
export async function answerQuery(
  moto: string,
  trusts: TrustPolicies,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  const call = new URLSearchParams(body.toString('utf8'));
  if (call.get('Action') === 'AssumeRoleWithWebIdentity') {
    const refusal = await trusts.judge(call.get('RoleArn') ?? '', call.get('WebIdentityToken') ?? '');
    if (refusal !== undefined) return refuse(response, refusal);
  }
  return passThrough(request, response, {
    host: moto,
    body,
    unreachable: () =>
      refuse(response, { code: 'ServiceUnavailable', message: 'the lab runs no AWS any more', status: 503 }),
  });
}

function refuse(
  response: ServerResponse,
  { status, code, message }: Pick<TrustRefusal, 'message'> & { status: number; code: string },
): void {
  const text = [
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">',
    `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`,
    `<RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
  ].join('');
  response.writeHead(status, { 'content-type': 'text/xml', 'content-length': Buffer.byteLength(text) }).end(text);
}
