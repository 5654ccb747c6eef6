import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { packPlan, type SavedPlan, unpackPlan } from '#core/terraform/saved-plan/binding.ts';
import type { RefusalKind } from '#core/terraform/saved-plan/check.ts';
import { seal, unseal } from '#core/terraform/saved-plan/seal.ts';
import { FOLDER, type Ground, KEY, openGround } from '#tests/support/terraform.ts';
import { accept, apply, plan } from '#tests/support/terraform-runs.ts';

const MAIN = `module "inner" {
  source = "../inner"
}

resource "terraform_data" "app" {
  input = "one"
}
`;
const INNER = 'resource "terraform_data" "inner" {\n  input = "in"\n}\n';

describe('a saved plan', () => {
  let ground: Ground;
  let sealed: Buffer;
  let head: string;
  beforeAll(async () => {
    ground = openGround(MAIN, { 'terraform/inner/main.tf': INNER });
    head = ground.git('rev-parse', 'HEAD');
    await plan(ground);
    sealed = readFileSync(join(ground.root, 'app.sealed'));
  });
  beforeEach(() => {
    ground.git('reset', '-q', '--hard', head);
    writeFileSync(join(ground.root, 'app.sealed'), sealed);
  });
  afterAll(() => ground.remove());

  /** Saves the plan again with another binding or JSON. */
  function resave(change: (saved: SavedPlan) => SavedPlan): undefined {
    const saved = unpackPlan(unseal(sealed, KEY) ?? Buffer.alloc(0));
    if (saved === undefined) throw new Error('the plan was saved');
    writeFileSync(join(ground.root, 'app.sealed'), seal(packPlan(change(saved)), KEY));
  }
  function rebind(binding: Partial<SavedPlan['binding']>): undefined {
    resave((saved) => ({ ...saved, binding: { ...saved.binding, ...binding } }));
  }
  /** Merges another change; what was reviewed is still `head`. */
  function changeModule(): Readonly<Record<string, string>> {
    ground.commit({ 'terraform/inner/main.tf': INNER.replace('in"', 'out"') });
    return { head };
  }

  const refusals: [RefusalKind, () => Readonly<Record<string, string>> | undefined][] = [
    ['none-saved', () => ({ 'saved-plan': 'nothing.sealed' })],
    ['damaged', () => ({ key: `${KEY}!` })],
    ['other-stack', () => rebind({ stack: 'web' })],
    ['from-fork', () => rebind({ isFromFork: true })],
    [
      'incomplete',
      () => resave((saved) => ({ ...saved, json: saved.json.replace('"complete":true', '"complete":false') })),
    ],
    ['head-moved', () => ({ head: 'e'.repeat(40) })],
    ['stacks-changed', () => rebind({ stacks: { app: FOLDER, web: 'terraform/web' } })],
    ['tree-differs', () => changeModule()],
    ['too-old', () => rebind({ plannedAt: new Date(Date.now() - 25 * 3_600_000).toISOString() })],
    ['lock-file-differs', () => rebind({ lockFile: 'f'.repeat(64) })],
    ['tool-differs', () => rebind({ tool: { binary: 'terraform', version: '0.0.1' } })],
    ['state-moved', () => rebind({ state: { lineage: 'another', serial: 1 } })],
  ];
  test.each(refusals)('is refused: %s', async (kind, prepare) => {
    const accepted = await accept(ground, prepare() ?? {});
    if (accepted.kind !== 'refused') throw new Error('it is refused');
    expect(accepted.refusal.kind).toBe(kind);
    expect(accepted.refusal.sentence).toMatch(/plan it again, in a pull request|give that of app/);
  });

  test('that is refused is planned again, and only the difference is shown', async () => {
    const { outputs, result } = await apply(ground, changeModule());
    expect(outputs).toMatchObject({ outcome: 'refused', refusal: 'tree-differs', applied: '[]' });
    expect(outputs['reason']).toMatch(/^nothing was applied: terraform\/inner is not what was planned/);
    expect(result.summaryMarkdown).toMatch(/^### ⛔ Plan not applied/);
    expect(() => ground.read(`${FOLDER}/terraform.tfstate`)).toThrow(/ENOENT/);
    expect(result.fresh?.deviation).toEqual({ added: 0, altered: 1, gone: 0 });
    expect(result.summaryMarkdown).toContain('Terraform plan is not the approved one: 1 not as approved');
    expect(result.summaryMarkdown).toContain('- input = "in"\n+ input = "out"');
    expect(result.summaryMarkdown).not.toContain('terraform_data.app');
  });

  test('is applied once: the second time its state has moved', async () => {
    const first = await apply(ground);
    expect(first.outputs).toMatchObject({
      outcome: 'applied',
      refusal: '',
      reason: '',
      failed: '[]',
      'not-reached': '[]',
    });
    expect(JSON.parse(first.outputs['applied'] ?? '')).toEqual(
      ['terraform_data.app', 'module.inner.terraform_data.inner'].sort().reverse(),
    );
    const second = await apply(ground);
    expect(second.outputs).toMatchObject({ outcome: 'refused', refusal: 'state-moved' });
    expect(second.result.fresh?.counts.create).toBe(0);
  });
});

describe('what cannot be undone', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = openGround('resource "terraform_data" "table" {\n  input = "rows"\n}\n');
    await plan(ground);
    await apply(ground);
    ground.commit({ [`${FOLDER}/main.tf`]: '# nothing\n' });
  });
  afterAll(() => ground.remove());

  test('blocks the plan and its apply, until its address is allowed in this very plan', async () => {
    const stateful = 'terraform_data';
    const planned = await plan(ground, { stateful });
    const { blocked, reason, fingerprint = '' } = planned.outputs;
    expect([blocked, planned.outputs['has-destroy'], planned.outputs['saved']]).toEqual(['true', 'true', 'true']);
    expect(reason?.endsWith(`: terraform_data.table ${fingerprint}`)).toBe(true);
    expect(planned.result.report.summaryMarkdown).toContain('**The destroy guard holds this plan**');
    const refused = await apply(ground, { stateful, allow: `terraform_data.table ${'0'.repeat(64)}` });
    expect(refused.outputs).toMatchObject({ outcome: 'refused', refusal: 'guard' });
    expect(refused.outputs['reason']).toContain(reason);
    const allowed = await apply(ground, { stateful, allow: `terraform_data.table ${fingerprint}` });
    expect(allowed.outputs).toMatchObject({ outcome: 'applied', applied: '["terraform_data.table"]' });
  });
});

describe('an apply that fails', () => {
  let ground: Ground | undefined;
  afterEach(() => ground?.remove());

  test('says what was applied, what failed and what was not reached, on its line of code', async () => {
    ground = openGround(`resource "terraform_data" "first" {}

resource "terraform_data" "broken" {
  provisioner "local-exec" {
    command = "exit 3"
  }
  depends_on = [terraform_data.first]
}

resource "terraform_data" "last" {
  depends_on = [terraform_data.broken]
}
`);
    await plan(ground);
    const { outputs, annotations, result } = await apply(ground);
    expect(outputs).toMatchObject({
      outcome: 'failed',
      applied: '["terraform_data.first"]',
      failed: '["terraform_data.broken"]',
      'not-reached': '["terraform_data.last"]',
      rescued: '',
    });
    expect(annotations).toMatchObject([{ file: `${FOLDER}/main.tf`, line: 4, title: 'local-exec provisioner error' }]);
    expect(result.summaryMarkdown).toMatch(/^### ❌ Apply failed: `app` · `\w{7}`, 1 applied, 1 failed, 1 not reached/);
  });
});
