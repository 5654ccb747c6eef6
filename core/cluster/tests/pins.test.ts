import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import * as z from 'zod';
import { readObjects } from '#core/cluster/objects.ts';
import { checkManifest, PINS_FILE, parsePins, pinCharts, pinImages } from '#core/cluster/pins.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';

const bytes = Buffer.from('kind: x\n');
const digest = `sha256:${'ab'.repeat(32)}`;
const text = JSON.stringify({
  argocd: {
    version: '3.2.11',
    manifest: { url: 'https://example.com/install.yaml', sha256: createHash('sha256').update(bytes).digest('hex') },
  },
  charts: { tool: { version: '1.2.3', value: 'image.tag', image: 'host/tool:v1' } },
  images: { 'host/tool:v1': digest, 'host/new:v2': null },
});
const pins = parsePins(text);
const deployment = (image: string): ReturnType<typeof readObjects> =>
  readObjects(
    JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: { c: [{ image }] } }),
    'a',
  );

test('a manifest with one byte changed is refused', () => {
  expect(() => checkManifest(bytes, pins, 'a file')).not.toThrow();
  expect(() => checkManifest(Buffer.from('kind: y\n'), pins, 'a file')).toThrow(
    /^a file is not Argo CD 3\.2\.11's manifest/,
  );
});

test('images are written by digest, and one without a digest is refused with the command', () => {
  expect(pinImages(deployment('host/tool:v1'), pins)).toEqual(deployment(`host/tool:v1@${digest}`));
  for (const image of ['host/new:v2', 'host/other:v1', 'constructor'])
    expect(() => pinImages(deployment(image), pins)).toThrow(
      /has no digest of .*\n {2}npm run -s slipway -- cluster pins$/,
    );
});

const chart = (values: object, targetRevision: string | undefined = '1.2.3'): ReturnType<typeof readObjects> =>
  readObjects(
    JSON.stringify({
      ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { name: 'a' } },
      spec: { source: { chart: 'tool', targetRevision, helm: { valuesObject: values } } },
    }),
    'a',
  );

test("a chart's image is pinned through its values", () => {
  expect(pinCharts(chart({ x: 1, image: { y: 2 } }), pins)).toEqual(
    chart({ x: 1, image: { y: 2, tag: `v1@${digest}` } }),
  );
});

test.each(['1.2.4', '*', ''])('an image is pinned for one version of its chart: %j is refused', (version) => {
  expect(() => pinCharts(chart({}, version), pins)).toThrow(
    `argocd/pins.json pins host/tool:v1 for the chart tool 1.2.3, and its Application says "${version}": write the same version into both`,
  );
});

test('every chart of the platform runs an image that connect writes by digest', () => {
  const text = readFileSync(join(repositoryRoot, PINS_FILE), 'utf8');
  const folder = join(repositoryRoot, 'argocd/platform');
  const files = readdirSync(folder).filter((name) => name !== 'kustomization.yaml');
  const platform = files.flatMap((name) => readObjects(readFileSync(join(folder, name), 'utf8'), name));
  const own = parsePins(text.replaceAll(': null', `: "${digest}"`)); // the registries are asked where connect is typed
  const charts = pinCharts(platform, own).flatMap((object) => {
    const { data } = chartApplication.safeParse(object);
    return data === undefined ? [] : [`${data.spec.source.chart} ${data.spec.source.helm.valuesObject.image?.tag}`];
  });
  expect(charts.length).toBeGreaterThan(1);
  for (const one of charts) expect(one).toMatch(/^\S+ v\d+\.\d+\.\d+@sha256:[0-9a-f]{64}$/);
});

const chartApplication = z.looseObject({
  spec: z.looseObject({
    source: z.looseObject({
      chart: z.string(),
      helm: z.looseObject({
        valuesObject: z.looseObject({ image: z.looseObject({ tag: z.string() }).optional() }),
      }),
    }),
  }),
});

test.each([
  ['not JSON', '{'],
  ['a digest that is none', text.replace(digest, 'sha256:12')],
  ['a field too many', text.replace('"charts"', '"more": 1, "charts"')],
  ['http', text.replace('https:', 'http:')],
])('%s is refused', (_what, wrong) => {
  expect(() => parsePins(wrong)).toThrow(/^argocd\/pins\.json/);
});
