import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openOciRegistry } from '#core/registry/oci-registry.ts';
import type { Digest } from '#core/values/reference.ts';
import { createTestClock, type TestClock } from '#tests/support/clock.ts';
import { startTestRegistry, type TestRegistry } from '#tests/support/registry.ts';

const ABSENT: Digest = `sha256:${'e'.repeat(64)}`;

let server: TestRegistry;
let clock: TestClock;

beforeEach(async () => {
  server = await startTestRegistry();
  clock = createTestClock();
});
afterEach(() => server.close());

const open = () => openOciRegistry(server.host, { clock, random: () => 0, environment: {}, mask: () => {} });
const methods = () => server.requests.map(({ method }) => method);

describe('an answer to HEAD that does not tell the digest', () => {
  test.each([200, 405, 501])('%i: the manifest itself is read and hashed', async (status) => {
    const digest = server.put('bot', 'v1');
    server.fail({ match: /^HEAD/, status, times: 2 });
    expect(await open().findDigest('bot', 'v1')).toBe(digest);
    expect(await open().findDigest('bot', digest)).toBe(digest);
    expect(methods()).toEqual(['HEAD', 'GET', 'HEAD', 'GET']);
  });

  test('a tag that is not there is not there', async () => {
    server.fail({ match: /^HEAD/, status: 405 });
    expect(await open().findDigest('bot', 'v1')).toBeUndefined();
  });

  test('a web page of a proxy is no manifest', async () => {
    const headers = { 'Content-Type': 'text/html; charset=utf-8' };
    server.fail({ status: 200, headers, body: '<html>please log in</html>', times: 2 });
    await expect(open().findDigest('bot', 'v1')).rejects.toThrow(
      'answers with no digest for bot v1, and with "text/html" instead of a manifest; is it an OCI registry',
    );
  });

  test('other bytes than those of the digest that was asked for are refused', async () => {
    const digest = server.put('bot', 'v1');
    server.falsify('bot', digest, '{"evil": true}');
    server.fail({ match: /^HEAD/, status: 200 });
    await expect(open().findDigest('bot', digest)).rejects.toThrow('not to be trusted');
  });

  test('and the same where no answer tells a digest', async () => {
    const headers = { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' };
    server.fail({ status: 200, headers, body: '{"schemaVersion":2}', times: 2 });
    await expect(open().findDigest('bot', ABSENT)).rejects.toThrow(`where bot@${ABSENT} was asked for`);
  });

  test('a header that does not fit the bytes is refused', async () => {
    server.put('bot', 'v1');
    server.fail({ match: /^HEAD/, status: 200 });
    const headers = { 'Docker-Content-Digest': ABSENT, 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' };
    server.fail({ match: /^GET/, status: 200, headers, body: '{"schemaVersion":2}' });
    await expect(open().findDigest('bot', 'v1')).rejects.toThrow(ABSENT);
  });
});

describe("a manifest's type is what stands before its parameters", () => {
  test.each([
    'application/vnd.oci.image.manifest.v1+json; charset=utf-8',
    'application/vnd.docker.distribution.manifest.v2+json;charset=utf-8',
    'Application/vnd.OCI.image.index.v1+json ; q=1; x="a;b"',
  ])('%s', async (type) => {
    const manifest = '{"schemaVersion":2,"layers":[]}'; // without mediaType, which the specification lets it leave out
    const digest = server.put('bot', 'v1', manifest);
    server.fail({ match: /^GET/, status: 200, headers: { 'Content-Type': type }, body: manifest });
    const found = await open().getManifest('bot', digest);
    expect(found).toMatchObject({ digest, mediaType: type.split(';')[0]?.trim().toLowerCase() });
  });

  test('another type stays refused', async () => {
    const digest = server.put('bot', 'v1', '{}');
    server.fail({ match: /^GET/, status: 200, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: '{}' });
    await expect(open().getManifest('bot', digest)).rejects.toThrow('as "text/html", which is not an image manifest');
  });
});

describe('a registry that asks for a longer pause than a request waits', () => {
  const limited = JSON.stringify({
    errors: [{ code: 'TOOMANYREQUESTS', message: 'You have reached your pull rate limit' }],
  });

  test.each([
    [429, '3600', 'asks for a pause of 3600 s, until 2030-01-02 13:00 UTC'],
    [429, 'Wed, 02 Jan 2030 12:05:00 GMT', 'asks for a pause of 300 s, until 2030-01-02 12:05 UTC'],
    [503, '90', 'asks for a pause of 90 s, until 2030-01-02 12:01 UTC'],
  ])(
    '%i with Retry-After: %s is said at once, with the end of the pause and the words',
    async (status, after, words) => {
      const digest = server.put('bot', 'v1');
      server.fail({ match: /^GET/, status, headers: { 'Retry-After': after }, body: limited });
      const message = await open().getManifest('bot', digest).catch(String);
      expect(message).toContain(words);
      expect(message).toContain(`a request waits for 30 s at most (HTTP ${status} and says "TOOMANYREQUESTS: You have`);
      expect(message).toMatch(/run the job again after that$/);
      expect(clock.slept).toEqual([]);
      expect(await open().getManifest('bot', digest)).toMatchObject({ digest });
    },
  );

  test.each(['soon', '-5', ''])('Retry-After: %j says nothing', async (after) => {
    server.fail({ status: 429, headers: { 'Retry-After': after }, times: Number.POSITIVE_INFINITY });
    await expect(open().findDigest('bot', 'v1')).rejects.toThrow('gave no usable answer in 30 s');
  });
});
