import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Aws, startAws } from '#lab/aws/aws.ts';
import { type OciRegistry, startRegistry } from '#lab/aws/registry.ts';
import { type Docker, startDocker } from '#lab/docker/docker.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { obtainTools, type Toolbox } from '#lab/toolbox/toolbox.ts';

let toolbox: Toolbox;
let lab: Lab;
let docker: Docker;
let registry: OciRegistry;
let aws: Aws;
let loggedIn: Record<string, string>;

beforeAll(async () => {
  toolbox = await obtainTools(['docker', 'registry', 'moto', 'network', 'busybox'], silentProgress);
  lab = await openLab({ progress: silentProgress, path: toolbox.path });
  docker = await startDocker(lab, toolbox);
  registry = await startRegistry(lab, toolbox);
  aws = await startAws(lab, toolbox, registry);
  await aws.createRepository('app');
  for (const name of ['first', 'second', 'third']) await importImage(name);
  loggedIn = await logIn();
}, 300_000); // on a fresh machine the tools come first

afterAll(() => lab.stop(), 60_000);

async function importImage(name: string): Promise<void> {
  const busybox = toolbox.tool('busybox');
  const tar = await lab.exec([
    'tar',
    '--create',
    '--absolute-names',
    '--dereference',
    `--transform=s,.*,${name},`,
    busybox,
  ]);
  await docker.exec(['import', '-', `local/${name}`], { input: tar.stdout });
}

/** As `aws ecr get-login-password | docker login --password-stdin`, into a configuration of its own. */
async function logIn(): Promise<Record<string, string>> {
  const config = { DOCKER_CONFIG: mkdtempSync(join(lab.folder('tmp'), 'docker-config-')) };
  const password = await lab.exec([toolbox.tool('aws'), 'ecr', 'get-login-password'], { extraEnv: aws.adminEnv });
  const login = ['login', '--username', 'AWS', '--password-stdin', aws.registryHost];
  await docker.exec(login, { input: password.stdout, extraEnv: config });
  return config;
}

async function push(name: string, tag: string, extraEnv: Record<string, string> = loggedIn): Promise<string> {
  const reference = `${aws.registryHost}/${tag}`;
  await docker.exec(['tag', `local/${name}`, reference]);
  const { stdout, stderr } = await docker.exec(['push', reference], { extraEnv, accept: 'any' });
  return stdout.toString('utf8') + stderr;
}

async function pull(reference: string, extraEnv: Record<string, string> = loggedIn): Promise<string> {
  const { stdout, stderr } = await docker.exec(['pull', `${aws.registryHost}/${reference}`], {
    extraEnv,
    accept: 'any',
  });
  return stdout.toString('utf8') + stderr;
}

const digestIn = (output: string) => output.match(/digest: (sha256:[0-9a-f]{64})/i)?.[1];

test('without a login there is neither push nor pull', async () => {
  const loggedOut = { DOCKER_CONFIG: lab.folder('tmp', 'logged-out') };
  await push('first', 'app:pulled');
  expect(await push('first', 'app:never', loggedOut)).toContain('no basic auth credentials');
  expect(await pull('app:pulled', loggedOut)).toContain('no basic auth credentials');
});

test('what docker pushes, docker pulls: by tag and by the digest that describe-images tells', async () => {
  const digest = digestIn(await push('first', 'app:one'));
  const describe = ['ecr', 'describe-images', '--repository-name', 'app', '--image-ids', 'imageTag=one'];
  const query = ['--query', 'imageDetails[0].imageDigest', '--output', 'text'];
  const { stdout } = await lab.exec([toolbox.tool('aws'), ...describe, ...query], { extraEnv: aws.adminEnv });
  expect(stdout.toString('utf8').trim()).toBe(digest);
  await docker.exec(['rmi', '--force', `${aws.registryHost}/app:one`]);
  expect(digestIn(await pull('app:one'))).toBe(digest);
  expect(digestIn(await pull(`app@${digest}`))).toBe(digest);
});

describe('docker says what is wrong', () => {
  test('when a tag is taken', async () => {
    const digest = digestIn(await push('first', 'app:taken'));
    expect(digestIn(await push('first', 'app:taken'))).toBe(digest);
    expect(await push('second', 'app:taken')).toContain(
      "tag invalid: The image tag 'taken' already exists in the 'app' repository and cannot be overwritten because the tag is immutable.",
    );
    expect(digestIn(await pull('app:taken'))).toBe(digest);
  });

  test('when the repository does not exist', async () => {
    expect(await push('first', 'absent:one')).toContain(
      "name unknown: The repository with name 'absent' does not exist in the registry with id '123456789012'",
    );
  });

  test('when there is no such image', async () => {
    expect(await pull('app:absent')).toContain('manifest unknown: Requested image not found');
  });

  test('when the token has expired', async () => {
    aws.expireTokens();
    expect(await pull('app:one')).toContain('Your authorization token has expired. Reauthenticate and try again.');
    loggedIn = await logIn();
    expect(digestIn(await pull('app:one'))).toBeDefined();
  });
});

test('docker pushes through a connection that breaks when a layer was sent', async () => {
  const before = aws.requests.length;
  aws.fail({ match: /^PATCH /, drop: 'answer' });
  const digest = digestIn(await push('third', 'app:bumpy'));
  const sent = aws.requests.slice(before).filter(({ method }) => method === 'PATCH');
  expect(sent.map(({ status }) => status)).toEqual([0, 202, 202]);
  expect(digestIn(await pull('app:bumpy'))).toBe(digest);
}, 60_000);
