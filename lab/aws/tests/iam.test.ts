import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createIamFront } from '#lab/aws/iam.ts';
import { readBody } from '#lab/aws/proxy.ts';
import { type LoopbackServer, listen } from '#lab/supervisor/http.ts';

let moto: LoopbackServer;
let front: LoopbackServer;

/** In the place of moto: it knows every user and provider, forgets boundaries, and says what it was asked. */
beforeAll(async () => {
  moto = await listen(async (request, response) => {
    const asked = new URLSearchParams((await readBody(request)).toString('utf8'));
    const action = asked.get('Action') ?? request.url;
    if (action === 'CreateUser' && asked.get('UserName') === 'taken') response.statusCode = 409;
    response.end(`<${action}><User></User><ClientIDList><member>a</member></ClientIDList></${action}>`);
  });
  front = await listen(createIamFront(moto.host));
});

afterAll(async () => {
  await Promise.all([front.close(), moto.close()]);
});

const call = async (Action: string, parameters: Record<string, string> = {}): Promise<string> =>
  (
    await fetch(`http://${front.host}/`, { method: 'POST', body: new URLSearchParams({ Action, ...parameters }) })
  ).text();
const boundaryOf = async (UserName: string): Promise<string | undefined> =>
  /<PermissionsBoundaryArn>(.*)<\/PermissionsBoundaryArn>/.exec(await call('GetUser', { UserName }))?.[1];

test('a user has the boundary that it was made with or given, until that is taken off', async () => {
  await call('CreateUser', { UserName: 'bot', PermissionsBoundary: 'arn:one' });
  await call('CreateUser', { UserName: 'free' });
  expect([await boundaryOf('bot'), await boundaryOf('free')]).toEqual(['arn:one', undefined]);
  await call('PutUserPermissionsBoundary', { UserName: 'free', PermissionsBoundary: 'arn:two' });
  await call('DeleteUserPermissionsBoundary', { UserName: 'bot' });
  expect([await boundaryOf('bot'), await boundaryOf('free')]).toEqual([undefined, 'arn:two']);
  await call('CreateUser', { UserName: 'free' }); // made again after it was deleted
  expect(await boundaryOf('free')).toBeUndefined();
});

test('a user that exists already keeps its boundary: the call that would make it is refused', async () => {
  await call('PutUserPermissionsBoundary', { UserName: 'taken', PermissionsBoundary: 'arn:first' });
  await call('CreateUser', { UserName: 'taken', PermissionsBoundary: 'arn:second' });
  expect(await boundaryOf('taken')).toBe('arn:first');
  await call('CreateUser', { UserName: 'taken' });
  expect(await boundaryOf('taken')).toBe('arn:first');
});

test('a client id that is added to a provider is there, until the provider is deleted', async () => {
  const of = { OpenIDConnectProviderArn: 'arn:provider' };
  await call('AddClientIDToOpenIDConnectProvider', { ...of, ClientID: 'b' });
  expect(await call('GetOpenIDConnectProvider', of)).toContain('<member>a</member><member>b</member>');
  await call('DeleteOpenIDConnectProvider', of);
  expect(await call('GetOpenIDConnectProvider', of)).toContain('<ClientIDList><member>a</member></ClientIDList>');
});

test('other calls go to moto as they are', async () => {
  expect(await call('ListUsers')).toContain('<ListUsers>');
  expect(await (await fetch(`http://${front.host}/a-bucket?list-type=2`)).text()).toContain('/a-bucket?list-type=2');
});
