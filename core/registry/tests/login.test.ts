import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { basic, createNet, DIGEST, oauthServerOf, registryOf, tokenServerOf } from '#tests/support/registry-net.ts';

const HOST = 'registry.example.com';
const CI = basic('ci', 'hidden');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docker-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const environment = () => ({ DOCKER_CONFIG: folder });
const write = (config: unknown) => writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
const logIn = (host = HOST) => write({ auths: { [host]: { auth: CI.replace('Basic ', '') } } });
const bearer = (server: string) => `Bearer realm="https://${server}/token",service="registry"`;

describe('a registry that names several schemes', () => {
  const token = tokenServerOf('t-1', CI);
  const other = tokenServerOf('t-1', undefined);
  test.each([
    ['a token, where both would do', `${bearer(HOST)}, Basic realm="registry"`, token, ['Bearer t-1', CI]],
    ['a token, where the password does not do', `Basic realm="registry", ${bearer(HOST)}`, token, ['Bearer t-1']],
    ['the password, where the token does not do', `${bearer(HOST)}, Basic realm="registry"`, token, [CI]],
    ['the password, where there is no token', `${bearer(HOST)},Basic`, tokenServerOf('t-1', 'Basic nobody'), [CI]],
    ['the password, where the token server is not safe', 'Bearer realm="ftp://x", Basic realm="registry"', token, [CI]],
    ['a word in quotes is not a scheme', `Digest realm="basic auth", ${bearer(HOST)}`, token, ['Bearer t-1']],
    ['the second token server', `${bearer('auth.example.com')}, ${bearer(HOST)}`, token, ['Bearer t-1']],
  ])('%s', async (_what, challenge, server, accepted) => {
    logIn();
    const registry = registryOf(challenge, ...accepted);
    const net = createNet({
      [HOST]: (asked) => (asked.url.pathname === '/token' ? server(asked) : registry(asked)),
      'auth.example.com': other,
      ...(challenge.startsWith(bearer('auth')) ? {} : { 'auth.example.com': tokenServerOf('t-2', CI) }),
    });
    expect(await net.open(HOST, environment()).findDigest('bot', 'v1')).toBe(DIGEST);
    expect(net.asked.at(-1)?.authorization).toBe(accepted[0]);
  });

  test('the one that was taken is kept for the next request', async () => {
    logIn();
    const net = createNet({
      [HOST]: registryOf(`${bearer('auth.example.com')}, Basic`, CI),
      'auth.example.com': token,
    });
    const registry = net.open(HOST, environment());
    await registry.findDigest('bot', 'v1');
    const before = net.asked.length;
    await registry.findDigest('bot', 'v2');
    expect(net.asked.slice(before).map(({ authorization }) => authorization)).toEqual([CI]);
  });

  test('none that is known: the schemes are named', async () => {
    logIn();
    const net = createNet({ [HOST]: registryOf('Negotiate, Digest realm="basic", nonce="bearer"') });
    await expect(net.open(HOST, environment()).findDigest('bot', 'v1')).rejects.toThrow(
      `${HOST} asks for a login by negotiate, digest, and only bearer and basic are known here`,
    );
  });

  test('all refused: each is asked once, and the registry’s own words are said', async () => {
    logIn();
    const net = createNet({ [HOST]: registryOf(`Basic, ${bearer('auth.example.com')}`), 'auth.example.com': token });
    await expect(net.open(HOST, environment()).getManifest('bot', DIGEST as `sha256:${string}`)).rejects.toThrow(
      `the registry answers 401 and says "UNAUTHORIZED: who are you"; log in to ${HOST} in an earlier step`,
    );
    expect(net.asked.map(({ url, authorization }) => [url.host, authorization])).toEqual([
      [HOST, undefined],
      ['auth.example.com', CI],
      [HOST, 'Bearer t-1'],
      [HOST, CI],
    ]);
  });
});

