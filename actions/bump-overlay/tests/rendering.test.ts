import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { kustomizeFolder } from '#tests/support/tenant.ts';
import { configOf, deploymentOf, openPlainShop, overlayOf, type Shop } from './shop.ts';

const OVERLAY = 'overlays/production/kustomization.yaml';
let shop: Shop;

afterEach(() => shop.close());

async function open(files: Readonly<Record<string, string>>): Promise<void> {
  shop = await openPlainShop(files);
}

const readDigest = (): string | undefined => /digest: (\S+)/.exec(shop.readOverlay())?.[1];

describe('a field that kustomize does not reach: the advice leads it there', () => {
  test.each([
    ['RunnerDeployment', 'spec: {template: {spec: {image: "app:1"}}}'],
    ['Workflow', 'spec: {steps: [{name: one, image: app}]}'],
    ['Service', 'spec: {package: "app:v2"}'],
  ])('%s', async (kind, spec) => {
    await open({ 'base/app.yaml': `apiVersion: example.com/v1\nkind: ${kind}\nmetadata: {name: runner}\n${spec}\n` });
    const advice = await shop.deploy('app');
    expect(advice).toContain(`of ${kind} runner has the image, where kustomize does not look by itself`);
    const [, lines = '', file = ''] =
      /kustomization\n([\s\S]*)\nand beside it images.yaml with\n([\s\S]*)$/.exec(advice) ?? [];
    shop.write({ [OVERLAY]: `${shop.readOverlay()}\n${lines}\n`, 'overlays/production/images.yaml': `${file}\n` });
    expect(await shop.deploy('app')).toBe('landed');
    expect(readDigest()).toBe(shop.digests.get('app'));
  });
});

describe('an image in whatever field kustomize writes it', () => {
  test.each([
    ['spec.imageName', 'spec/imageName', 'spec: {imageName: app}'],
    ['spec.package', 'spec/package', 'spec: {package: "app:1"}'],
    [
      'a pod annotation',
      'spec/template/metadata/annotations/ref',
      'spec: {template: {metadata: {annotations: {ref: app}}}}',
    ],
  ])('%s', async (_what, path, spec) => {
    await open({
      'base/app.yaml': `apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: thing}\n${spec}\n`,
      'base/images.yaml': `images:\n- path: ${path}\n  kind: Thing\n`,
      'base/kustomization.yaml': 'resources: [app.yaml]\n',
      'overlays/production/images.yaml': `images:\n- path: ${path}\n  kind: Thing\n`,
      [OVERLAY]: overlayOf({ app: '$HOST/app' }, 'configurations: [images.yaml]\n'),
    });
    expect(await shop.deploy('app')).toBe('landed');
    expect(readDigest()).toBe(shop.digests.get('app'));
    expect(await shop.deploy('app')).toBe('landed');
  });
});

