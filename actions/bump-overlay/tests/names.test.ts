import { afterEach, describe, expect, test } from '@jest/globals';
import { configOf, deploymentOf, openShop, overlayOf, type Shop } from './shop.ts';

const OVERLAY = 'overlays/production/kustomization.yaml';
let shop: Shop;

afterEach(() => shop.close());

/** Opens a shop whose base runs images as containers call them, beside the overlay and slipway.yaml. */
async function open(
  images: Readonly<Record<string, string>>,
  containers: readonly string[],
  overlay: string,
): Promise<void> {
  const files = containers.map((image, index) => [`base/d${index}.yaml`, deploymentOf(`d${index}`, image)] as const);
  shop = await openShop({
    'slipway.yaml': configOf(images),
    'base/kustomization.yaml': `resources: [${files.map(([path]) => path.slice('base/'.length)).join(', ')}]\n`,
    ...Object.fromEntries(files),
    [OVERLAY]: overlay,
  });
}

/** How often the overlay says the digest that an image was pushed with last. */
function countOf(image: string): number {
  return shop.readOverlay().split(shop.digests.get(image) ?? '?').length - 1;
}

describe('names that git could take for folders or locks', () => {
  test.each([
    ['app', 'app/worker'],
    ['app/worker', 'app'],
    ['my.lock', 'my'],
    ['head', 'x/x.lock/x'],
  ])('%s and %s deploy in one call and in two', async (one, other) => {
    const entries = { [one]: `$HOST/${one}`, [other]: `$HOST/${other}` };
    await open({ [one]: '', [other]: '' }, [one, other], overlayOf(entries));
    expect(await shop.deploy(one, other)).toBe('landed');
    expect([countOf(one), countOf(other)]).toEqual([1, 1]);
    expect(await shop.deploy(other)).toBe('landed');
    expect(await shop.deploy(one)).toBe('landed');
    expect([countOf(one), countOf(other)]).toEqual([1, 1]);
  });
});

describe('an image that manifests call by another name', () => {
  test.each([
    ['its path in a registry', 'registry.example/app', 'registry.example/app:v1'],
    ['a host with a port', 'ghcr.io:1234/foo/foo', 'ghcr.io:1234/foo/foo'],
    ['a name of two words', 'my-app', 'my-app:latest'],
    ['a host of this machine', 'localhost:5000/team/foo_bar', 'localhost:5000/team/foo_bar:v1'],
  ])('%s', async (_what, name, container) => {
    await open({ app: `names: ["${name}"]` }, [container], overlayOf({ [name]: '$HOST/app' }));
    expect(await shop.deploy('app')).toBe('landed');
    expect(countOf('app')).toBe(1);
  });

  test('the advice leads out: from the entry that is missing to the name that manifests use', async () => {
    const overlay = overlayOf({ other: '$HOST/other' });
    await open({ app: '', other: '' }, ['registry.example/app:v1', 'other'], overlay);
    const missing = await shop.deploy('app');
    const lines = /add these lines below images:\n([\s\S]*)$/.exec(missing)?.[1] ?? missing;
    expect(lines).toContain(`newName: ${shop.host}/app\n`);
    shop.write({ [OVERLAY]: `${shop.readOverlay()}\n${lines}\n` });
    const unmatched = await shop.deploy('app');
    const [, called = '?'] = /for the manifests call the image (\S+);/.exec(unmatched) ?? [];
    expect(unmatched).toMatch(/write name: (\S+) in the entry, and add names: \[\1\] to app in slipway.yaml$/);
    shop.write({
      [OVERLAY]: shop.readOverlay().replace('- name: app', `- name: ${called}`),
      'slipway.yaml': configOf({ app: `names: [${called}]`, other: '' }),
    });
    expect(await shop.deploy('app')).toBe('landed');
    expect(countOf('app')).toBe(1);
  });

  test('an entry that is there under another name is not asked for again', async () => {
    await open({ app: '' }, ['registry.example/app:v1'], overlayOf({ 'registry.example/app': '$HOST/app' }));
    const advice = await shop.deploy('app');
    expect(advice).toMatch(
      /its entry in line 3 is called registry.example\/app; add (names: \[.*\]) to app in slipway/,
    );
    shop.write({ 'slipway.yaml': configOf({ app: /names: \[[^\]]*\]/.exec(advice)?.[0] ?? '' }) });
    expect(await shop.deploy('app')).toBe('landed');
  });

  test('its history goes on where it gets the name later: an older build does not come back', async () => {
    await open({ app: '' }, ['app'], overlayOf({ app: '$HOST/app' }));
    expect(await shop.deploy('app')).toBe('landed');
    const old = {
      images: `app=${shop.digests.get('app')}`,
      'source-sha': /source=(\w+)/.exec(shop.tenant.releases()[0] ?? '')?.[1] ?? '',
    };
    expect(await shop.deploy('app')).toBe('landed');
    shop.write({
      'base/d0.yaml': deploymentOf('d0', 'registry.example/app'),
      [OVERLAY]: shop.readOverlay().replace('- name: "app"', '- name: registry.example/app'),
      'slipway.yaml': configOf({ app: 'names: [registry.example/app]' }),
    });
    expect((await shop.tenant.bump(old)).outputs['outcome']).toBe('superseded');
    expect(await shop.deploy('app')).toBe('landed');
  });
});

