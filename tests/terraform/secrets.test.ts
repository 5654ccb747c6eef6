import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { FOLDER, type Ground, openGround } from '#tests/support/terraform.ts';
import { apply, type Done, plan } from '#tests/support/terraform-runs.ts';

let ground: Ground;
afterEach(() => ground.remove());

/** Each of them is planted at another place. */
const PLANTED = {
  default: 'planted-default-7f3a',
  variable: 'planted-variable-91bc',
  resource: 'planted-resource-55de',
  output: 'planted-output-c0ff',
  nested: 'planted "nested" 31<ee>',
  lines: 'planted-line-one-8a\nplanted-line-two-8b',
  command: 'planted-command-ab12',
  environment: 'planted-environment-e4e4',
} as const;

const hcl = (text: string): string => JSON.stringify(text);
const CODE = `variable "given" {
  type      = string
  sensitive = true
}
variable "preset" {
  type      = string
  sensitive = true
  default   = ${hcl(PLANTED.default)}
}
resource "terraform_data" "kept" {
  input = {
    plain  = "shown"
    given  = var.given
    preset = var.preset
    nested = { deep = [sensitive(${hcl(PLANTED.nested)})] }
    lines  = sensitive(${hcl(PLANTED.lines)})
    url    = "https://user:\${var.given}@example.com/\${urlencode(var.preset)}/\${base64encode(var.preset)}"
  }
}
resource "terraform_data" "named" {
  input = sensitive(${hcl(PLANTED.resource)})
}
output "secret" {
  value     = ${hcl(PLANTED.output)}
  sensitive = true
}
resource "terraform_data" "broken" {
  input      = terraform_data.kept.id
  depends_on = [terraform_data.named]
  provisioner "local-exec" {
    command = "echo '${PLANTED.command}' '\${var.given}' >&2; exit 4"
  }
}
resource "terraform_data" "echo" {
  input = sensitive(${hcl(PLANTED.command)})
}
`;
const env = { TF_VAR_given: PLANTED.variable, AWS_SECRET_ACCESS_KEY: PLANTED.environment };

/** Every form that a secret may be seen in. */
function listForms(): string[] {
  const texts = Object.values(PLANTED).flatMap((text) => [text, ...text.split('\n')]);
  const encoded = texts.flatMap((text) => [
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text),
    Buffer.from(text).toString('base64').replace(/=+$/, '').slice(0, -1),
  ]);
  return [...texts, ...encoded];
}

function expectClean({ seen }: Done<unknown>): void {
  const text = seen();
  expect(listForms().filter((form) => text.includes(form))).toEqual([]);
}

test('no planted secret is in a plan, its report, its summary, an annotation, the log, or the saved plan', async () => {
  ground = openGround(CODE);
  const planned = await plan(ground, {}, env);
  expect(planned.outputs).toMatchObject({ changed: 'true', saved: 'true' });
  expect(planned.seen()).toContain('shown');
  expectClean(planned);
  const sealed = readFileSync(join(ground.root, 'app.sealed'), 'latin1');
  expect(listForms().filter((form) => sealed.includes(form))).toEqual([]);
});

test('nor in an apply that fails with them in its errors', async () => {
  ground = openGround(CODE);
  await plan(ground, {}, env);
  const applied = await apply(ground, {}, env);
  expect(applied.outputs).toMatchObject({ outcome: 'failed', failed: '["terraform_data.broken"]' });
  expect(applied.result.errors.join('')).toContain('local-exec provisioner error');
  expectClean(applied);
  const refused = await apply(ground, {}, env); // and the new plan beside a refusal
  expect(refused.outputs).toMatchObject({ outcome: 'refused', refusal: 'state-moved' });
  expectClean(refused);
});

test('nor what only apply made, when a later error shows it', async () => {
  ground = openGround(`resource "terraform_data" "seed" {}
resource "terraform_data" "made" {
  input = sensitive("made-\${terraform_data.seed.id}")
}
resource "terraform_data" "broken" {
  provisioner "local-exec" {
    command = "false \${nonsensitive(terraform_data.made.output)}"
  }
}
`);
  await plan(ground);
  const applied = await apply(ground);
  expect(applied.outputs).toMatchObject({ outcome: 'failed', failed: '["terraform_data.broken"]' });
  const made = /made-[0-9a-f-]{36}/.exec(ground.read(`${FOLDER}/terraform.tfstate`))?.[0] ?? 'it was made';
  expect(applied.result.errors.join('')).toContain("'false (sensitive)'");
  expect(applied.seen()).not.toContain(made);
});

test('nor in a plan that fails with them in its errors', async () => {
  ground = openGround(`${CODE}resource "terraform_data" "checked" {
  input = "x"
  lifecycle {
    precondition {
      condition     = var.given == ""
      error_message = "\${nonsensitive(var.given)} and \${nonsensitive(var.preset)} are given"
    }
  }
}
`);
  const planned = await plan(ground, {}, env);
  expect(planned.outputs['reason']).toBe('terraform plan found an error');
  expect(planned.result.report.errors.join('')).toContain('(sensitive) and (sensitive) are given');
  expectClean(planned);
});
