import { type Difference, nameOf, PART_LABEL, PARTS } from '#core/cluster/objects.ts';
import { type Change, KEY_MANAGER } from '#core/cluster/plan.ts';
import { type Page, paint, plain } from '../text.ts';

const LONGEST = 60;

/** Returns what connecting does to each object, part by part; values of secrets are not shown. */
export function renderPlan(changes: readonly Change[], page: Page): string {
  const lines = PARTS.flatMap((part) => {
    const own = changes.filter(({ object }) => (object.metadata.labels?.[PART_LABEL] ?? 'argocd') === part);
    if (own.length === 0) return [];
    const same = own.filter(({ state }) => state === 'same').length;
    return [
      paint(part, 'bold', page),
      ...own.filter(({ state }) => state !== 'same').flatMap((change) => renderChange(change, page)),
      ...(same === 0 ? [] : [`  = ${same} as ${same === 1 ? 'it is' : 'they are'}`]),
    ];
  });
  return `${lines.join('\n')}\n`;
}

function renderChange({ object, manager, state, isForeign, byHand, differences }: Change, page: Page): string[] {
  const name = `${nameOf(object)}${manager === KEY_MANAGER ? ": the GitHub App's key" : ''}`;
  const isSecret = object.kind === 'Secret';
  const foreign = isForeign ? ' (there before connect)' : '';
  return [
    state === 'new' ? paint(`  + ${name}`, 'green', page) : paint(`  ~ ${name}${foreign}`, 'yellow', page),
    ...byHand.map((field) => paint(`      changed by hand, will be overwritten: ${plain(field)}`, 'red', page)),
    ...differences.map((difference) => `      ${renderDifference(difference, isSecret)}`),
  ];
}

function renderDifference({ path, before, after }: Difference, isSecret: boolean): string {
  if (isSecret && path.startsWith('data')) return `${plain(path)}: another value`;
  return `${plain(path)}: ${show(before)} → ${show(after)}`;
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = plain(JSON.stringify(value));
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
