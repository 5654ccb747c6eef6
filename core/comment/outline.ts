import { inlineCode, showInvisible } from '#core/values/markdown.ts';
import type { StackPart } from './page.ts';

/** The bytes of a comment: GitHub takes 65,536 characters. */
export const COMMENT_LIMIT = 60_000;
/** The bytes of a job summary: GitHub takes 1,024 KiB of a step, and an action may add to it. */
export const SUMMARY_LIMIT = 1_000_000;

/** What a page says of a kind of things, before it is known how much of it fits. */
export interface Outline {
  /** Markdown of one sentence without its end. */
  readonly verdict: string;
  /** Markdown that a reader must know before the rest, each a paragraph. */
  readonly top: readonly string[];
  readonly folds: readonly StackPart[];
}

/** Returns what follows a verdict: the commit that it is about. */
export function showHead(head: string | undefined): string {
  return head === undefined ? '' : ` · ${showName(head.slice(0, 7))}`;
}

/** Returns the name of a stack or an environment as code: it is a path, which may have any character. */
export function showName(name: string): string {
  return inlineCode(showInvisible(name.slice(0, 200)));
}
