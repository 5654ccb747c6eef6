import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeError } from '#core/values/errors.ts';
import { type IssueWorld, openIssueWorld } from '#tests/support/issues.ts';
import { FOLDER, type Ground, openGround } from '#tests/support/terraform.ts';
import { apply, plan } from '#tests/support/terraform-runs.ts';

const main = (value: string): string => `resource "terraform_data" "a" {\n  input = "${value}"\n}\n`;

let world: IssueWorld;
let ground: Ground;

beforeAll(async () => {
  world = await openIssueWorld();
  ground = openGround(main('one'));
});

afterAll(async () => {
  ground.remove();
  await world.close();
});

/** Plans with Terraform and reports, as the two jobs of drift.yml do. */
async function night(run: number): Promise<{ readonly outcome: string; readonly error: unknown }> {
  await plan(ground, { refresh: 'true' });
  const { outputs, error } = await world.reportDrift({ reports: { 'r.json': ground.read('plan-report.json') }, run });
  return { outcome: JSON.parse(outputs['issues'] ?? '')[0].outcome, error };
}

test('code that is not applied opens the issue, an error leaves it alone, and the apply that it asks for closes it', async () => {
  expect(await night(1)).toEqual({ outcome: 'opened', error: undefined });
  const [issue] = world.issues;
  expect(issue?.body).toMatch(/Not applied yet: the code is ahead[\s\S]*\*\*Next:\*\* apply the stack\. /);
  const { body } = issue ?? {};
  ground.commit({ [`${FOLDER}/main.tf`]: `${main('one')}output "o" {\n  value = nothing.x\n}\n` });
  const { outcome, error } = await night(2);
  expect(outcome).toBe('failed');
  expect(describeError(error)).toMatch(
    /^app: the plan failed, so whether anything differs is not known, .*: Reference to undeclared/,
  );
  expect(issue).toMatchObject({ body, state: 'open', comments: [] });
  ground.commit({ [`${FOLDER}/main.tf`]: main('one') });
  await plan(ground);
  await apply(ground);
  expect(await night(3)).toEqual({ outcome: 'closed', error: undefined });
  expect(await night(4)).toEqual({ outcome: 'none', error: undefined });
});
