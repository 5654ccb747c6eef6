import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { type Block, parseBlocks } from '#tests/terraform-blocks.ts';
import { checkLines, checkTerraform } from '#tests/terraform-rules.ts';

/** Returns the files of terraform/ whose paths end so: path → text. */
function readFiles(ending: RegExp): Map<string, string> {
  return new Map(
    readdirSync(join(repositoryRoot, 'terraform'), { recursive: true, encoding: 'utf8' })
      .filter((path) => ending.test(path) && !path.includes('.terraform/'))
      .sort()
      .map((path) => [path, readFileSync(join(repositoryRoot, 'terraform', path), 'utf8')]),
  );
}

const files = readFiles(/\.tf$/);

test('the code keeps the rules', () => {
  expect(checkTerraform(files)).toEqual([]);
});

test('every line fits a screen, in the code, its tests and its values', () => {
  const all = readFiles(/\.(?:tf|hcl|tfvars)$/);
  expect(all.size).toBeGreaterThan(files.size);
  expect(checkLines(all)).toEqual([]);
});

test('what is planned with a refresh holds no secret: only the stack secrets uses its module', () => {
  const uses = [...files].filter(([, text]) =>
    parseBlocks(text).some(
      ({ type, attributes }) => type === 'module' && attributes.get('source') === '"../modules/secrets"',
    ),
  );
  expect(uses.map(([file]) => file)).toEqual(['secrets/main.tf']);
});

test('resources repeat none of the tags that their provider sets', () => {
  const tagged = [...files].flatMap(([file, text]) =>
    parseBlocks(text)
      .filter(({ type, attributes }) => type === 'resource' && attributes.has('tags'))
      .map(({ labels, attributes }) => `${file} ${labels.join('.')} ${attributes.get('tags')}`),
  );
  expect(tagged).toEqual(['bootstrap/roles.tf aws_iam_role.this { purpose = each . key }']);
});

test('these resources cannot be destroyed by an apply', () => {
  const isKept = ({ type, attributes }: Block) => type === 'lifecycle' && attributes.get('prevent_destroy') === 'true';
  const kept = [...files].flatMap(([file, text]) =>
    parseBlocks(text)
      .filter((block) => block.blocks.some(isKept))
      .map(({ labels }) => `${file} ${labels.join('.')}`),
  );
  expect(kept).toEqual([
    'aws/main.tf terraform_data.tenant',
    'bootstrap/main.tf aws_s3_bucket.state',
    'modules/queues/main.tf aws_sqs_queue.dead_letter',
    'modules/queues/main.tf aws_sqs_queue.source',
    'modules/repositories/main.tf aws_ecr_repository.this',
    'modules/tables/main.tf aws_dynamodb_table.this',
    'secrets/main.tf terraform_data.tenant',
  ]);
});

const keep = 'lifecycle {\n    prevent_destroy = true\n  }';
const expiry = 'ttl {\n    attribute_name = "ttl"\n    enabled = true\n  }';
const table = `resource "aws_dynamodb_table" "t" {
  deletion_protection_enabled = var.deletion_protection
  ${expiry}
  ${keep}
}\n`;
const repository = `resource "aws_ecr_repository" "r" {
  force_delete = false
  ${keep}
}\n`;
const bucket = `resource "aws_s3_bucket" "b" {
  bucket = "b-\${join("{", ["a"])}" # }
  ${keep}
}\n`;
const queue = `resource "aws_sqs_queue" "q" {
  ${keep}
}\n`;
const tenant = `resource "terraform_data" "t" {
  ${keep}
}\n`;
const rest = `module "tables" {
  deletion_protection = var.deletion_protection
}
variable "deletion_protection" {
  default = true
}
resource "aws_iam_role" "role" {
  name = "role"
}
resource "aws_ecr_lifecycle_policy" "policy" {}
provider "aws" {
  default_tags {
    tags = local.tags
  }
}\n`;
const good = table + repository + bucket + queue + tenant + rest;
const of = (resource: string, change: (text: string) => string) => good.replace(resource, change(resource));
const noKeep = (name: string) => [`x.tf: ${name} has no lifecycle { prevent_destroy = true }`];

