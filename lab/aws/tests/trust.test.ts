import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { matchesWildcard } from '#core/aws/iam/wildcard.ts';
import { answerJson } from '#lab/aws/proxy.ts';
import { createTrustPolicies } from '#lab/aws/trust.ts';
import { type LoopbackServer, listen } from '#lab/supervisor/http.ts';

const ROLE = 'arn:aws:iam::123456789012:role/slipway-build';
const WORKFLOW = 'acme/shop/.github/workflows/retain.yml@refs/heads/main';
const SUBJECT = 'repo:acme/shop:ref:refs/heads/main';

let provider: LoopbackServer;
let keys: Awaited<ReturnType<typeof generateKeyPair>>;
let issuer: string;

beforeAll(async () => {
  keys = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k', alg: 'RS256', use: 'sig' };
  provider = await listen(async (_request, response) => answerJson(response, 200, { keys: [jwk] }));
  issuer = `http://${provider.host}`;
});

afterAll(() => provider.close());

interface Claims {
  sub?: string;
  workflow?: string;
  aud?: string;
  iss?: string;
  /** Seconds from now. */
  expires?: number;
  key?: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
}

function sign({
  sub = SUBJECT,
  workflow = WORKFLOW,
  aud = 'sts.amazonaws.com',
  iss = issuer,
  expires = 300,
  key = keys.privateKey,
}: Claims = {}) {
  const exp = Math.floor(Date.now() / 1000) + expires;
  return new SignJWT({ sub, aud, iss, exp, job_workflow_ref: workflow })
    .setProtectedHeader({ alg: 'RS256', kid: 'k' })
    .sign(key);
}

async function judge(claims: Claims, role = ROLE): Promise<string> {
  const policies = createTrustPolicies();
  policies.add({ role: ROLE, issuer, subjects: ['repo:acme/*:ref:refs/heads/main'], workflows: [WORKFLOW] });
  return (await policies.judge(role, await sign(claims)))?.code ?? 'passes';
}

describe('a web identity', () => {
  test.each<[string, Claims, string]>([
    ['of the trusted branch', {}, 'passes'],
    ['of another branch', { sub: 'repo:acme/shop:ref:refs/heads/feature' }, 'AccessDenied'],
    ['of a repository that only ends alike', { sub: 'repo:evil/repo:acme/shop:ref:refs/heads/main' }, 'AccessDenied'],
    ['of another workflow', { workflow: WORKFLOW.replace('retain', 'deploy') }, 'AccessDenied'],
    ['for another audience', { aud: 'https://github.com/acme' }, 'InvalidIdentityToken'],
    ['of another issuer', { iss: 'https://example.com' }, 'InvalidIdentityToken'],
    ['that is over', { expires: -60 }, 'ExpiredTokenException'],
  ])('%s: %s %s', async (_name, claims, expected) => {
    expect(await judge(claims)).toBe(expected);
  });

  test('signed by another issuer is refused', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    expect(await judge({ key: privateKey })).toBe('InvalidIdentityToken');
  });

  test('for a role that trusts no one is refused', async () => {
    expect(await judge({}, `${ROLE}-other`)).toBe('AccessDenied');
  });

  test('that is not a token is refused', async () => {
    const policies = createTrustPolicies();
    policies.add({ role: ROLE, issuer, subjects: ['*'] });
    expect((await policies.judge(ROLE, 'a.b.c'))?.code).toBe('InvalidIdentityToken');
  });
});

test('while no trust is added, every call passes', async () => {
  expect(await createTrustPolicies().judge(ROLE, 'a.b.c')).toBeUndefined();
});

test.each([
  ['repo:a/b:*', 'repo:a/b:ref:refs/heads/main', true],
  ['repo:a/b:*', 'repo:a/bc:ref', false],
  ['repo:a.b/c', 'repo:axb/c', false],
  ['repo:a/?', 'repo:a/b', true],
  ['*', 'line\nbreak', true],
])('%j like %j: %s', (pattern, text, expected) => {
  expect(matchesWildcard(pattern, text)).toBe(expected);
});
