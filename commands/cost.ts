import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { estimateCost } from '#core/aws/cost/estimate.ts';
import { parsePlannedResources } from '#core/aws/cost/plan.ts';
import { parsePrices } from '#core/aws/cost/prices.ts';
import { renderCost } from '#core/aws/cost/render.ts';
import { describeError } from '#core/values/errors.ts';
import { fromCaller } from './paths.ts';

const root = join(import.meta.dirname, '..');
const USAGE = 'npm run cost -- --plan plan.json [--out docs/cost.md]';

/** Returns docs/cost.md for a plan as `terraform show -json` writes it. */
export function writeCost(source: string, plan: string): string {
  const prices = parsePrices('terraform/prices.json', readFileSync(join(root, 'terraform/prices.json'), 'utf8'));
  return renderCost(estimateCost(parsePlannedResources(source, plan), prices), prices);
}

function main(): void {
  const { values } = parseArgs({ options: { plan: { type: 'string' }, out: { type: 'string' } } });
  const named = (path: string): string => fromCaller(path, import.meta.filename);
  const plan = values.plan === undefined ? join(root, 'terraform/aws/plan.json') : named(values.plan);
  if (!existsSync(plan))
    throw new Error(
      `there is no plan ${plan}: make one by terraform -chdir=terraform/aws plan -out=planned && terraform -chdir=terraform/aws show -json planned > terraform/aws/plan.json; usage: ${USAGE}`,
    );
  const out = values.out === undefined ? join(root, 'docs/cost.md') : named(values.out);
  writeFileSync(out, writeCost(plan, readFileSync(plan, 'utf8')));
  console.log(`wrote ${out}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main();
  } catch (error) {
    console.error(describeError(error));
    process.exitCode = 1;
  }
}