describe('what takes an image over from its entry is named with its place, and without it the bump lands', () => {
  const D2 = `sha256:${'2'.repeat(64)}`;

  test.each([
    ['a pattern over the registry', '$HOST/.*'],
    ['the same repository', '$HOST/app'],
    ['a pattern for everything', '.*'],
    ['a star, which is a pattern too', '*'],
  ])('a later entry: %s', async (_what, name) => {
    const later = `  - name: "${name}"\n    digest: ${D2}\n`;
    await open({ [OVERLAY]: `${overlayOf({ app: '$HOST/app' })}${later}` });
    const advice = await shop.deploy('app');
    expect(advice).toContain(`${OVERLAY}:6: the images entry "${name.replace('$HOST', shop.host)}" takes over what`);
    expect(advice).toMatch(/put it above that one, or narrow its name$/);
    shop.write({
      [OVERLAY]: overlayOf({ app: '$HOST/app' })
        .replace('images:\n', `images:\n${later}`)
        .replace(/"[.]?[*]"/, '"b.*"'),
    });
    expect(await shop.deploy('app')).toBe('landed');
  });

  test.each([
    ['a file', 'transformers: [tag.yaml]\n', 'overlays/production/tag.yaml:1'],
    ['text in the kustomization', `transformers:\n  - |-\n    ${'TEXT'}\n`, `${OVERLAY}:`],
    ['a component', 'components: [../../parts]\n', 'parts/kustomization.yaml:4'],
  ])('%s', async (what, more, place) => {
    const transformer = `apiVersion: builtin\nkind: ImageTagTransformer\nmetadata: {name: tag}\nimageTag: {name: "$HOST/app", digest: "${D2}"}\nfieldSpecs: [{path: "spec/template/spec/containers[]/image"}]\n`;
    const overlay = overlayOf(
      { app: '$HOST/app' },
      more.replace('TEXT', transformer.trim().replaceAll('\n', '\n    ')),
    );
    await open({
      [OVERLAY]: overlay,
      'overlays/production/tag.yaml': transformer,
      'parts/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nimages:\n  - name: app\n    newName: elsewhere.example/app\n    digest: ${D2}\n`,
    });
    const advice = await shop.deploy('app');
    expect(advice).toContain(place);
    expect(advice).toMatch(/take it out there$/);
    expect(what === 'a component' ? advice : 'x').not.toContain('call it as');
    shop.write({ [OVERLAY]: overlayOf({ app: '$HOST/app' }) });
    expect(await shop.deploy('app')).toBe('landed');
  });
});

describe('a copy of the image follows it', () => {
  const replacements = (more: string): string =>
    `replacements:
  - source: {kind: Deployment, name: app, fieldPath: spec.template.spec.containers.0.image${more}}
    targets:
      - select: {kind: ConfigMap}
        fieldPaths: [data.image]
`;
  const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: about}\ndata: {image: none}\n';

  test.each([
    ['the whole reference', replacements('')],
    ['the digest alone', replacements(', options: {delimiter: "@", index: 1}')],
  ])('%s, by a replacement', async (_what, more) => {
    await open({
      'base/kustomization.yaml': 'resources: [app.yaml, map.yaml]\n',
      'base/map.yaml': CONFIG_MAP,
      [OVERLAY]: overlayOf({ app: '$HOST/app' }, more),
    });
    expect(await shop.deploy('app')).toBe('landed');
    expect(await shop.deploy('app')).toBe('landed');
  });

  test('an environment variable by vars', async () => {
    const env = '{name: app, image: app, env: [{name: IMAGE, value: "$(IMAGE)"}]}';
    await open({
      'base/app.yaml': deploymentOf('app', 'app').replace('{name: c0, image: "app"}', env),
      [OVERLAY]: overlayOf(
        { app: '$HOST/app' },
        'vars: [{name: IMAGE, objref: {kind: Deployment, name: app, apiVersion: apps/v1}, fieldref: {fieldpath: "spec.template.spec.containers[0].image"}}]\n',
      ),
    });
    expect(await shop.deploy('app')).toBe('landed');
  });

  test('a part of another text is refused with its place', async () => {
    await open({
      'base/kustomization.yaml': 'resources: [app.yaml, map.yaml]\n',
      'base/map.yaml': CONFIG_MAP.replace('none', '"runs:none"'),
      [OVERLAY]: overlayOf(
        { app: '$HOST/app' },
        replacements('').replace(
          'fieldPaths: [data.image]',
          'fieldPaths: [data.image]\n        options: {delimiter: "+", index: 1}',
        ),
      ),
    });
    expect(await shop.deploy('app')).toMatch(/would also change data.image of ConfigMap about/);
  });
});

