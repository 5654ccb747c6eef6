import { delimiter } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { hasTools, obtainTools } from '#lab/toolbox/toolbox.ts';
import { FOLDER, type Ground, openGround } from '#tests/support/terraform.ts';
import { apply, plan } from '#tests/support/terraform-runs.ts';

let ground: Ground;
afterEach(() => ground.remove());

/** OpenTofu takes many minutes to build, so it is tested where someone has built it: npm run toolbox -- opentofu. */
const programs = ['terraform', ...(hasTools(['opentofu']) ? ['tofu'] : [])] as const;

async function findPath(program: string): Promise<string> {
  const path = process.env['PATH'] ?? '';
  if (program === 'terraform') return path;
  return [
    ...(
      await obtainTools(
        ['opentofu'],
        lineProgress(() => {}),
      )
    ).path,
    path,
  ].join(delimiter);
}

describe.each(programs)('%s, by the one setting', (program) => {
  test('plans, saves, applies, refuses and fails in the same words', async () => {
    const env = { PATH: await findPath(program) };
    ground = openGround('resource "terraform_data" "a" {\n  input = "one"\n}\n');
    ground.commit({
      'slipway.yaml': ground.read('slipway.yaml').replace('terraform:\n', `terraform:\n  binary: ${program}\n`),
    });
    expect((await plan(ground, {}, env)).outputs).toMatchObject({ changed: 'true', saved: 'true', reason: '' });
    expect((await apply(ground, {}, env)).outputs).toMatchObject({
      outcome: 'applied',
      applied: '["terraform_data.a"]',
    });
    expect((await apply(ground, {}, env)).outputs).toMatchObject({ outcome: 'refused', refusal: 'state-moved' });
    ground.commit({ [`${FOLDER}/main.tf`]: 'output "o" {\n  value = nothing.x\n}\n' });
    expect((await plan(ground, {}, env)).outputs['reason']).toBe(`${program} plan found an error`);
  });
});