const rows: [string, string, string[]][] = [
  ['code as it is meant', good, []],
  ...[
    ['aws_dynamodb_table.t', table],
    ['aws_ecr_repository.r', repository],
    ['aws_s3_bucket.b', bucket],
    ['aws_sqs_queue.q', queue],
    ['terraform_data.t', tenant],
  ].flatMap(([name = '', text = '']): [string, string, string[]][] => [
    [`${name} without lifecycle`, of(text, (from) => from.replace(keep, '')), noKeep(name)],
    [`${name} without prevent_destroy`, of(text, (from) => from.replace(/prevent_destroy.*/, '')), noKeep(name)],
    [`${name} with it off`, of(text, (from) => from.replace('destroy = true', 'destroy = false')), noKeep(name)],
    [`${name} with it in a comment`, of(text, (from) => from.replace('prevent', '# prevent')), noKeep(name)],
    [`${name} with it in a /* comment */`, of(text, (from) => from.replace(keep, `/* ${keep} */`)), noKeep(name)],
    [
      `${name} with it in a text`,
      of(text, (from) => from.replace(keep, 'note = <<EOT\nlifecycle { prevent_destroy = true }\nEOT')),
      noKeep(name),
    ],
    [`${name} with it outside of lifecycle`, of(text, (from) => from.replace('lifecycle', 'timeouts')), noKeep(name)],
    [
      `no ${name}`,
      of(text, () => ''),
      [`there is no ${name.split('.')[0]}: what is stored in it would be destroyed by the next apply`],
    ],
  ]),
  [
    'a second table without it',
    `${good}resource "aws_dynamodb_table" "u" {\n deletion_protection_enabled = var.deletion_protection\n ${expiry}\n}`,
    noKeep('aws_dynamodb_table.u'),
  ],
  ...['false', 'true'].map((value): [string, string, string[]] => [
    `deletion protection that is ${value}, not the variable`,
    of(table, (from) => from.replace('var.deletion_protection', value)),
    [`x.tf: aws_dynamodb_table.t has deletion_protection_enabled = ${value} instead of var . deletion_protection`],
  ]),
  [
    'no deletion protection',
    of(table, (from) => from.replace(/deletion.*/, '')),
    ['x.tf: aws_dynamodb_table.t has deletion_protection_enabled = undefined instead of var . deletion_protection'],
  ],
  ...[
    ['without ttl', ''],
    ['with ttl in a comment', `/* ${expiry} */`],
    ['with ttl that a variable may leave out', `dynamic "ttl" {\n content {\n attribute_name = "ttl"\n }\n }`],
  ].map(([name = '', text = '']): [string, string, string[]] => [
    `a table ${name}`,
    of(table, (from) => from.replace(expiry, text)),
    ['x.tf: aws_dynamodb_table.t has no ttl block: no plan would show that, and items would go on expiring'],
  ]),
  [
    'a table whose items no longer expire',
    of(table, (from) => from.replace('enabled = true\n  }', 'enabled = false\n  }')),
    ['x.tf: aws_dynamodb_table.t has ttl { enabled = false } instead of true'],
  ],
  [
    'a table whose items expire by another attribute',
    of(table, (from) => from.replace('"ttl"', '"expires_at"')),
    ['x.tf: aws_dynamodb_table.t has ttl { attribute_name = "expires_at" } instead of "ttl"'],
  ],
  [
    'a provider without tags',
    good.replace(/default_tags[^}]*}/, ''),
    ['x.tf: the provider aws has no default_tags: what its modules make would have no tags'],
  ],
  [
    'protection that is off by default',
    good.replace('default = true', 'default = false'),
    ['x.tf: the variable deletion_protection is not true by default'],
  ],
  [
    'protection that a module switches off',
    good.replace('  deletion_protection = var.deletion_protection', '  deletion_protection = false'),
    ['x.tf: the module tables gets deletion_protection = false: hand the variable on'],
  ],
  [
    'a repository that goes with its images',
    of(repository, (from) => from.replace('false', 'true')),
    ['x.tf: aws_ecr_repository.r has force_delete = true instead of false'],
  ],
  [
    'a bucket that goes with its states',
    of(bucket, (from) => from.replace('  bucket =', '  force_destroy = true\n  bucket =')),
    ['x.tf: aws_s3_bucket.b has force_destroy = true instead of false'],
  ],
  [
    'a removed block',
    `${good}removed {\n  from = aws_s3_bucket.b\n}`,
    ['x.tf: a removed block drops a resource from the state, past prevent_destroy'],
  ],
  [
    'a removed block of what moved to another stack',
    `${good}removed {\n  from = module.secrets.aws_ssm_parameter.secret\n  lifecycle {\n    destroy = false\n  }\n}`,
    [],
  ],
  [
    'the same, that destroys it',
    `${good}removed {\n  from = module.secrets.aws_ssm_parameter.secret\n  lifecycle {\n    destroy = true\n  }\n}`,
    ['x.tf: a removed block drops a resource from the state, past prevent_destroy'],
  ],
  ...[
    'aws_iam_role_policy_attachment',
    'aws_iam_policy',
    'aws_iam_group_membership',
    'aws_ecr_repository_policy',
    'aws_kms_grant',
    'aws_iam_openid_connect_provider', // the account's: tenants share it
  ].map((type): [string, string, string[]] => [
    type,
    `${good}resource "${type}" "x" {}`,
    [`x.tf: ${type}.x gives rights that no test compares: write them into the policy of a role or a user`],
  ]),
  ...[
    ['managed_policy_arns = ["arn:aws:iam::aws:policy/AdministratorAccess"]', 'managed_policy_arns'],
    ['inline_policy {\n  }', 'inline_policy'],
    ['force_destroy = true', 'force_destroy'],
  ].map(([text = '', name]): [string, string, string[]] => [
    `a role with ${name}`,
    good.replace('name = "role"', text),
    [`x.tf: aws_iam_role.role has ${name}, which no test compares`],
  ]),
  ...[
    ['type = "SecureString"\n  value = var.token', 'value, which the state keeps: write a secret by value_wo'],
    ['type = var.type\n  insecure_value = "a"', 'insecure_value, which the state keeps: write a secret by value_wo'],
    ['type = "String"\n  overwrite = true', 'overwrite: it would take over what another has made'],
  ].map(([text = '', words = '']): [string, string, string[]] => [
    `a parameter with ${words.split(/[,:]/)[0]}`,
    `${good}resource "aws_ssm_parameter" "p" {\n  ${text}\n}`,
    [`x.tf: aws_ssm_parameter.p has ${words}`],
  ]),
  [
    'parameters as they are meant',
    `${good}resource "aws_ssm_parameter" "p" {\n  type = "SecureString"\n  value_wo = var.token\n}
resource "aws_ssm_parameter" "q" {\n  type = "String"\n  value = "a"\n}`,
    [],
  ],
];

