import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ABSENT, check, faultOf, listAsked, NODE, open } from '#core/registry/tests/pull-case.ts';
import type { Digest } from '#core/values/reference.ts';
import { OCI, putImage, putIndex } from '#tests/support/images.ts';
import { startTestRegistry, type TestRegistry } from '#tests/support/registry.ts';

let server: TestRegistry;

beforeEach(async () => {
  server = await startTestRegistry();
});
afterEach(() => server.close());

describe('what the registry answers', () => {
  const codes = [
    [400, 'ImageArchivedException'],
    [404, 'ImageNotFound'],
    [410, 'SOME_NEW_CODE'],
  ] as const;
  test.each(codes)('%i with the code %s is a fault that quotes it', async (status, code) => {
    const { digest } = putImage(server, 'bot');
    const body = JSON.stringify({ errors: [{ code, message: 'words\n::error::' }] });
    server.fail({ match: /manifests/, status, body });
    expect(await check(server, digest)).toEqual(
      faultOf('missing', digest, `the registry answers ${status} and says "${code}: words\\n::error::"`),
    );
  });

  test.each([400, 410])('%i for a layer is a fault, also without a code', async (status) => {
    const { digest, layers } = putImage(server, 'bot');
    server.fail({ match: /HEAD/, status });
    expect(await check(server, digest)).toEqual(
      faultOf('layer-missing', digest, `(${layers[0]}): the registry answers ${status}; push`),
    );
  });

  test.each([/GET .*manifests/, /GET .*blobs/, /HEAD .*blobs/])(
    'to %s may pass by itself: it is asked again',
    async (match) => {
      const { digest } = putImage(server, 'bot');
      server.fail({ match, status: 503 });
      expect(await check(server, digest)).toBeUndefined();
    },
  );

  const places = [/GET .*manifests/, /GET .*blobs/, /HEAD .*blobs/];
  const unknown = [
    [401, 'no login to read bot'],
    [403, 'no right to read bot'],
    [503, 'gave no usable answer'],
    [204, 'which this client does not know'],
  ] as const;
  test.each(places.flatMap((match) => unknown.map(([status, words]) => [match, status, words] as const)))(
    'to %s by %i is thrown: nothing is known of the image',
    async (match, status, words) => {
      const { digest } = putImage(server, 'bot');
      server.fail({ match, status, times: Number.POSITIVE_INFINITY });
      await expect(check(server, digest)).rejects.toThrow(words);
    },
  );

  test('nothing at all, is thrown', async () => {
    const { digest } = putImage(server, 'bot');
    const registry = open(server);
    await server.close();
    await expect(check(server, digest, registry)).rejects.toThrow('gave no usable answer');
  });

  test('a login that it asks for is given, for manifests and blobs', async () => {
    await server.close();
    server = await startTestRegistry({ kind: 'token' });
    expect(await check(server, putImage(server, 'bot').digest)).toBeUndefined();
    expect(listAsked(server).filter((line) => line.startsWith('GET /token'))).toHaveLength(1);
  });

  test('a blob that is stored elsewhere is looked for there', async () => {
    const { digest, config, layers } = putImage(server, 'bot');
    const elsewhere = await startTestRegistry();
    putImage(elsewhere, 'bot', { layers: ['the base'] });
    for (const blob of [config, ...layers]) {
      const headers = { Location: `http://${elsewhere.host}/v2/bot/blobs/${blob}` };
      server.fail({ match: new RegExp(blob), status: 307, headers });
    }
    expect(await check(server, digest)).toEqual(
      faultOf('layer-missing', digest, `lacks 1 of its 2 layers (${layers[1]})`),
    );
    await elsewhere.close();
  });
});

describe('bytes that a digest does not name are refused with both digests', () => {
  const EVIL = '{"evil": true}';
  const EVIL_DIGEST = 'sha256:0517e8d720f959dc43ad48cdb2b35501dd8ece0308c4267fc0a0f97fc2afdb6c';

  test('of a manifest', async () => {
    const { digest } = putImage(server, 'bot');
    server.falsify('bot', digest, EVIL);
    await expectBoth(digest, digest);
  });

  test('of an image in an index', async () => {
    const amd = putImage(server, 'bot');
    const digest = putIndex(server, 'bot', [[amd.digest, 'linux/amd64']]);
    server.falsify('bot', amd.digest, EVIL);
    await expectBoth(digest, amd.digest);
  });

  test('of a config', async () => {
    const { digest, config } = putImage(server, 'bot');
    server.falsify('bot', config, EVIL);
    await expectBoth(digest, config);
  });

  async function expectBoth(digest: Digest, wanted: Digest): Promise<void> {
    const error = await check(server, digest).catch(String);
    expect(error).toContain(wanted);
    expect(error).toContain(EVIL_DIGEST);
  }
});

