import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { $ } from 'zx/core';
import { parseConfig } from '#core/config/parse.ts';
import { Refusal } from '#core/values/errors.ts';

const root = join(import.meta.dirname, '..');

/**
 * Returns a file's text; of a plan that Terraform saved, its JSON. `terraform show` prints that in the plan's folder, so
 * that the JSON, which holds secrets, never needs to be written to a disk.
 */
export async function readPlanFile(path: string): Promise<string> {
  const bytes = readFileSync(path);
  if (!isSavedPlan(bytes)) return bytes.toString('utf8');
  const program = readProgram();
  const shown = await $({ cwd: dirname(path), quiet: true, nothrow: true })`${program} show -json ./${basename(path)}`;
  if (shown.exitCode === 0) return shown.stdout;
  throw new Refusal(
    `${path} is a saved plan that ${program} cannot show: run ${program} init in its folder first\n${shown.stderr.trim()}`,
  );
}

/** A saved plan is a ZIP archive; no JSON begins so. */
function isSavedPlan(bytes: Buffer): boolean {
  return bytes.subarray(0, 4).equals(Buffer.from('PK\x03\x04', 'latin1'));
}

/** The program that slipway.yaml names: each of the two reads its own plans. */
function readProgram(): 'terraform' | 'tofu' {
  const text = readFileSync(join(root, 'slipway.yaml'), 'utf8');
  const pathExists = (path: string): boolean => existsSync(join(root, path));
  return parseConfig(text, { file: 'slipway.yaml', pathExists }).terraform?.binary ?? 'terraform';
}
