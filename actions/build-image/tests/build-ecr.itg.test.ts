import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BatchGetImageCommand, PutImageCommand } from '@aws-sdk/client-ecr';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { openProbes, type Probes } from './probes.ts';
import { type ActionRun, type BuildWorld, labelsOf, openBuildWorld } from './world.ts';

jest.setTimeout(180_000);

let world: BuildWorld;
let probes: Probes;
let first: ActionRun;
let firstCommit: string;

beforeAll(async () => {
  world = await openBuildWorld('ecr');
  probes = openProbes(world);
  for (const name of ['discord-bot', 'dev-sandbox']) await world.aws.createRepository(name);
  firstCommit = await world.git('rev-parse', 'HEAD');
  first = await world.build({ image: 'discord-bot' });
}, 300_000);
afterAll(() => world.lab.stop(), 60_000);

afterEach(async () => {
  expect(await probes.leftovers()).toEqual([]);
});

const output = (run: ActionRun, name: string) => run.outputs[name] ?? '';

describe('the first build', () => {
  test('is pushed with two tags for one digest, which the outputs name', async () => {
    expect(first).toMatchObject({ code: 0, outputs: { outcome: 'built' } });
    const digest = output(first, 'digest');
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(output(first, 'tag')).toBe(`in-${output(first, 'input-hash')}`);
    expect(output(first, 'reference')).toBe(`${world.aws.registryHost}/discord-bot@${digest}`);
    expect(await probes.digestOf('discord-bot', output(first, 'tag'))).toBe(digest);
    expect(await probes.digestOf('discord-bot', `git-${firstCommit}`)).toBe(digest);
    expect(first.summary).toContain('### 📦 Built discord-bot');
  });

  test('runs as 10001 in /app, with its dependencies', async () => {
    expect(await probes.runImage('discord-bot', output(first, 'digest'))).toBe('26 10001 /app');
  });

  test('has labels, no shell history, no trace of npm or Packer, nothing that its user could change', async () => {
    const reference = `${world.registry.host}/discord-bot@${output(first, 'digest')}`;
    await world.docker.exec(['pull', '--quiet', reference]);
    const [image] = JSON.parse((await world.docker.exec(['image', 'inspect', reference])).stdout.toString('utf8'));
    expect(image.Config).toMatchObject({
      User: '10001:10001',
      WorkingDir: '/app',
      Entrypoint: ['node'],
      Cmd: ['src/main.ts'],
      ExposedPorts: { '3000/tcp': {} },
      Labels: labelsOf(firstCommit, world.base.digest),
    });
    expect(image.Config.Env).toContain('NODE_ENV=production');
    const leftovers = ['/tmp', '/root'].map((folder) => `-o -path "${folder}/*"`).join(' ');
    const find = `find / -xdev ( -name ".*_history" -o -path "/packer-files" -o -name "script_*" ${leftovers} )`;
    expect(
      await probes.runImage('discord-bot', output(first, 'digest'), 'sh', '-c', find.replaceAll(/[()]/g, '\\$&')),
    ).toBe('');
    expect(await probes.runImage('discord-bot', output(first, 'digest'), 'find', '/app', '-user', '10001')).toBe('');
  });

  test('masks the password before it can be printed, and prints it nowhere else', () => {
    const masks = [...first.log.matchAll(/^::add-mask::(.+)$/gm)].map((match) => match[1] ?? '');
    expect(masks.length).toBeGreaterThanOrEqual(2);
    const printed = first.log.replace(/^::add-mask::.*$/gm, '');
    expect(masks.filter((secret) => printed.includes(secret))).toEqual([]);
  });
});

describe('the same inputs', () => {
  test('cost one HEAD, and nothing is built', async () => {
    await world.commit({ 'README.md': 'a document' });
    const before = world.aws.requests.length;
    const again = await world.build({ image: 'discord-bot' });
    expect(again.outputs).toMatchObject({
      outcome: 'skipped',
      digest: output(first, 'digest'),
      tag: output(first, 'tag'),
    });
    expect(world.aws.requests.slice(before).map(({ method }) => method)).toEqual(['HEAD']);
    expect(again.log).not.toContain('packer');
    expect(again.summary).toContain('is built already');
  });

  test('need neither Docker nor Packer', async () => {
    const again = await world.build(
      { image: 'discord-bot' },
      { PATH: '/usr/bin:/bin', DOCKER_HOST: 'unix:///nonexistent' },
    );
    expect(again.outputs).toMatchObject({ outcome: 'skipped' });
  });

  test('are built again when forced, under tags of their own', async () => {
    const forced = await world.build({ image: 'discord-bot', force: 'true' });
    expect(forced.outputs).toMatchObject({ outcome: 'built', tag: `${output(first, 'tag')}-r77-1` });
    expect(await probes.digestOf('discord-bot', output(forced, 'tag'))).toBe(output(forced, 'digest'));
    expect(await probes.digestOf('discord-bot', output(first, 'tag'))).toBe(output(first, 'digest'));
    expect(forced.log).toContain('added 1 package');
  });
});

