import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCommand } from '#commands/command.ts';
import { expire } from '#commands/expire.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';

const policy = {
  rules: [
    {
      rulePriority: 10,
      selection: { tagStatus: 'tagged', tagPatternList: ['in-*'], countType: 'imageCountMoreThan', countNumber: 1 },
      action: { type: 'expire' },
    },
    {
      rulePriority: 20,
      selection: { tagStatus: 'any', countType: 'sinceImagePushed', countUnit: 'days', countNumber: 7 },
      action: { type: 'expire' },
    },
  ],
};
const list = 'application/vnd.oci.image.index.v1+json';
const described = {
  imageDetails: [
    { imageDigest: 'sha256:c', imagePushedAt: '2026-02-01T00:00:00Z' },
    { imageDigest: 'sha256:b', imageTags: ['in-2', 'git-2'], imagePushedAt: '2026-02-02T00:00:00+00:00' },
    { imageDigest: 'sha256:a', imageTags: ['in-1'], imagePushedAt: 1769904000 },
    {
      imageDigest: 'sha256:d',
      imageTags: ['in-3'],
      imagePushedAt: '2026-02-03T00:00:00Z',
      imageManifestMediaType: list,
    },
    { imageDigest: 'sha256:e', imagePushedAt: '2026-02-27T00:00:00Z' },
  ],
};
const manifest = {
  imageId: { imageDigest: 'sha256:d' },
  imageManifest: JSON.stringify({ manifests: [{ digest: 'sha256:c' }] }),
};
const plain = {
  imageDetails: described.imageDetails.map((image) => ({ ...image, imageManifestMediaType: undefined })),
};
const files: Record<string, string> = {
  'policy.json': JSON.stringify(policy),
  'answer.json': JSON.stringify({ repositoryName: 'bot', lifecyclePolicyText: JSON.stringify(policy) }),
  'images.json': JSON.stringify(plain),
  'lists.json': JSON.stringify(described),
  'manifests.json': JSON.stringify({ images: [manifest], failures: [] }),
  'page.json': JSON.stringify({ ...described, nextToken: 'more' }),
  'broken.json': '{"rules": [',
  'unknown.json': JSON.stringify({ rules: [{ ...policy.rules[0], priority: 1 }] }),
};
const read = (path: string): string => {
  const text = files[path];
  if (text === undefined) throw new Error('ENOENT');
  return text;
};
const now = ['--now', '2026-03-01T00:00:00Z'];
const run = (...argv: string[]) => runCommand(expire, argv, read);

const expired = [
  { digest: 'sha256:a', rule: 10, tags: ['in-1'] },
  { digest: 'sha256:b', rule: 10, tags: ['in-2', 'git-2'] },
  { digest: 'sha256:c', rule: 20, tags: [] },
];

test.each(['policy.json', 'answer.json'])('prints what %s expires, by rule and digest', async (file) => {
  const outcome = await run('--policy', file, '--images', 'images.json', ...now);
  expect(outcome).toEqual({ exitCode: 0, stdout: `${JSON.stringify({ expired })}\n`, stderr: '' });
});

test('with the manifests of the lists, what they refer to stays', async () => {
  const { stdout } = await run(
    '--policy',
    'policy.json',
    '--images',
    'lists.json',
    '--manifests',
    'manifests.json',
    ...now,
  );
  expect(JSON.parse(stdout)).toEqual({ expired: expired.slice(0, 2) });
});

describe('a manifest list of unknown contents is not judged, for what it refers to would be said to expire', () => {
  const index = (name: string, tags?: string[], type = list) => ({
    repositoryName: 'discord-bot',
    imageDigest: `sha256:${name}`,
    ...(tags && { imageTags: tags }),
    imagePushedAt: '2026-02-01T00:00:00Z',
    imageManifestMediaType: type,
  });
  const child = (name: string) => index(name, undefined, 'application/vnd.oci.image.manifest.v1+json');
  const entry = (digest: string, ...children: string[]) => ({
    imageId: { imageDigest: `sha256:${digest}` },
    imageManifest: JSON.stringify({ manifests: children.map((name) => ({ digest: `sha256:${name}` })) }),
  });
  /** The command on a registry's answers; `answers` are those of batch-get-image, for the digests that it asks for. */
  const judge = async (imageDetails: object[], batch?: object) => {
    const of: Record<string, string> = {
      'policy.json': JSON.stringify(policy),
      'images.json': JSON.stringify({ imageDetails }),
      ...(batch && { 'manifests.json': JSON.stringify(batch) }),
    };
    const argv = ['--policy', 'policy.json', '--images', 'images.json', ...now];
    return runCommand(expire, [...argv, ...(batch ? ['--manifests', 'manifests.json'] : [])], (path) => {
      const text = of[path];
      if (text === undefined) throw new Error('ENOENT');
      return text;
    });
  };

  test.each<[string, object[], string, object?]>([
    ['an index and its two children', [index('i', ['in-1']), child('a'), child('b')], '"sha256:i" is a manifest list,'],
    [
      "Docker's list and another",
      [index('d', ['in-1'], 'application/vnd.docker.distribution.manifest.list.v2+json'), index('i'), child('a')],
      '"sha256:d" is a manifest list, as 1 more,',
    ],
    [
      'an index of which the manifests lack',
      [index('i', ['in-1']), index('j', ['in-2']), child('a')],
      '"sha256:j" is a manifest list,',
      { images: [entry('i', 'a')], failures: [] },
    ],
    [
      'an index that batch-get-image gave as the manifest of one platform',
      [index('i', ['in-1']), child('a')],
      '"sha256:i" is a manifest list,',
      { images: [{ imageId: { imageDigest: 'sha256:i' }, imageManifest: '{"layers": []}' }] },
    ],
  ])('%s', async (_name, imageDetails, sentence, batch = undefined) => {
    const { exitCode, stdout, stderr } = await judge(imageDetails, batch);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain(`images.json: ${sentence}`);
    // what the command asks for is all that is missing
    const asked = [...stderr.matchAll(/imageDigest=sha256:(\w+)/g)].map(([, name = '']) => name);
    expect(stderr).toMatch(/\n {2}aws ecr batch-get-image --repository-name discord-bot .* > manifests.json\n$/);
    const children = imageDetails.length > asked.length ? ['a', 'b'] : [];
    const after = await judge(imageDetails, { images: asked.map((name) => entry(name, ...children)), failures: [] });
    expect(after.exitCode).toBe(0);
    expect(after.stdout).not.toMatch(/sha256:[ab]/);
  });

  test('an answer with failures is not whole', async () => {
    const failures = [
      {
        imageId: { imageDigest: 'sha256:j' },
        failureCode: 'ImageNotFound',
        failureReason: 'Requested image not found',
      },
      { imageId: { imageTag: 'in-3' }, failureCode: 'ImageNotFound' },
    ];
    const { exitCode, stderr } = await judge([index('i', ['in-1']), child('a')], {
      images: [entry('i', 'a')],
      failures,
    });
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      'manifests.json: "sha256:j" is under failures (ImageNotFound: Requested image not found), and 1 more, so that manifests are missing: ask batch-get-image again, for images that describe-images lists\n',
    );
  });

  test('101 lists need two calls', async () => {
    const { stderr } = await judge(Array.from({ length: 101 }, (_, number) => index(`i${number}`)));
    expect(stderr.match(/batch-get-image/g)).toHaveLength(2);
    expect(stderr.match(/imageDigest=/g)).toHaveLength(101);
    expect(stderr).toContain(' | jq -s ');
  });
});

