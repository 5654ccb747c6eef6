import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openOciRegistry } from '#core/registry/oci-registry.ts';
import type { RegistryDeps } from '#core/registry/transport.ts';
import type { Digest } from '#core/values/reference.ts';
import { createTestClock, type TestClock } from '#tests/support/clock.ts';
import { startTestRegistry, type TestRegistry } from '#tests/support/registry.ts';

const ABSENT: Digest = `sha256:${'e'.repeat(64)}`;

let server: TestRegistry;
let clock: TestClock;
let masked: string[];
let dockerConfig: string;

beforeEach(async () => {
  server = await startTestRegistry();
  clock = createTestClock();
  masked = [];
  dockerConfig = mkdtempSync(join(tmpdir(), 'docker-config-'));
});
afterEach(async () => {
  await server.close();
  rmSync(dockerConfig, { recursive: true });
});

const deps = (): RegistryDeps => ({
  clock,
  random: () => 0,
  environment: { DOCKER_CONFIG: dockerConfig },
  mask: (secret) => masked.push(secret),
});
const open = () => openOciRegistry(server.host, deps());
const logIn = (host: string, username: string, password: string) => {
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  writeFileSync(join(dockerConfig, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
};
const lines = () => server.requests.map(({ method, path }) => `${method} ${path}`);

describe('findDigest', () => {
  test('asks once, by HEAD, and tells what a tag and a digest point to', async () => {
    const digest = server.put('team/bot', 'v1');
    expect(await open().findDigest('team/bot', 'v1')).toBe(digest);
    expect(await open().findDigest('team/bot', digest)).toBe(digest);
    expect(lines()).toEqual(['HEAD /v2/team/bot/manifests/v1', `HEAD /v2/team/bot/manifests/${digest}`]);
  });

  test('absent is undefined', async () => {
    expect(await open().findDigest('bot', 'nothing')).toBeUndefined();
    expect(await open().findDigest('bot', ABSENT)).toBeUndefined();
  });

  const wrong: Record<string, Record<string, string>> = {
    'is not a digest': { 'Docker-Content-Digest': 'latest' },
    'answers with': { 'Docker-Content-Digest': ABSENT.toUpperCase() },
  };
  test.each(Object.entries(wrong))('an answer that says %s is refused', async (words, headers) => {
    server.fail({ status: 200, headers });
    await expect(open().findDigest('bot', 'v1')).rejects.toThrow(words);
  });

  test('another digest than the one asked for is refused, naming both', async () => {
    const digest = server.put('bot', 'v1');
    server.fail({ status: 200, headers: { 'Docker-Content-Digest': ABSENT } });
    const message = await open().findDigest('bot', digest).catch(String);
    expect(message).toContain(digest);
    expect(message).toContain(ABSENT);
  });
});

describe('what may pass by itself is tried again', () => {
  test.each([429, 500, 502, 503, 504])('HTTP %i', async (status) => {
    const digest = server.put('bot', 'v1');
    server.fail({ status, times: 3 });
    expect(await open().findDigest('bot', 'v1')).toBe(digest);
    expect(clock.slept).toHaveLength(3);
  });

  test('dropped connections', async () => {
    const digest = server.put('bot', 'v1');
    server.fail({ drop: true, times: 2 });
    expect(await open().findDigest('bot', 'v1')).toBe(digest);
  });

  test('as late as the server asks for', async () => {
    server.put('bot', 'v1');
    server.fail({ status: 429, headers: { 'Retry-After': '7' } });
    server.fail({ status: 503, headers: { 'Retry-After': 'Wed, 02 Jan 2030 12:00:16 GMT' } });
    await open().findDigest('bot', 'v1');
    expect(clock.slept).toEqual([7_000, 9_000]);
  });

  test('until the deadline, and then says what it saw', async () => {
    server.fail({ status: 503, times: Number.POSITIVE_INFINITY });
    await expect(open().findDigest('bot', 'v1')).rejects.toThrow(
      /no usable answer in 30 s and \d+ attempts \(HTTP 503\)/,
    );
  });

  test('a registry that is down is named', async () => {
    await server.close();
    await expect(open().findDigest('bot', 'v1')).rejects.toThrow(`the registry ${server.host} gave no usable answer`);
  });
});

describe('what does not pass by itself is said at once, with its remedy', () => {
  test.each([
    [401, `no login to read bot v1 at HOST`, 'docker login HOST'],
    [403, 'no right to read bot v1 at HOST', 'the right to pull'],
    [418, 'could not read bot v1 at HOST', 'does not know'],
  ])('HTTP %i', async (status, words, remedy) => {
    server.fail({ status, times: 9 });
    const message = await open().findDigest('bot', 'v1').catch(String);
    expect(message).toContain(words.replace('HOST', server.host));
    expect(message).toContain(remedy.replace('HOST', server.host));
    expect(clock.slept).toEqual([]);
  });

  test('a push without the right, in the registry’s own words', async () => {
    const digest = server.put('bot', 'v1');
    server.fail({
      match: /^PUT/,
      status: 403,
      body: JSON.stringify({ errors: [{ code: 'DENIED', message: 'role x may not\n::error::' }] }),
    });
    const message = await open().addTag('bot', digest, 'v2').catch(String);
    expect(message).toContain('no right to write bot v2');
    expect(message).toContain('"DENIED: role x may not\\n::error::"');
    expect(message).toContain('the right to push');
  });

  test.each([401, 403])('the right to push, asked for by an upload that is answered %i', async (status) => {
    server.fail({ match: /^POST/, status, times: 9 });
    const denial = await open().findDenial('bot');
    expect(denial?.message).toContain(`to write bot blobs at ${server.host}: the registry answers ${status}`);
    expect(denial?.message).toContain(status === 401 ? 'docker login' : 'the right to push');
    expect(lines()).toEqual(['POST /v2/bot/blobs/uploads/']);
  });

  test.each([202, 404, 405])('an upload that is answered %i denies nothing', async (status) => {
    server.fail({ match: /^POST/, status });
    expect(await open().findDenial('bot')).toBeUndefined();
  });

  test.each(['SELF_SIGNED_CERT_IN_CHAIN', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID'])(
    'a certificate that is not trusted, by node’s code %s and not by its words',
    async (code) => {
      const cause = Object.assign(new Error('words'), { code });
      const fetch = () => Promise.reject(new TypeError('fetch failed', { cause }));
      const registry = openOciRegistry('registry.example', { ...deps(), fetch });
      await expect(registry.findDigest('bot', 'v1')).rejects.toThrow('NODE_EXTRA_CA_CERTS');
      expect(clock.slept).toEqual([]);
    },
  );

  test('another fault is tried again, although it speaks of a certificate', async () => {
    const fetch = () => Promise.reject(new TypeError('the certificate server hung up'));
    const registry = openOciRegistry('registry.example', { ...deps(), fetch });
    await expect(registry.findDigest('bot', 'v1')).rejects.toThrow('gave no usable answer');
    expect(clock.slept).not.toEqual([]);
  });
});

describe('logins', () => {
  test('Basic, from the Docker configuration, masked before it is used', async () => {
    await server.close();
    server = await startTestRegistry({ kind: 'basic', username: 'ci', password: 'hidden' });
    const digest = server.put('bot', 'v1');
    logIn(server.host, 'ci', 'hidden');
    expect(await open().findDigest('bot', 'v1')).toBe(digest);
    expect(masked).toEqual(['hidden', Buffer.from('ci:hidden').toString('base64')]);
  });

  test('Bearer, with one token for all reads of a repository', async () => {
    await server.close();
    server = await startTestRegistry({ kind: 'token', username: 'ci', password: 'hidden' });
    const digest = server.put('bot', 'v1');
    logIn(`https://${server.host}/v1/`, 'ci', 'hidden');
    const registry = open();
    expect(await registry.findDigest('bot', 'v1')).toBe(digest);
    expect(await registry.findDigest('bot', 'v1')).toBe(digest);
    expect(lines().filter((line) => line.startsWith('GET /token'))).toEqual([
      'GET /token?service=test%2C+with+comma&scope=repository%3Abot%3Apull',
    ]);
    expect(masked).toContain('a-token-of-the-test-registry');
  });

  test('Bearer without an account, as at Docker Hub', async () => {
    await server.close();
    server = await startTestRegistry({ kind: 'token' });
    const digest = server.put('library/node', '24');
    expect(await open().findDigest('library/node', '24')).toBe(digest);
  });

  test('a wrong password is said, not tried again', async () => {
    await server.close();
    server = await startTestRegistry({ kind: 'token', username: 'ci', password: 'hidden' });
    logIn(server.host, 'ci', 'wrong');
    await expect(open().findDigest('bot', 'v1')).rejects.toThrow('no login to read bot v1');
    expect(lines()).toHaveLength(2);
  });

  test('a token server that is somewhere else gets no password', async () => {
    const elsewhere = await startTestRegistry({ kind: 'token' });
    await server.close();
    server = await startTestRegistry({ kind: 'token', realm: `http://${elsewhere.host}/token` });
    const digest = server.put('bot', 'v1');
    logIn(server.host, 'ci', 'hidden');
    expect(await open().findDigest('bot', 'v1')).toBe(digest);
    expect(elsewhere.requests.map(({ headers }) => headers['authorization'])).toEqual([undefined]);
    await elsewhere.close();
  });

  test.each(['http://registry.example/token', 'file:///etc/passwd', 'nonsense'])(
    'a token server at %s is refused',
    async (realm) => {
      await server.close();
      server = await startTestRegistry({ kind: 'token', realm });
      await expect(open().findDigest('bot', 'v1')).rejects.toThrow('not safe to ask');
    },
  );
});

describe('redirects', () => {
  test('of a read are followed; the password stays', async () => {
    await server.close();
    server = await startTestRegistry({ kind: 'basic', username: 'ci', password: 'hidden' });
    const elsewhere = await startTestRegistry();
    const digest = elsewhere.put('bot', 'v1');
    logIn(server.host, 'ci', 'hidden');
    const redirect = { status: 307, headers: { Location: `http://${elsewhere.host}/v2/bot/manifests/v1` } };
    server.fail({ status: 401, headers: { 'WWW-Authenticate': 'Basic' } });
    server.fail(redirect);
    expect(await open().findDigest('bot', 'v1')).toBe(digest);
    expect(server.requests[1]?.headers['authorization']).toMatch(/^Basic /);
    expect(elsewhere.requests.map(({ headers }) => headers['authorization'])).toEqual([undefined]);
    await elsewhere.close();
  });

  test('to plain HTTP elsewhere, without end, or of a write are refused', async () => {
    const digest = server.put('bot', 'v1');
    server.fail({ status: 302, headers: { Location: 'http://registry.example/' } });
    await expect(open().findDigest('bot', 'v1')).rejects.toThrow('not safe to follow');
    server.fail({ status: 302, headers: { Location: '/v2/bot/manifests/v1' }, times: 4 });
    await expect(open().findDigest('bot', 'v1')).rejects.toThrow('which a registry must not');
    server.fail({ match: /^PUT/, status: 307, headers: { Location: '/elsewhere' } });
    await expect(open().addTag('bot', digest, 'v2')).rejects.toThrow('which a registry must not');
  });
});

test('a host that is none is refused', () => {
  expect(() => openOciRegistry('host/path', deps())).toThrow('registry.host: "host/path" is not a registry host');
});
