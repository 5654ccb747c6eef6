import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';
import { quote } from '#core/values/errors.ts';

/** A fault of slipway.yaml: one sentence and the line that it is about. */
export interface Fault {
  readonly line: number;
  readonly sentence: string;
}

/** slipway.yaml as YAML, with the line of each thing in it. */
export interface ConfigDocument {
  readonly tree: Document.Parsed;
  readonly lines: LineCounter;
}

/** Keys and list positions from the top of the file to a value: `images`, `discord-bot`, `inputs`, `0`. */
export type Path = readonly string[];

const MOST_BYTES = 64 * 1024;

/** Returns the text as YAML, or the faults that make it something else: size, encoding, syntax, aliases. */
export function readDocument(text: string): ConfigDocument | { faults: Fault[] } {
  const only = (sentence: string): { faults: Fault[] } => ({ faults: [{ line: 1, sentence }] });
  if (Buffer.byteLength(text) > MOST_BYTES)
    return only(`is larger than ${MOST_BYTES / 1024} KiB: this is not a slipway.yaml`);
  if (text.startsWith('\uFEFF')) return only('begins with a byte order mark: save it as UTF-8 without one');
  const lines = new LineCounter();
  const tree = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const errors = tree.errors.map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    sentence: describeYamlError(error.code, error.message, text.slice(error.pos[0])),
  }));
  const faults = [...errors, ...findAliases(tree, lines)];
  if (faults.length > 0) return { faults };
  if (tree.contents === null) return only('is empty: it needs registry, images and environments');
  return { tree, lines };
}

/** Returns what is wrong with the YAML as one sentence; `rest` is the text from the place of the error. */
export function describeYamlError(code: string, message: string, rest: string): string {
  if (code === 'DUPLICATE_KEY')
    return `the key ${quote(rest.match(/^["']?([^:"'\s]+)/)?.[1] ?? '')} appears twice: keep one`;
  if (code === 'MULTIPLE_DOCS') return 'holds several documents: keep one';
  if (code === 'TAB_AS_INDENT') return 'is indented with a tab: use spaces';
  return `is not YAML: ${message.split('\n')[0] ?? message}`;
}

/** An alias makes a value depend on a line far away, and a few of them can make a file of any size. */
export function findAliases(tree: Document.Parsed, lines: LineCounter): Fault[] {
  const faults: Fault[] = [];
  visit(tree, {
    Alias: (_key, node) => {
      const sentence = `the alias *${node.source} is not allowed here: write the value itself`;
      faults.push({ line: lineOf(node, lines), sentence });
    },
  });
  return faults;
}

/** Returns a fault of the value at `path`, which its sentence names; `line` is where a reader has to look. */
export function faultAt(document: ConfigDocument, path: Path, sentence: string, line: Path = path): Fault {
  const place = path.length === 0 ? '' : `${path.join('.')}: `;
  return { line: lineAt(document, line), sentence: `${place}${sentence}` };
}

/** Returns the value at a path; undefined where the file has none. */
export function valueAt({ tree }: ConfigDocument, path: Path): unknown {
  const node = path.length === 0 ? tree.contents : nodeAt(tree, path);
  return node === undefined || node === null ? undefined : node.toJS(tree);
}

/** Returns the line of the value at a path in a text of YAML, or of the nearest thing above it; 1 where it cannot be read. */
export function findLine(text: string, path: Path): number {
  const document = readDocument(text);
  return 'faults' in document ? 1 : lineAt(document, path);
}

function nodeAt(tree: Document.Parsed, path: Path): Node | undefined {
  let node: unknown = tree.contents;
  for (const step of path) {
    if (isMap(node)) node = findPair(node.items, step)?.value;
    else if (isSeq(node)) node = node.items[Number(step)];
    else return undefined;
  }
  return isNode(node) ? node : undefined;
}

function findPair(pairs: readonly Pair[], key: string): Pair | undefined {
  return pairs.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
}

/** The line of a key, of a list item, or of the nearest thing above it that is there. */
function lineAt({ tree, lines }: ConfigDocument, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const parent = nodeAt(tree, path.slice(0, length - 1));
    const step = path[length - 1] ?? '';
    const found = isMap(parent) ? findPair(parent.items, step)?.key : isSeq(parent) && parent.items[Number(step)];
    if (isNode(found)) return lineOf(found, lines);
  }
  return 1;
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}

function lineOf(node: Node, lines: LineCounter): number {
  return lines.linePos(node.range?.[0] ?? 0).line;
}