describe('hostile content', () => {
  test.each([
    ['not JSON', 'it is not JSON'],
    ['null', 'it: '],
    ['[]', 'it: '],
    ['{}', 'config: '],
    [`{"config": {"digest": "${ABSENT}"}, "layers": {"0": 1}}`, 'layers: '],
    [`{"config": {"digest": "${ABSENT}"}, "layers": [{"digest": 1}]}`, 'layers.0.digest: '],
    [`{"config": {"digest": 1}, "layers": []}`, 'config.digest: '],
  ])('a manifest of %s is not usable', async (text, words) => {
    const digest = server.put('bot', 'v1', text);
    expect(await check(server, digest)).toEqual(faultOf('missing', digest, `it is not a usable manifest: ${words}`));
    const index = putIndex(server, 'bot', [[digest, 'linux/amd64']]);
    expect(await check(server, index)).toEqual(
      faultOf('child-missing', index, `its manifest ${digest} is not a usable manifest`),
    );
  });

  test('an index whose manifests are not a list is not usable', async () => {
    const digest = server.put('bot', 'v1', { mediaType: OCI.index, manifests: 'all' });
    expect(await check(server, digest)).toEqual(faultOf('missing', digest, 'it is not a usable manifest: manifests: '));
  });

  test('a manifest of 5 MB is not read', async () => {
    const digest = server.put('bot', 'v1', { mediaType: OCI.image, nonsense: 'x'.repeat(5_000_000) });
    await expect(check(server, digest)).rejects.toThrow('more than 4 MiB');
  });

  test('a manifest that is not an image’s is refused with its type', async () => {
    const digest = server.put('bot', 'v1', { mediaType: 'application/x-evil', layers: [] });
    await expect(check(server, digest)).rejects.toThrow('"application/x-evil", which is not an image manifest');
  });

  const strangers = [`sha512:${'e'.repeat(128)}`, 'sha256:', '../../../v2/other/blobs/uploads', `${ABSENT}?x=y`];
  test.each(strangers)('a digest that reads %s is never asked for', async (stranger) => {
    const whole = putImage(server, 'bot');
    const layer = putImage(server, 'bot', { strangers: [{ digest: stranger }] }).digest;
    expect(await check(server, layer)).toEqual(
      faultOf('layer-missing', layer, `"${stranger}", which is not a sha256 digest`),
    );
    const manifest = { mediaType: OCI.image, config: { digest: stranger }, layers: [{ digest: whole.layers[0] }] };
    const config = server.put('bot', 'v1', manifest);
    expect(await check(server, config)).toEqual(
      faultOf('layer-missing', config, `"${stranger}", which is not a sha256 digest`),
    );
    const index = putIndex(server, 'bot', [[stranger, 'linux/amd64']]);
    expect(await check(server, index)).toEqual(
      faultOf('child-missing', index, `"${stranger}", which is not a sha256 digest`),
    );
    expect(listAsked(server)).toEqual([layer, config, index].map((digest) => `GET manifests/${digest}`));
  });

  test('an index that lists itself is not what its digest names', async () => {
    const digest = putIndex(server, 'bot', []);
    server.falsify('bot', digest, JSON.stringify({ mediaType: OCI.index, manifests: [{ digest, platform: NODE }] }));
    await expect(check(server, digest)).rejects.toThrow(`where bot@${digest} was asked for`);
    expect(listAsked(server)).toEqual([`GET manifests/${digest}`]);
  });

  test('an index that lists itself ends, even at a registry whose bytes were not looked at', async () => {
    const bytes = Buffer.from(JSON.stringify({ manifests: [{ digest: ABSENT, platform: NODE }] }));
    const getManifest = async () => ({ digest: ABSENT, mediaType: OCI.index, bytes });
    expect(await check(server, ABSENT, { ...open(server), getManifest })).toEqual(
      faultOf('child-missing', ABSENT, 'is not followed'),
    );
  });

  test.each(['not JSON', '{}', '{"os": "linux", "architecture": 64}', 'null'])(
    'a config of %s names no platform',
    async (config) => {
      const { digest } = putImage(server, 'bot', { config });
      expect(await check(server, digest)).toEqual(
        faultOf('platform', digest, 'it has a config that names no platform: '),
      );
    },
  );

  test('a platform of any words stays on one line', async () => {
    const { digest } = putImage(server, 'bot', { config: { os: 'li\n::error::nux', architecture: 'x'.repeat(999) } });
    const found = await check(server, digest);
    expect(found?.sentence).toContain('"li\\n::error::nux/xx');
    expect(found?.sentence.length).toBeLessThan(600);
  });

  test('a hundred missing layers are counted, and five are named', async () => {
    const strangers = Array.from({ length: 100 }, (_, at) => ({ digest: `sha256:${String(at).padStart(64, '0')}` }));
    const { digest } = putImage(server, 'bot', { strangers });
    const found = await check(server, digest);
    expect(found?.sentence).toContain('lacks 100 of its 102 layers');
    expect(found?.sentence.match(/sha256:0{60}/g)).toHaveLength(5);
    expect(found?.sentence).toContain(', 95 more)');
  });
});

describe('requests', () => {
  test('for one image run at the same time, at most eight, over all of its platforms and layers', async () => {
    const many = (name: string) => Array.from({ length: 20 }, (_, at) => `${name} ${at}`);
    const images = ['one', 'two'].map((tag) => putImage(server, 'bot', { tag, layers: many(tag) }));
    const digest = putIndex(
      server,
      'bot',
      images.map((image) => [image.digest, 'linux/amd64'] as const),
    );
    let [now, peak] = [0, 0];
    const count =
      <A extends unknown[], T>(ask: (...args: A) => Promise<T>) =>
      async (...args: A): Promise<T> => {
        now += 1;
        peak = Math.max(peak, now);
        return ask(...args).finally(() => {
          now -= 1;
        });
      };
    const registry = open(server);
    const counted = {
      ...registry,
      getManifest: count(registry.getManifest),
      getBlob: count(registry.getBlob),
      checkBlob: count(registry.checkBlob),
    };
    expect(await check(server, digest, counted)).toBeUndefined();
    expect(peak).toBe(8);
    expect(listAsked(server)).toHaveLength(1 + 2 + 2 + 40);
  });

  test('end with the first that is refused', async () => {
    const { digest } = putImage(server, 'bot', { layers: Array.from({ length: 50 }, (_, at) => `layer ${at}`) });
    server.fail({ match: /HEAD/, status: 403, times: Number.POSITIVE_INFINITY });
    await expect(check(server, digest)).rejects.toThrow('no right to read');
    expect(listAsked(server).length).toBeLessThan(20);
  });
});
