import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findDockerLogin } from '#core/registry/docker-config.ts';
import { createExec } from '#core/system/exec.ts';
import { basic, createNet, DIGEST, oauthServerOf, registryOf } from '#tests/support/registry-net.ts';

const HOST = 'registry.example.com';
const NOT_FOUND = 'credentials not found in native keychain';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docker-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const environment = () => ({ DOCKER_CONFIG: folder, PATH: `${folder}:${process.env['PATH']}` });
const write = (config: unknown) => writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
const find = (host = HOST) => findDockerLogin(host, environment(), createExec(environment()));
const pair = (username: string, password: string) => ({ auth: btoa(`${username}:${password}`) });

/** Puts a credential helper on PATH: it answers `get` for the servers that it knows. */
function install(name: string, logins: Record<string, [string, string]>, failure = `echo ${NOT_FOUND}; exit 1`): void {
  const cases = Object.entries(logins).map(([server, [username, secret]]) => {
    const answer = JSON.stringify({ ServerURL: server, Username: username, Secret: secret });
    return `${server}) echo '${answer}';;`;
  });
  const lines = [
    '#!/bin/sh',
    '[ "$1" = get ] || exit 9',
    'read -r server',
    `case $server in`,
    ...cases,
    `*) ${failure};;`,
  ];
  const path = join(folder, `docker-credential-${name}`);
  writeFileSync(path, [...lines, 'esac', ''].join('\n'));
  chmodSync(path, 0o755);
}

describe('logins that docker login wrote down', () => {
  const right: [string, Record<string, unknown>, string, string][] = [
    ['by host', { [HOST]: pair('ci', 'a:b') }, HOST, 'a:b'],
    ['by address', { [`https://${HOST}/v1/`]: pair('ci', 'x') }, HOST, 'x'],
    ['by the very host before a path of it', { [`${HOST}/team`]: pair('ci', 'y'), [HOST]: pair('ci', 'x') }, HOST, 'x'],
    ['past an entry that a helper emptied', { [`https://${HOST}`]: {}, [`${HOST}/v2/`]: pair('ci', 'x') }, HOST, 'x'],
    ['padded with NUL', { [HOST]: { auth: btoa('ci:x\0\0') } }, HOST, 'x'],
    ['in plain words', { [HOST]: { username: 'ci', password: 'x' } }, HOST, 'x'],
    ['of Docker Hub', { 'https://index.docker.io/v1/': pair('ci', 'x') }, 'registry-1.docker.io', 'x'],
    ['of Docker Hub as other clients write it', { 'docker.io': pair('ci', 'x') }, 'registry-1.docker.io', 'x'],
    ['of Docker Hub as slipway.yaml names it', { 'https://index.docker.io/v1/': pair('ci', 'x') }, 'docker.io', 'x'],
  ];
  test.each(right)('%s', async (_what, auths, host, password) => {
    write({ auths, credHelpers: null, credsStore: '' });
    expect(await find(host)).toEqual({ credentials: { username: 'ci', password } });
  });

  test.each([[{}], [{ [HOST]: null }], [{ [HOST]: { auth: 'nonsense' } }], [{ 'other.example': pair('ci', 'x') }]])(
    'none in %j',
    async (auths) => {
      write({ auths });
      expect(await find()).toEqual({ credentials: undefined });
    },
  );

  test('a broken file is refused without its content', async () => {
    writeFileSync(join(folder, 'config.json'), '{"auths": {"x": {"auth": hidden}}}');
    const error: unknown = await find().catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('is not a Docker configuration; log in again with docker login');
    expect(error).not.toHaveProperty('cause');
  });
});

