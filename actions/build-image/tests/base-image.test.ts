import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseImageName } from '#core/registry/image-name.ts';
import type { Registry } from '#core/registry/registry.ts';
import type { Digest } from '#core/values/reference.ts';
import { basic, createNet, DIGEST, registryOf, tokenServerOf } from '#tests/support/registry-net.ts';
import { pinBaseImage } from '../src/base-image.ts';

const digest = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
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

/** A registry that has one thing, and notes what it is asked. */
function registries(there: Digest | undefined) {
  const asked: string[] = [];
  const open = async (host: string) => {
    const findDigest: Registry['findDigest'] = async (repository, reference) => {
      asked.push(`${host} ${repository} ${reference}`);
      return there;
    };
    return { findDigest } as Registry; // nothing else is used
  };
  return { asked, open };
}

describe('a base image', () => {
  const pin = (written: string, open: ReturnType<typeof registries>['open']) =>
    pinBaseImage({ written, name: parseImageName('base', written) }, open);

  test('by its tag is asked for at its registry', async () => {
    const { asked, open } = registries(digest('1'));
    expect(await pin('node:24', open)).toEqual({ digest: digest('1'), reference: `node@${digest('1')}` });
    expect(asked).toEqual(['registry-1.docker.io library/node 24']);
  });

  test('by its digest needs no request', async () => {
    const { asked, open } = registries(undefined);
    const base = await pin(`host:5000/base:v1@${digest('2')}`, open);
    expect(asked).toEqual([]);
    expect(base.reference).toBe(`host:5000/base@${digest('2')}`);
  });

  test('that does not exist is named', async () => {
    await expect(pin('node:24', registries(undefined).open)).rejects.toThrow(
      'the base image node:24 is not at registry-1.docker.io',
    );
  });
});
