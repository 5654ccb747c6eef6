import { describe, expect, test } from '@jest/globals';
import { parseChildren, parseDescribedImages, parseIsoTime } from '#core/aws/ecr-lifecycle/image.ts';

const good = { imageDigest: 'sha256:a', imagePushedAt: '2026-01-02T03:04:05.678+01:00' };
const parse = (...imageDetails: unknown[]) => parseDescribedImages('images.json', { imageDetails });

test('reads what the AWS CLI writes', () => {
  const [image] = parse({
    ...good,
    registryId: '123456789012',
    repositoryName: 'bot',
    imageTags: ['v1'],
    imageSizeInBytes: 1,
    lastRecordedPullTime: '2026-01-03T00:00:00+00:00',
    imageManifestMediaType: 'application/vnd.oci.image.manifest.v1+json',
    imageStatus: 'ARCHIVED',
    lastArchivedAt: 1767225600,
    subjectManifestDigest: 'sha256:b',
  });
  expect(image).toEqual({
    digest: 'sha256:a',
    tags: ['v1'],
    pushedAt: new Date('2026-01-02T02:04:05.678Z'),
    pulledAt: new Date('2026-01-03T00:00:00Z'),
    archivedAt: new Date('2026-01-01T00:00:00Z'),
    activatedAt: undefined,
    status: 'archived',
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    subject: 'sha256:b',
    children: [],
  });
});

test('an image without tags, status and pull is untagged, active and never pulled; seconds may have a fraction', () => {
  const [image] = parse({ imageDigest: 'sha256:a', imagePushedAt: 1767225600.5 });
  expect(image).toMatchObject({
    tags: [],
    status: 'active',
    pulledAt: undefined,
    pushedAt: new Date('2026-01-01T00:00:00.500Z'),
  });
});

test('an empty repository has no images', () => {
  expect(parse()).toEqual([]);
});

describe('refuses', () => {
  const cases: [string, unknown, string][] = [
    [
      'another answer',
      { imageIds: [] },
      'images.json: "{\\"imageIds\\":[]}" is not the answer of aws ecr describe-images',
    ],
    ['a list', [good], 'is not the answer of aws ecr describe-images'],
    ['nothing', null, 'is not the answer of aws ecr describe-images'],
    ['no digest', { imageDetails: [{ imagePushedAt: 1 }] }, 'images.json imageDetails[0].imageDigest: "" is missing'],
    [
      'no time',
      { imageDetails: [{ imageDigest: 'sha256:a' }] },
      'images.json imageDetails[0].imagePushedAt: "" is missing',
    ],
    [
      'no real time',
      { imageDetails: [good, { ...good, imagePushedAt: 'yesterday' }] },
      'images.json imageDetails[1].imagePushedAt: "yesterday" is not a time',
    ],
    [
      'a time that is none',
      { imageDetails: [{ ...good, imagePushedAt: true }] },
      'imagePushedAt: "true" is not a time',
    ],
    ['tags that are not a list', { imageDetails: [{ ...good, imageTags: 'v1' }] }, 'imageTags: "v1" is not a list'],
    ['an unknown status', { imageDetails: [{ ...good, imageStatus: 'GONE' }] }, 'imageStatus: "GONE" is not a status'],
    [
      'a page of several',
      { imageDetails: [good], nextToken: 'abc' },
      '"abc" is a nextToken, so images are missing: get all pages',
    ],
    ['a page of the CLI', { imageDetails: [good], NextToken: 'abc' }, 'so images are missing'],
    ['an image twice', { imageDetails: [good, good] }, '"sha256:a" is listed twice in imageDetails'],
    [
      'two repositories',
      {
        imageDetails: [
          { ...good, repositoryName: 'a' },
          { ...good, imageDigest: 'sha256:b', repositoryName: 'b' },
        ],
      },
      '"b" is not the repository of the first image, "a"',
    ],
  ];
  test.each(cases)('%s', (_name, answer, message) => {
    expect(() => parseDescribedImages('images.json', answer)).toThrow(message);
  });
});

test.each([
  ['2026-01-02', '2026-01-02T00:00:00.000Z'],
  ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
  ['2026-01-02T03:04:05', '2026-01-02T03:04:05.000Z'],
  ['2026-01-02 03:04', '2026-01-02T03:04:00.000Z'],
  ['2026-01-02T03:04:05.123456-05:00', '2026-01-02T08:04:05.123Z'],
])('the time %s is %s', (text, iso) => {
  expect(parseIsoTime(text)?.toISOString()).toBe(iso);
});

test.each(['', 'now', '1', '2026', '2026-13-01', '2026-01-02T25:00:00Z', 'Jan 2 2026'])('%j is not a time', (text) => {
  expect(parseIsoTime(text)).toBeUndefined();
});

test('only manifest lists have children', () => {
  expect(parseChildren(JSON.stringify({ manifests: [{ digest: 'sha256:a', platform: {} }] }))).toEqual(['sha256:a']);
  expect(parseChildren(JSON.stringify({ layers: [{ digest: 'sha256:a' }] }))).toEqual([]);
  expect(parseChildren('no JSON')).toEqual([]);
});
