import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { bundleAction } from '../build.ts';

const run = promisify(execFile);

/** Logs in to ECR and prints which of its parts node has loaded. */
const LOG_IN = `
const { createEcrApi } = require('./ecr.cjs');
createEcrApi({ type: 'ecr', region: 'eu-west-1', account: '123456789012' }, process.env).logIn().then(({ host }) => {
  const isRare = Object.keys(require.cache).some((file) => file.endsWith('/ecr.rare.cjs'));
  const isFetch = process.moduleLoadList.some((name) => name.endsWith('deps/undici/undici'));
  console.log(JSON.stringify({ host, isRare, isFetch }));
});`;

let folder: string;
let aws: Server;
let asked: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  for (const [file, bytes] of await bundleAction('build-image')) writeFileSync(join(folder, file), bytes);
  writeFileSync(join(folder, 'log-in.cjs'), LOG_IN);
  writeFileSync(join(folder, 'token'), 'a token');
  writeFileSync(
    join(folder, 'config'),
    `[profile written]\naws_access_key_id = WRITTEN\naws_secret_access_key = x\n[profile printed]\ncredential_process = ${process.execPath} ${join(folder, 'print.cjs')}\n`,
  );
  const printed = { Version: 1, AccessKeyId: 'PRINTED', SecretAccessKey: 'x' };
  writeFileSync(join(folder, 'print.cjs'), `console.log(${JSON.stringify(JSON.stringify(printed))});`);
  aws = createServer((request, response) => {
    const authorization = request.headers.authorization ?? '';
    asked.push(/Credential=(\w+)/.exec(authorization)?.[1] ?? 'nobody');
    response.end(authorization.includes('/ecr/') ? tokenOf(address()) : ASSUMED);
  });
  await new Promise<void>((resolve) => aws.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  aws.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  asked = [];
});

const ASSUMED =
  '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASSUMED</AccessKeyId><SecretAccessKey>x</SecretAccessKey><SessionToken>y</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>';

function tokenOf(host: string): string {
  const authorizationToken = Buffer.from('AWS:hidden').toString('base64');
  return JSON.stringify({ authorizationData: [{ authorizationToken, proxyEndpoint: `http://${host}` }] });
}

function address(): string {
  return `127.0.0.1:${(aws.address() as AddressInfo).port}`; // it listens on TCP
}

async function logIn(env: Record<string, string>): Promise<unknown> {
  const all = { AWS_ENDPOINT_URL: `http://${address()}`, AWS_EC2_METADATA_DISABLED: 'true', HOME: folder, ...env };
  const { stdout } = await run(process.execPath, [join(folder, 'log-in.cjs')], { env: all });
  return JSON.parse(stdout);
}

describe('the bundle logs in to ECR', () => {
  test('with the credentials of the environment, without what only other credentials need', async () => {
    const answer = await logIn({ AWS_ACCESS_KEY_ID: 'GIVEN', AWS_SECRET_ACCESS_KEY: 'x' });
    expect(answer).toEqual({ host: address(), isRare: false, isFetch: false });
    expect(asked).toEqual(['GIVEN']);
  });

  test.each([
    ['a profile', () => ({ AWS_PROFILE: 'written' }), ['WRITTEN']],
    ['a program that a profile names', () => ({ AWS_PROFILE: 'printed' }), ['PRINTED']],
    [
      'a role for a token in a file',
      () => ({ AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/a', AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'token') }),
      ['nobody', 'ASSUMED'],
    ],
  ])('with the credentials of %s', async (_what, env, askers) => {
    const answer = await logIn({ AWS_CONFIG_FILE: join(folder, 'config'), ...env() });
    expect(answer).toMatchObject({ host: address(), isRare: true });
    expect(asked).toEqual(askers);
  });
});
