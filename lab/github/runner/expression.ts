/** A value of an expression. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value };

/** What an expression may speak of. */
export interface Contexts {
  /** `github`, `needs`, `inputs`, …: a context that is not here cannot be evaluated. */
  readonly values: Readonly<Record<string, Value>>;
  /** `success()` and the like, by their names. */
  readonly functions?: Readonly<Record<string, () => boolean>>;
}

const TOKENS =
  /\s*(?:(?<text>'(?:[^']|'')*')|(?<number>-?\d+(?:\.\d+)?)|(?<name>[A-Za-z_][\w-]*)|(?<sign>&&|\|\||[!=<>]=|[()[\],.!<>*]))/y;

/**
 * Returns the value of an expression, without `\${{ }}` around it; throws where the stand-in does not know a part of it.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
 */
export function evaluate(expression: string, contexts: Contexts): Value {
  const fail = (): never => {
    throw new Error(`the stand-in cannot evaluate ${JSON.stringify(expression)}`);
  };
  const reader = { tokens: tokenize(expression, fail), at: 0, contexts, fail };
  const value = readOr(reader);
  return reader.at === reader.tokens.length ? value : fail();
}

/** Returns a text with the expressions in it filled in. */
export function fillText(text: string, contexts: Contexts): string {
  return text.replace(/\$\{\{([\s\S]*?)\}\}/g, (_whole, expression: string) => toText(evaluate(expression, contexts)));
}

/** Returns whether GitHub takes a value for true. */
export function isTrue(value: Value): boolean {
  return value !== null && value !== false && value !== 0 && value !== '';
}

interface Reader {
  readonly tokens: readonly string[];
  at: number;
  readonly contexts: Contexts;
  readonly fail: () => never;
}

function tokenize(expression: string, fail: () => never): string[] {
  const tokens: string[] = [];
  const pattern = new RegExp(TOKENS);
  while (pattern.lastIndex < expression.trimEnd().length) {
    const match = pattern.exec(expression) ?? fail();
    tokens.push(match[0].trim());
  }
  return tokens;
}

function takes(reader: Reader, sign: string): boolean {
  if (reader.tokens[reader.at] !== sign) return false;
  reader.at++;
  return true;
}

function readOr(reader: Reader): Value {
  let left = readAnd(reader);
  while (takes(reader, '||')) {
    const right = readAnd(reader);
    left = isTrue(left) ? left : right;
  }
  return left;
}

function readAnd(reader: Reader): Value {
  let left = readComparison(reader);
  while (takes(reader, '&&')) {
    const right = readComparison(reader);
    left = isTrue(left) ? right : left;
  }
  return left;
}

const COMPARISONS: Readonly<Record<string, (left: Value, right: Value) => boolean>> = {
  '==': isEqual,
  '!=': (left, right) => !isEqual(left, right),
  '<': (left, right) => toNumber(left) < toNumber(right),
  '>': (left, right) => toNumber(left) > toNumber(right),
  '<=': (left, right) => toNumber(left) <= toNumber(right),
  '>=': (left, right) => toNumber(left) >= toNumber(right),
};

function readComparison(reader: Reader): Value {
  const left = readUnary(reader);
  const compare = COMPARISONS[reader.tokens[reader.at] ?? ''];
  if (compare === undefined) return left;
  reader.at++;
  return compare(left, readUnary(reader));
}

function readUnary(reader: Reader): Value {
  if (takes(reader, '!')) return !isTrue(readUnary(reader));
  let value = readPrimary(reader);
  for (;;) {
    if (takes(reader, '.')) value = pick(value, reader.tokens[reader.at++] ?? '');
    else if (takes(reader, '[')) {
      value = pick(value, toText(readOr(reader)));
      if (!takes(reader, ']')) reader.fail();
    } else return value;
  }
}

const WORDS: Readonly<Record<string, Value>> = { true: true, false: false, null: null };

function readPrimary(reader: Reader): Value {
  const token = reader.tokens[reader.at++] ?? '';
  if (token === '(') {
    const value = readOr(reader);
    return takes(reader, ')') ? value : reader.fail();
  }
  if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
  if (/^-?\d/.test(token)) return Number(token);
  const word = WORDS[token];
  if (word !== undefined) return word;
  if (takes(reader, '(')) return call(reader, token);
  return readContext(reader, token);
}

/** What `github` lacks here, it may have on GitHub. */
function readContext(reader: Reader, name: string): Value {
  const context = reader.contexts.values[name];
  if (context === undefined) return reader.fail();
  const member = reader.tokens[reader.at] === '.' ? reader.tokens[reader.at + 1] : undefined;
  if (name === 'github' && member !== undefined && pick(context, member) === null) return reader.fail();
  return context;
}

const FUNCTIONS: Readonly<Record<string, (...values: Value[]) => Value>> = {
  contains: (where = null, what = null) =>
    Array.isArray(where)
      ? where.some((item: Value) => isEqual(item, what))
      : toText(where).toLowerCase().includes(toText(what).toLowerCase()),
  startsWith: (text = null, start = null) => toText(text).toLowerCase().startsWith(toText(start).toLowerCase()),
  endsWith: (text = null, end = null) => toText(text).toLowerCase().endsWith(toText(end).toLowerCase()),
  format: (text = null, ...values) =>
    toText(text).replace(/\{(\d+)\}/g, (_whole, index: string) => toText(values[Number(index)] ?? null)),
  join: (list = null, between = ',') => (Array.isArray(list) ? list.map(toText).join(toText(between)) : toText(list)),
  toJSON: (value = null) => JSON.stringify(value, null, 2),
  fromJSON: (text = null) => JSON.parse(toText(text)) as Value, // JSON has no other values
};

function call(reader: Reader, name: string): Value {
  const values: Value[] = [];
  while (!takes(reader, ')')) {
    values.push(readOr(reader));
    if (!takes(reader, ',') && reader.tokens[reader.at] !== ')') reader.fail();
  }
  const status = reader.contexts.functions?.[name];
  if (status !== undefined) return status();
  return (FUNCTIONS[name] ?? reader.fail())(...values);
}

/** `needs.*.result` is the list of all of them. */
function pick(value: Value, name: string): Value {
  if (Array.isArray(value))
    return /^\d+$/.test(name) ? (value[Number(name)] ?? null) : value.map((item) => pick(item, name));
  if (typeof value !== 'object' || value === null) return null;
  if (name === '*') return Object.values(value);
  const key = Object.keys(value).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return key === undefined ? null : ((value as Readonly<Record<string, Value>>)[key] ?? null); // arrays are out
}

/** Letter case makes no difference; values of two kinds are compared as numbers. */
function isEqual(left: Value, right: Value): boolean {
  if (typeof left === 'string' && typeof right === 'string') return left.toLowerCase() === right.toLowerCase();
  if (typeof left === typeof right && typeof left !== 'object') return left === right;
  if (left === null && right === null) return true;
  return toNumber(left) === toNumber(right);
}

function toNumber(value: Value): number {
  if (value === null) return 0;
  return typeof value === 'object' ? Number.NaN : Number(value);
}

function toText(value: Value): string {
  if (value === null) return '';
  if (Array.isArray(value)) return 'Array';
  return typeof value === 'object' ? 'Object' : String(value);
}
