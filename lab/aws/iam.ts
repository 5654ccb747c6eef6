import type { IncomingMessage, ServerResponse } from 'node:http';
import { passThrough, readBody } from '#lab/aws/proxy.ts';
import { isQueryCall } from '#lab/aws/sts.ts';
import type { Answer } from '#lab/supervisor/http.ts';

/**
 * What moto 5.2.1 lacks of IAM, before it: the permissions boundary of a user, which it forgets, and client ids that are
 * added to an OIDC provider, which it refuses. Nothing is enforced.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPermissionsBoundary.html
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddClientIDToOpenIDConnectProvider.html
 */
export function createIamFront(moto: string): Answer {
  const boundaries = new Map<string, string>();
  const clientIds = new Map<string, string[]>();
  return async (request, response) => {
    if (!isQueryCall(request)) return passOn(moto, request, response);
    const body = await readBody(request);
    const call = new URLSearchParams(body.toString('utf8'));
    const action = call.get('Action') ?? '';
    const user = call.get('UserName') ?? '';
    const provider = call.get('OpenIDConnectProviderArn') ?? '';
    const boundary = call.get('PermissionsBoundary');
    switch (action) {
      case 'CreateUser': {
        const said = await ask(moto, body, request);
        // a user that exists already keeps the boundary that it has
        if (said.status < 300) boundaries.delete(user);
        if (said.status < 300 && boundary !== null) boundaries.set(user, boundary);
        return send(response, said);
      }
      case 'PutUserPermissionsBoundary':
        boundaries.set(user, boundary ?? '');
        return answer(response, action);
      case 'DeleteUserPermissionsBoundary':
        boundaries.delete(user);
        return answer(response, action);
      case 'GetUser':
        return answerWith(moto, body, request, response, '</User>', describeBoundary(boundaries.get(user)));
      case 'AddClientIDToOpenIDConnectProvider':
        clientIds.set(provider, [...(clientIds.get(provider) ?? []), call.get('ClientID') ?? '']);
        return answer(response, action);
      case 'GetOpenIDConnectProvider': {
        const added = (clientIds.get(provider) ?? []).map((id) => `<member>${id}</member>`).join('');
        return answerWith(moto, body, request, response, '</ClientIDList>', added);
      }
      case 'DeleteOpenIDConnectProvider':
        clientIds.delete(provider);
    }
    return passOn(moto, request, response, body);
  };
}

function describeBoundary(arn: string | undefined): string {
  if (arn === undefined) return '';
  const type = '<PermissionsBoundaryType>Policy</PermissionsBoundaryType>';
  return `<PermissionsBoundary>${type}<PermissionsBoundaryArn>${arn}</PermissionsBoundaryArn></PermissionsBoundary>`;
}

function answer(response: ServerResponse, action: string): void {
  const text = `<${action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>lab</RequestId></ResponseMetadata></${action}Response>`;
  response.writeHead(200, { 'content-type': 'text/xml', 'content-length': Buffer.byteLength(text) }).end(text);
}

/** moto's answer, with `more` before the first `tag`. */
async function answerWith(
  moto: string,
  body: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
  tag: string,
  more: string,
): Promise<void> {
  if (more === '') return passOn(moto, request, response, body);
  const { status, text } = await ask(moto, body, request);
  send(response, { status, text: text.replace(tag, `${more}${tag}`) });
}

interface Said {
  readonly status: number;
  readonly text: string;
}

async function ask(moto: string, body: Buffer, request: IncomingMessage): Promise<Said> {
  const { authorization = '', 'content-type': type = '' } = request.headers;
  const said = await fetch(`http://${moto}/`, {
    method: 'POST',
    body,
    headers: { authorization, 'content-type': type },
  });
  return { status: said.status, text: await said.text() };
}

function send(response: ServerResponse, { status, text }: Said): void {
  response.writeHead(status, { 'content-type': 'text/xml', 'content-length': Buffer.byteLength(text) }).end(text);
}

function passOn(moto: string, request: IncomingMessage, response: ServerResponse, body?: Buffer): Promise<void> {
  const unreachable = () => response.destroy();
  return passThrough(request, response, { host: moto, unreachable, ...(body === undefined ? {} : { body }) });
}
