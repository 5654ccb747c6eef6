import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { checkTfvars } from '#tests/tfvars-rules.ts';

const list = (...patterns: string[]): Map<string, string> =>
  new Map(
    execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns], {
      cwd: repositoryRoot,
      encoding: 'utf8',
    })
      .split('\n')
      .filter((path) => path !== '')
      .map((path) => [path, readFileSync(join(repositoryRoot, path), 'utf8')]),
  );

test('the committed .tfvars files hold no secret', () => {
  const tfvars = list('*.tfvars', '*.tfvars.json');
  expect([...tfvars.keys()].sort()).toEqual(
    ['aws', 'bootstrap', 'secrets'].map((stack) => `terraform/${stack}/terraform.tfvars`),
  );
  expect(checkTfvars(tfvars, list('terraform/*.tf'))).toEqual([]);
});

const code = new Map([
  [
    'a.tf',
    'variable "token" {\n  sensitive = true\n}\nvariable "key" {\n  ephemeral = true\n}\nvariable "name" {\n}\n',
  ],
]);
const remedy = (name: string): string => `take it out, and give it to the apply by TF_VAR_${name}`;

test.each<[string, string, string[]]>([
  ['a.tfvars', 'name = "discord-bot"\nids = { a = "123456789012345678" }\nurl = "https://llm.example.com"', []],
  ['a.tfvars', 'topic = "arn:aws:sns:ca-central-1:123456789012:discord-bot-alarms"', []],
  ['a.tfvars', '# token = "x"', ['a.tfvars: a comment sets token, which is a secret: take it out, and rotate it']],
  [
    'a.tfvars',
    'name = "a" /*\ntoken="x" */',
    ['a.tfvars: a comment sets token, which is a secret: take it out, and rotate it'],
  ],
  ['a.tfvars', '# give the token by TF_VAR_token, name = "x"\n// token = ""\nurl = "https://a.example.com/#b"', []],
  ['a.tfvars', `# as of ${'0123456789abcdef0123'.repeat(2)}`, []],
  ['a.tfvars', 'token = "x"', [`a.tfvars: token is a secret and does not belong into a file: ${remedy('token')}`]],
  ['a.tfvars', 'key = null', [`a.tfvars: key is a secret and does not belong into a file: ${remedy('key')}`]],
  [
    'a.tfvars.json',
    '{"key": "x"}',
    [`a.tfvars.json: key is a secret and does not belong into a file: ${remedy('key')}`],
  ],
  ...[
    ['an AWS access key', `AKIA${'A1'.repeat(8)}`],
    ['an AWS secret key', 'aB3/'.repeat(10)],
    ['a Discord token', `${'a'.repeat(24)}.bcdefg.${'c'.repeat(27)}`],
    ['a GitHub token', `ghp_${'a'.repeat(36)}`],
    ['a GitHub token', `github_pat_${'a'.repeat(22)}`],
    ['an API key', `sk-${'a'.repeat(20)}`],
    ['a private key', '-----BEGIN RSA PRIVATE KEY-----'],
    ['a webhook', 'https://discord.com/api/webhooks/1/x'],
    ['a password in an address', 'https://me:hunter2@llm.example.com'],
  ].flatMap(([what = '', value = '']): [string, string, string[]][] => [
    ['a.tfvars', `name = { a = ["${value}"] }`, [`a.tfvars: name holds what looks like ${what}: ${remedy('name')}`]],
    ...[`# ${value}`, `// was ${value}`, `name = "a" # before: "${value}"`, `/*\n  ${value}\n*/`].map(
      (text): [string, string, string[]] => [
        'a.tfvars',
        text,
        [`a.tfvars: a comment holds what looks like ${what}: take it out, and rotate it`],
      ],
    ),
  ]),
])('%s with %s', (file, text, expected) => {
  const found = checkTfvars(new Map([[file, text]]), code);
  expect(found).toEqual(expected);
});
