import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createExec } from '#core/system/exec.ts';
import { unpackPlan } from '#core/terraform/saved-plan/binding.ts';
import { unseal } from '#core/terraform/saved-plan/seal.ts';
import { FOLDER, type Ground, KEY, openGround, plainEnvironment } from '#tests/support/terraform.ts';
import { plan } from '#tests/support/terraform-runs.ts';

let ground: Ground;
afterEach(() => ground.remove());

const ONE = 'resource "terraform_data" "a" {\n  input = "one"\n}\n';

/** Puts a program of this text before the real one, and returns the environment that finds it. */
function standIn(script: string): Record<string, string> {
  const bin = join(ground.root, '..', 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'terraform'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, 'terraform'), 0o755);
  return { PATH: `${bin}:${process.env['PATH']}` };
}

test('a plan is counted, saved under its key, and bound to what it was made from', async () => {
  ground = openGround(`module "m" {\n  source = "../inner"\n}\n${ONE}`, { 'terraform/inner/main.tf': ONE });
  const base = ground.git('rev-parse', 'HEAD');
  const head = ground.commit({ 'README.md': 'more\n' });
  const { outputs } = await plan(ground, { base, refresh: 'false' });
  expect(outputs).toMatchObject({
    changed: 'true',
    'has-destroy': 'false',
    blocked: 'false',
    reason: '',
    saved: 'true',
  });
  expect(JSON.parse(outputs['counts'] ?? '')).toMatchObject({ create: 2, destroy: 0 });
  const sealed = readFileSync(join(ground.root, 'app.sealed'));
  const tree = (path: string): string => ground.git('rev-parse', `HEAD:${path}`);
  expect(unpackPlan(unseal(sealed, KEY) ?? Buffer.alloc(0))?.binding).toMatchObject({
    stack: 'app',
    head,
    mergeBase: base,
    trees: { [FOLDER]: tree(FOLDER), 'terraform/inner': tree('terraform/inner') },
    state: { lineage: '', serial: 0 },
    tool: { binary: 'terraform' },
    stacks: { app: FOLDER },
    isRefreshed: false,
    fingerprint: outputs['fingerprint'],
  });
  expect(ground.read('plan-report.json')).toContain('Drift was not looked at');
  expect(readdirSync(join(ground.root, FOLDER)).sort()).toEqual(['.terraform', 'main.tf']);
});

test('what the code names is bound as well, through modules and links, as far as the commit has it', async () => {
  const code = `module "m" {\n  source = "../inner"\n}\n${ONE.replace('"one"', 'file("${path.module}/../../policies/one.json")')}`;
  const inner = `${ONE.replace('"one"', '[for f in fileset("${path.module}/../texts/${"a"}", "*") : f]')}locals {\n  none = "../gone.json"\n  out  = "../../../outside.json"\n}\n`;
  ground = openGround(code, {
    'terraform/inner/main.tf': inner,
    'policies/one.json': '{}\n',
    'terraform/texts/a/b.txt': 'x\n',
    'shared/values.json': '{}\n',
  });
  symlinkSync('../../shared/values.json', join(ground.root, FOLDER, 'values.auto.tfvars.json'));
  ground.commit({});
  const { outputs, result } = await plan(ground);
  expect(outputs).toMatchObject({ saved: 'true' });
  const named = [FOLDER, 'terraform/inner', 'terraform/texts', 'policies/one.json', 'shared/values.json'].sort();
  expect(result.report).toMatchObject({ sources: [...named, 'slipway.yaml#stacks'], isSaved: true });
  expect(Date.now() - Date.parse(result.report.plannedAt ?? '')).toBeLessThan(60_000);
  const sealed = unpackPlan(unseal(readFileSync(join(ground.root, 'app.sealed')), KEY) ?? Buffer.alloc(0));
  expect(sealed?.binding.trees).toEqual(
    Object.fromEntries(named.map((path) => [path, ground.git('rev-parse', `HEAD:${path}`)])),
  );
});

test('a plan of the merge has the same fingerprint, also with resources that follow the clock', async () => {
  const clocks = `${ONE}resource "terraform_data" "late" {\n  triggers_replace = timestamp()\n}\nresource "terraform_data" "soon" {\n  input = "at \${plantimestamp()}"\n}\n`;
  ground = openGround(clocks);
  const first = await plan(ground);
  ground.commit({ 'app.txt': 'a neighbour\n' });
  const second = await plan(ground);
  expect(second.outputs['fingerprint']).toBe(first.outputs['fingerprint']);
  ground.commit({ [`${FOLDER}/main.tf`]: clocks.replace('"one"', '"two"') });
  expect((await plan(ground)).outputs['fingerprint']).not.toBe(first.outputs['fingerprint']);
});

