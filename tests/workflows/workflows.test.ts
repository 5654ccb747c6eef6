import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { isMap, isScalar, parse, parseDocument } from 'yaml';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { obtainTools } from '#lab/toolbox/toolbox.ts';
import { checkWorkflow } from '#tests/workflows/rules.ts';
import { readManifest } from '../../scripts/docs.ts';

const folder = join(repositoryRoot, '.github/workflows');
const audited = '.github/zizmor.yml';
let actionlint = '';
let zizmor = '';

beforeAll(async () => {
  const toolbox = await obtainTools(['actionlint', 'zizmor'], silentProgress);
  actionlint = toolbox.tool('actionlint');
  zizmor = toolbox.tool('zizmor');
}, 600_000);

function declaredInputs(action: string): readonly string[] | undefined {
  const file = join(repositoryRoot, action, 'action.yml');
  return existsSync(file) ? Object.keys(readManifest(readFileSync(file, 'utf8')).inputs) : undefined;
}

test.each(readdirSync(folder))('%s keeps the rules', (name) => {
  expect(checkWorkflow(readFileSync(join(folder, name), 'utf8'), declaredInputs)).toEqual([]);
});

test('what failed goes back by the same job, whether its report was heard or found later', () => {
  const jobOf = (file: string, verdict: string): unknown => {
    const { needs, ...job } = parse(readFileSync(join(folder, file), 'utf8')).jobs.rollback;
    expect(needs).toBe(verdict);
    return JSON.parse(JSON.stringify(job).replaceAll(`needs.${verdict}.`, 'needs.VERDICT.'));
  };
  expect(jobOf('reconcile.yml', 'verdicts')).toEqual(jobOf('verdict.yml', 'verdict'));
});

/** Runs one of the two auditors in a checkout. */
function run(program: string, argv: readonly string[], root: string): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(program, argv, { cwd: root, encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
}

const lint = (root: string) => run(actionlint, ['-no-color', ...globSync('.github/workflows/*', { cwd: root })], root);

function audit(root: string): { status: number | null; said: string } {
  const inputs = globSync(['.github/workflows/*', 'actions/*/action.yml'], { cwd: root });
  const argv = ['--offline', '--persona', 'auditor', '--strict-collection', '--no-progress', '--config', audited];
  return run(zizmor, [...argv, '--quiet', '--format', 'plain', ...inputs], root);
}

/** A checkout of what the auditors read, with one file changed. */
function inChangedCopy<T>(file: string, change: (text: string) => string, look: (root: string) => T): T {
  const root = mkdtempSync(join(tmpdir(), 'slipway-workflows-'));
  try {
    for (const path of ['.github', ...globSync('actions/*/action.yml', { cwd: repositoryRoot })])
      cpSync(join(repositoryRoot, path), join(root, path), { recursive: true });
    const before = readFileSync(join(root, file), 'utf8');
    writeFileSync(join(root, file), change(before));
    expect(readFileSync(join(root, file), 'utf8')).not.toBe(before);
    return look(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

describe('actionlint', () => {
  test('finds nothing', () => {
    expect(lint(repositoryRoot)).toEqual({ status: 0, said: '' });
  });

  test('does find what is wrong', () => {
    const { status, said } = inChangedCopy(
      '.github/workflows/ci.yml',
      (text) => text.replace('timeout-minutes', 'timeout-minute'),
      lint,
    );
    expect([status, said]).toEqual([1, expect.stringContaining('timeout-minute')]);
  });
});

describe('zizmor, as auditor', () => {
  test('finds nothing', () => {
    const { status, said } = audit(repositoryRoot);
    expect([status, said]).toEqual([0, expect.stringContaining('No findings to report')]);
  });

  test.each([
    ['.github/workflows/ci.yml', 'persist-credentials: false', 'persist-credentials: true', 'artipacked'],
    ['.github/workflows/retain.yml', 'permissions: {}', 'permissions: write-all', 'excessive-permissions'],
    [
      'actions/bump-overlay/action.yml',
      'using: node24\n  main: dist/index.cjs',
      'using: composite\n  steps:\n    - run: echo ${{ inputs.branch }}\n      shell: bash',
      'template-injection',
    ],
  ])('does find what is wrong in %s', (file, find, replacement, words) => {
    const { status, said } = inChangedCopy(file, (text) => text.replace(find, () => replacement), audit);
    expect(status).not.toBe(0);
    expect(said).toContain(words);
  });
});

test('each finding that is accepted has its reason above it', () => {
  const text = readFileSync(join(repositoryRoot, audited), 'utf8');
  const rules = parseDocument(text).get('rules');
  const entries = isMap(rules) ? rules.items : [];
  expect(entries.length).toBeGreaterThan(0);
  const lines = text.split('\n');
  for (const { key } of entries) {
    const name = isScalar(key) ? String(key.value) : '';
    const above = lines[lines.indexOf(`  ${name}:`) - 1] ?? '';
    expect([name, /^ {2}# .{20,}/.test(above)]).toEqual([name, true]);
  }
  const inline = globSync(['.github/workflows/*', 'actions/*/action.yml'], { cwd: repositoryRoot })
    .flatMap((file) => readFileSync(join(repositoryRoot, file), 'utf8').split('\n'))
    .filter((line) => line.includes('zizmor: ignore['));
  expect(inline.filter((line) => !/zizmor: ignore\[[\w,-]+\] .{20,}/.test(line))).toEqual([]);
});