describe('logins that a credential helper keeps', () => {
  test.each([
    ['for the host', { credHelpers: { [HOST]: 'gcr' } }],
    ['for all hosts', { credsStore: 'gcr' }],
    ['for the host, before the one for all', { credHelpers: { [HOST]: 'gcr' }, credsStore: 'missing' }],
    ['before what is written down', { credsStore: 'gcr', auths: { [HOST]: pair('old', 'stale') } }],
  ])('%s', async (_what, config) => {
    write(config);
    install('gcr', { [HOST]: ['_dcgcloud_token', 'hidden'] });
    expect(await find()).toEqual({ credentials: { username: '_dcgcloud_token', password: 'hidden' } });
  });

  test('of Docker Hub, by the key that Docker has for it', async () => {
    write({ credsStore: 'pass' });
    install('pass', { 'https://index.docker.io/v1/': ['ci', 'hidden'] });
    expect(await find('registry-1.docker.io')).toEqual({ credentials: { username: 'ci', password: 'hidden' } });
  });

  test('an identity token is exchanged, and no secret is shown or sent unmasked', async () => {
    write({ credHelpers: { [HOST]: 'acr-env' } });
    install('acr-env', { [HOST]: ['<token>', 'refresh-me'] });
    const net = createNet({
      [HOST]: registryOf('Bearer realm="https://auth.example.com/token",service="x"', 'Bearer t-1'),
      'auth.example.com': oauthServerOf('t-1', 'refresh-me'),
    });
    expect(await net.open(HOST, environment()).findDigest('bot', 'v1')).toBe(DIGEST);
    expect(net.masked).toEqual(['refresh-me', 't-1']);
  });

  test('what is written down serves where the helper has nothing', async () => {
    write({ credsStore: 'gcr', auths: { [HOST]: pair('ci', 'x') } });
    install('gcr', {});
    expect(await find()).toEqual({ credentials: { username: 'ci', password: 'x' } });
  });

  test('it is asked once for all requests', async () => {
    write({ credHelpers: { [HOST]: 'count' } });
    install('count', {}, `echo x >> ${join(folder, 'count')}; echo '{"Username":"ci","Secret":"x"}'`);
    const net = createNet({ [HOST]: registryOf('Basic', basic('ci', 'x')) });
    const registry = net.open(HOST, environment());
    await Promise.all([registry.findDigest('bot', 'v1'), registry.findDigest('bot', 'v2'), registry.credentials()]);
    const { stdout } = await createExec(environment())(['cat', join(folder, 'count')]);
    expect(stdout.toString()).toBe('x\n');
  });
});

describe('a credential helper that gives nothing', () => {
  const net = () => createNet({ [HOST]: registryOf('Basic', basic('ci', 'hidden')) });
  const explain = () => net().open(HOST, environment()).findDigest('bot', 'v1').catch(String);
  const healthy = () => install('gcr', { [HOST]: ['ci', 'hidden'] });
  const NAMED = `config.json names the credential helper "gcr" for ${HOST}, and`;

  test('because it is missing: it is named, and once it is installed the login works', async () => {
    write({ credHelpers: { [HOST]: 'gcr' } });
    const message = await explain();
    expect(message).toContain(`${NAMED} it could not be started: not found on PATH; install docker-credential-gcr in`);
    healthy();
    expect(await explain()).toBe(DIGEST);
  });

  test('because it fails: its words are said, and once it is fixed the login works', async () => {
    write({ credHelpers: { [HOST]: 'gcr' } });
    install('gcr', {}, 'echo "gcloud: your session is over"; exit 3');
    const message = await explain();
    expect(message).toContain(
      `${NAMED} it exits with code 3: "gcloud: your session is over"; fix docker-credential-gcr`,
    );
    healthy();
    expect(await explain()).toBe(DIGEST);
  });

  test('because it fails: the other way works as well', async () => {
    write({ credHelpers: { [HOST]: 'gcr' } });
    install('gcr', {}, 'exit 3');
    expect(await explain()).toContain(`or take it out of ${join(folder, 'config.json')} and log in to ${HOST}`);
    write({ auths: { [HOST]: pair('ci', 'hidden') } });
    expect(await explain()).toBe(DIGEST);
  });

  test('because it has none: log in, which puts it there', async () => {
    write({ credsStore: 'gcr' });
    install('gcr', { 'other.example': ['ci', 'hidden'] });
    const message = await explain();
    expect(message).toContain(`${NAMED} it has no login for ${HOST}; log in to ${HOST} in an earlier step`);
    healthy();
    expect(await explain()).toBe(DIGEST);
  });

  test.each([
    ['an answer that is not a login', `echo '{"Password":"hidden"}'`, 'its answer is not a login'],
    ['an answer that is not JSON', 'echo hidden', 'its answer is not a login'],
    ['an answer with a failure behind it', `echo '{"Secret":"hidden"}'; exit 1`, 'it exits with code 1; fix'],
  ])('%s is not shown', async (_what, failure, words) => {
    write({ credHelpers: { [HOST]: 'gcr' } });
    install('gcr', {}, failure);
    const message = await explain();
    expect(message).toContain(words);
    expect(message).not.toContain('hidden');
  });

  test('a name that is a path starts nothing', async () => {
    write({ credHelpers: { [HOST]: '../../bin/sh' } });
    expect(await explain()).toContain('and that is not the name of one; write the part behind docker-credential-');
  });

  test('is no fault where the registry lets everybody in', async () => {
    write({ credsStore: 'missing' });
    const open = createNet({ [HOST]: registryOf('Basic', undefined) });
    expect(await open.open(HOST, environment()).findDigest('bot', 'v1')).toBe(DIGEST);
    expect(open.said).toEqual([]);
  });
});
