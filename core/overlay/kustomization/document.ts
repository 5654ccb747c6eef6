import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseAllDocuments,
  visit,
  type YAMLMap,
} from 'yaml';
import { Refusal } from '#core/values/errors.ts';

/** A kustomization's text with the nodes that were read from it; offsets are UTF-16 units of `text`. */
export interface Source {
  readonly text: string;
  /** How messages name the file. */
  readonly file: string;
  readonly document: Document.Parsed;
  readonly root: YAMLMap;
  /** What the text says, aliases and merge keys resolved, nothing shared between two places. */
  readonly values: unknown;
  /** Returns the line of an offset, from 1. */
  line(offset: number): number;
}

/** A key of a mapping with its value, `inherited` where a merge key brings it from another mapping. */
export interface Field {
  readonly pair: Pair;
  readonly inherited: boolean;
}

/** Reads a kustomization; refuses what kustomize cannot read and what it would silently read only in part. */
export function readSource(text: string, file: string): Source {
  const lines = new LineCounter();
  const line = (offset: number): number => lines.linePos(offset).line;
  const stray = text.search(/\r(?!\n)/);
  const parsed = parseAllDocuments(text, { lineCounter: lines, merge: true, prettyErrors: false, logLevel: 'silent' });
  if (stray >= 0)
    throw new Refusal(`${file}:${line(stray)}: a carriage return without a line feed; end lines with LF or CRLF`);
  const [document, ...others] = 'empty' in parsed ? [] : parsed;
  if (document !== undefined) refuseFaults(document, text, file, line);
  const second = others.find(({ contents }) => !(isScalar(contents) && contents.source === ''));
  if (second !== undefined) {
    const at = line(rangeOf(second.contents)[0]);
    throw new Refusal(`${file}:${at}: a second document begins here, and kustomize reads only the first; keep one`);
  }
  if (document === undefined || !isMap(document.contents)) {
    throw new Refusal(`${file} is not a kustomization; write a mapping with resources: and images:`);
  }
  return { text, file, document, root: document.contents, values: readValues(document, file, line), line };
}

/**
 * Returns a mapping's field, its own before inherited ones. Names are compared without case, as Go's JSON decoder does
 * for kustomize; two spellings of one name in a mapping are refused.
 */
export function findField(source: Source, map: YAMLMap, name: string): Field | undefined {
  const own = map.items.filter((pair) => keyOf(pair)?.toLowerCase() === name.toLowerCase());
  const [only, second] = own;
  if (only !== undefined && second !== undefined) throw twice(source.file, source.line(rangeOf(second.key)[0]), name);
  if (only !== undefined) return { pair: only, inherited: false };
  for (const parent of mergedMaps(source, map)) {
    const found = findField(source, parent, name);
    if (found !== undefined) return { pair: found.pair, inherited: true };
  }
  return undefined;
}

/** Returns the value that an alias points to, anything else as it is. */
export function resolveAlias(source: Source, node: unknown): unknown {
  return isAlias(node) ? resolveAlias(source, node.resolve(source.document)) : node;
}

/** Returns a scalar's text as it was meant, aliases resolved; undefined for null, an empty value and anything but a scalar. */
export function scalarText(source: Source, node: unknown): string | undefined {
  const scalar = resolveAlias(source, node);
  if (!isScalar(scalar) || scalar.value === null) return undefined;
  return typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value));
}

/** Returns where a node's own text starts and ends, without its anchor, its tag and the comment behind it. */
export function rangeOf(node: unknown): [number, number] {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  if (!Array.isArray(range)) throw new Error('a node of the parsed file has no range');
  return [Number(range[0]), Number(range[1])];
}

/** Returns every alias of the file. */
export function listAliases(source: Pick<Source, 'document'>): Alias[] {
  const found: Alias[] = [];
  visit(source.document, { Alias: (_key, alias) => void found.push(alias) });
  return found;
}

function keyOf(pair: Pair): string | undefined {
  return isScalar(pair.key) && typeof pair.key.value === 'string' ? pair.key.value : undefined;
}

/** The parser marks `<<` by a symbol; its value is one mapping or a list of them, the first winning. */
function mergedMaps(source: Source, map: YAMLMap): YAMLMap[] {
  const merges = map.items.filter((pair) => isScalar(pair.key) && typeof pair.key.value === 'symbol');
  return merges.flatMap(({ value }) => {
    const resolved = resolveAlias(source, value);
    const parents = isSeq(resolved) ? resolved.items : [resolved];
    return parents.map((parent) => resolveAlias(source, parent)).filter((parent) => isMap(parent));
  });
}

function refuseFaults(document: Document.Parsed, text: string, file: string, line: (offset: number) => number): void {
  const [error] = document.errors;
  if (error === undefined) return;
  const [start] = error.pos;
  if (error.code === 'DUPLICATE_KEY') throw twice(file, line(start), text.slice(start).match(/[^\s:,'"]+/)?.[0] ?? '');
  throw new Refusal(
    `${file}:${line(start)}: is not valid YAML: ${error.message.split('\n')[0] ?? ''}; correct it there or above`,
  );
}

function twice(file: string, line: number, name: string): Refusal {
  return new Refusal(`${file}:${line}: the key ${name} is there twice in one mapping; keep one`);
}

function readValues(document: Document.Parsed, file: string, line: (offset: number) => number): unknown {
  const loose = listAliases({ document }).find((alias) => alias.resolve(document) === undefined);
  if (loose !== undefined) {
    const at = line(rangeOf(loose)[0]);
    throw new Refusal(`${file}:${at}: *${loose.source} points to nothing; mark a value above it with &${loose.source}`);
  }
  try {
    return JSON.parse(JSON.stringify(document.toJS())) as unknown;
  } catch (error) {
    // the parser throws at a merge of anything but a mapping, and at aliases that expand too far
    const said = error instanceof Error ? error.message : String(error);
    throw new Refusal(`${file}: its aliases cannot be resolved (${said}); write the values themselves`);
  }
}
