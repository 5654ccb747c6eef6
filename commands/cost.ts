import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { estimateCost } from '#core/aws/cost/estimate.ts';
import { parsePlannedResources } from '#core/aws/cost/plan.ts';
import { parsePrices } from '#core/aws/cost/prices.ts';
import { renderCost } from '#core/aws/cost/render.ts';
import { Refusal } from '#core/values/errors.ts';
import { type CommandResult, defineCommand, main } from './command.ts';
import { fromCaller } from './paths.ts';
import { readPlanFile } from './plan-file.ts';

const root = join(import.meta.dirname, '..');

const options = {
  plan: { type: 'string', value: 'FILE', help: 'a saved plan or its JSON; terraform/aws/plan.json unless given' },
  out: { type: 'string', value: 'FILE', help: 'the page to write; docs/cost.md unless given' },
} as const;

/** Writes docs/cost.md from a plan. Its ports turn what was typed into a path. */
export const cost = defineCommand({
  name: 'npm run -s cost --',
  summary: 'Writes the bill of a Terraform plan, resource by resource, as a page.',
  options,
  example: '--plan terraform/aws/planned --out bill.md',
  exitCodes: ['the page is written', 'the plan is missing or cannot be read', 'wrong usage'],
  run: async ({ values }, resolve: (path: string) => string): Promise<CommandResult> => {
    const plan = values.plan === undefined ? join(root, 'terraform/aws/plan.json') : resolve(values.plan);
    if (!existsSync(plan))
      throw new Refusal(
        `${plan} does not exist: run terraform -chdir=terraform/aws plan -out=planned, then pass --plan terraform/aws/planned`,
      );
    const out = values.out === undefined ? join(root, 'docs/cost.md') : resolve(values.out);
    writeFileSync(out, writeCost(plan, await readPlanFile(plan)));
    return { exitCode: 0, stdout: `wrote ${out}\n`, stderr: '' };
  },
});

/** Returns docs/cost.md for a plan as `terraform show -json` writes it. */
export function writeCost(source: string, plan: string): string {
  const prices = parsePrices('terraform/prices.json', readFileSync(join(root, 'terraform/prices.json'), 'utf8'));
  return renderCost(estimateCost(parsePlannedResources(source, plan), prices), prices);
}

if (import.meta.main) await main(cost, (path) => fromCaller(path, import.meta.filename));