describe('a token server on another site', () => {
  const AUTH = 'auth.example.net';
  const open = (accepted: (string | undefined)[], server = AUTH, host = HOST) =>
    createNet({ [host]: registryOf(bearer(server), 'Bearer t-1'), [server]: tokenServerOf('t-1', ...accepted) });

  test('does not see the login, and that is said with the setting that allows it', async () => {
    logIn();
    const net = open([CI]);
    const message = await net.open(HOST, environment()).findDigest('bot', 'v1').catch(String);
    expect(message).toContain(`the login for ${HOST} is kept from the token server ${AUTH}, which ${HOST} names`);
    expect(message).toContain(`only ${HOST} itself and hosts of its own site are trusted with it`);
    expect(message).toContain(`the token server ${AUTH} of ${HOST} answers 401`);
    expect(message).not.toContain('docker login');
    const [, setting = ''] = /write token-server: (\S+) below registry in slipway\.yaml$/.exec(String(message)) ?? [];
    expect(net.asked.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
    expect(await net.open(HOST, environment(), setting).findDigest('bot', 'v1')).toBe(DIGEST);
  });

  test('is asked without the login, and where that will do it is said once', async () => {
    logIn();
    const net = open([undefined]);
    const registry = net.open(HOST, environment());
    expect(await registry.findDigest('bot', 'v1')).toBe(DIGEST);
    expect(await registry.findDigest('bot/worker', 'v1')).toBe(DIGEST);
    expect(net.said).toEqual([expect.stringContaining(`is kept from the token server ${AUTH}`)]);
  });

  test('a right that is missing then is said to come from it', async () => {
    logIn();
    const net = createNet({
      [HOST]: ({ method, authorization }) =>
        method === 'POST' && authorization === 'Bearer t-1'
          ? new Response(null, { status: 403 })
          : registryOf(bearer(AUTH))({ method, authorization, url: new URL('x:'), body: '' }),
      [AUTH]: tokenServerOf('t-1', undefined),
    });
    const denial = await net.open(HOST, environment()).findDenial('bot');
    expect(denial?.message).toContain(`is kept from the token server ${AUTH}`);
    expect(denial?.message).toMatch(/write token-server: auth\.example\.net below registry in slipway\.yaml$/);
  });

  test('of a base image: the digest makes asking needless', async () => {
    logIn();
    const net = open([CI]);
    await expect(net.openBase(HOST, environment()).findDigest('bot', 'v1')).rejects.toThrow(
      /write the base image with its digest, name@sha256:…, and the registry is not asked$/,
    );
  });

  test('without a login nothing is kept back', async () => {
    const net = open([CI]);
    const message = await net.open(HOST, environment()).findDigest('bot', 'v1').catch(String);
    expect(message).toContain('docker login');
    expect(message).not.toContain('is kept from');
  });

  test.each([
    ['registry.example.com', 'auth.example.com'],
    ['registry.example.com:5000', 'example.com'],
    ['registry.example.co.uk', 'auth.example.co.uk'],
    ['10.1.2.3', '10.1.2.3'],
  ])('is not %s and %s: they are of one site', async (host, server) => {
    logIn(host);
    const token = tokenServerOf('t-1', CI);
    const registry = registryOf(bearer(server), 'Bearer t-1');
    const net = createNet({
      [host]: (asked) => (asked.url.pathname === '/token' ? token(asked) : registry(asked)),
      ...(host === server ? {} : { [server]: token }),
    });
    expect(await net.open(host, environment()).findDigest('bot', 'v1')).toBe(DIGEST);
  });

  test.each([
    ['registry.example.co.uk', 'auth.other.co.uk'],
    ['10.1.0.5', '192.168.0.5'],
    ['registry', 'auth'],
    ['registry.example.com', 'example.com.evil.example'],
  ])('is %s and %s', async (host, server) => {
    logIn(host);
    const net = open([CI], server, host);
    await expect(net.open(host, environment()).findDigest('bot', 'v1')).rejects.toThrow('is kept from');
    expect(net.asked.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
  });
});

describe('an identity token', () => {
  const AZURE = { username: '00000000-0000-0000-0000-000000000000', identitytoken: 'refresh-me' };
  const ask = (server: Parameters<typeof createNet>[0][string]) =>
    createNet({ [HOST]: registryOf(bearer('auth.example.com'), 'Bearer t-1'), 'auth.example.com': server });

  test.each([
    ['with a user name', AZURE],
    ['with the pair that docker login writes', { auth: btoa('guid:'), identitytoken: 'refresh-me' }],
    ['alone', { identitytoken: 'refresh-me' }],
  ])('%s is exchanged for a token by OAuth2', async (_what, entry) => {
    write({ auths: { [HOST]: entry } });
    const net = ask(oauthServerOf('t-1', 'refresh-me'));
    expect(await net.open(HOST, environment()).findDigest('team/bot', 'v1')).toBe(DIGEST);
    const [, grant] = net.asked;
    expect(grant).toMatchObject({ method: 'POST', authorization: undefined });
    expect(grant?.url.href).toBe('https://auth.example.com/token');
    expect(Object.fromEntries(new URLSearchParams(grant?.body))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'refresh-me',
      client_id: 'slipway',
      service: 'registry',
      scope: 'repository:team/bot:pull',
    });
    expect(net.masked).toEqual(['refresh-me', 't-1']);
  });

  test('that is not taken any more: log in again', async () => {
    write({ auths: { [HOST]: AZURE } });
    const net = ask(oauthServerOf('t-1', 'another'));
    const message = await net.open(HOST, environment()).findDigest('bot', 'v1').catch(String);
    expect(message).toContain('the token server auth.example.com of registry.example.com answers 401');
    const [, host = ''] = /log in to \S+ in an earlier step \(docker login (\S+)\)$/.exec(String(message)) ?? [];
    expect(message).not.toContain('refresh-me');
    write({ auths: { [host]: { ...AZURE, identitytoken: 'another' } } });
    expect(await net.open(HOST, environment()).findDigest('bot', 'v1')).toBe(DIGEST);
  });

  test('at a token server without OAuth2, and at a registry that wants a password, it says so', async () => {
    write({ auths: { [HOST]: AZURE } });
    const old = ask(() => new Response(null, { status: 404 }));
    await expect(old.open(HOST, environment()).findDigest('bot', 'v1')).rejects.toThrow('it knows no OAuth2');
    const plain = createNet({ [HOST]: registryOf('Basic realm="x"') });
    await expect(plain.open(HOST, environment()).findDigest('bot', 'v1')).rejects.toThrow(
      'asks for a user name and a password, and the login is an identity token',
    );
    expect(plain.asked).toHaveLength(1);
  });
});

test('Docker Hub by the name that references give it', async () => {
  logIn('https://index.docker.io/v1/');
  const net = createNet({
    'registry-1.docker.io': registryOf(bearer('auth.docker.io'), 'Bearer t-1'),
    'auth.docker.io': tokenServerOf('t-1', CI),
  });
  const registry = net.open('docker.io', environment());
  expect(registry.host).toBe('docker.io');
  expect(await registry.findDigest('team/bot', 'v1')).toBe(DIGEST);
  expect(await net.openBase('registry-1.docker.io', environment()).findDigest('library/node', '24')).toBe(DIGEST);
});
