import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  PutImageCommand,
} from '@aws-sdk/client-ecr';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Aws, startAws } from '#lab/aws/aws.ts';
import { digestOf } from '#lab/aws/images.ts';
import { type OciRegistry, startRegistry } from '#lab/aws/registry.ts';
import { openRegistryClient, pushLayers } from '#lab/aws/tests/registry-client.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { obtainTools, type Toolbox } from '#lab/toolbox/toolbox.ts';

let toolbox: Toolbox;
let lab: Lab;
let registry: OciRegistry;
let aws: Aws;
let ecr: ECRClient;
let client: ReturnType<typeof openRegistryClient>;
let count = 0;

beforeAll(async () => {
  toolbox = await obtainTools(['registry', 'moto'], silentProgress);
  lab = await openLab({ progress: silentProgress, path: toolbox.path });
  registry = await startRegistry(lab, toolbox);
  aws = await startAws(lab, toolbox, registry);
  ecr = connect(aws);
  client = await logIn(aws, ecr);
}, 300_000); // on a fresh machine the tools come first

afterAll(() => lab.stop(), 60_000);

function connect({ endpoint, region }: Aws): ECRClient {
  return new ECRClient({ endpoint, region, maxAttempts: 1, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
}

async function logIn(world: Aws, api: ECRClient) {
  const { authorizationData } = await api.send(new GetAuthorizationTokenCommand({}));
  return openRegistryClient(world.registryHost, authorizationData?.[0]?.authorizationToken ?? '');
}

async function freshRepository(immutable = true): Promise<string> {
  const name = `team/app-${count++}`;
  await aws.createRepository(name, { immutable });
  return name;
}

async function describeImages(repositoryName: string): Promise<Record<string, string[]>> {
  const { imageDetails = [] } = await ecr.send(new DescribeImagesCommand({ repositoryName }));
  return Object.fromEntries(
    imageDetails.map(({ imageDigest = '', imageTags = [] }) => [imageDigest, imageTags.sort()]),
  );
}

test('the token is good for twelve hours at the registry that it names', async () => {
  const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}));
  const [grant] = authorizationData ?? [];
  expect(grant?.proxyEndpoint).toBe(`http://${aws.registryHost}`);
  const hours = ((grant?.expiresAt?.getTime() ?? 0) - Date.now()) / 3_600_000;
  expect(hours).toBeGreaterThan(11.9);
  expect(hours).toBeLessThanOrEqual(12);
});

test('a repository says whether its tags are immutable', async () => {
  const names = [await freshRepository(), await freshRepository(false)];
  const { repositories = [] } = await ecr.send(new DescribeRepositoriesCommand({ repositoryNames: names }));
  expect(repositories.map(({ imageTagMutability }) => imageTagMutability)).toEqual(['IMMUTABLE', 'MUTABLE']);
});

describe('a push', () => {
  test('shows in describe-images under the real digest, with all its tags', async () => {
    const repository = await freshRepository();
    const manifest = await pushLayers(client, repository, 'one');
    for (const tag of ['in-1', 'git-2']) expect((await client.putManifest(repository, tag, manifest)).status).toBe(201);
    const digest = digestOf(Buffer.from(manifest));
    expect(await describeImages(repository)).toEqual({ [digest]: ['git-2', 'in-1'] });
    expect(await client.head(repository, 'in-1')).toBe(digest);
    expect(await (await client.call(`${repository}/tags/list`)).json()).toEqual({
      name: repository,
      tags: ['git-2', 'in-1'],
    });
  });

  test('of a manifest whose layers are missing is refused and recorded nowhere', async () => {
    const [repository, elsewhere] = [await freshRepository(), await freshRepository()];
    const manifest = await pushLayers(client, elsewhere, 'elsewhere');
    expect((await client.putManifest(repository, 'one', manifest)).status).toBe(400);
    expect(await describeImages(repository)).toEqual({});
  });

  test('by digest alone shows without a tag', async () => {
    const repository = await freshRepository();
    const manifest = await pushLayers(client, repository, 'untagged');
    const digest = digestOf(Buffer.from(manifest));
    expect((await client.putManifest(repository, digest, manifest)).status).toBe(201);
    expect(await describeImages(repository)).toEqual({ [digest]: [] });
  });
});

describe('an immutable tag', () => {
  test('takes the same digest again and no other', async () => {
    const repository = await freshRepository();
    const [first, second] = [await pushLayers(client, repository, '1'), await pushLayers(client, repository, '2')];
    const statuses = [];
    for (const manifest of [first, first, second]) {
      statuses.push((await client.putManifest(repository, 'tag', manifest)).status);
    }
    expect(statuses).toEqual([201, 201, 400]);
    expect(await describeImages(repository)).toEqual({ [digestOf(Buffer.from(first))]: ['tag'] });
  });

  test('that many push at once has exactly one winner, in each of ten rounds', async () => {
    const repository = await freshRepository();
    const manifests = await Promise.all(['a', 'b', 'c', 'd'].map((content) => pushLayers(client, repository, content)));
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(
        manifests.map((manifest) => client.putManifest(repository, `r${round}`, manifest)),
      );
      const winners = manifests.filter((_, index) => answers[index]?.status === 201);
      expect(winners).toHaveLength(1);
      expect(await client.head(repository, `r${round}`)).toBe(digestOf(Buffer.from(winners[0] ?? '')));
    }
  });

  test('refuses even the same digest where the lab is told so', async () => {
    const strict = await startAws(lab, toolbox, registry, { samePush: 'refused' });
    await strict.createRepository('strict');
    const other = await logIn(strict, connect(strict));
    const manifest = await pushLayers(other, 'strict', 'x');
    expect((await other.putManifest('strict', 'tag', manifest)).status).toBe(201);
    expect((await other.putManifest('strict', 'tag', manifest)).status).toBe(400);
  });
});