describe('a change of the app alone', () => {
  test('adds one small layer and installs nothing', async () => {
    await world.commit({ 'app/src/main.ts': 'console.log("changed")' });
    const before = world.aws.requests.length;
    const run = await world.build({ image: 'discord-bot' });
    expect(run.outputs).toMatchObject({ outcome: 'built' });
    expect(run.log).not.toContain('added 1 package');
    expect(run.summary).toContain('Only the app’s own layer');
    const [mine, earlier] = [
      await probes.layersOf(output(run, 'digest')),
      await probes.layersOf(output(first, 'digest')),
    ];
    expect(mine.slice(0, -1)).toEqual(earlier.slice(0, -1));
    expect(mine.at(-1)?.size).toBeLessThan(2_000);
    const uploads = world.aws.requests
      .slice(before)
      .filter(({ method, path }) => method === 'POST' && path.includes('/blobs/uploads'));
    expect(uploads).toHaveLength(2); // the layer and the image's configuration
    expect(await probes.runImage('discord-bot', output(run, 'digest'))).toBe('changed');
  });

  test('takes nothing from the work tree that is not committed', async () => {
    await world.commit({ 'app/src/main.ts': 'console.log("committed")', 'app/gone.txt': 'x' });
    await world.commit({ 'app/gone.txt': undefined });
    writeFileSync(join(world.checkout, 'app/src/main.ts'), 'console.log("not committed")');
    writeFileSync(join(world.checkout, 'app/secret.env'), 'PASSWORD=x');
    const run = await world.build({ image: 'discord-bot' });
    await world.git('checkout', '--', '.');
    await world.git('clean', '-fdq');
    expect(await probes.runImage('discord-bot', output(run, 'digest'))).toBe('committed');
    const digest = output(run, 'digest');
    expect(
      await probes.runImage('discord-bot', digest, 'find', '/app', '-type', 'f', '!', '-path', '*/node_modules/*'),
    ).toBe(['/app/package-lock.json', '/app/package.json', '/app/src/main.ts'].join('\n'));
  });

  test('is not stopped by names and contents that a shell would take for its own', async () => {
    const evil = 'app/$(touch x)`id`;"\'\n::error::x';
    await world.commit({ [evil]: '#!/bin/sh\n' });
    const run = await world.build({ image: 'discord-bot' });
    expect(run.outputs).toMatchObject({ outcome: 'built' });
    expect(await probes.runImage('discord-bot', output(run, 'digest'), 'sh', '-c', 'ls -d /app/*touch*')).toContain(
      '$(touch x)',
    );
    await world.commit({ [evil]: undefined });
  });
});

test('a change of the dependencies builds their layer again and keeps one in the engine', async () => {
  await world.commit({
    'app/package.json': '{"name":"bot","version":"1.0.1","type":"module","dependencies":{"ulid":"3.0.2"}}',
  });
  const run = await world.build({ image: 'discord-bot' });
  expect(run.log).toContain('added 1 package');
  const names = (await world.docker.exec(['image', 'ls', '--format', '{{.Tag}}'])).stdout.toString('utf8');
  expect(names.match(/^deps-/gm)).toHaveLength(1);
});

test('two builds of one commit at once end with one digest, both green', async () => {
  const commit = await world.commit({ 'app/src/main.ts': 'console.log("twice")' });
  const [one, other] = await Promise.all([
    world.build({ image: 'discord-bot' }),
    world.build({ image: 'discord-bot' }),
  ]);
  expect([one.code, other.code]).toEqual([0, 0]);
  expect(output(one, 'digest')).toBe(output(other, 'digest'));
  expect(await probes.digestOf('discord-bot', output(one, 'tag'))).toBe(output(one, 'digest'));
  expect(await probes.digestOf('discord-bot', `git-${commit}`)).toBe(output(one, 'digest'));
});

test('a fresh machine without the dependency layer pulls it, with its login', async () => {
  const names = (await world.docker.exec(['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}'])).stdout
    .toString('utf8')
    .split('\n');
  await world.docker.exec(['image', 'rm', ...names.filter((name) => name.includes(':deps-'))]);
  await world.commit({ 'app/src/main.ts': 'console.log("fresh")' });
  const run = await world.build({ image: 'discord-bot' });
  expect(run.log).not.toContain('added 1 package');
  expect(await probes.runImage('discord-bot', output(run, 'digest'))).toBe('fresh');
});

