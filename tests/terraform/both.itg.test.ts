import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { composeComment } from '#core/comment/compose.ts';
import { readReports } from '#core/comment/read-reports.ts';
import { createExec } from '#core/system/exec.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { hasTools, obtainTools } from '#lab/toolbox/toolbox.ts';
import { FOLDER, type Ground, openGround, plainEnvironment } from '#tests/support/terraform.ts';
import { apply, plan } from '#tests/support/terraform-runs.ts';

let ground: Ground;
afterEach(() => ground.remove());

/** OpenTofu takes minutes to build: it is tested where someone has built it (npm run toolbox -- opentofu), or asks for it. */
const isAsked = process.env['SLIPWAY_TOFU'] === 'required';
const programs = ['terraform', ...(isAsked || hasTools(['opentofu']) ? ['tofu'] : [])] as const;

async function findPath(program: string): Promise<string> {
  const path = process.env['PATH'] ?? '';
  if (program === 'terraform') return path;
  const progress = lineProgress(() => {});
  return [...(await obtainTools(['opentofu'], progress)).path, path].join(delimiter);
}

/** A repository whose slipway.yaml names the program. */
function openGroundOf(program: string, main: string): Ground {
  const opened = openGround(main);
  opened.commit({
    'slipway.yaml': opened.read('slipway.yaml').replace('terraform:\n', `terraform:\n  binary: ${program}\n`),
  });
  return opened;
}

/** The one comment as these reports make it, without what differs from run to run. */
function commentOf(report: string): string {
  const head = ground.git('rev-parse', 'HEAD');
  const body = composeComment(readReports(new Map([[report, ground.read(report)]])), { head, rest: 'not listed' });
  return body.replaceAll(head.slice(0, 7), 'HEAD');
}

const TABLE = (input: string): string => `resource "terraform_data" "a" {\n  input = "${input}"\n}\n`;

/** Tests that OpenTofu does not know; a plan needs none. */
const OF_TERRAFORM = 'mock_provider "aws" {\n  override_during = plan\n}\n';

describe.each(programs)('%s, by the one setting', (program) => {
  test('plans, saves, applies, refuses and fails in the same words', async () => {
    const env = { PATH: await findPath(program) };
    ground = openGroundOf(program, TABLE('one'));
    ground.commit({ [`${FOLDER}/tests/a.tftest.hcl`]: OF_TERRAFORM });
    expect((await plan(ground, {}, env)).outputs).toMatchObject({ changed: 'true', saved: 'true', reason: '' });
    expect((await apply(ground, {}, env)).outputs).toMatchObject({
      outcome: 'applied',
      applied: '["terraform_data.a"]',
    });
    expect((await apply(ground, {}, env)).outputs).toMatchObject({ outcome: 'refused', refusal: 'state-moved' });
    ground.commit({ [`${FOLDER}/main.tf`]: 'output "o" {\n  value = nothing.x\n}\n' });
    expect((await plan(ground, {}, env)).outputs['reason']).toBe(`${program} plan found an error`);
  });

  test('is told of in one comment, before the merge and after it', async () => {
    const env = { PATH: await findPath(program) };
    ground = openGroundOf(program, TABLE('one'));
    await plan(ground, {}, env);
    await apply(ground, {}, env);
    ground.commit({ [`${FOLDER}/main.tf`]: `${TABLE('two')}resource "terraform_data" "b" {}\n` });
    await plan(ground, {}, env);
    const planned = commentOf('plan-report.json');
    expect(planned).toContain('### Terraform updates 1 and creates 1 · `HEAD`');
    expect(planned).toContain('- input = "one"\n+ input = "two"');
    await apply(ground, {}, env);
    expect(commentOf('apply-report.json')).toMatch(
      /^### ✅ Applied: `app` · `HEAD`\n\n✅ \*\*app\*\*: 2 applied: <code>terraform_data\.[ab]<\/code> and <code>terraform_data\.[ab]<\/code>/,
    );
  });
});

if (programs.length === 2)
  test('a plan that the other program saved is not applied', async () => {
    ground = openGroundOf('terraform', TABLE('one'));
    await plan(ground);
    const head = ground.git('rev-parse', 'HEAD');
    ground.commit({ 'slipway.yaml': ground.read('slipway.yaml').replace('binary: terraform', 'binary: tofu') });
    const { outputs } = await apply(ground, { head }, { PATH: await findPath('tofu') });
    expect(outputs).toMatchObject({ outcome: 'refused', refusal: 'tool-differs', applied: '[]' });
  });

describe('a lock file has the entries of one program', () => {
  const CODE = 'terraform {\n  required_providers {\n    none = { source = "acme/none" }\n  }\n}\n';

  /** A mirror with a provider that both registries have; nothing starts it. */
  function mirrorProvider(): string {
    const mirror = join(ground.root, '..', 'mirror');
    for (const registry of ['registry.terraform.io', 'registry.opentofu.org']) {
      const folder = join(mirror, registry, 'acme/none/1.0.0/linux_amd64');
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'terraform-provider-none'), '#!/bin/sh\nexit 1\n');
      chmodSync(join(folder, 'terraform-provider-none'), 0o755);
    }
    return mirror;
  }

  async function lockBy(program: string, args: string): Promise<string> {
    const stack = join(ground.root, FOLDER);
    for (const name of readdirSync(stack).filter((one) => one.startsWith('.terraform')))
      rmSync(join(stack, name), { recursive: true });
    const env = { ...plainEnvironment(), PATH: await findPath(program), TF_CLI_ARGS_init: args };
    await createExec(env)([program, 'init', '-input=false'], { cwd: stack });
    const text = readFileSync(join(stack, '.terraform.lock.hcl'), 'utf8');
    rmSync(join(stack, '.terraform'), { recursive: true });
    return text;
  }

  test.each(programs.flatMap((program) => programs.map((other) => [program, other] as const)))(
    'of %s, read by %s',
    async (writer, program) => {
      ground = openGroundOf(program, CODE);
      const args = `-plugin-dir=${mirrorProvider()}`;
      ground.commit({ [`${FOLDER}/.terraform.lock.hcl`]: await lockBy(writer, args) });
      const env = { PATH: await findPath(program), TF_CLI_ARGS_init: args };
      const { outputs } = await plan(ground, {}, env);
      const isTaken = `${program} plan lost a provider`; // init took it, and it does nothing
      expect(outputs['reason']).toContain(writer === program ? isTaken : refusalOf(program));
    },
  );

  test.each(programs)('of both, is refused by %s', async (program) => {
    ground = openGroundOf(program, CODE);
    const args = `-plugin-dir=${mirrorProvider()}`;
    const own = await lockBy(program, args);
    const [host, other] = ['registry.terraform.io', 'registry.opentofu.org'].sort((one) =>
      own.includes(one) ? -1 : 1,
    );
    const both = `${own}\n${own.replaceAll(/^#.*\n/gm, '').replaceAll(host ?? '', other ?? '')}`;
    ground.commit({ [`${FOLDER}/.terraform.lock.hcl`]: both });
    const env = { PATH: await findPath(program), TF_CLI_ARGS_init: args };
    expect((await plan(ground, {}, env)).outputs['reason']).toBe(refusalOf(program));
  });

  function refusalOf(program: string): string {
    const other = program === 'tofu' ? 'terraform' : 'tofu';
    return `${program} init wants other providers than .terraform.lock.hcl names: run ${program} init in the stack's folder and commit .terraform.lock.hcl. A file that ${other} wrote names another registry's providers: ${program} refuses it, and one with the entries of both`;
  }
});
