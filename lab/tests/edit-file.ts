import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Replaces a text in a file of a clone; refuses a file that has no such text. */
export function editFile(clone: string, path: string, from: string, to: string): void {
  const before = readFileSync(join(clone, path), 'utf8');
  if (!before.includes(from)) throw new Error(`${path} has no ${from}: has its form changed?`);
  writeFileSync(join(clone, path), before.replace(from, to));
}
