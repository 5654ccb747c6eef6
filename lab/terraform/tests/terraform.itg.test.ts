import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { evaluatePolicies } from '#core/aws/iam/evaluate.ts';
import type { Statement } from '#core/aws/iam/policy.ts';
import { type AppliedStacks, applyStacks, stacks } from '#lab/terraform/tests/applied-stacks.ts';
import { denied, type IdentityCall, needed } from '#lab/terraform/tests/identity-calls.ts';
// their tests run in this file too, on the same stacks: an apply takes a minute
import '#lab/terraform/tests/services.ts';
import '#lab/terraform/tests/state.ts';

beforeAll(applyStacks, 300_000);

afterAll(async () => {
  await stacks().lab.stop();
});

describe('what the two identities may', () => {
  const judge = (of: AppliedStacks['policies'], [identity, action, resource]: IdentityCall) =>
    evaluatePolicies(of[identity], { action, resource }).decision;

  test('every call that they need', () => {
    expect(needed.filter((row) => judge(stacks().policies, row) !== 'allowed')).toEqual([]);
  });

  test('and none of the others', () => {
    expect(denied.length).toBeGreaterThanOrEqual(40);
    expect(denied.filter((row) => judge(stacks().policies, row) === 'allowed')).toEqual([]);
  });

  test('each statement widened lets one of the others in', () => {
    const widen = (statement: Statement, how: 'actions' | 'resources'): Statement => ({
      ...statement,
      [how]: how === 'actions' ? (statement.actions ?? []).map((action) => action.replace(/:.*/, ':*')) : ['*'],
    });
    for (const identity of ['bot', 'cluster'] as const) {
      stacks().policies[identity].forEach((statement, index) => {
        for (const how of ['actions', 'resources'] as const) {
          if (how === 'resources' && statement.resources?.includes('*')) continue; // on everything already
          const mutated = {
            ...stacks().policies,
            [identity]: stacks().policies[identity].with(index, widen(statement, how)),
          };
          const noticed = denied.filter((row) => judge(mutated, row) === 'allowed');
          expect([identity, statement.name, how, noticed.length > 0]).toEqual([identity, statement.name, how, true]);
        }
      });
    }
  });
});

test.each([
  ['no credentials', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }, /No valid credential sources found/],
  ['a wrong region', { TF_VAR_region: 'Canada' }, /region: 'Canada' is no AWS region; it looks like ca-central-1/],
  ['a wrong id', { TF_VAR_discord_bot_id: '12' }, /discord_bot_id: '12' is no Discord id; one has 17 to 20 digits/],
  [
    'a wrong address',
    { TF_VAR_litellm_base_url: 'llm' },
    /litellm_base_url: 'llm' is not an address; write it with its scheme/,
  ],
  ['a wrong token', { TF_VAR_discord_token: 'Bot CANARY' }, /discord_token: the value is no Discord bot token/],
])(
  '%s is said',
  async (_what, wrong, words) => {
    const { code, stderr } = await stacks().second.run(['plan', '-no-color'], { env: wrong, accept: 'any' });
    expect(code).not.toBe(0);
    expect(stderr.replaceAll(/[\s│]+/g, ' ')).toMatch(words);
    expect(stderr).not.toContain('CANARY');
  },
  60_000,
);
