import { expect, test } from '@jest/globals';
import { evaluateTrust } from '#core/aws/iam/assume.ts';
import { evaluateBounded } from '#core/aws/iam/evaluate.ts';
import { parsePolicy } from '#core/aws/iam/policy.ts';
import { APPLY, documentOf, PROVIDER, REPO, statement } from './trust-cases.ts';

const token = (claims: Record<string, string> = {}, provider = PROVIDER) => ({
  provider,
  claims: { aud: 'sts.amazonaws.com', sub: `${REPO}:environment:aws`, job_workflow_ref: APPLY, ...claims },
});
const judge = (statements: object[], identity = token()) =>
  evaluateTrust(parsePolicy('trust', documentOf(...statements)), identity);

test.each<[string, object[], ReturnType<typeof token>, string]>([
  ['the token that is meant', [statement()], token(), 'allowed'],
  ['another subject', [statement()], token({ sub: `${REPO}:pull_request` }), 'denied'],
  ['another audience', [statement()], token({ aud: 'https://github.com/acme' }), 'denied'],
  ['another workflow', [statement()], token({ job_workflow_ref: APPLY.replace('apply', 'deploy') }), 'denied'],
  ['another provider', [statement()], token({}, `${PROVIDER}/acme`), 'denied'],
  [
    'a claim of another issuer',
    [statement({ Principal: { Federated: `${PROVIDER}/acme` } })],
    token({}, `${PROVIDER}/acme`),
    'denied',
  ],
  ['another action', [statement({ Action: 'sts:AssumeRole' })], token(), 'denied'],
  ['a role for an account', [statement({ Principal: { AWS: '123456789012' } })], token(), 'denied'],
  ['everybody', [statement({ Principal: '*', Condition: {} })], token({ sub: 'x' }), 'allowed'],
  ['a deny wins', [statement(), statement({ Sid: 'No', Effect: 'Deny' })], token(), 'explicitly denied'],
])('%s: %3$s', (_name, statements, identity, decision) => {
  expect(judge(statements, identity).decision).toBe(decision);
});

test('NotPrincipal is refused rather than guessed', () => {
  const open = statement({ Principal: undefined, NotPrincipal: { AWS: '123456789012' } });
  expect(() => judge([open])).toThrow('GitHub: NotPrincipal is not judged here');
});

const rule = (Effect: string, Action: string) => ({ Sid: `${Effect} ${Action}`, Effect, Action, Resource: '*' });
test.each<[string, object[], object[], string, string | undefined]>([
  ['both allow', [rule('Allow', 'sqs:*')], [rule('Allow', 'sqs:Send*')], 'allowed', 'Allow sqs:*'],
  ['the boundary alone allows', [rule('Allow', 'a:B')], [rule('Allow', 'sqs:*')], 'denied', undefined],
  ['the policy alone allows', [rule('Allow', '*')], [rule('Allow', 'a:B')], 'denied', undefined],
  ['the policy denies', [rule('Deny', '*')], [rule('Allow', '*')], 'explicitly denied', 'Deny *'],
  [
    'the policy denies what the boundary lacks',
    [rule('Deny', '*')],
    [rule('Allow', 'a:B')],
    'explicitly denied',
    'Deny *',
  ],
  [
    'the boundary denies',
    [rule('Allow', '*')],
    [rule('Allow', '*'), rule('Deny', 'sqs:*')],
    'explicitly denied',
    'Deny sqs:*',
  ],
])('a boundary: %s', (_name, policy, boundary, decision, by) => {
  const call = { action: 'sqs:SendMessage', resource: 'arn:aws:sqs:ca-central-1:123456789012:agentic-events' };
  const [own = [], most = []] = [policy, boundary].map((part) => parsePolicy('policy', documentOf(...part)));
  expect(evaluateBounded(own, most, call)).toEqual({ decision, by });
});