describe('one image under several names', () => {
  const two = () => overlayOf({ web: '$HOST/app', worker: '$HOST/app' });

  test('all its entries change in the one commit, and again is unchanged', async () => {
    await open({ app: 'names: [web, worker]' }, ['web', 'worker', 'web:v1'], two());
    expect(await shop.deploy('app')).toBe('landed');
    expect(countOf('app')).toBe(2);
    expect(shop.tenant.releases()).toHaveLength(1);
    expect(await shop.deploy('app')).toBe('landed');
    expect(countOf('app')).toBe(2);
  });

  test('without names in slipway.yaml they are named, and the advice works', async () => {
    await open({ app: '' }, ['web', 'worker'], two());
    const advice = await shop.deploy('app');
    expect(advice).toMatch(/its entries in lines 3 and 6 are called web, worker; add names: \[web, worker\] to app/);
    shop.write({ 'slipway.yaml': configOf({ app: /names: \[[^\]]*\]/.exec(advice)?.[0] ?? '' }) });
    expect(await shop.deploy('app')).toBe('landed');
    expect(countOf('app')).toBe(2);
  });

  test('an entry that comes later and was never released holds nothing', async () => {
    await open({ app: 'names: [web, worker]' }, ['web', 'worker'], overlayOf({ web: '$HOST/app' }));
    expect(await shop.deploy('app')).toBe('landed');
    const worker = `  - name: worker\n    newName: ${shop.host}/app\n    digest: sha256:${'0'.repeat(64)}\n`;
    shop.write({ [OVERLAY]: `${shop.readOverlay()}\n${worker}` });
    expect(await shop.deploy('app')).toBe('landed');
    expect(countOf('app')).toBe(2);
  });

  test.each(['web', 'worker'])('a hand that changes %s alone is meant', async (name) => {
    await open({ app: 'names: [web, worker]' }, ['web', 'worker'], two());
    expect(await shop.deploy('app')).toBe('landed');
    const before = shop.readOverlay();
    const own = new RegExp(`(name: "${name}"\\n.*\\n.*digest: )\\S+`);
    const after = before.replace(own, `$1sha256:${'d'.repeat(64)}`);
    expect(after).not.toBe(before);
    shop.write({ [OVERLAY]: after });
    expect(await shop.deploy('app')).toBe('held');
    shop.write({ [OVERLAY]: before });
    expect(await shop.deploy('app')).toBe('landed');
    expect(countOf('app')).toBe(2);
  });

  test('one of them that matches no container is not hidden by the other', async () => {
    await open({ app: 'names: [web, worker]' }, ['web', 'workers'], two());
    expect(await shop.deploy('app')).toMatch(/the images entry worker matches no container; did you mean "workers"\?/);
  });

  test('two places to pull from are refused', async () => {
    await open({ app: 'names: [web, worker]' }, ['web', 'worker'], overlayOf({ web: '$HOST/app', worker: '$HOST/b' }));
    expect(await shop.deploy('app')).toMatch(
      /app is pulled from ".*\/app" and from ".*\/b"; give its entries one newName/,
    );
  });
});

