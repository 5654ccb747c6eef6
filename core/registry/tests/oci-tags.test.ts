import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openOciRegistry } from '#core/registry/oci-registry.ts';
import { createTestClock } from '#tests/support/clock.ts';
import { startTestRegistry, type TestRegistry } from '#tests/support/registry.ts';

let server: TestRegistry;

beforeEach(async () => {
  server = await startTestRegistry();
});
afterEach(() => server.close());

const open = () =>
  openOciRegistry(server.host, { clock: createTestClock(), random: () => 0, environment: {}, mask: () => {} });

describe('tags', () => {
  test('the same manifest gets one more, byte for byte; a second time changes nothing', async () => {
    const digest = server.put('bot', 'v1', '{"schemaVersion": 2,\n  "odd":   "spacing" }');
    expect(await open().addTag('bot', digest, 'v2')).toBe('tagged');
    expect(server.find('bot', 'v2')).toBe(digest);
    expect(await open().addTag('bot', digest, 'v2')).toBe('tagged');
    expect(server.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
  });

  test('a tag of another manifest stays where it is', async () => {
    const [one, other] = [server.put('bot', 'v1'), server.put('bot', 'v2')];
    expect(await open().addTag('bot', one, 'v2')).toBe('taken');
    expect(server.find('bot', 'v2')).toBe(other);
  });

  test('a rival who takes the tag between our question and our write is seen', async () => {
    const digest = server.put('bot', 'v1');
    server.refuseMovedTags();
    server.fail({ match: /^PUT/, before: () => server.put('bot', 'v2') });
    expect(await open().addTag('bot', digest, 'v2')).toBe('taken');
  });

  test.each([
    [400, 'TAG_INVALID', 'taken'],
    [409, 'CONFLICT', 'taken'],
    [405, 'UNSUPPORTED', 'taken'],
    [412, 'PRECONDITION', 'taken'],
    [412, 'DENIED', 'taken'],
  ])('a tag that is refused with %i %s is taken', async (status, code, outcome) => {
    const digest = server.put('bot', 'v1');
    server.fail({ match: /^PUT/, status, body: JSON.stringify({ errors: [{ code }] }) });
    expect(await open().addTag('bot', digest, 'v2')).toBe(outcome);
  });

  test.each([403, 422])('a tag that a rival took is taken, whatever a write is refused with: %i', async (status) => {
    const digest = server.put('bot', 'v1');
    server.fail({ match: /^PUT/, status, before: () => server.put('bot', 'v2') });
    expect(await open().addTag('bot', digest, 'v2')).toBe('taken');
  });

  test('a policy that refuses a write is no tag that is taken', async () => {
    const digest = server.put('bot', 'v1');
    const errors = [{ code: 'PROJECTPOLICYVIOLATION', message: 'the image is not signed' }];
    server.fail({ match: /^PUT/, status: 412, body: JSON.stringify({ errors }) });
    await expect(open().addTag('bot', digest, 'v2')).rejects.toThrow('the image is not signed');
  });

  test.each([
    [400, 'TAG_INVALID'],
    [412, 'PRECONDITION'],
  ])('a tag that does not move stays, and the caller hears of it: %i %s', async (status, code) => {
    const [one, other] = [server.put('bot', 'v1'), server.put('bot', 'v2')];
    server.fail({ match: /^PUT/, status, body: JSON.stringify({ errors: [{ code }] }) });
    expect(await open().moveTag('bot', one, 'v2')).toBe('refused');
    expect(server.find('bot', 'v2')).toBe(other);
    expect(await open().moveTag('bot', one, 'v2')).toBe('moved');
    expect(server.find('bot', 'v2')).toBe(one);
  });

  test('a tag that may not be moved for want of a right is a refusal', async () => {
    const digest = server.put('bot', 'v1');
    server.fail({ match: /^PUT/, status: 403 });
    await expect(open().moveTag('bot', digest, 'v2')).rejects.toThrow('the right to push');
  });

  test('a manifest that is refused is not a tag that is taken, whatever the words', async () => {
    const digest = server.put('bot', 'v1');
    const errors = [{ code: 'MANIFEST_INVALID', message: 'the tag already exists' }];
    server.fail({ match: /^PUT/, status: 400, body: JSON.stringify({ errors }) });
    await expect(open().addTag('bot', digest, 'v2')).rejects.toThrow('could not write bot v2');
  });

  test('content that is not what its digest says is never tagged', async () => {
    const digest = server.put('bot', 'v1');
    server.fail({ match: /^GET/, status: 200, body: '{"evil": true}' });
    await expect(open().addTag('bot', digest, 'v2')).rejects.toThrow('not to be trusted');
    expect(server.find('bot', 'v2')).toBeUndefined();
  });

  test('a manifest of more than 4 MiB is not read', async () => {
    const digest = server.put('bot', 'v1');
    server.fail({ match: /^GET/, status: 200, body: 'x'.repeat(4 * 1024 * 1024 + 1) });
    await expect(open().addTag('bot', digest, 'v2')).rejects.toThrow('more than 4 MiB');
  });

  test('the size of an image is the sum of its layers', async () => {
    const digest = server.put('bot', 'v1', {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      layers: [{ size: 5 }, { size: 7 }],
    });
    expect(await open().findSize('bot', digest)).toBe(12);
  });
});
