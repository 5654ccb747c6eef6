import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ABSENT, ARM, check, faultOf, listAsked, NODE } from '#core/registry/tests/pull-case.ts';
import { DOCKER, OCI, putImage, putIndex, type TestIndexEntry } from '#tests/support/images.ts';
import { startTestRegistry, type TestRegistry } from '#tests/support/registry.ts';

let server: TestRegistry;

beforeEach(async () => {
  server = await startTestRegistry();
});
afterEach(() => server.close());

describe.each([OCI, DOCKER])('an image of type $image', ({ image: mediaType }) => {
  test('that is whole can be pulled; the config is read, a layer is asked for once and not read', async () => {
    const image = putImage(server, 'bot', { mediaType, layers: ['one', 'two', 'one'] });
    expect(await check(server, image.digest)).toBeUndefined();
    expect(listAsked(server).sort()).toEqual(
      [
        `GET manifests/${image.digest}`,
        `GET blobs/${image.config}`,
        ...[...new Set(image.layers)].map((layer) => `HEAD blobs/${layer}`),
      ].sort(),
    );
  });

  test('may have no layer at all', async () => {
    expect(await check(server, putImage(server, 'bot', { mediaType, layers: [] }).digest)).toBeUndefined();
  });

  test('that is gone is missing', async () => {
    const { digest } = putImage(server, 'bot', { mediaType });
    server.remove('bot', digest);
    expect(await check(server, digest)).toEqual(
      faultOf('missing', digest, 'it is not there: the registry answers 404 and says "MANIFEST_UNKNOWN: '),
    );
  });

  test('without its config cannot be pulled', async () => {
    const { digest, config } = putImage(server, 'bot', { mediaType });
    server.remove('bot', config);
    expect(await check(server, digest)).toEqual(
      faultOf(
        'layer-missing',
        digest,
        `it lacks its config ${config}: the registry answers 404 and says "BLOB_UNKNOWN`,
      ),
    );
  });

  test.each([0, 2])('without layer %i of 3 cannot be pulled', async (at) => {
    const { digest, layers } = putImage(server, 'bot', { mediaType, layers: ['one', 'two', 'three'] });
    server.remove('bot', layers[at] ?? ABSENT);
    expect(await check(server, digest)).toEqual(
      faultOf('layer-missing', digest, `it lacks 1 of its 3 layers (${layers[at]}): the registry answers 404`),
    );
  });

  test('of another platform is not what the nodes run', async () => {
    const { digest } = putImage(server, 'bot', { mediaType, config: ARM });
    expect(await check(server, digest)).toEqual(
      faultOf('platform', digest, 'it is built for linux/arm64, not for linux/amd64; build it for linux/amd64'),
    );
  });

  test('of another system is not what the nodes run', async () => {
    const { digest } = putImage(server, 'bot', { mediaType, config: { ...NODE, os: 'windows' } });
    expect(await check(server, digest)).toEqual(faultOf('platform', digest, 'windows/amd64'));
  });

  test('of any variant of the platform will do', async () => {
    const { digest } = putImage(server, 'bot', { mediaType, config: { ...NODE, variant: 'v3' } });
    expect(await check(server, digest)).toBeUndefined();
  });

  test('has layers that come from elsewhere: the registry is not asked for them', async () => {
    const strangers = [{ digest: ABSENT, urls: ['https://example.com/layer'] }];
    expect(await check(server, putImage(server, 'bot', { mediaType, strangers }).digest)).toBeUndefined();
    expect(listAsked(server).join()).not.toContain(ABSENT);
  });

  test('has a layer with an empty list of addresses: it must come from the registry', async () => {
    const { digest } = putImage(server, 'bot', { mediaType, strangers: [{ digest: ABSENT, urls: [] }] });
    expect(await check(server, digest)).toEqual(faultOf('layer-missing', digest, ABSENT));
  });
});

