import { DIFFERENCES, type Difference } from '#core/drift/finding.ts';
import { readHidden, readNumber, writeHidden } from '#core/github/hidden.ts';

/** What an issue of ours says about itself, hidden in its first line. */
export interface Marker {
  readonly stack: string;
  /** The run that wrote it, and which attempt of it. */
  readonly run: number;
  readonly attempt: number;
  readonly difference: Difference;
  readonly fingerprint: string;
}

/** A text with its marker. */
export interface Marked {
  readonly marker: Marker;
  /** All of the text, its marker included. */
  readonly text: string;
}

const nameOf = (stack: string): string => `drift-${stack}`;

/** Returns the text of a stack's issue. */
export function writeMarked(marker: Marker, body: string): Marked {
  const { stack, run, attempt, difference, fingerprint } = marker;
  const fields = Object.entries({ run, attempt, difference, fingerprint });
  return { marker, text: writeHidden(nameOf(stack), fields, body) };
}

/** Returns the text of this stack's issue; undefined for every other text. What it does not say about itself is the oldest. */
export function readMarked(stack: string, text: string): Marked | undefined {
  const said = readHidden(nameOf(stack), text);
  if (said === undefined) return undefined;
  const difference = DIFFERENCES.find((one) => one === said.get('difference')) ?? 'none';
  const [run, attempt] = [readNumber(said, 'run'), readNumber(said, 'attempt')];
  return { marker: { stack, run, attempt, difference, fingerprint: said.get('fingerprint') ?? '' }, text };
}
