import { bodyBelow, readHidden, readNumber, writeHidden } from '#core/github/hidden.ts';
import { InputError } from '#core/values/errors.ts';

/** A folder that a plan was made from, as the base branch had it; `tree` undefined: it had none. */
export interface Planned {
  readonly path: string;
  readonly tree: string | undefined;
}

/** Why a verdict is failure. */
const FAULTS = ['failed', 'unsaved', 'held'] as const;
/** One of them. */
export type PlanFault = (typeof FAULTS)[number];

/** What {@link Marker.stale} says of plans that are too old to be applied. */
export const TOO_OLD = 'age';

/** Which run says what became of a stack. */
export interface AppliedBy {
  readonly stack: string;
  readonly run: number;
}

/** What a comment of ours says about itself, hidden in its first line. */
export interface Marker {
  /** Tells one comment of a pull request from another. */
  readonly name: string;
  /** The head that the text is about. */
  readonly head: string;
  /** The run that wrote it, and which attempt of it. */
  readonly run: number;
  readonly attempt: number;
  /** What the commit status says while the text is fresh; undefined: there is none. */
  readonly verdict: 'success' | 'failure' | undefined;
  /** Why the verdict is failure; `failed` where it is left out. */
  readonly fault?: PlanFault | undefined;
  readonly plans: readonly Planned[];
  /** When the oldest of the plans was made, in ISO 8601. */
  readonly plannedAt?: string | undefined;
  /** After the merge, the stacks whose result the text has, and the run that has it. */
  readonly applied?: readonly AppliedBy[];
  /** The commit of the base branch that the text does not know, or {@link TOO_OLD}. */
  readonly stale: string | undefined;
}

/** A text with its marker. */
export interface Marked {
  readonly marker: Marker;
  /** All of the comment, its marker included. */
  readonly text: string;
}

const NONE = 'none';

/** Returns the text of a comment: the marker on its first line, where no text of a plan can stand, and then the body. */
export function writeMarked(marker: Marker, body: string): Marked {
  const { name, head, run, attempt, verdict, fault, plans, plannedAt, applied = [], stale } = marker;
  const planned = plans.map(({ path, tree = NONE }) => `${encodeURIComponent(path).replaceAll('%2F', '/')}:${tree}`);
  const text = writeHidden(
    name,
    [
      ['head', head],
      ['run', run],
      ['attempt', attempt],
      ['verdict', verdict],
      ['fault', fault],
      ['plans', planned.length === 0 ? undefined : planned.join(',')],
      ['planned', plannedAt],
      ['applied', applied.length === 0 ? undefined : applied.map((one) => `${one.stack}:${one.run}`).join(',')],
      ['stale', stale],
    ],
    body,
  );
  return { marker, text };
}

/** Returns a comment of this name; undefined for every other text. What it does not say about itself is the oldest. */
export function readMarked(name: string, text: string): Marked | undefined {
  const said = readHidden(name, text);
  if (said === undefined) return undefined;
  const verdict = said.get('verdict');
  const marker: Marker = {
    name,
    head: said.get('head') ?? '',
    run: readNumber(said, 'run'),
    attempt: readNumber(said, 'attempt'),
    verdict: verdict === 'success' || verdict === 'failure' ? verdict : undefined,
    plans: readPlans(said.get('plans') ?? ''),
    stale: said.get('stale'),
    ...(said.has('fault') && { fault: FAULTS.find((one) => one === said.get('fault')) }),
    ...(said.has('planned') && { plannedAt: said.get('planned') }),
    ...(said.has('applied') && { applied: readApplied(said.get('applied') ?? '') }),
  };
  return { marker, text };
}

/** Returns the body of a comment, without its marker. */
export function bodyOf({ text }: Marked): string {
  return bodyBelow(text);
}

function readPlans(text: string): Planned[] {
  return text
    .split(',')
    .filter(Boolean)
    .map((entry) => {
      const [path = '', tree = NONE] = entry.split(':');
      return { path: decode(path), tree: tree === NONE ? undefined : tree };
    });
}

function readApplied(text: string): AppliedBy[] {
  return text.split(',').flatMap((entry) => {
    const [, stack = '', run = ''] = /^([^:]+):(\d{1,15})$/.exec(entry) ?? [];
    return stack === '' ? [] : [{ stack, run: Number(run) }];
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Returns the folders of an input, one a line: `terraform/aws <tree id>`, or `none` where the base has no such folder. */
export function parsePlans(input: string, lines: readonly string[]): Planned[] {
  return lines.map((line) => {
    const [path = '', tree = '', ...rest] = line.split(/\s+/);
    const isFolder = /^[^/\p{C}]/u.test(path) && !path.endsWith('/') && !path.split('/').includes('..');
    if (!isFolder || rest.length > 0 || !(tree === NONE || /^[0-9a-f]{40}$/.test(tree)))
      throw new InputError(
        input,
        line,
        'is not a folder with its tree: expected `terraform/aws` and what `git rev-parse <base>:terraform/aws` says, or none',
      );
    return { path, tree: tree === NONE ? undefined : tree };
  });
}