describe.each([OCI, DOCKER])('an index of type $index', ({ image: mediaType, index: indexType }) => {
  const put = (tag: string, config: object = { ...NODE, nonce: tag }) =>
    putImage(server, 'bot', { tag, mediaType, config });
  const index = (...entries: TestIndexEntry[]) => putIndex(server, 'bot', entries, indexType);

  test('can be pulled where the platform’s own image can; the others are not asked for', async () => {
    const amd = put('amd');
    expect(await check(server, index([ABSENT, 'linux/arm64/v8'], [amd.digest, 'linux/amd64']))).toBeUndefined();
    expect(listAsked(server).join()).not.toContain(ABSENT);
  });

  test('without the platform names those that it has, attestations aside', async () => {
    const digest = index(
      [ABSENT, 'linux/arm64/v8'],
      [ABSENT, 'windows/amd64'],
      [ABSENT, 'linux/arm64'],
      [ABSENT, 'unknown/unknown'],
    );
    expect(await check(server, digest)).toEqual(
      faultOf('platform', digest, 'it lists only linux/arm64, windows/amd64, not linux/amd64; build it'),
    );
  });

  test('of nothing lists no platform', async () => {
    const digest = index();
    expect(await check(server, digest)).toEqual(faultOf('platform', digest, 'it lists no platform, not linux/amd64'));
  });

  test('whose image is gone cannot be pulled', async () => {
    const amd = put('amd');
    const digest = index([amd.digest, 'linux/amd64']);
    server.remove('bot', amd.digest);
    expect(await check(server, digest)).toEqual(
      faultOf('child-missing', digest, `its manifest ${amd.digest} is not there: the registry answers 404`),
    );
  });

  test('whose image lacks a layer cannot be pulled', async () => {
    const amd = put('amd');
    const digest = index([amd.digest, 'linux/amd64']);
    server.remove('bot', amd.layers[1] ?? ABSENT);
    expect(await check(server, digest)).toEqual(
      faultOf('layer-missing', digest, `its manifest ${amd.digest} lacks 1 of its 2 layers (${amd.layers[1]})`),
    );
  });

  test('whose image is another platform’s than the index says cannot be pulled', async () => {
    const arm = put('arm', ARM);
    const digest = index([arm.digest, 'linux/amd64']);
    expect(await check(server, digest)).toEqual(
      faultOf('platform', digest, `its manifest ${arm.digest} is built for linux/arm64`),
    );
  });

  test('with two images of the platform needs both: a node may take either', async () => {
    const [one, other] = [put('one'), put('other')];
    const digest = index([one.digest, 'linux/amd64/v1'], [other.digest, 'linux/amd64/v3']);
    expect(await check(server, digest)).toBeUndefined();
    server.remove('bot', other.config);
    expect(await check(server, digest)).toEqual(faultOf('layer-missing', digest, other.digest));
  });

  test.each([
    ['platform', 'unknown/unknown', undefined],
    ['annotation', 'linux/amd64', { 'vnd.docker.reference.type': 'attestation-manifest' }],
    ['annotation alone', undefined, { 'vnd.docker.reference.type': 'attestation-manifest' }],
  ])('has attestations, told by their %s, that no node pulls', async (_by, platform, annotations) => {
    const amd = put('amd');
    const entry = [ABSENT, platform, annotations] as const;
    expect(await check(server, index(entry, [amd.digest, 'linux/amd64']))).toBeUndefined();
    const alone = index(entry);
    expect(await check(server, alone)).toEqual(faultOf('platform', alone, 'it lists no platform'));
    expect(listAsked(server).join()).not.toContain(ABSENT);
  });

  test('may hold an index, and no deeper one', async () => {
    const amd = put('amd');
    const inner = index([amd.digest, 'linux/amd64']);
    const middle = index([inner]);
    const outer = index([middle]);
    expect(await check(server, middle)).toBeUndefined();
    expect(await check(server, outer)).toEqual(
      faultOf('child-missing', outer, `its manifest ${inner} is an index in an index in an index`),
    );
  });

  test('whose entry names no platform is judged by the config', async () => {
    const [amd, arm] = [put('amd'), put('arm', ARM)];
    expect(await check(server, index([amd.digest]))).toBeUndefined();
    const digest = index([arm.digest]);
    expect(await check(server, digest)).toEqual(faultOf('platform', digest, 'built for linux/arm64'));
    expect(await check(server, index([arm.digest], [amd.digest, 'linux/amd64']))).toBeUndefined(); // a node takes the named one
  });
});