describe('an entry that is written wrong is named, and the remedy works', () => {
  test.each([
    ['app:v1', 'the tag v1'],
    ['app:1.2-rc.1', 'the tag 1.2-rc.1'],
    [`app@sha256:${'a'.repeat(64)}`, `the digest sha256:${'a'.repeat(64)}`],
  ])('name: %s', async (name, what) => {
    await open({ app: '' }, ['app'], overlayOf({ [name]: '$HOST/app' }));
    const advice = await shop.deploy('app');
    expect(advice).toContain(`${OVERLAY}:3: the name "${name}" holds ${what}`);
    const [, right = '?'] = /write name: (\S+)$/.exec(advice) ?? [];
    shop.write({ [OVERLAY]: shop.readOverlay().replace(`"${name}"`, right) });
    expect(await shop.deploy('app')).toBe('landed');
  });

  test.each([
    [':v1', 'the tag v1'],
    [':v1.0_x', 'the tag v1.0_x'],
    [`@sha256:${'a'.repeat(64)}`, 'the digest sha256:a'],
  ])('newName with %s', async (tag, what) => {
    await open({ app: '' }, ['app'], overlayOf({ app: `"$HOST/app${tag}"` }));
    const advice = await shop.deploy('app');
    expect(advice).toContain(`${OVERLAY}:3: newName of app holds ${what}`);
    const [, right = '?'] = /write newName: (\S+),/.exec(advice) ?? [];
    shop.write({ [OVERLAY]: shop.readOverlay().replace(/newName: .*/, `newName: ${right}`) });
    expect(await shop.deploy('app')).toBe('landed');
  });

  test.each([2, 3, 10])('the same entry %i times: all lines', async (times) => {
    const entry = '  - name: app\n    newName: $HOST/app\n';
    await open({ app: '' }, ['app'], `resources: [../../base]\nimages:\n${entry.repeat(times)}`);
    const advice = await shop.deploy('app');
    const lines = Array.from({ length: times }, (_one, index) => String(3 + 2 * index));
    expect(advice).toContain(`has ${times} images entries for app`);
    expect(advice.match(/\d+/g)?.slice(1)).toEqual(lines);
    shop.write({ [OVERLAY]: overlayOf({ app: '$HOST/app' }) });
    expect(await shop.deploy('app')).toBe('landed');
  });

  test('newName of another repository, though the build is where slipway.yaml says', async () => {
    await open({ 'shop/api': 'names: [api]' }, ['api'], overlayOf({ api: '$HOST/shop/shop/api' }));
    const advice = await shop.deploy('shop/api');
    expect(advice).toMatch(/is pulled from .*\/shop\/shop\/api, and sha256:\w+ is in .*; set newName to (\S+)$/);
    const [, right = '?'] = /set newName to (\S+)$/.exec(advice) ?? [];
    shop.write({ [OVERLAY]: shop.readOverlay().replace(/newName: .*/, `newName: ${right}`) });
    expect(await shop.deploy('shop/api')).toBe('landed');
  });
});

test('eleven services that are called by their registry paths: one commit, and again unchanged', async () => {
  const services = [
    'ad',
    'cart',
    'checkout',
    'currency',
    'email',
    'frontend',
    'load',
    'payment',
    'catalog',
    'tips',
    'ship',
  ];
  const path = (service: string): string => `europe-docker.pkg.example/acme/shop/${service}service`;
  const images = Object.fromEntries(services.map((service) => [service, `names: [${path(service)}]`]));
  const entries = Object.fromEntries(services.map((service) => [path(service), `$HOST/${service}`]));
  await open(
    images,
    services.map((service) => `${path(service)}:v0.10.1`),
    overlayOf(entries),
  );
  expect(await shop.deploy(...services)).toBe('landed');
  expect(services.map(countOf)).toEqual(services.map(() => 1));
  const head = shop.tenant.remoteGit('rev-parse', 'main');
  expect(
    shop.tenant.remoteGit('log', '-1', '--format=%(trailers:key=Slipway-Release,valueonly)').split('\n'),
  ).toHaveLength(services.length);
  const wanted = services.map((service) => `${service}=${shop.digests.get(service)}`).join('\n');
  const again = await shop.tenant.bump({ images: wanted, environment: 'production' });
  expect(again.outputs['outcome']).toBe('unchanged');
  expect(shop.tenant.remoteGit('rev-parse', 'main')).toBe(head);
});
