import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { configOf, deploymentOf, openPlainShop, overlayOf, type Shop } from './shop.ts';

const OVERLAY = 'overlays/production/kustomization.yaml';
let shop: Shop;

afterEach(() => shop.close());

async function open(files: Readonly<Record<string, string>>): Promise<void> {
  shop = await openPlainShop(files);
}

describe('what git keeps elsewhere is named', () => {
  const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'4'.repeat(64)}\nsize 120\n`;

  test.each([
    ['a base in a submodule', 'vendor', '../../vendor/base'],
    ['a base that is the submodule', 'vendor/base', '../../vendor/base'],
    ['a file of a submodule', 'vendor', '../../vendor/base/app.yaml'],
  ])('%s', async (_what, module, reference) => {
    await open({ [OVERLAY]: overlayOf({ app: '$HOST/app' }).replace('../../base', reference) });
    addSubmodule(module);
    expect(await shop.deploy('app')).toMatch(
      new RegExp(`^vendor/base(/app.yaml)? is in the git submodule ${module}, and a commit of this repository cannot`),
    );
    removeSubmodule(module);
    shop.write({
      'vendor/base/app.yaml': deploymentOf('app', 'app'),
      'vendor/base/kustomization.yaml': 'resources: [app.yaml]\n',
      'slipway.yaml': configOf({ app: '' }, { production: 'kustomize: {load-restrictor: none}' }),
    });
    expect(await shop.deploy('app')).toBe('landed');
  });

  test('an overlay in a submodule', async () => {
    await open({ 'slipway.yaml': configOf({ app: '' }) });
    addSubmodule('overlays');
    expect(await shop.deploy('app')).toMatch(
      /"overlays\/production" is in the git submodule overlays, which no commit here/,
    );
  });

  test.each([
    ['the kustomization', OVERLAY],
    ['a resource', 'base/app.yaml'],
    ["the base's kustomization", 'base/kustomization.yaml'],
  ])('%s as a Git LFS pointer', async (_what, path) => {
    await open({});
    const text = shop.tenant.remoteGit('show', `main:${path}`);
    shop.write({ [path]: POINTER });
    expect(await shop.deploy('app')).toBe(
      `${path} is a Git LFS pointer, not the file itself; take its line out of .gitattributes and commit the file`,
    );
    shop.write({ [path]: `${text}\n` });
    expect(await shop.deploy('app')).toBe('landed');
  });
});

describe('what lands must be what runs', () => {
  test.each([
    ['.argocd-source.yaml', 'app=elsewhere.example/app:v1'],
    ['.argocd-source-production.yaml', 'app:v2'],
    ['.argocd-source.yaml', '$HOST/app:v3'],
  ])('%s with %s', async (name, image) => {
    const path = `overlays/production/${name}`;
    await open({ [path]: `kustomize:\n  images:\n  - ${image}\n` });
    const advice = await shop.deploy('app');
    expect(advice).toMatch(
      /^overlays\/production\/\.argocd-source\S* makes Argo CD run another app than the overlay says/,
    );
    shop.write({ [path]: 'kustomize:\n  images: []\n' });
    expect(await shop.deploy('app')).toBe('landed');
  });

  test.each([
    ['of another image', 'kustomize: {images: ["other:v1"]}\n', 'landed'],
    ['of other things', 'helm: {parameters: [{name: a, value: b}]}\n', 'landed'],
    ['that cannot be read', 'kustomize: {images: [\n', 'cannot be read'],
  ])('an override %s', async (_what, text, end) => {
    await open({ 'overlays/production/.argocd-source.yaml': text });
    expect(await shop.deploy('app')).toContain(end);
  });

  test.each([
    ['its folder', '../production'],
    ['a folder between', '../../between'],
    ['a path with a turn', '../../overlays/./production/'],
  ])('an environment that is built on this one, by %s, is named', async (_what, reference) => {
    const environments = { production: '', live: '' };
    await open({
      'slipway.yaml': configOf({ app: '' }, environments).replace(
        'overlays/live, deploys: on-push',
        'overlays/live, deploys: by-hand',
      ),
      'overlays/live/kustomization.yaml': `resources: [${reference}]\n`,
      'between/kustomization.yaml': 'resources: [../overlays/production]\n',
    });
    const head = shop.readOverlay();
    expect(await shop.deploy('app')).toMatch(
      /^overlays\/production: the overlay of live \(overlays\/live\) is built on it, so live would change as well/,
    );
    expect(shop.readOverlay()).toBe(head);
    shop.write({ 'overlays/live/kustomization.yaml': 'resources: [../../base]\n' });
    expect(await shop.deploy('app')).toBe('landed');
  });
});

/** A gitlink in the place of what is there, as `git submodule add` leaves it. */
function addSubmodule(path: string): void {
  const { tenant } = shop;
  tenant.git('pull', '-q', '--rebase', 'origin', 'main');
  tenant.git('rm', '-rqf', '--ignore-unmatch', path);
  mkdirSync(join(tenant.clone, path), { recursive: true });
  tenant.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},${path}`);
  tenant.git('commit', '-qm', 'a submodule');
  tenant.git('push', '-q', 'origin', 'HEAD:main');
}

function removeSubmodule(path: string): void {
  const { tenant } = shop;
  tenant.git('pull', '-q', '--rebase', 'origin', 'main');
  tenant.git('rm', '-q', '--cached', path);
  rmSync(join(tenant.clone, path), { recursive: true });
  tenant.git('commit', '-qm', 'no submodule any more');
  tenant.git('push', '-q', 'origin', 'HEAD:main');
}
