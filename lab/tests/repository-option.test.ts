import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readRepositoryOption } from '#lab/repository-option.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';

test('without the option the lab serves its own checkout', () => {
  expect(readRepositoryOption([])).toBeUndefined();
});

test('a checkout is found by a relative path too', () => {
  expect(readRepositoryOption(['--repository', '.'])).toBe(process.cwd());
  expect(readRepositoryOption([`--repository=${repositoryRoot}`])).toBe(repositoryRoot);
});

test('a folder that is no checkout is refused with what it lacks, before anything is started', () => {
  const folder = mkdtempSync(join(tmpdir(), 'elsewhere-'));
  mkdirSync(join(folder, '.git'));
  writeFileSync(join(folder, 'slipway.yaml'), '');
  expect(() => readRepositoryOption(['--repository', folder])).toThrow(
    `${folder} has no argocd/kustomization.yaml, no .github/workflows`,
  );
  rmSync(folder, { recursive: true });
});

test('an option that does not exist is refused', () => {
  expect(() => readRepositoryOption(['--repo', '.'])).toThrow("'--repo'");
});
