import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { packPlan, type SavedPlan, unpackPlan } from '#core/terraform/saved-plan/binding.ts';
import type { RefusalKind } from '#core/terraform/saved-plan/check.ts';
import { seal, unseal } from '#core/terraform/saved-plan/seal.ts';
import { FOLDER, type Ground, KEY, openGround } from '#tests/support/terraform.ts';
import { accept, apply, plan } from '#tests/support/terraform-runs.ts';

const MAIN = 'resource "terraform_data" "app" {\n  input = "one"\n}\n';
const TAKE =
  'resource "terraform_data" "taken" {\n  provisioner "local-exec" {\n    command = "touch ../../../taken"\n  }\n}\n';

let ground: Ground;
/** The plan of the head that is merged, as the comment shows it, and one of whoever has the key. */
let reviewed: SavedPlan;
let hostile: SavedPlan;
beforeAll(async () => {
  ground = openGround(MAIN);
  const head = ground.git('rev-parse', 'HEAD');
  await plan(ground);
  reviewed = readSaved();
  ground.commit({ [`${FOLDER}/main.tf`]: `${MAIN}${TAKE}` });
  await plan(ground);
  hostile = readSaved();
  ground.git('reset', '-q', '--hard', head);
});
afterAll(() => ground.remove());

function readSaved(): SavedPlan {
  const saved = unpackPlan(unseal(readFileSync(join(ground.root, 'app.sealed')), KEY) ?? Buffer.alloc(0));
  if (saved === undefined) throw new Error('the plan was saved');
  return saved;
}

function save(saved: SavedPlan, key = KEY): void {
  writeFileSync(join(ground.root, 'app.sealed'), seal(packPlan(saved), key));
}

/** Whatever else is so at the merged head, with the fingerprint of another plan. */
const bound = (): SavedPlan['binding'] => ({ ...reviewed.binding, fingerprint: hostile.binding.fingerprint });

describe('code of a branch that has the key seals a plan of its own, and it is refused', () => {
  test.each<[string, () => SavedPlan, RefusalKind]>([
    ['as our action made it of the branch', () => hostile, 'head-moved'],
    [
      'under the merged head',
      () => ({ ...hostile, binding: { ...hostile.binding, head: reviewed.binding.head } }),
      'tree-differs',
    ],
    ['as the file beside what was reviewed', () => ({ ...reviewed, plan: hostile.plan }), 'file-differs'],
    ['under all that was reviewed', () => ({ ...hostile, binding: reviewed.binding }), 'file-differs'],
    [
      'under another fingerprint, beside the JSON that was reviewed',
      () => ({ ...reviewed, binding: bound() }),
      'file-differs',
    ],
  ])('%s', async (_name, forge, refusal) => {
    save(forge());
    const { outputs } = await apply(ground);
    expect(outputs).toMatchObject({ outcome: 'refused', refusal, applied: '[]' });
    expect(() => ground.read(`${FOLDER}/terraform.tfstate`)).toThrow(/ENOENT/);
    expect(() => ground.read('../taken')).toThrow(/ENOENT/);
  });

  test('without the key none is opened', async () => {
    save(reviewed, `${KEY}!`);
    expect(await accept(ground)).toMatchObject({ kind: 'refused', refusal: { kind: 'damaged' } });
  });
});

test('a plan that is bound to all that is so now is not what the merged source makes: it is planned again, and refused', async () => {
  save({ ...hostile, binding: bound() });
  expect(await accept(ground)).toMatchObject({ kind: 'accepted' });
  const { outputs, result } = await apply(ground);
  expect(outputs).toMatchObject({ outcome: 'refused', refusal: 'plan-differs', applied: '[]' });
  expect(outputs['reason']).toContain(
    `its fingerprint is ${reviewed.binding.fingerprint.slice(0, 12)}, and ${hostile.binding.fingerprint.slice(0, 12)} was reviewed`,
  );
  expect(result.fresh?.deviation).toEqual({ added: 0, altered: 0, gone: 1 });
  expect(() => ground.read(`${FOLDER}/terraform.tfstate`)).toThrow(/ENOENT/);
  expect(() => ground.read('../taken')).toThrow(/ENOENT/);
});

test('where planning again fails, nothing is applied', async () => {
  save(reviewed);
  const { outputs } = await apply(ground, {}, { TF_CLI_ARGS_plan: '-target=terraform_data' });
  expect(outputs).toMatchObject({ outcome: 'failed', refusal: '', applied: '[]' });
  expect(() => ground.read(`${FOLDER}/terraform.tfstate`)).toThrow(/ENOENT/);
});