test('with details, says what comes later, too', async () => {
  const { stdout } = await run('--policy', 'policy.json', '--images', 'images.json', '--details', ...now);
  expect(JSON.parse(stdout)).toEqual({
    expired,
    archived: [],
    upcoming: [{ digest: 'sha256:e', rule: 20, tags: [], at: '2026-03-06T00:00:00.000Z', action: 'expire' }],
  });
});

describe('wrong usage is 2', () => {
  test.each([
    [['--images', 'i', ...now], '--policy is missing'],
    [['--policy', 'p', ...now], '--images is missing'],
    [['--policy', 'p', '--images', 'i'], '--now is missing'],
    [['--policy', 'p', '--images', 'i', '--now', 'today'], '--now: "today" is not an ISO time'],
    [['--police', 'p'], '"--police" is not an option; did you mean "--policy"?'],
    [['-p', 'p'], '"-p" is not an option'],
    [['p'], '"p" is not an option, and the command takes nothing else'],
    [['--policy'], '--policy has no value: give the file with the lifecycle policy'],
    [['--policy', '--images', 'i', ...now], '--policy has no value'],
    [['--details=yes'], '--details takes no value, and has "yes"'],
  ])('%j', async (argv, sentence) => {
    const { exitCode, stdout, stderr } = await run(...argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(sentence);
    expect(stderr).toMatch(/\nusage: npm run -s expire -- --policy FILE .*\nhelp: {2}npm run -s expire -- --help\n$/);
  });
});

describe('wrong input is 1, with one sentence', () => {
  test.each([
    ['none.json', 'images.json', 'file: "none.json" cannot be read'],
    ['policy.json', 'none.json', 'file: "none.json" cannot be read'],
    ['broken.json', 'images.json', 'broken.json: "{\\"rules\\": [" is not JSON'],
    ['unknown.json', 'images.json', 'unknown.json rules[0]: "priority" is not a key of ECR\'s lifecycle policies'],
    ['policy.json', 'broken.json', 'is not JSON: give the output of aws ecr describe-images'],
    ['policy.json', 'policy.json', 'is not the answer of aws ecr describe-images'],
    ['policy.json', 'page.json', '"more" is a nextToken, so images are missing'],
  ])('%s %s', async (policyFile, imagesFile, sentence) => {
    const { exitCode, stdout, stderr } = await run('--policy', policyFile, '--images', imagesFile, ...now);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain(sentence);
    expect(stderr.trimEnd()).not.toContain('\n');
  });

  test('manifests that are none', async () => {
    const { exitCode, stderr } = await run(
      '--policy',
      'policy.json',
      '--images',
      'images.json',
      '--manifests',
      'policy.json',
      ...now,
    );
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining('is not the output of aws ecr batch-get-image'),
    });
  });
});

describe('as a command', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-expire-'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const npm = ['run', '-s', 'expire', '--'];
  const args = (policyFile: string): string[] => [
    ...npm,
    '--policy',
    join(folder, policyFile),
    '--images',
    join(folder, 'images.json'),
    ...now,
  ];

  test('npm run -s expire prints JSON and nothing else', () => {
    const stdout = execFileSync('npm', args('policy.json'), { cwd: repositoryRoot, encoding: 'utf8' });
    expect(JSON.parse(stdout)).toEqual({ expired });
  });

  test('exits with 1 for a wrong policy, 2 for wrong usage', () => {
    expect(spawnSync('npm', args('unknown.json'), { cwd: repositoryRoot }).status).toBe(1);
    expect(spawnSync('npm', npm, { cwd: repositoryRoot }).status).toBe(2);
  });
});