describe('a plan is not saved', () => {
  test.each([
    ["of a fork's pull request", { 'head-repository': 'mallory/shop' }],
    ['without a key, as where a fork gets no secrets', { key: '' }],
  ])('%s', async (_name, inputs) => {
    ground = openGround(ONE);
    const { outputs, result } = await plan(ground, inputs);
    expect(outputs).toMatchObject({ changed: 'true', saved: 'false' });
    expect(result.report.isSaved).toBe(false);
    expect(existsSync(join(ground.root, 'app.sealed'))).toBe(false);
  });

  test('of code that is not committed', async () => {
    ground = openGround(ONE);
    writeFileSync(join(ground.root, FOLDER, 'more.tf'), ONE.replace('"a"', '"b"'));
    await expect(plan(ground)).rejects.toThrow(/^terraform\/app\/more\.tf is not as the checked-out commit has it/);
  });

  test('that failed, and the file that it left is gone; the error is on its line', async () => {
    const condition =
      'lifecycle {\n    precondition {\n      condition     = self.input != "one"\n      error_message = "boom"\n    }\n  }\n';
    ground = openGround(
      ONE.replace('}\n', `  ${condition.replace('self.input', 'var.v')}}\nvariable "v" {\n  default = "one"\n}\n`),
    );
    const { outputs, annotations, result } = await plan(ground);
    expect(outputs).toMatchObject({ saved: 'false', reason: 'terraform plan found an error' });
    expect(annotations).toMatchObject([{ file: `${FOLDER}/main.tf`, line: 5, message: 'boom' }]);
    expect(result.report.summaryMarkdown).toMatch(/^### Terraform plan failed/);
    expect(existsSync(join(ground.root, 'app.sealed'))).toBe(false);
    expect(readdirSync(join(ground.root, '..')).filter((name) => name.startsWith('slipway-'))).toEqual([]);
  });
});

test('a plan whose program failed without a word is not saved, whole as it looks', async () => {
  ground = openGround(ONE);
  const { stdout } = await createExec(plainEnvironment())(['sh', '-c', 'command -v terraform']);
  const env = standIn(`${stdout.toString('utf8').trim()} "$@" || exit; [ "$1" != plan ] || exit 3`);
  const { outputs } = await plan(ground, {}, env);
  expect(outputs).toMatchObject({ saved: 'false', reason: expect.stringMatching(/ended with exit code 3 without/) });
});

test('of many errors ten are on their lines, and the rest is counted', async () => {
  ground = openGround(
    Array.from({ length: 12 }, (_one, at) => `output "o${at}" {\n  value = nothing.x${at}\n}\n`).join(''),
  );
  const { annotations, result } = await plan(ground);
  expect([annotations.length, result.failure?.diagnostics.length]).toEqual([10, 12]);
  expect([result.report.errors.length, result.report.counts.error]).toEqual([12, 12]);
});

describe('a program that breaks is named, and is never "no changes"', () => {
  const cases: [string, string, RegExp][] = [
    ['that says nothing', '[ "$1" = init ] || echo hello', /exit code 0 without the messages that -json promises/],
    ['that panics', '[ "$1" = init ] || exit 11', /crashed \(a panic of terraform itself, exit code 11\)/],
    ['that is killed', '[ "$1" = init ] || kill -9 $$', /killed by the machine, mostly because memory ran out/],
  ];
  test.each(cases)('%s', async (_name, script, sentence) => {
    ground = openGround(ONE);
    const { outputs } = await plan(ground, {}, standIn(script));
    expect(outputs['reason']).toMatch(sentence);
    expect(outputs).toMatchObject({ changed: 'false', saved: 'false', fingerprint: '' });
  });

  test('that is not there', async () => {
    ground = openGround(ONE);
    await expect(plan(ground, {}, { PATH: '/usr/bin:/bin' })).rejects.toThrow(
      /terraform init .*not found on PATH; install terraform in an earlier step/,
    );
  });

  test('with a provider that does not start', async () => {
    ground = openGround(
      'terraform {\n  required_providers {\n    broken = {\n      source = "acme/broken"\n    }\n  }\n}\nresource "broken_thing" "a" {}\n',
    );
    const mirror = join(ground.root, '..', 'mirror');
    const platform = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
    const folder = join(mirror, 'registry.terraform.io/acme/broken/1.0.0', platform);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'terraform-provider-broken_v1.0.0'), '#!/bin/sh\nexit 1\n');
    chmodSync(join(folder, 'terraform-provider-broken_v1.0.0'), 0o755);
    const rc = join(mirror, 'rc');
    writeFileSync(rc, `provider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`);
    const env = { ...plainEnvironment(), TF_CLI_CONFIG_FILE: rc };
    await createExec(env)(['terraform', 'init'], { cwd: join(ground.root, FOLDER) });
    ground.commit({});
    const { outputs } = await plan(ground, {}, { TF_CLI_CONFIG_FILE: rc });
    expect(outputs['reason']).toMatch(/lost a provider, which crashed or did not start/);
  });

  test('gets neither the inputs nor the tokens and files of the runner', async () => {
    ground = openGround(ONE);
    const out = join(ground.root, '..', 'env');
    const secrets = {
      INPUT_KEY: KEY,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't',
      GITHUB_OUTPUT: 'f',
      TF_LOG: 'trace',
      AWS_REGION: 'r',
    };
    await plan(ground, {}, { ...standIn(`env > ${out}`), ...secrets });
    const names = readFileSync(out, 'utf8')
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(Object.keys(secrets).filter((name) => names.includes(name))).toEqual(['AWS_REGION']);
  });
});
