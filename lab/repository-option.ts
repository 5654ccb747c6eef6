import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Refusal } from '#core/values/errors.ts';

/** What the lab reads of a checkout before it starts anything. */
const NEEDED = ['.git', 'slipway.yaml', 'argocd/kustomization.yaml', '.github/workflows'];

/** Returns the checkout that `--repository PATH` names; undefined without it. Refuses a folder that is none. */
export function readRepositoryOption(argv: readonly string[]): string | undefined {
  const { values } = parseArgs({ args: [...argv], options: { repository: { type: 'string' } } });
  if (values.repository === undefined) return undefined;
  const folder = resolve(values.repository);
  const missing = NEEDED.filter((name) => !existsSync(join(folder, name)));
  if (missing.length > 0)
    throw new Refusal(`--repository takes a checkout that Slipway deploys; ${folder} has no ${missing.join(', no ')}`);
  return folder;
}
