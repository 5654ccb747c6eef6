import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findDockerLogin } from '#core/registry/docker-config.ts';
import type { RegistryCredentials } from '#core/registry/registry.ts';
import type { Exec, ExecOptions } from '#core/system/exec.ts';
import { silentLog } from '#tests/support/silent-log.ts';
import { openDocker } from '../src/engine/docker.ts';

let secretFolder: string;
beforeEach(() => {
  secretFolder = mkdtempSync(join(tmpdir(), 'docker-login-'));
});
afterEach(() => rmSync(secretFolder, { recursive: true }));

/** Pushes with a client that only tells how it was started. */
async function push(host: string, credentials: RegistryCredentials | undefined): Promise<ExecOptions | undefined> {
  let seen: ExecOptions | undefined;
  const exec: Exec = async (_argv, options) => {
    seen = options;
    return { code: 0, stdout: Buffer.from(''), stderr: '' };
  };
  const docker = await openDocker({ exec, host, credentials, secretFolder, log: silentLog });
  await docker.push('local', `${host}/bot:v1`);
  return seen;
}

describe('the login that docker push sees', () => {
  const logins: [string, string, RegistryCredentials][] = [
    ['a password', 'registry.example', { username: 'ci', password: 'hidden' }],
    ['an identity token', 'registry.example', { username: 'guid', password: '', identityToken: 'refresh-me' }],
    ['an identity token alone', 'registry.example', { username: '<token>', password: '', identityToken: 'refresh-me' }],
    ["a password for Docker Hub, by Docker's key", 'docker.io', { username: 'ci', password: 'hidden' }],
  ];
  test.each(logins)('%s', async (_what, host, credentials) => {
    const options = await push(host, credentials);
    expect(options?.extraEnv).toEqual({ DOCKER_CONFIG: secretFolder });
    expect(options?.secrets).toContain(credentials.identityToken ?? credentials.password);
    const path = join(secretFolder, 'config.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const never: Exec = () => Promise.reject(new Error('no helper is named'));
    expect(await findDockerLogin(host, { DOCKER_CONFIG: secretFolder }, never)).toEqual({ credentials });
    const { auths } = JSON.parse(readFileSync(path, 'utf8')) as { auths: Record<string, unknown> }; // just written
    expect(Object.keys(auths)).toEqual([host === 'docker.io' ? 'https://index.docker.io/v1/' : host]);
  });

  test("is Docker's own where none is known", async () => {
    expect((await push('registry.example', undefined))?.extraEnv).toEqual({});
  });
});
