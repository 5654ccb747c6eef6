import { createServer, type Server } from 'node:http';
import { ECRClient } from '@aws-sdk/client-ecr';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createEcrImages } from '#core/registry/ecr-images.ts';
import type { RepositoryImages } from '#core/registry/repository-images.ts';
import type { Digest } from '#core/values/reference.ts';

const ACCOUNT = '123456789012';
const location = { type: 'ecr', region: 'ca-central-1', account: ACCOUNT } as const;
const LIST = 'application/vnd.oci.image.index.v1+json';
const IMAGE = 'application/vnd.oci.image.manifest.v1+json';
const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}`;
const ids = { registryId: ACCOUNT, repositoryName: 'bot' };

interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

let api: Server;
let calls: { operation: string; body: Record<string, unknown> }[];
/** The answers of each operation, the last one for good. */
let answers: Record<string, Answer[]>;
let present: Set<string>;
let images: RepositoryImages;

beforeEach(async () => {
  calls = [];
  answers = {};
  present = new Set();
  api = createServer((request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      calls.push({ operation, body: JSON.parse(text) });
      const queue = answers[operation] ?? [];
      const { status = 200, body } = (queue.length > 1 ? queue.shift() : queue[0]) ?? { status: 404, body: {} };
      response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  const address = api.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const client = new ECRClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: location.region,
    credentials: { accessKeyId: 'x', secretAccessKey: 'y' },
    maxAttempts: 1,
  });
  const registry = {
    findDigest: async (_repository: string, reference: string) => (present.has(reference) ? digest('a') : undefined),
  };
  images = createEcrImages({ client, location, registry });
});
afterEach(async () => {
  api.closeAllConnections();
  await new Promise((resolve) => api.close(resolve));
});

const failure = (type: string): Answer => ({ status: 400, body: { __type: type, message: 'no' } });
const detail = (letter: string, more: object = {}): object => ({
  imageDigest: digest(letter),
  imagePushedAt: 1767225600,
  imageManifestMediaType: IMAGE,
  ...more,
});

describe('the list', () => {
  test('has all pages and all states; manifest lists come with their children', async () => {
    answers['DescribeImages'] = [
      {
        body: {
          imageDetails: [detail('a', { imageTags: ['v1'], lastRecordedPullTime: 1767225601 })],
          nextToken: 'more',
        },
      },
      {
        body: {
          imageDetails: [
            detail('b', { imageManifestMediaType: LIST }),
            detail('c', { imageStatus: 'ARCHIVED', lastArchivedAt: 1767225602, imageManifestMediaType: LIST }),
            detail('d', { imageStatus: 'ACTIVATING', lastActivatedAt: 1767225603, subjectManifestDigest: digest('a') }),
          ],
        },
      },
    ];
    const manifest = {
      imageId: { imageDigest: digest('b') },
      imageManifest: JSON.stringify({ manifests: [{ digest: digest('a') }] }),
    };
    answers['BatchGetImage'] = [{ body: { images: [manifest], failures: [] } }];
    const all = await images.list('bot');
    expect(all).toMatchObject([
      { digest: digest('a'), tags: ['v1'], status: 'active', pulledAt: new Date(1767225601000), children: [] },
      { digest: digest('b'), tags: [], status: 'active', pulledAt: undefined, children: [digest('a')] },
      { digest: digest('c'), status: 'archived', archivedAt: new Date(1767225602000), children: [] },
      { digest: digest('d'), status: 'activating', activatedAt: new Date(1767225603000), subject: digest('a') },
    ]);
    expect(calls.map(({ body }) => body)).toMatchObject([
      { ...ids, maxResults: 1000, filter: { imageStatus: 'ANY' } },
      { ...ids, maxResults: 1000, filter: { imageStatus: 'ANY' }, nextToken: 'more' },
      { ...ids, imageIds: [{ imageDigest: digest('b') }] },
    ]);
    expect(calls.at(-1)?.body['acceptedMediaTypes']).toContain(LIST);
  });

  test('asks for the manifests of lists by the hundred, and for none where there are no lists', async () => {
    const lists = Array.from({ length: 250 }, (_, index) => ({
      ...detail('a', { imageManifestMediaType: LIST }),
      imageDigest: `sha256:${index.toString(16).padStart(64, '0')}`,
    }));
    answers['DescribeImages'] = [{ body: { imageDetails: lists } }, { body: { imageDetails: [detail('a')] } }];
    answers['BatchGetImage'] = [{ body: { images: [], failures: [] } }];
    expect(await images.list('bot')).toHaveLength(250);
    const sizes = calls.slice(1).map(({ body }) => (Array.isArray(body['imageIds']) ? body['imageIds'].length : 0));
    expect(sizes).toEqual([100, 100, 50]);
    await images.list('bot');
    expect(calls.at(-1)?.operation).toBe('DescribeImages');
  });
});

describe('the policy', () => {
  test('is read', async () => {
    const rule = {
      rulePriority: 1,
      selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 5 },
      action: { type: 'expire' },
    };
    answers['GetLifecyclePolicy'] = [{ body: { lifecyclePolicyText: JSON.stringify({ rules: [rule] }) } }];
    expect((await images.readPolicy('bot'))?.rules).toMatchObject([{ priority: 1, action: 'expire' }]);
  });

  test('may not be there', async () => {
    answers['GetLifecyclePolicy'] = [failure('LifecyclePolicyNotFoundException')];
    expect(await images.readPolicy('bot')).toBeUndefined();
  });

  test('that this simulator does not know is refused by its place', async () => {
    answers['GetLifecyclePolicy'] = [
      { body: { lifecyclePolicyText: '{"rules": [{"rulePriority": 1, "unless": {}}]}' } },
    ];
    await expect(images.readPolicy('bot')).rejects.toThrow('the lifecycle policy of bot rules[0]');
  });
});

describe('a tag', () => {
  const stored = { imageId: { imageDigest: digest('a') }, imageManifest: '{"a":1}', imageManifestMediaType: IMAGE };

  test('is put with the manifest as it is stored', async () => {
    answers['BatchGetImage'] = [{ body: { images: [stored] } }];
    answers['PutImage'] = [{ body: {} }];
    expect(await images.addTag('bot', digest('a'), 'keep-1')).toBe('tagged');
    expect(calls.at(-1)).toEqual({
      operation: 'PutImage',
      body: {
        ...ids,
        imageManifest: '{"a":1}',
        imageManifestMediaType: IMAGE,
        imageDigest: digest('a'),
        imageTag: 'keep-1',
      },
    });
  });

  test.each(['ImageAlreadyExistsException', 'ImageTagAlreadyExistsException'])(
    'that is there already (%s) is read again',
    async (name) => {
      answers['BatchGetImage'] = [{ body: { images: [stored] } }];
      answers['PutImage'] = [failure(name)];
      answers['DescribeImages'] = [
        { body: { imageDetails: [detail('a')] } },
        { body: { imageDetails: [detail('b')] } },
      ];
      expect(await images.addTag('bot', digest('a'), 'keep-1')).toBe('tagged');
      expect(await images.addTag('bot', digest('a'), 'keep-1')).toBe('taken');
      expect(calls.at(-1)?.body['imageIds']).toEqual([{ imageTag: 'keep-1' }]);
    },
  );

  test('needs an image', async () => {
    answers['BatchGetImage'] = [{ body: { images: [], failures: [{ failureCode: 'ImageNotFound' }] } }];
    expect(await images.addTag('bot', digest('a'), 'keep-1')).toBe('missing');
  });

  test('is taken away by its name alone, after another look', async () => {
    answers['DescribeImages'] = [{ body: { imageDetails: [detail('a', { imageTags: ['in-1', 'keep-1'] })] } }];
    answers['BatchDeleteImage'] = [{ body: { imageIds: [{}], failures: [] } }];
    expect(await images.removeTag('bot', digest('a'), 'keep-1')).toBe('removed');
    expect(calls.at(-1)).toEqual({
      operation: 'BatchDeleteImage',
      body: { ...ids, imageIds: [{ imageTag: 'keep-1' }] },
    });
  });

  test('that is the last one of its image stays', async () => {
    answers['DescribeImages'] = [{ body: { imageDetails: [detail('a', { imageTags: ['keep-1'] })] } }];
    expect(await images.removeTag('bot', digest('a'), 'keep-1')).toBe('last');
    expect(calls.map(({ operation }) => operation)).toEqual(['DescribeImages']);
  });

  test('that is gone meanwhile is absent, with its image or without', async () => {
    answers['DescribeImages'] = [
      failure('ImageNotFoundException'),
      { body: { imageDetails: [detail('a', { imageTags: ['in-1'] })] } },
      { body: { imageDetails: [detail('a', { imageTags: ['in-1', 'keep-1'] })] } },
    ];
    answers['BatchDeleteImage'] = [{ body: { failures: [{ failureCode: 'ImageNotFound' }] } }];
    for (let count = 0; count < 3; count++) expect(await images.removeTag('bot', digest('a'), 'keep-1')).toBe('absent');
  });

  test('that ECR does not give away is named', async () => {
    answers['DescribeImages'] = [{ body: { imageDetails: [detail('a', { imageTags: ['in-1', 'keep-1'] })] } }];
    answers['BatchDeleteImage'] = [{ body: { failures: [{ failureCode: 'KmsError', failureReason: 'key gone' }] } }];
    await expect(images.removeTag('bot', digest('a'), 'keep-1')).rejects.toThrow(
      'ECR does not take the tag keep-1 from bot: key gone',
    );
  });
});

test('what can be pulled is asked of the registry', async () => {
  present.add(digest('a'));
  expect(await images.hasManifest('bot', digest('a'))).toBe(true);
  expect(await images.hasManifest('bot', digest('b'))).toBe(false);
});

describe('faults have a sentence with the right and the place', () => {
  const cases: [string, string, (all: RepositoryImages) => Promise<unknown>, string][] = [
    [
      'AccessDeniedException',
      'DescribeImages',
      (all) => all.list('bot'),
      'the AWS role lacks the right ecr:DescribeImages (repository bot, account 123456789012, region ca-central-1)',
    ],
    [
      'AccessDeniedException',
      'GetLifecyclePolicy',
      (all) => all.readPolicy('bot'),
      'lacks the right ecr:GetLifecyclePolicy',
    ],
    [
      'AccessDeniedException',
      'BatchGetImage',
      (all) => all.addTag('bot', digest('a'), 'x'),
      'lacks the right ecr:BatchGetImage',
    ],
    [
      'RepositoryNotFoundException',
      'DescribeImages',
      (all) => all.list('bot'),
      'the repository does not exist in ECR (repository bot',
    ],
    [
      'ServerException',
      'DescribeImages',
      (all) => all.removeTag('bot', digest('a'), 'x'),
      'ECR gave no answer to ecr:DescribeImages',
    ],
  ];
  test.each(cases)('%s of %s', async (name, operation, call, message) => {
    answers[operation] = [failure(name)];
    await expect(call(images)).rejects.toThrow(message);
  });
});
