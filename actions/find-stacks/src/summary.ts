import { escapeMarkdown, inlineCode } from '#core/values/markdown.ts';
import { joinWords } from '#core/values/words.ts';
import type { Inputs } from './inputs.ts';
import type { Found } from './run.ts';

/** Returns the job summary: which stacks are planned or applied, or why nothing is. */
export function renderSummary({ stacks, waves, merge, refusal }: Found, { stage }: Pick<Inputs, 'stage'>): string {
  if (refusal !== undefined) return `⛔ ${escapeMarkdown(refusal)}.\n`;
  const verb = stage === 'plan' ? 'planned' : 'applied';
  const of = merge === undefined ? 'The change' : `#${merge.number} at ${inlineCode(merge.head.slice(0, 7))}`;
  if (stacks.length === 0) return `${of} reaches no stack: nothing is ${verb}.\n`;
  const what = `${of} reaches ${joinWords(stacks.map(inlineCode))}: ${stacks.length === 1 ? 'it is' : 'they are'} ${verb}`;
  return `${what}${stage === 'plan' ? '' : describeOrder(waves)}.\n`;
}

function describeOrder({ waves, lastAtATime }: Found['waves']): string {
  const used = waves.filter((wave) => wave.length > 0);
  if (used.length < 2) return '';
  const [last = []] = used.slice(-1);
  const rest = last.length > 1 && lastAtATime === 1 ? ', these one after another' : '';
  return `, ${used.map((wave) => joinWords(wave.map(inlineCode))).join(', then ')}${rest}`;
}