test('a mutable tag moves, and the image that it leaves stays without a tag', async () => {
  const repository = await freshRepository(false);
  const [first, second] = [await pushLayers(client, repository, '1'), await pushLayers(client, repository, '2')];
  for (const manifest of [first, second])
    expect((await client.putManifest(repository, 'latest', manifest)).status).toBe(201);
  const [old, current] = [first, second].map((manifest) => digestOf(Buffer.from(manifest)));
  expect(await describeImages(repository)).toEqual({ [String(old)]: [], [String(current)]: ['latest'] });
  expect(await client.head(repository, 'latest')).toBe(current);
  expect(await client.head(repository, String(old))).toBe(old);
});

describe('the images of the API and of the registry are the same', () => {
  test('PutImage gives one more tag that can be pulled, and none that is taken', async () => {
    const repositoryName = await freshRepository();
    const [first, second] = [
      await pushLayers(client, repositoryName, '1'),
      await pushLayers(client, repositoryName, '2'),
    ];
    await client.putManifest(repositoryName, 'one', first);
    const { images = [] } = await ecr.send(
      new BatchGetImageCommand({ repositoryName, imageIds: [{ imageTag: 'one' }] }),
    );
    const imageManifest = images[0]?.imageManifest;
    expect(imageManifest).toBe(first);
    const put = await ecr.send(new PutImageCommand({ repositoryName, imageManifest, imageTag: 'more' }));
    expect(put.image?.imageId).toEqual({ imageDigest: digestOf(Buffer.from(first)), imageTag: 'more' });
    expect(await client.head(repositoryName, 'more')).toBe(digestOf(Buffer.from(first)));
    const again = new PutImageCommand({ repositoryName, imageManifest, imageTag: 'more' });
    await expect(ecr.send(again)).rejects.toMatchObject({ name: 'ImageAlreadyExistsException' });
    const rival = new PutImageCommand({ repositoryName, imageManifest: second, imageTag: 'more' });
    await expect(ecr.send(rival)).rejects.toMatchObject({ name: 'ImageTagAlreadyExistsException' });
  });

  test('BatchDeleteImage takes tags away, and with the last one the image', async () => {
    const repositoryName = await freshRepository();
    const manifest = await pushLayers(client, repositoryName, '1');
    const digest = digestOf(Buffer.from(manifest));
    for (const tag of ['one', 'two']) await client.putManifest(repositoryName, tag, manifest);
    await ecr.send(new BatchDeleteImageCommand({ repositoryName, imageIds: [{ imageTag: 'one' }] }));
    expect([await client.head(repositoryName, 'one'), await client.head(repositoryName, 'two')]).toEqual([404, digest]);
    await ecr.send(new BatchDeleteImageCommand({ repositoryName, imageIds: [{ imageTag: 'two' }] }));
    expect([await client.head(repositoryName, 'two'), await client.head(repositoryName, digest)]).toEqual([404, 404]);
    const behind = await fetch(`http://${registry.host}/v2/${repositoryName}/manifests/${digest}`);
    expect(behind.status).toBe(404);
  });
});

test('the registry can go away and come back on the same port with all that it had', async () => {
  const repository = await freshRepository();
  await client.putManifest(repository, 'one', await pushLayers(client, repository, '1'));
  const digest = await client.head(repository, 'one');
  await registry.stop();
  expect(await client.head(repository, 'one')).toBe(503);
  await registry.start();
  expect(await client.head(repository, 'one')).toBe(digest);
});

test('a role assumed with a web identity gets credentials that ECR takes', async () => {
  const role = `arn:aws:iam::${aws.account}:role/slipway-build`;
  const words = ['sts', 'assume-role-with-web-identity', '--role-arn', role, '--role-session-name', 'run-1'];
  const assume = [toolbox.tool('aws'), ...words, '--web-identity-token', 'a.b.c', '--output', 'json'] as const;
  const { stdout } = await lab.exec([...assume], { extraEnv: aws.env });
  const { Credentials } = JSON.parse(stdout.toString('utf8'));
  const extraEnv = {
    ...aws.env,
    AWS_ACCESS_KEY_ID: Credentials.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: Credentials.SecretAccessKey,
    AWS_SESSION_TOKEN: Credentials.SessionToken,
  };
  const login = await lab.exec([toolbox.tool('aws'), 'ecr', 'get-login-password'], { extraEnv });
  const password = login.stdout.toString('utf8').trim();
  const token = Buffer.from(`AWS:${password}`).toString('base64');
  expect((await openRegistryClient(aws.registryHost, token).call('')).status).toBe(200);
  aws.trust({ role: `${role}-other`, issuer: 'http://127.0.0.1:9', subjects: ['*'] });
  await expect(lab.exec([...assume], { extraEnv: aws.env })).rejects.toThrow(
    '(AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform',
  );
}, 60_000);

test('an expired token is refused with 403, and a new one is let in', async () => {
  aws.expireTokens();
  expect((await client.call('')).status).toBe(403);
  client = await logIn(aws, ecr);
  expect((await client.call('')).status).toBe(200);
});
