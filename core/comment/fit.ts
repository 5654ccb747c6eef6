import { hideUserinfo } from '#core/values/userinfo.ts';
import {
  type Choice,
  CLOSE,
  composeFold,
  composeItem,
  composePage,
  countBytes,
  describeRest,
  type Entry,
  headSection,
  openFold,
  type Page,
  type Section,
  type StackPart,
} from './page.ts';
import { SECTIONS, type SectionKind } from './words.ts';

/** Each of these is named as long as there is any room. */
const LOUD: ReadonlySet<SectionKind> = new Set(['error', 'check', 'unknown', 'destroy', 'removal', 'replace']);
/** These are named all together or counted by their type, and only once the others have room for what they change. */
const QUIET: ReadonlySet<SectionKind> = new Set(['create', 'move', 'import', 'read']);

/** Bytes of a fold below which it says too little to be opened. */
const SMALLEST = 200;
/** Bytes of a fold that the riskier entries keep before the quiet ones are named. */
const KEPT = 400;
/** Bytes of the shortest line of an entry. */
const SHORTEST = '<li><code></code></li>'.length;
/** Bytes of the largest fold. */
const LARGEST = 12_000;
/** Bytes of the sentences that end the page. */
const END = 400;

/**
 * Returns the Markdown of a page in at most `limit` bytes of UTF-8. What is left out goes in this order: the ends of the
 * largest folds, the folds of the quiet entries, the names of creates, moves and imports (counted by type instead), the
 * other folds, the names of updates; the names of destroys and replacements go last. What goes is counted.
 */
export function fitPage(page: Page, limit: number): string {
  let budget = limit;
  while (budget > 0) {
    const text = hideUserinfo(composePage(page, chooseWithin(page, budget)));
    const excess = Buffer.byteLength(text) - limit;
    if (excess <= 0) return text;
    budget -= excess + 1; // what was chosen is estimated
  }
  return composePage({ ...page, top: page.top.slice(0, 1) }, { listed: new Map(), folded: new Map() });
}

interface Placed {
  readonly stack: StackPart;
  readonly section: Section;
}

function chooseWithin(page: Page, budget: number): Choice {
  const chooser = new Chooser(budget - countBytes(page.top) - END, page.rest);
  const placed = SECTIONS.flatMap((kind) =>
    page.stacks.flatMap((stack) =>
      stack.sections.filter((one) => one.kind === kind).map((section) => ({ stack, section })),
    ),
  );
  const [loud, rest] = [
    placed.filter(({ section }) => LOUD.has(section.kind)),
    placed.filter(({ section }) => !LOUD.has(section.kind)),
  ];
  for (const one of loud) if (chooser.open(one)) chooser.list(one.section);
  const opened = rest.filter((one) => chooser.open(one));
  for (const { section } of opened) if (!QUIET.has(section.kind)) chooser.list(section);
  chooser.keepForFolds();
  for (const { section } of opened) if (QUIET.has(section.kind)) chooser.list(section);
  return chooser.fold();
}

/** Spends bytes on the parts of a page, in the order in which it is asked to. */
class Chooser {
  #left: number;
  #kept = 0;
  readonly #rest: string;
  readonly #stacks = new Set<StackPart>();
  readonly #listed = new Map<Section, number>();

  constructor(bytes: number, rest: string) {
    this.#left = bytes;
    this.#rest = rest;
  }

  /** Makes room for a section that names nothing; false where there is none. */
  open({ stack, section }: Placed): boolean {
    const fold = this.#stacks.has(stack) || stack.summary === undefined ? [] : [openFold(stack.summary), CLOSE, '', ''];
    const cost = countBytes([
      ...fold,
      headSection(section),
      '',
      describeRest(section, 0, this.#rest),
      '',
      '<ul>',
      '</ul>',
      '',
    ]);
    if (cost > this.#left) return false;
    this.#left -= cost;
    this.#stacks.add(stack);
    this.#listed.set(section, 0);
    return true;
  }

  /** Names as many of a section's entries as there is room for; of a quiet section all or none. */
  list(section: Section): void {
    const room = this.#left - this.#kept;
    if (QUIET.has(section.kind) && section.entries.length * SHORTEST > room) return; // without writing any of them
    let [count, spent] = [0, 0];
    for (const entry of section.entries) {
      const cost = countBytes([composeItem(entry)]);
      if (spent + cost > room) break;
      spent += cost;
      count++;
    }
    if (QUIET.has(section.kind) && count < section.entries.length) return;
    this.#left -= spent;
    this.#listed.set(section, count);
  }

  /** Keeps some room for a fold under each entry that is named by now. */
  keepForFolds(): void {
    this.#kept = this.#named().reduce((sum, { entry }) => {
      const size = countBytes(entry.body());
      return size === 0 ? sum : sum + foldCost(entry) + Math.min(size, KEPT);
    }, 0);
  }

  /** Shares what is left among the folds: small ones are whole, large ones get the same size. */
  fold(): Choice {
    const all = this.#named().filter(({ entry }) => entry.body().length > 0);
    for (const kinds of [SECTIONS, ...[...SECTIONS].map((_kind, at) => SECTIONS.slice(0, -1 - at))]) {
      const entries = all.filter(({ kind }) => kinds.includes(kind)).map(({ entry }) => entry);
      const room = this.#left - entries.reduce((sum, entry) => sum + foldCost(entry), 0);
      const sizes = entries.map((entry) => Math.min(LARGEST, countBytes(entry.body())));
      const share = shareOut(sizes, room);
      if (share < SMALLEST && sizes.some((size) => size > share)) continue; // fewer folds then, each of some use
      return { listed: this.#listed, folded: new Map(entries.map((entry) => [entry, Math.min(share, LARGEST)])) };
    }
    return { listed: this.#listed, folded: new Map() };
  }

  #named(): { entry: Entry; kind: SectionKind }[] {
    return [...this.#listed].flatMap(([{ kind, entries }, count]) =>
      entries.slice(0, count).map((entry) => ({ entry, kind })),
    );
  }
}

/** The bytes of an empty fold beyond those of the line that it takes the place of. */
function foldCost(entry: Entry): number {
  return countBytes([composeFold(entry, []), '']) - countBytes([composeItem(entry)]);
}

/** Returns the size that each may have at most, so that all together have room. */
function shareOut(sizes: readonly number[], room: number): number {
  let left = room;
  const sorted = [...sizes].sort((a, b) => a - b);
  for (const [at, size] of sorted.entries()) {
    const share = Math.floor(left / (sorted.length - at));
    if (size > share) return Math.max(0, share);
    left -= size;
  }
  return left >= 0 ? Number.POSITIVE_INFINITY : 0;
}
