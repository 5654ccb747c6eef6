import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CommandResult, runCommand } from '#commands/command.ts';
import { renderPlan } from '#commands/slipway/render-plan.ts';
import { expectGolden } from '#tests/support/golden.ts';

let folder: string;

const sensitive = { before: null, after: { password: 'hunter2-secret' }, after_sensitive: { password: true } };
const leak = { before: null, after: { url: 'postgres://app:hunter2-secret@db' } };
const planOf = (...changes: object[]): string =>
  JSON.stringify({
    format_version: '1.2',
    resource_changes: changes.map((change, at) => ({ address: `aws_x.n${at}`, type: 'aws_x', change })),
  });
const FILES: Readonly<Record<string, string>> = {
  'plan.json': planOf({ actions: ['delete'], before: { name: 'x' } }),
  'old.json': planOf({ actions: ['update'], before: { name: 'x' }, after: { name: 'y' } }),
  'secret.json': planOf({ actions: ['create'], ...sensitive }),
  'leak.json': planOf({ actions: ['create'], ...leak }),
  planned: 'PK\x03\x04\0\0',
  'text.json': 'Terraform will perform',
  'log.json': '{"@level":"info"}\n{"@level":"info"}\n',
  'state.json': '{"format_version":"1.0","values":{}}',
  'newer.json': '{"format_version":"2.0"}',
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'render-plan-'));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
});

afterAll(() => rmSync(folder, { recursive: true }));

const type = (...argv: string[]): Promise<CommandResult> =>
  runCommand(renderPlan, argv, { resolve: (path) => join(folder, path) });
const golden = (name: string, text: string): void =>
  expectGolden(join(import.meta.dirname, 'golden', 'slipway', `${name}.txt`), text);

async function recordAll(lines: readonly (readonly string[])[], exitCode: number): Promise<string> {
  const seen: string[] = [];
  for (const argv of lines) {
    const { stderr, ...result } = await type(...argv);
    expect([argv, result]).toEqual([argv, { exitCode, stdout: '' }]);
    seen.push(`$ slipway render-plan ${argv.join(' ')}\n${stderr}`);
  }
  return seen.join('\n');
}

describe('the comment on standard output', () => {
  test('of one plan', async () => {
    expect(await type('plan.json', '--head', '3f2a1c9d5e')).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringMatching(/^### Terraform destroys 1 · `3f2a1c9`\n\n#### Destroy: 1\n/),
    });
  });

  test('of several plans, by their folders where the files have one name', async () => {
    expect((await type('plan.json', 'old.json')).stdout).toContain(
      '| `plan.json` | destroys 1 |\n| `old.json` | updates 1 |',
    );
    expect((await type('plan.json', './plan.json')).stdout).toContain('| `.` | destroys 1 |');
  });

  test('of what differs from the approved plan', async () => {
    const { stdout } = await type('--approved', 'old.json', 'plan.json');
    expect(stdout).toMatch(/^### Terraform plan is not the approved one: 1 not as approved\n/);
    expect(stdout).toContain('(approved as: update)');
  });

  test('a secret of one plan shows in none', async () => {
    for (const argv of [
      ['secret.json', 'leak.json'],
      ['--approved', 'secret.json', 'leak.json'],
    ])
      expect((await type(...argv)).stdout).not.toContain('hunter2');
  });

  test('in as many bytes as are given', async () => {
    const { stdout } = await type('--bytes', '2000', ...Array.from({ length: 99 }, () => 'plan.json'));
    expect(Buffer.byteLength(stdout)).toBeLessThanOrEqual(2_000);
  });
});

test('a file that is not a plan is refused in a sentence, with the command to type', async () => {
  const lines = [['gone.json'], ['.'], ['planned'], ['text.json'], ['log.json'], ['state.json'], ['newer.json']];
  golden('render-plan-refusals', await recordAll([...lines, ['--approved', 'gone.json', 'plan.json']], 1));
});

test('wrong usage is 2, with the usage', async () => {
  const lines = [
    [],
    ['plan.json', '--bytes', '1999'],
    ['plan.json', '--bytes', 'all'],
    ['plan.json', '--approve', 'old.json'],
    ['plan.json', 'plan.json', '--approved', 'old.json'],
  ];
  golden('render-plan-usage', await recordAll(lines, 2));
});

test('--help', async () => {
  golden('help-render-plan', (await type('--help')).stdout);
});