test.each(rows)('%s', (_name, text, expected) => {
  expect(checkTerraform(new Map([['x.tf', text]]))).toEqual(expected);
});

describe('lines', () => {
  const long = 'x'.repeat(121);
  test.each([
    ['a line of 120 columns', long.slice(1), []],
    ['a longer one', `a\n${long}\nb`, ['x.tf:2 has 121 columns: break the line, 120 fit a screen']],
    ['each of two', `  ${long}\n${long}x`, ['x.tf:1 has 123', 'x.tf:2 has 122']],
    ['a comment', `# ${long}`, ['x.tf:1 has 123']],
    ['an address alone', `    # https://example.com/${long}`, []],
    ['an address after words', `# see https://example.com/${long}`, ['x.tf:1 has 147']],
    ['words after an address', `# https://example.com/${long} x`, ['x.tf:1 has 145']],
    ['a reason for checkov', `  #checkov:skip=CKV_AWS_1:${long} x`, []],
  ])('%s', (_name, text, expected) => {
    expect(checkLines(new Map([['x.tf', text]]))).toEqual(expected.map((start) => expect.stringContaining(start)));
  });
});

describe('blocks', () => {
  const tree = (blocks: readonly Block[]): unknown[] =>
    blocks.map(({ type, labels, attributes, blocks: inner }) => [
      [type, ...labels].join(' '),
      Object.fromEntries(attributes),
      ...tree(inner),
    ]);

  test.each<[string, string, unknown[]]>([
    ['in one line', 'a "b" { c = 1 }', [['a b', { c: '1' }]]],
    ['in a block', 'a {\n  b "c" {\n  }\n}', [['a', {}, ['b c', {}]]]],
    ['expression over lines', 'a {\n  b = [\n 1, # one\n 2]\n  c = 3\n}', [['a', { b: '[ 1 , 2 ]', c: '3' }]]],
    ['string with braces', 'a {\n  b = "} {"\n}', [['a', { b: '"} {"' }]]],
    ['string with a string', 'a {\n  b = "${f("}")}"\n  c = 1\n}', [['a', { b: '"${f("}")}"', c: '1' }]]],
    ['string with an escape', 'a {\n  b = "\\"} $${"\n}', [['a', { b: '"\\"} $${"' }]]],
    ['object in a template', 'a {\n  b = "${{ c = 1 }.c}"\n}', [['a', { b: '"${{ c = 1 }.c}"' }]]],
    ['comments', '// }\n/* } */ a { # }\n}', [['a', {}]]],
    ['comparison', 'a {\n  b = c == 1\n}', [['a', { b: 'c = = 1' }]]],
  ])('%s', (_name, text, expected) => {
    expect(tree(parseBlocks(text))).toEqual(expected);
  });

  test.each([
    ['a {', 'the block a does not end'],
    ['a { b = "c }', 'a string does not end'],
    ['a {} }', 'a } too many'],
    ['/* a', 'a comment does not end'],
    ['a', 'neither an argument nor a block'],
  ])('%s is refused', (text, message) => {
    expect(() => parseBlocks(text)).toThrow(message);
  });
});
