import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseImageName } from '#core/registry/image-name.ts';
import { basic, createNet, DIGEST, registryOf, tokenServerOf } from '#tests/support/registry-net.ts';
import { pinBaseImage } from '../src/base-image.ts';

const HOST = 'registry.example.com';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docker-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a base image whose login is kept back builds once it is written with its digest', async () => {
  const auth = basic('ci', 'hidden').replace('Basic ', '');
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { [HOST]: { auth } } }));
  const net = createNet({
    [HOST]: registryOf('Bearer realm="https://auth.example.net/token"', 'Bearer t-1'),
    'auth.example.net': tokenServerOf('t-1', basic('ci', 'hidden')),
  });
  const pin = (written: string) =>
    pinBaseImage({ written, name: parseImageName('base', written) }, async (host) =>
      net.openBase(host, { DOCKER_CONFIG: folder }),
    );
  const message = await pin(`${HOST}/team/base:24`).catch(String);
  expect(message).toContain('write the base image with its digest, name@sha256:…, and the registry is not asked');
  const before = net.asked.length;
  expect(await pin(`${HOST}/team/base@${DIGEST}`)).toEqual({
    digest: DIGEST,
    reference: `${HOST}/team/base@${DIGEST}`,
  });
  expect(net.asked).toHaveLength(before);
});
