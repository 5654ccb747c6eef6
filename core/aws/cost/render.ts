import type { CostGroup, CostLine, Estimate } from '#core/aws/cost/estimate.ts';
import type { Prices } from '#core/aws/cost/prices.ts';

/** Returns docs/cost.md. */
export function renderCost(estimate: Estimate, prices: Prices): string {
  const money = (amount: number): string => `$${amount.toFixed(2)}`;
  const summary = estimate.groups.map(
    (group) => `| ${group.name} | ${group.tenantSays} | ${money(group.low)} | ${money(group.high)} |`,
  );
  const unknown =
    estimate.unknown.length === 0
      ? 'Every planned resource is in a line above.'
      : `**Not in the sum**, because the price table does not know their type:\n\n${estimate.unknown
          .map(({ address, type }) => `- \`${address}\` (${type})`)
          .join('\n')}`;
  return `# What it costs

Written by \`npm run cost\` from the plan of terraform/aws and [the price table](../terraform/prices.json): ${prices.currency} a month in ${prices.region}, prices of ${prices.asOf}. ${prices.note}

| | the tenant says | lower end | upper end |
| --- | --- | --- | --- |
${summary.join('\n')}
| **all** | | **${money(estimate.low)}** | **${money(estimate.high)}** |

${unknown}

${estimate.groups.map((group) => renderGroup(group, money)).join('\n')}`;
}

function renderGroup(group: CostGroup, money: (amount: number) => string): string {
  const counts = group.counts.map(({ type, count }) => `${count} × ${type}`).join(', ');
  const says = counts === '' ? 'Not at AWS, and not in the plan.' : `${counts}.`;
  const pages = group.pages.map((page) => `<${page}>`).join(', ');
  if (group.lines.length === 0) return `## ${group.name}\n\n${says} Free of charge. Prices: ${pages}\n`;
  const rows = group.lines.map((line) => renderLine(line, money));
  const assumptions = group.lines
    .filter(({ assumes }) => assumes !== undefined)
    .map(({ what, assumes }) => `- ${what}: ${assumes}\n`);
  return `## ${group.name}

${says} Prices: ${pages}

| | price | free | lower end | | upper end | |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
${assumptions.length === 0 ? '' : `\n${assumptions.join('')}`}`;
}

function renderLine(line: CostLine, money: (amount: number) => string): string {
  const number = (units: number): string => String(Number(units.toFixed(2)));
  const free = line.free === 0 ? '' : number(line.free);
  return `| ${line.what} | $${line.price} per ${line.unit} | ${free} | ${number(line.low.units)} | ${money(line.low.money)} | ${number(line.high.units)} | ${money(line.high.money)} |`;
}
