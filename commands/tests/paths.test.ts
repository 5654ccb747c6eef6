import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { fromCaller } from '#commands/paths.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';

test('a path is that of the folder in which the command was typed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-caller-'));
  try {
    const selection = { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 1 };
    const policy = { rules: [{ rulePriority: 1, selection, action: { type: 'expire' } }] };
    writeFileSync(join(folder, 'policy.json'), JSON.stringify(policy));
    writeFileSync(join(folder, 'images.json'), '{"imageDetails": []}');
    const argv = ['--policy', 'policy.json', '--images', 'images.json', '--now', '2026-11-24T03:00:00Z'];
    const npm = ['--prefix', repositoryRoot, 'run', '-s', 'expire', '--', ...argv];
    const said = execFileSync('npm', npm, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    expect(said).toBe('{"expired":[]}\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("another script's folder means nothing", () => {
  const environment = { INIT_CWD: '/there', npm_lifecycle_script: 'node commands/cost.ts' };
  expect(fromCaller('plan.json', '/x/cost.ts', environment)).toBe('/there/plan.json');
  expect(fromCaller('plan.json', '/x/expire.ts', environment)).toBe(join(process.cwd(), 'plan.json'));
  expect(fromCaller('/a/plan.json', '/x/cost.ts', environment)).toBe('/a/plan.json');
});
