import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from '@jest/globals';

/**
 * Compares `text` with the golden file at `path`. `UPDATE_GOLDEN=1 npm test` writes the files again; a golden file that
 * is missing fails otherwise, so that none can be forgotten.
 */
export function expectGolden(path: string, text: string): void {
  if (process.env['UPDATE_GOLDEN'] === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(existsSync(path) ? readFileSync(path, 'utf8') : `missing: ${path}; write it with UPDATE_GOLDEN=1`).toBe(text);
}
