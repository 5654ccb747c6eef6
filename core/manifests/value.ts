import { type Document, isAlias, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml';
import { Atom, canonical } from '#core/values/canonical.ts';

/** A scalar that is not text, as it is written: `8080`, `true`, `null`. */
export class Plain extends Atom {
  readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }

  override get canonical(): string {
    return this.text;
  }
}

/** A part of a manifest. Numbers are kept as they are written: one too long for a double stays itself. */
export type Value = string | Plain | readonly Value[] | Fields;
export type Fields = ReadonlyMap<string, Value>;

/** One document of a YAML text. */
export interface ReadDocument {
  /** Empty where it is not a mapping. */
  readonly fields: Fields;
  /** Without the marks and comments around it. */
  readonly text: string;
}

/** Returns the documents of a YAML text, by YAML 1.1 as Kubernetes reads it; those with faults are left out. */
export function readDocuments(text: string): ReadDocument[] {
  const options = { version: '1.1', uniqueKeys: false, logLevel: 'silent', prettyErrors: false } as const;
  const documents = parseAllDocuments(text, options);
  if (!Array.isArray(documents)) return [];
  const whole = documents.filter(({ errors, contents }) => errors.length === 0 && contents !== null);
  return whole.map((document) => {
    const root = readNode(document.contents, document);
    const [start, end] = document.contents?.range ?? [0, text.length];
    return { fields: isFields(root) ? root : new Map(), text: text.slice(start, end).trimEnd() };
  });
}

function readNode(node: unknown, document: Document): Value {
  if (isAlias(node)) return readNode(node.resolve(document), document);
  if (isMap(node)) return new Map(node.items.map(({ key, value }) => [keyOf(key), readNode(value, document)]));
  if (isSeq(node)) return node.items.map((item) => readNode(item, document));
  if (!isScalar(node)) return new Plain('null');
  return typeof node.value === 'string' ? node.value : new Plain(node.source ?? String(node.value));
}

function keyOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}

/** True for a mapping. */
export function isFields(value: Value | undefined): value is Fields {
  return value instanceof Map;
}

/** True for a list. */
export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** Returns what a path of keys leads to; undefined where it leads nowhere. */
export function valueAt(value: Value | undefined, ...path: readonly string[]): Value | undefined {
  return path.reduce<Value | undefined>((inner, key) => (isFields(inner) ? inner.get(key) : undefined), value);
}

/** Returns the text or the number that a path of keys leads to; undefined for anything else, and for null. */
export function textAt(value: Value | undefined, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  if (found instanceof Plain) return /^(null|~|)$/i.test(found.text) ? undefined : found.text;
  return typeof found === 'string' ? found : undefined;
}

/** Returns the list that a path of keys leads to; empty for anything else. */
export function listAt(value: Value | undefined, ...path: readonly string[]): readonly Value[] {
  const found = valueAt(value, ...path);
  return isList(found) ? found : [];
}

/** True for two values that are the same, whatever the order of their keys. */
export function isSame(one: Value | undefined, other: Value | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return canonical(one) === canonical(other);
}
