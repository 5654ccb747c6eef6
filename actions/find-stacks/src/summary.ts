import { escapeMarkdown, inlineCode } from '#core/values/markdown.ts';
import { joinWords } from '#core/values/words.ts';
import type { Inputs } from './inputs.ts';
import type { Found } from './run.ts';

/** Returns the job summary: which stacks are planned or applied, or why nothing is. */
export function renderSummary({ stacks, merge, refusal }: Found, { stage }: Pick<Inputs, 'stage'>): string {
  if (refusal !== undefined) return `⛔ ${escapeMarkdown(refusal)}.\n`;
  const verb = stage === 'plan' ? 'planned' : 'applied';
  const of = merge === undefined ? 'The change' : `#${merge.number} at ${inlineCode(merge.head.slice(0, 7))}`;
  if (stacks.length === 0) return `${of} reaches no stack: nothing is ${verb}.\n`;
  return `${of} reaches ${joinWords(stacks.map(inlineCode))}: ${stacks.length === 1 ? 'it is' : 'they are'} ${verb}.\n`;
}
