import { describe, expect, test } from '@jest/globals';
import { composeComment } from '#core/comment/compose.ts';
import { readReports } from '#core/comment/read-reports.ts';
import { createImagesReport, type ImageEntry } from '#core/images/report.ts';
import { createReport, type Entry } from '#core/manifests/report.ts';
import { readPart } from '#core/terraform/comment/render.ts';
import { toReport } from '#core/terraform/comment/report.ts';
import { classify, planOf, resource } from '#core/terraform/comment/tests/plan-builder.ts';
import { expectGolden } from '#tests/support/golden.ts';

const HEAD = 'a1b2c3d'.padEnd(40, '0');
const BASE = 'b'.repeat(40);
const golden = (name: string) => new URL(`golden/${name}.md`, import.meta.url).pathname;

const manifests = (name: string, entries: Entry[], notes: string[] = []) =>
  createReport({ name, base: BASE, head: HEAD, notes }, entries);

const planReport = (name: string, resources: object[]) =>
  toReport(
    readPart({ name, plan: classify(planOf(resources)), notes: [] }, (text) => text),
    {
      ...{ head: HEAD, base: BASE, sources: ['terraform/aws'], fingerprint: 'f', refresh: true, hasDestroy: false },
      ...{ guard: [], errors: [], summaryMarkdown: '' },
    },
  );

const restart: Entry = {
  group: 'restart',
  label: 'Deployment/discord-bot',
  note: 'its pods are replaced, one at a time',
  diff: '- spec.template.spec.containers[name=discord-bot].resources.limits.memory = 256Mi\n+ spec.template.spec.containers[name=discord-bot].resources.limits.memory = 512Mi',
};
const removed: Entry = { group: 'remove', label: 'Namespace/shop', note: 'all that is in it is lost', diff: '' };
const table = resource('module.tables.aws_dynamodb_table.this["history"]', ['update'], {
  before: { ttl: [{ attribute_name: 'ttl', enabled: true }] },
  after: { ttl: [{ attribute_name: 'expires', enabled: true }] },
});

const image: ImageEntry = {
  ...{ group: 'build', image: 'discord-bot', isNew: false, causes: ['app'], why: '', digest: '' },
  ...{ inputHash: 'e'.repeat(64), rebuildsDependencies: false },
  unpinned: { written: 'node:24-bookworm-slim', file: 'docker/build.pkr.hcl', line: 17 },
  environments: [{ environment: 'staging', outcome: 'deploys', why: '' }],
};
const images = (entries: readonly ImageEntry[], notAsked = '') =>
  createImagesReport({ base: BASE, head: HEAD, unchanged: 1, notAsked, baseFault: '' }, entries);

const compose = (reports: Parameters<typeof composeComment>[0], limit?: number): string =>
  composeComment(reports, { head: HEAD, rest: 'see the job summary', ...(limit === undefined ? {} : { limit }) });

describe('one comment', () => {
  test.each([
    ['manifests', { manifests: [manifests('staging', [restart])], plans: [] }],
    [
      'both',
      {
        manifests: [
          manifests('staging', [restart], ['Schemas were not checked.']),
          manifests('production', [], ['Schemas were not checked.']),
        ],
        plans: [planReport('aws', [table]), planReport('secrets', [])],
      },
    ],
    [
      'removed',
      {
        manifests: [manifests('staging', [removed]), manifests('production', [restart], ['It did not render before.'])],
        plans: [planReport('aws', [])],
      },
    ],
    [
      'three-sections',
      {
        images: [images([image])],
        manifests: [manifests('staging', [restart])],
        plans: [planReport('aws', [table])],
      },
    ],
    [
      'nothing-of-three',
      { images: [images([])], manifests: [manifests('staging', [])], plans: [planReport('aws', [])] },
    ],
    ['nothing', { manifests: [manifests('staging', [])], plans: [planReport('aws', [])] }],
    ['nothing-looked-at', { manifests: [], plans: [] }],
  ] as const)('%s', (name, reports) => {
    expectGolden(golden(name), compose(reports));
  });

  test('what is removed is named as long as anything is, whichever report has it', () => {
    const many = Array.from({ length: 3000 }, (_one, at) =>
      resource(`aws_sqs_queue.q${at}`, ['create'], { before: null, after: { name: 'x'.repeat(50) } }),
    );
    const text = compose({ manifests: [manifests('staging', [removed])], plans: [planReport('aws', many)] }, 6000);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(6000);
    expect(text).toContain('Namespace/shop');
    expect(text).toMatch(/3,000 creates/);
  });

  test('images are named as long as anything is, and what is destroyed before them', () => {
    const many = Array.from({ length: 400 }, (_one, at) => ({ ...image, image: `image-${at}` }));
    const entry: Entry = { group: 'add', label: 'ConfigMap/x', note: 'x'.repeat(200), diff: '' };
    const objects = Array.from({ length: 100 }, (_one, at) => ({ ...entry, label: `ConfigMap/c${at}` }));
    const gone = resource('aws_sqs_queue.old', ['delete'], { before: { name: 'x' }, after: null });
    const reports = {
      manifests: [manifests('staging', [removed, ...objects])],
      plans: [planReport('aws', [gone, table])],
    };
    const few = compose({ ...reports, images: [images(many.slice(0, 5))] }, 6000);
    expect(many.slice(0, 5).filter(({ image: name }) => few.includes(`<code>${name}</code>`))).toHaveLength(5);
    expect(few).toMatch(/\d+ (more )?new objects/);
    const text = compose({ ...reports, images: [images(many)] }, 6000);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(6000);
    expect(text).toContain('Namespace/shop');
    expect(text).toContain('aws_sqs_queue.old');
    expect(text).toMatch(/\d+ more images to build/);
  });
});

describe('reports', () => {
  test('are read back from what the actions write', () => {
    const reports = {
      images: [images([image])],
      manifests: [manifests('staging', [restart])],
      plans: [planReport('aws', [table])],
    };
    const texts = new Map([
      ['images.json', JSON.stringify(reports.images[0])],
      ['preview.json', JSON.stringify(reports.manifests)],
      ['plan.json', JSON.stringify(reports.plans[0])],
    ]);
    expect(compose(readReports(texts))).toBe(compose(reports));
  });

  test.each(['', '{}', '[{}]', 'null'])('%j is refused by its name', (text) => {
    expect(() => readReports(new Map([['x.json', text]]))).toThrow(
      'reports: "x.json" is not a report of preview-images, preview-overlays or plan-terraform of this version',
    );
  });

  test('a plan of another version is refused as one', () => {
    expect(() => readReports(new Map([['x.json', '{"kind": "terraform"}']]))).toThrow(
      'x.json is not a report of plan-terraform (at version)',
    );
  });
});