describe('what goes wrong', () => {
  test('an error of the registry in the middle of a push is outlived', async () => {
    await world.commit({ 'app/src/main.ts': 'console.log("hiccup")' });
    world.aws.fail({ match: /^PUT .*\/manifests\//, status: 503, times: 1 });
    world.aws.fail({ match: /^HEAD .*\/manifests\//, drop: 'request', times: 2 });
    expect((await world.build({ image: 'discord-bot' })).outputs).toMatchObject({ outcome: 'built' });
  });

  test('a commit’s tag that has another digest: red before anything is built, names it', async () => {
    const commit = await world.commit({ 'app/src/main.ts': 'console.log("conflict")' });
    const imageIds = [{ imageDigest: output(first, 'digest') }];
    const { images } = await probes.ecr().send(new BatchGetImageCommand({ repositoryName: 'discord-bot', imageIds }));
    const imageManifest = images?.[0]?.imageManifest;
    await probes
      .ecr()
      .send(new PutImageCommand({ repositoryName: 'discord-bot', imageManifest, imageTag: `git-${commit}` }));
    const run = await world.build({ image: 'discord-bot' });
    expect(run.code).toBe(1);
    expect(run.log).toContain(`the tag git-${commit} of discord-bot has the digest ${output(first, 'digest')}`);
    expect(run.log).not.toContain('packer');
  });

  test('an app that does not install: red with npm’s words, nothing pushed', async () => {
    await world.commit({ 'app/package.json': '{"name":"bot","dependencies":{"ulid":"1.0.0"}}' });
    const run = await world.build({ image: 'discord-bot' });
    expect(run.code).toBe(1);
    expect(run.log).toContain('npm error');
    expect(await probes.digestOf('discord-bot', `git-${await world.git('rev-parse', 'HEAD')}`)).toBeUndefined();
    await world.git('revert', '--no-edit', 'HEAD');
  });

  test('a repository that does not exist: red, with the command that makes it', async () => {
    const config = execFileSync('git', ['-C', world.checkout, 'show', 'HEAD:slipway.yaml'], { encoding: 'utf8' });
    await world.commit({ 'slipway.yaml': config.replace('dev-sandbox:', 'nowhere:') });
    const run = await world.build({ image: 'nowhere' });
    expect(run.code).toBe(1);
    expect(run.log).toContain('aws ecr create-repository --region ca-central-1 --repository-name nowhere');
    await world.git('revert', '--no-edit', 'HEAD');
  });

  test('an image that slipway.yaml does not have: red, with the nearest name', async () => {
    const run = await world.build({ image: 'discordbot' });
    expect(run.log).toContain(
      '::error::image: "discordbot" is not an image of slipway.yaml; did you mean "discord-bot"?',
    );
  });
});

describe('what a killed build left is gone after the next one', () => {
  test('its container, and the folder with the login', async () => {
    await world.commit({ 'app/src/main.ts': 'console.log("killed")' });
    await probes.killBuildWhen('running');
    expect((await probes.leftovers()).length).toBeGreaterThanOrEqual(2);
    expect((await world.build({ image: 'discord-bot' })).outputs).toMatchObject({ outcome: 'built' });
  });

  test('the image without a name, which the engine made after all', async () => {
    const large = randomBytes(96 << 20).toString('latin1'); // long enough in the making to be killed in it
    await world.commit({ 'app/src/main.ts': 'console.log("killed later")', 'app/large': large });
    await probes.killBuildWhen('paused');
    await world.commit({ 'app/large': undefined });
    expect((await world.build({ image: 'discord-bot' })).outputs).toMatchObject({ outcome: 'built' });
  });
});

test('the sandbox names its base image, runs as 10001 in /workspaces and ends at once when told to', async () => {
  const run = await world.build({ image: 'dev-sandbox' });
  expect(run.outputs).toMatchObject({ outcome: 'built' });
  const reference = `${world.registry.host}/dev-sandbox@${output(run, 'digest')}`;
  const start = async (...args: string[]) => (await world.docker.exec(args)).stdout.toString('utf8').trim();
  const id = await start('run', '--detach', '--read-only', '--cap-drop', 'ALL', reference);
  expect(await start('exec', id, 'sh', '-c', 'id -u; pwd')).toBe('10001\n/workspaces');
  expect(JSON.parse(await start('inspect', '--format', '{{json .Config.Labels}}', id))).toMatchObject({
    'org.opencontainers.image.base.digest': world.base.digest,
  });
  const started = performance.now();
  await start('stop', '--time', '10', id);
  expect(performance.now() - started).toBeLessThan(3_000);
  expect(await start('inspect', '--format', '{{.State.ExitCode}}', id)).toBe('0');
  await start('rm', id);
  await start('image', 'rm', reference);
});

test('Packer alone makes the whole image, as its template says', async () => {
  await world.git('clean', '-fdq');
  const config = execFileSync('git', ['-C', world.checkout, 'show', 'HEAD:slipway.yaml'], { encoding: 'utf8' });
  const npm = /npm_registry: "([^"]+)"/.exec(config)?.[1] ?? '';
  const argv = [
    'packer',
    'build',
    '-var',
    'image_repository=by-hand',
    '-var',
    `base_image=${world.base.reference}`,
    '-var',
    `npm_registry=${npm}`,
    'build.pkr.hcl',
  ] as const;
  await world.lab.exec([...argv], { cwd: join(world.checkout, 'docker'), extraEnv: world.docker.env });
  const { stdout } = await world.docker.exec([
    'run',
    '--rm',
    '--entrypoint',
    'sh',
    'by-hand',
    '-c',
    'id -u; ls /app/node_modules',
  ]);
  expect(stdout.toString('utf8')).toBe('10001\nulid\n');
  await world.docker.exec(['image', 'rm', 'by-hand']);
});
