import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { readObjects } from '#core/cluster/objects.ts';
import { checkManifest, parsePins, pinCharts, pinImages } from '#core/cluster/pins.ts';

const bytes = Buffer.from('kind: x\n');
const digest = `sha256:${'ab'.repeat(32)}`;
const text = JSON.stringify({
  argocd: {
    version: '3.2.11',
    manifest: { url: 'https://example.com/install.yaml', sha256: createHash('sha256').update(bytes).digest('hex') },
  },
  charts: { tool: { value: 'image.tag', image: 'host/tool:v1' } },
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

test("a chart's image is pinned through its values", () => {
  const chart = (values: object): ReturnType<typeof readObjects> =>
    readObjects(
      JSON.stringify({
        ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { name: 'a' } },
        spec: { source: { chart: 'tool', helm: { valuesObject: values } } },
      }),
      'a',
    );
  expect(pinCharts(chart({ x: 1, image: { y: 2 } }), pins)).toEqual(
    chart({ x: 1, image: { y: 2, tag: `v1@${digest}` } }),
  );
});

test.each([
  ['not JSON', '{'],
  ['a digest that is none', text.replace(digest, 'sha256:12')],
  ['a field too many', text.replace('"charts"', '"more": 1, "charts"')],
  ['http', text.replace('https:', 'http:')],
])('%s is refused', (_what, wrong) => {
  expect(() => parsePins(wrong)).toThrow(/^argocd\/pins\.json/);
});
