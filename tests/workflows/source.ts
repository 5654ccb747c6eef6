import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';

/** A text of a workflow and where it is written. */
export interface Located {
  readonly value: string;
  /** Line of its first character, from 1; behind an alias, that of its anchor. */
  readonly line: number;
  /** The comment at the end of that line, without its `#`. */
  readonly comment: string | undefined;
}

/** A YAML file as its nodes, whatever the style in which it is written. */
export interface Source {
  /** What YAML itself finds wrong (syntax, a key written twice, a second document), and what GitHub reads otherwise. */
  readonly faults: readonly string[];
  /** The whole file as plain values. */
  readonly content: unknown;
  /** Returns the node at a path of keys and indexes; undefined where there is none. */
  at(...path: readonly (string | number)[]): Node | undefined;
  /** Returns the entries of a mapping, none for anything else. */
  entries(node: Node | undefined): readonly (readonly [key: string, value: Node | undefined])[];
  /** Returns the items of a list, none for anything else. */
  items(node: Node | undefined): readonly (Node | undefined)[];
  /** Returns a scalar as text with its place; undefined for anything else. */
  text(node: Node | undefined): Located | undefined;
  /** Returns a node as a plain value. */
  plain(node: Node | undefined): unknown;
}

/** Reads a file's nodes. An alias reads as what its anchor holds. */
export function readSource(text: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const comments = readComments(text, lines);
  const follow = (node: unknown): Node | undefined => {
    const followed = isAlias(node) ? node.resolve(document) : node;
    return isNode(followed) ? followed : undefined;
  };
  const entries: Source['entries'] = (node) => {
    const map = follow(node);
    return isMap(map) ? map.items.map(({ key, value }) => [String(plainOf(document, follow(key))), follow(value)]) : [];
  };
  const items: Source['items'] = (node) => {
    const list = follow(node);
    return isSeq(list) ? list.items.map(follow) : [];
  };
  const child = (node: Node | undefined, key: string | number): Node | undefined =>
    typeof key === 'number' ? items(node)[key] : entries(node).find(([name]) => name === key)?.[1];
  return {
    faults: [...document.errors.map(({ message }) => message.split('\n')[0] ?? message), ...listForeign(document)],
    content: document.errors.length > 0 ? undefined : document.toJS(),
    at: (...path) => path.reduce(child, follow(document.contents)),
    entries,
    items,
    text: (node) => {
      const scalar = follow(node);
      if (!isScalar(scalar)) return undefined;
      const { line } = lines.linePos(scalar.range?.[0] ?? 0);
      return { value: String(scalar.value), line, comment: comments.get(line) };
    },
    plain: (node) => plainOf(document, follow(node)),
  };
}

/**
 * Returns what a YAML reader may take another way than GitHub: a directive (in YAML 1.1 the key `on` is `true`), a tag
 * (`!!binary` hides a text), a merge key.
 */
function listForeign(document: Document): string[] {
  const { yaml, tags } = document.directives ?? {};
  const found = yaml?.explicit || Object.keys(tags ?? {}).length > 1 ? ['it has a directive'] : [];
  visit(document, {
    Node: (_key, { tag }) => {
      if (tag !== undefined) found.push(`it has the tag ${tag}`);
    },
    Pair: (_key, { key }) => {
      if (isScalar(key) && key.value === '<<') found.push('it has a merge key');
    },
  });
  return found;
}

function plainOf(document: Document, node: Node | undefined): unknown {
  return node?.toJS(document);
}

/** The lexer's marks (a document, flow's end, a scalar), which have no place in the text. */
const MARKS = new Set(['\u0002', '\u0018', '\u001f']);

/**
 * Returns the comment of each line that has one, without its `#`. A text in a mapping never begins with `#` here: its
 * token has its quotes or its indentation in front.
 */
function readComments(text: string, lines: LineCounter): ReadonlyMap<number, string> {
  const comments = new Map<number, string>();
  let offset = 0;
  for (const token of new Lexer().lex(text)) {
    if (MARKS.has(token)) continue;
    if (token.startsWith('#')) comments.set(lines.linePos(offset).line, token.slice(1).trim());
    offset += token.length;
  }
  return comments;
}
