import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { repositoryRoot } from '#lab/supervisor/root.ts';

const biome = join(repositoryRoot, 'node_modules/@biomejs/biome/bin/biome');
const made: string[] = [];

afterAll(() => {
  for (const path of made) rmSync(path, { recursive: true, force: true });
});

/** Lints a file that is at `path` for a moment, with another one beside it, by the project's own configuration. */
function lint(path: string, code: string, beside: Readonly<Record<string, string>> = {}): string {
  const [top = '', ...rest] = path.split('/');
  const folder = mkdtempSync(join(repositoryRoot, top, 'lint-sample-'));
  made.push(folder);
  const file = join(folder, ...rest);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
  for (const [name, text] of Object.entries(beside)) writeFileSync(join(dirname(file), name), text);
  const { stdout, stderr } = spawnSync(process.execPath, [biome, 'lint', '--colors=off', file], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true });
  return `${stdout}${stderr}`;
}

describe('the directions of the design are kept by the linter', () => {
  const samples: [string, string, string, string][] = [
    [
      'core imports an action',
      'core/a.ts',
      "import { run } from '../actions/bump-overlay/src/run.ts';\nrun();\n",
      'noRestrictedImports',
    ],
    [
      'core imports the lab',
      'core/a.ts',
      "import { openLab } from '#lab/supervisor/lab.ts';\nopenLab;\n",
      'noRestrictedImports',
    ],
    [
      'core imports the tests',
      'core/a.ts',
      "import { expectGolden } from '#tests/support/golden.ts';\nexpectGolden;\n",
      'noRestrictedImports',
    ],
    [
      'core speaks to the runner',
      'core/a.ts',
      "import { info } from '@actions/core';\ninfo('x');\n",
      'noRestrictedImports',
    ],
    ['core reads the environment', 'core/a.ts', 'export const path = process.env.PATH;\n', 'noProcessEnv'],
    ['core waits by itself', 'core/a.ts', 'setTimeout(() => {}, 1);\n', 'noRestrictedGlobals'],
    [
      'core opens a connection',
      'core/a.ts',
      "export const answer = fetch('http://127.0.0.1');\n",
      'noRestrictedGlobals',
    ],
    [
      'an action imports another',
      'actions/a/src/run.ts',
      "import { run } from '../../bump-overlay/src/run.ts';\nrun();\n",
      'noRestrictedImports',
    ],
    [
      'an action reads the environment',
      'actions/a/src/run.ts',
      'export const path = process.env.PATH;\n',
      'noProcessEnv',
    ],
    ['any', 'core/a.ts', 'export const value: any = 1;\n', 'noExplicitAny'],
    ['a non-null assertion', 'core/a.ts', 'export const first = (list: string[]) => list[0]!;\n', 'noNonNullAssertion'],
  ];
  test.each(samples)('%s', (_name, path, code, rule) => {
    expect(lint(path, code)).toContain(rule);
  });

  test('two files that import each other', () => {
    const [one, other] = [
      "import { b } from './b.ts';\nexport const a = () => b;\n",
      "import { a } from './a.ts';\nexport const b = a;\n",
    ];
    expect(lint('core/a.ts', one, { 'b.ts': other })).toContain('noImportCycles');
    expect(lint('core/a.ts', one, { 'b.ts': 'export const b = 1;\n' })).not.toContain('noImportCycles');
  });

  test('what is right passes', () => {
    expect(
      lint('core/a.ts', "import { quote } from '#core/values/errors.ts';\n\nexport const shown = quote('x');\n"),
    ).not.toContain('━━ ');
  });
});

test('nothing of a sample is left', () => {
  expect(made.filter((path) => existsSync(path))).toEqual([]);
});
