import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openRegistry } from '#core/registry/open.ts';
import { createTestClock } from '#tests/support/clock.ts';
import { startTestRegistry, type TestRegistry } from '#tests/support/registry.ts';

const ACCOUNT = '123456789012';
const location = { type: 'ecr', region: 'ca-central-1', account: ACCOUNT } as const;

interface EcrAnswer {
  readonly status?: number;
  readonly body: unknown;
}

let registry: TestRegistry;
let api: Server;
let answers: Record<string, EcrAnswer>;
let calls: { operation: string; body: unknown }[];
let masked: string[];
const saved = { ...process.env };

beforeEach(async () => {
  registry = await startTestRegistry({ kind: 'basic', username: 'AWS', password: 'hidden' });
  calls = [];
  masked = [];
  answers = {
    GetAuthorizationToken: login(`http://${registry.host}`),
    DescribeRepositories: { body: { repositories: [{ imageTagMutability: 'IMMUTABLE' }] } },
  };
  api = createServer((request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      calls.push({ operation, body: JSON.parse(text) });
      const { status = 200, body } = answers[operation] ?? { status: 404, body: {} };
      response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  const address = api.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  // the AWS SDK reads its own variables from the process
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'y',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
});
afterEach(async () => {
  for (const name of Object.keys(process.env)) if (!(name in saved)) delete process.env[name];
  api.closeAllConnections();
  await new Promise((resolve) => api.close(resolve));
  await registry.close();
});

const login = (proxyEndpoint: string, pair = 'AWS:hidden'): EcrAnswer => ({
  body: { authorizationData: [{ authorizationToken: Buffer.from(pair).toString('base64'), proxyEndpoint }] },
});
const failure = (type: string, message = 'no'): EcrAnswer => ({ status: 400, body: { __type: type, message } });
const open = (environment: Record<string, string> = { AWS_ENDPOINT_URL: 'set' }) =>
  openRegistry(location, {
    clock: createTestClock(),
    random: () => 0,
    environment,
    mask: (secret) => masked.push(secret),
  });

test('logs in with the token that ECR gives, without being asked, masked before it is used', async () => {
  const digest = registry.put('bot', 'v1');
  const ecr = await open();
  expect(masked).toEqual(expect.arrayContaining(['hidden', Buffer.from('AWS:hidden').toString('base64')]));
  expect(ecr.host).toBe(registry.host);
  expect(await ecr.findDigest('bot', 'v1')).toBe(digest);
  expect(registry.requests).toHaveLength(1);
  expect(await ecr.credentials()).toEqual({ username: 'AWS', password: 'hidden' });
});

test('asks about a repository once', async () => {
  const ecr = await open();
  await ecr.ensureRepository('bot');
  expect(await ecr.hasImmutableTags('bot', ['in-1', 'git-1'])).toBe(true);
  expect(calls.slice(1)).toEqual([
    { operation: 'DescribeRepositories', body: { registryId: ACCOUNT, repositoryNames: ['bot'] } },
  ]);
});

test('a manifest that is not given out may be archived: the command that restores it is said', async () => {
  const digest = registry.put('bot', 'v1');
  registry.remove('bot', digest);
  expect(await (await open()).getManifest('bot', digest)).toEqual({
    answered: expect.stringContaining('the registry answers 404 and says "MANIFEST_UNKNOWN'),
    remedy: expect.stringContaining(
      `restore it (up to 20 minutes): aws ecr update-image-storage-class --region ca-central-1 --repository-name bot --image-id imageDigest=${digest} --target-storage-class STANDARD;`,
    ),
  });
});

describe('tags that do not move', () => {
  const [IN, GIT] = ['in-3f2a', 'git-9c07'];
  const wildcards = (...filters: string[]) => filters.map((filter) => ({ filterType: 'WILDCARD', filter }));
  const repositories: [string, string | undefined, { filterType: string; filter: string }[] | undefined, boolean][] = [
    ['all of them', 'IMMUTABLE', undefined, true],
    ['none of them', 'MUTABLE', undefined, false],
    ['none where nothing is said', undefined, undefined, false],
    ['all but those that an exclusion matches', 'IMMUTABLE_WITH_EXCLUSION', wildcards('latest', 'dev-*'), true],
    ['ours among the exclusions', 'IMMUTABLE_WITH_EXCLUSION', wildcards('latest', 'git-*'), false],
    ['an exclusion of everything', 'IMMUTABLE_WITH_EXCLUSION', wildcards('*'), false],
    ['an exclusion with a star inside', 'IMMUTABLE_WITH_EXCLUSION', wildcards('i*3f2a'), false],
    ['an exclusion is no regular expression', 'IMMUTABLE_WITH_EXCLUSION', wildcards('in.3f2a', 'git', '-9c07'), true],
    ['only those that an exclusion matches', 'MUTABLE_WITH_EXCLUSION', wildcards('in-*', 'git-*'), true],
    ['one of ours only', 'MUTABLE_WITH_EXCLUSION', wildcards('in-*'), false],
  ];
  test.each(repositories)('%s', async (_what, imageTagMutability, imageTagMutabilityExclusionFilters, isImmutable) => {
    const repository = { imageTagMutability, imageTagMutabilityExclusionFilters };
    answers['DescribeRepositories'] = { body: { repositories: [repository] } };
    expect(await (await open()).hasImmutableTags('bot', [IN, GIT])).toBe(isImmutable);
  });
});

describe('where the images go', () => {
  test('is the account’s own host', async () => {
    answers['GetAuthorizationToken'] = login(`https://${ACCOUNT}.dkr.ecr.ca-central-1.amazonaws.com`);
    expect((await open({})).host).toBe(`${ACCOUNT}.dkr.ecr.ca-central-1.amazonaws.com`);
  });

  const strangers = [
    `https://999999999999.dkr.ecr.ca-central-1.amazonaws.com`,
    `https://${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com`,
    `https://${ACCOUNT}.dkr.ecr.ca-central-1.amazonaws.com.example.com`,
    'http://127.0.0.1:5000',
  ];
  test.each(strangers)('is never %s by itself', async (endpoint) => {
    answers['GetAuthorizationToken'] = login(endpoint);
    const message = await open({}).catch(String);
    expect(message).toContain(`the AWS credentials belong to the registry ${endpoint}`);
    expect(message).toContain(`assume a role of account ${ACCOUNT}`);
  });

  test('is never plain HTTP beyond this machine, not even with another endpoint', async () => {
    answers['GetAuthorizationToken'] = login('http://registry.example:5000');
    await expect(open()).rejects.toThrow('belong to the registry http://registry.example:5000');
  });
});

describe('what is missing is named', () => {
  test.each([
    ['AccessDeniedException', 'lacks the right ecr:GetAuthorizationToken (account 123456789012, region ca-central-1)'],
    ['ExpiredTokenException', 'no valid AWS credentials for ecr:GetAuthorizationToken'],
    ['UnrecognizedClientException', 'id-token: write'],
    ['InvalidParameterException', 'ECR gave no answer to ecr:GetAuthorizationToken'],
  ])('%s', async (type, words) => {
    answers['GetAuthorizationToken'] = failure(type);
    await expect(open()).rejects.toThrow(words);
  });

  test('the repository, with the command that makes it', async () => {
    answers['DescribeRepositories'] = failure('RepositoryNotFoundException');
    const ecr = await open();
    await expect(ecr.ensureRepository('bot')).rejects.toThrow(
      'aws ecr create-repository --region ca-central-1 --repository-name bot --image-tag-mutability IMMUTABLE',
    );
  });

  test('the right to look at it', async () => {
    answers['DescribeRepositories'] = failure(
      'AccessDeniedException',
      'User: arn:aws:sts::1:assumed-role/ci is not authorized',
    );
    const error: unknown = await (await open()).ensureRepository('bot').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'Refusal', message: expect.stringContaining('ecr:DescribeRepositories') });
    expect(error).toMatchObject({ cause: { message: expect.stringContaining('assumed-role/ci') } });
  });

  test('the right to push', async () => {
    const digest = registry.put('bot', 'v1');
    registry.fail({ match: /^PUT/, status: 403 });
    await expect((await open()).addTag('bot', digest, 'v2')).rejects.toThrow('allow the role ecr:PutImage');
  });

  test('the credentials, where there are none', async () => {
    delete process.env['AWS_ACCESS_KEY_ID'];
    delete process.env['AWS_SECRET_ACCESS_KEY'];
    Object.assign(process.env, {
      HOME: '/nonexistent',
      AWS_CONFIG_FILE: '/nonexistent',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
    });
    await expect(open()).rejects.toThrow('assume a role with aws-actions/configure-aws-credentials');
  });

  test('an answer without a login', async () => {
    answers['GetAuthorizationToken'] = { body: { authorizationData: [] } };
    await expect(open()).rejects.toThrow('answers without a login');
  });
});
