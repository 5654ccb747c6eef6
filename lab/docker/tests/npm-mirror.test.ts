import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createFileCache } from '#lab/docker/file-cache.ts';
import { createNpmMirror, parseNpmPath } from '#lab/docker/npm-mirror.ts';
import type { Upstream, UpstreamAnswer } from '#lab/docker/npm-upstream.ts';
import { type LoopbackServer, listen } from '#lab/supervisor/http.ts';

let folder: string;
let mirror: LoopbackServer;
let asked: string[];
let versions: string[];
let isReachable: boolean;

/** A registry that keeps its tarballs on another host, as some do. */
const upstream: Upstream = {
  fetchPackument: async (name) => reply(name, packumentOf(name)),
  fetchUrl: async (url) => reply(url, `bytes of ${url}`),
};

async function reply(what: string, body: string): Promise<UpstreamAnswer> {
  asked.push(what);
  if (!isReachable) throw new Error('connect ECONNREFUSED');
  return what.includes('absent') ? { status: 404, body: Buffer.from('{}') } : { status: 200, body: Buffer.from(body) };
}

function packumentOf(name: string): string {
  const base = name.split('/').at(-1);
  const entries = versions.map((version) => [
    version,
    { version, dist: { tarball: `https://files.example/store/${base}-${version}.tgz`, integrity: 'sha512-x' } },
  ]);
  return JSON.stringify({ name, 'dist-tags': {}, versions: Object.fromEntries(entries) });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'npm-mirror-'));
  asked = [];
  versions = ['1.0.0'];
  isReachable = true;
  mirror = await listen(createNpmMirror(createFileCache(folder), upstream));
});

afterEach(async () => {
  await mirror.close();
  rmSync(folder, { recursive: true });
});

const get = (path: string, options: RequestInit = {}) => fetch(`http://${mirror.host}${path}`, options);

describe('a package', () => {
  test('has tarball addresses that lead back to the mirror, and all else untouched', async () => {
    const document = await (await get('/@scope%2fpkg')).json();
    expect(document).toMatchObject({
      name: '@scope/pkg',
      versions: {
        '1.0.0': { dist: { tarball: `http://${mirror.host}/@scope/pkg/-/pkg-1.0.0.tgz`, integrity: 'sha512-x' } },
      },
    });
  });

  test('is fetched once for many who ask at the same time, and not again later', async () => {
    await Promise.all(Array.from({ length: 8 }, () => get('/pkg').then((answer) => answer.text())));
    await (await get('/pkg')).text();
    expect(asked).toEqual(['pkg']);
  });

  test('is fetched again when npm insists, and the old copy serves where that fails', async () => {
    await (await get('/pkg')).text();
    versions = ['1.0.0', '1.1.0'];
    const insisting = { headers: { 'cache-control': 'no-cache' } };
    expect(await (await get('/pkg', insisting)).text()).toContain('1.1.0');
    isReachable = false;
    expect(await (await get('/pkg', insisting)).text()).toContain('1.1.0');
    expect(asked).toHaveLength(3);
  });

  test('that the registry does not have is 404 and not kept', async () => {
    expect((await get('/absent')).status).toBe(404);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a tarball', () => {
  test('comes from where the package says, once', async () => {
    const path = '/@scope/pkg/-/pkg-1.0.0.tgz';
    expect(await (await get(path)).text()).toBe('bytes of https://files.example/store/pkg-1.0.0.tgz');
    isReachable = false;
    expect(await (await get(path)).text()).toBe('bytes of https://files.example/store/pkg-1.0.0.tgz');
    expect(asked).toEqual(['@scope/pkg', 'https://files.example/store/pkg-1.0.0.tgz']);
  });

  test('of a version newer than the kept document is found', async () => {
    await (await get('/pkg')).text();
    versions = ['1.0.0', '2.0.0'];
    expect((await get('/pkg/-/pkg-2.0.0.tgz')).status).toBe(200);
  });
});

test('says why when nothing is kept and nothing reachable, with a status that npm does not retry', async () => {
  isReachable = false;
  const answer = await get('/pkg');
  expect(answer.status).toBe(424);
  expect(await answer.json()).toEqual({
    error: "pkg is not in the lab's npm cache, and this machine's npm registry is not reachable: connect ECONNREFUSED",
  });
});

test('writes nothing: other methods are refused', async () => {
  expect((await get('/-/npm/v1/security/audits', { method: 'POST', body: '{}' })).status).toBe(405);
  expect((await get('/pkg', { method: 'PUT', body: '{}' })).status).toBe(405);
  expect(asked).toEqual([]);
});

describe('parseNpmPath', () => {
  test.each([
    ['/zod', { kind: 'packument', name: 'zod' }],
    ['/JSONStream', { kind: 'packument', name: 'JSONStream' }],
    ['/@a%2fb', { kind: 'packument', name: '@a/b' }],
    ['/@a/b?write=true', { kind: 'packument', name: '@a/b' }],
    ['/zod/-/zod-1.0.0-rc.1+x.tgz', { kind: 'tarball', name: 'zod', file: 'zod-1.0.0-rc.1+x.tgz' }],
    ['/@a%2fb/-/b-1.0.0.tgz', { kind: 'tarball', name: '@a/b', file: 'b-1.0.0.tgz' }],
  ])('%s', (path, expected) => {
    expect(parseNpmPath(path)).toEqual(expected);
  });

  test.each([
    '/',
    '/..',
    '/.hidden',
    '/%2e%2e%2fetc',
    '/@a%2f..',
    '/@a/b/c',
    '/zod/-/..%2f..%2fx.tgz',
    '/zod/-/.tgz',
    '/zod/-/x.json',
    '/%ff',
    '/a%00b',
    '//example.com/x',
    '/http:%2f%2fexample.com',
    '/@/x',
  ])('%s names no package', (path) => {
    expect(parseNpmPath(path)).toBeUndefined();
  });
});