describe('what kustomize does not do without an option is said with the option', () => {
  const CHART = {
    'overlays/production/charts/thing/Chart.yaml': 'apiVersion: v2\nname: thing\nversion: 1.0.0\n',
    'overlays/production/charts/thing/values.yaml': 'a: b\n',
    'overlays/production/charts/thing/templates/map.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: chart}\ndata: {a: b}\n',
    [OVERLAY]: overlayOf(
      { app: '$HOST/app' },
      'helmCharts:\n  - name: thing\n    releaseName: thing\n    version: 1.0.0\n',
    ),
  };

  test('helmCharts: first the option, then the program', async () => {
    await open(CHART);
    const advice = await shop.deploy('app');
    expect(advice).toMatch(
      /^the overlay overlays\/production renders Helm charts: set (kustomize: \{helm: true\}) for its/,
    );
    expect(advice).not.toContain('\n');
    shop.write({ 'slipway.yaml': configOf({ app: '' }, { production: 'kustomize: {helm: true}' }) });
    expect(await shop.deploy('app')).toMatch(/renders Helm charts, and helm is not on PATH: install it/);
    shop.env['PATH'] = withProgram('helm', HELM);
    expect(await shop.deploy('app')).toBe('landed');
  });

  test('a file outside of the folder', async () => {
    await open({ [OVERLAY]: overlayOf({ app: '$HOST/app' }).replace('../../base', '../../base/app.yaml') });
    const advice = await shop.deploy('app');
    expect(advice).toMatch(
      /reads \S*base\/app.yaml, which is outside of its folder: .* set kustomize: \{load-restrictor: none\}/,
    );
    shop.write({ 'slipway.yaml': configOf({ app: '' }, { production: 'kustomize: {load-restrictor: none}' }) });
    expect(await shop.deploy('app')).toBe('landed');
  });

  test.each(['SecretsFromVault', 'KSOPS', 'Goodbye'])('the plugin %s, which runs code', async (kind) => {
    await open({
      'overlays/production/plugin.yaml': `apiVersion: example.com/v1\nkind: ${kind}\nmetadata: {name: x}\n`,
      [OVERLAY]: overlayOf({ app: '$HOST/app' }, 'generators: [plugin.yaml]\n'),
    });
    expect(await shop.deploy('app')).toMatch(new RegExp(`uses the plugin ${kind}, which runs code of its own`));
  });

  test('a rendering that takes too long, and the limit that gives it more', async () => {
    await open({ 'slipway.yaml': configOf({ app: '' }, { production: 'kustomize: {timeout: 1}' }) });
    shop.env['PATH'] = withProgram('kustomize', `sleep 2; exec ${join(kustomizeFolder, 'kustomize')} "$@"`);
    const advice = await shop.deploy('app');
    expect(advice).toMatch(
      /did not render within 1 s; kustomize.timeout of its environment in slipway.yaml gives it more$/,
    );
    shop.write({ 'slipway.yaml': configOf({ app: '' }, { production: 'kustomize: {timeout: 60}' }) });
    expect(await shop.deploy('app')).toBe('landed');
  });

  test.each([
    ['[', 7],
    ['app(', 7],
    ['app{2,1}', 7],
  ])('an entry that makes kustomize crash: %s', async (name, line) => {
    await open({
      [OVERLAY]: `${overlayOf({ app: '$HOST/app' })}  - name: other\n    newTag: v1\n`.replace(
        'name: other',
        `name: "${name}"`,
      ),
    });
    const advice = await shop.deploy('app');
    expect(advice).toMatch(/^kustomize v\S+ crashed on the overlay overlays\/production: runtime error/);
    expect(advice).toContain(`${OVERLAY}:${line - 1}: kustomize reads the name "${name}" as a pattern`);
    shop.write({ [OVERLAY]: overlayOf({ app: '$HOST/app' }) });
    expect(await shop.deploy('app')).toBe('landed');
  });
});

/** A folder with one program, before what is on PATH anyway. */
function withProgram(name: string, script: string): string {
  const folder = join(shop.tenant.temp, '..', 'programs');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
  return `${folder}:${kustomizeFolder}:${process.env['PATH'] ?? ''}`;
}

/** As much of helm as kustomize asks for: its version, and one rendered template. */
const HELM = `case "$1" in
version) echo v3.15.0 ;;
template) echo 'apiVersion: v1
kind: ConfigMap
metadata: {name: chart}' ;;
esac`;
