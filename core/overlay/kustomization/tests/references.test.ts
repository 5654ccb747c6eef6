import { describe, expect, test } from '@jest/globals';
import { findKustomizationFile, listReferences } from '#core/overlay/kustomization/references.ts';

describe('which file is the kustomization', () => {
  test.each(['kustomization.yaml', 'kustomization.yml', 'Kustomization'])('%s', (name) => {
    expect(findKustomizationFile(['a.yaml', name, 'kustomization.yaml.bak'], 'overlays/x')).toBe(name);
  });

  test('none', () => {
    expect(() => findKustomizationFile(['kustomization', 'Kustomization.yaml'], 'overlays/x')).toThrow(
      /^overlays\/x has no kustomization.yaml/,
    );
  });

  test('two, as kustomize refuses them', () => {
    const names = ['Kustomization', 'kustomization.yaml'];
    expect(() => findKustomizationFile(names, 'overlays/x')).toThrow(
      'overlays/x has kustomization.yaml and Kustomization: keep one of them',
    );
  });
});

const everything = `
resources: [deployment.yaml, ../../base/, "./here", github.com/acme/repo, https://example.org/x.yaml, deployment.yaml]
bases: [old]
components: [../parts/tls]
crds: [crds/fleet.yaml]
configurations: [names.yaml]
generators:
  - generator.yaml
  - |-
    apiVersion: builtin
    kind: ConfigMapGenerator
    metadata: {name: x}
    files: [k=inline.properties]
transformers: [transformers/]
validators: [validator.yaml]
patchesStrategicMerge:
  - strategic.yaml
  - |-
    kind: Deployment
    metadata: {name: bot}
  - '{kind: Deployment, metadata: {name: bot}}'
patchesJson6902:
  - {path: json.yaml, target: {kind: Deployment}}
patches:
  - path: patch.yaml
  - patch: |-
      - {op: remove, path: /spec/replicas}
replacements:
  - path: replacement.yaml
  - source: {kind: Deployment}
configMapGenerator:
  - {name: a, files: [plain.txt, key=named.txt, folder], envs: [a.env], env: b.env, literals: [x=not-a-path]}
secretGenerator:
  - {name: b, files: [tls.crt=secret/tls.crt]}
helmCharts:
  - {name: redis, valuesFile: values.yaml, additionalValuesFiles: [more.yaml]}
openapi: {path: schema.json}
images: [{name: not-a-path}]
`;

describe('what a kustomization refers to', () => {
  test('every field that holds paths, each path once, inline YAML and literals not', () => {
    expect(listReferences(everything).sort()).toEqual(
      [
        ...[
          'deployment.yaml',
          '../../base/',
          './here',
          'old',
          '../parts/tls',
          'crds/fleet.yaml',
          'names.yaml',
          'generator.yaml',
        ],
        ...[
          'inline.properties',
          'transformers/',
          'validator.yaml',
          'strategic.yaml',
          'json.yaml',
          'patch.yaml',
          'replacement.yaml',
        ],
        ...[
          'plain.txt',
          'named.txt',
          'folder',
          'a.env',
          'b.env',
          'secret/tls.crt',
          'values.yaml',
          'more.yaml',
          'charts',
          'schema.json',
        ],
      ].sort(),
    );
  });

  test.each([
    'https://github.com/acme/repo//base?ref=v1',
    'http://example.org/a.yaml',
    'ssh://git@example.org/acme/repo',
    'git::https://example.org/acme/repo.git',
    'git@github.com:acme/repo.git',
    'github.com/acme/repo/base?ref=main',
    'example.org/repo?ref=v1',
    'file:///srv/repo',
  ])('%s comes from elsewhere', (url) => {
    const text = JSON.stringify({ resources: [url, 'local.yaml'] });
    expect(listReferences(text)).toEqual(['local.yaml']);
  });

  test('keys in any case, by alias and by merge key', () => {
    expect(listReferences('Resources: &r [a]\nComponents: *r\nPatches: [&p {Path: b}, {<<: *p}]')).toEqual(['a', 'b']);
  });

  test.each(['', '- a', 'resources: {', 'resources: a', 'resources: [{a: 1}, 3, null]', 'a: *b', 'resources: null'])(
    '%j: nothing, kustomize will say why',
    (text) => {
      expect(listReferences(text)).toEqual([]);
    },
  );

  test("the configuration of kustomize's own plugins", () => {
    const references = (plugin: string): string[] => listReferences(JSON.stringify({ transformers: [plugin] }));
    expect(references('kind: PatchTransformer\npath: a.yaml')).toEqual(['a.yaml']);
    expect(references('kind: PatchStrategicMergeTransformer\npaths: [a.yaml, "kind: X\\nname: y"]')).toEqual([
      'a.yaml',
    ]);
    expect(references('kind: HelmChartInflationGenerator\nvaluesFile: v.yaml\nchartHome: charts')).toEqual([
      'v.yaml',
      'charts',
    ]);
  });
});
