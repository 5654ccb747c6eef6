import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';
import { $ } from 'zx/core';

/** Lines at most. */
const LIMITS = { function: 60, file: 300 };

/** Bytes that are compared or generated, not written by us. */
const LEFT_OUT = /(^|\/)(dist|node_modules|fixtures)\/|^lab\/github\/openapi\//;

/** A function or a file, and how long it is. */
export interface Measured {
  /** As a reader finds it: `path` or `path:line name`. */
  readonly place: string;
  readonly lines: number;
}

/** What a file is made of. */
export interface Structure {
  readonly file: Measured;
  readonly functions: readonly Measured[];
}

/**
 * Returns the lines of a file and of each function in it, an inner one as a part of the outer as well. The callback of
 * `describe` only groups tests, so it does not count; each test does.
 */
export function measure(path: string, text: string): Structure {
  const { body } = parseSync(text, { syntax: 'typescript', target: 'es2024' });
  const bytes = Buffer.from(text);
  const lineAt = createLineFinder(bytes);
  const functions: Measured[] = [];
  visit(body, '', (name, { start, end }) => {
    const [first, last] = [lineAt(start - 1), lineAt(end - 2)]; // swc counts bytes from 1, and `end` is behind the last
    functions.push({ place: `${path}:${first} ${name}`, lines: last - first + 1 });
  });
  return { file: { place: path, lines: lineAt(bytes.length - 1) }, functions };
}

/** Returns a sentence for each function and file that is too long, the longest first. */
export function findTooLong(structures: readonly Structure[]): string[] {
  const describe = (measured: readonly Measured[], limit: number): string[] =>
    byLength(measured)
      .filter(({ lines }) => lines > limit)
      .map(({ place, lines }) => `${place} has ${lines} lines: cut it to ${limit} or fewer`);
  return [
    ...describe(
      structures.flatMap(({ functions }) => functions),
      LIMITS.function,
    ),
    ...describe(
      structures.map(({ file }) => file),
      LIMITS.file,
    ),
  ];
}

/** Returns the two lines that `npm run lint` ends with. */
export function describeLongest(structures: readonly Structure[]): string {
  const [fn] = byLength(structures.flatMap(({ functions }) => functions));
  const [file] = byLength(structures.map((structure) => structure.file));
  return [
    `longest function: ${fn?.lines ?? 0} lines, ${fn?.place ?? 'none'} (at most ${LIMITS.function})`,
    `longest file:     ${file?.lines ?? 0} lines, ${file?.place ?? 'none'} (at most ${LIMITS.file})`,
    '',
  ].join('\n');
}

function byLength(measured: readonly Measured[]): Measured[] {
  return [...measured].sort((one, other) => other.lines - one.lines);
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The parts of swc's nodes that are looked at; each node has some of them. */
interface Node {
  readonly type?: string;
  readonly span?: Span;
  readonly function?: { readonly span: Span };
  readonly identifier?: Node | null;
  readonly id?: Node;
  readonly key?: Node;
  readonly callee?: Node;
  readonly object?: Node;
  readonly value?: unknown;
}

const FUNCTIONS = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ClassMethod',
  'PrivateMethod',
  'Constructor',
  'MethodProperty',
  'GetterProperty',
  'SetterProperty',
]);

/** Calls `found` for every function below a node, with its own name or that of the variable or key that holds it. */
function visit(value: unknown, heldBy: string, found: (name: string, span: Span) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, heldBy, found);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const node: Node = value;
  const name = nameOf(node.identifier) ?? nameOf(node.id) ?? nameOf(node.key) ?? heldBy;
  const span = node.span ?? node.function?.span;
  if (node.type !== undefined && FUNCTIONS.has(node.type) && span !== undefined) found(name || '(unnamed)', span);
  const isGroup = node.type === 'CallExpression' && rootName(node.callee) === 'describe';
  for (const [key, child] of Object.entries(node))
    if (isGroup && key === 'arguments') visitGroup(child, name, found);
    else visit(child, name, found);
}

/** The arguments of `describe`: what is in its callback counts, the callback itself does not. */
function visitGroup(values: unknown, heldBy: string, found: (name: string, span: Span) => void): void {
  for (const { expression } of values as readonly { expression: Node & { body?: unknown } }[]) {
    const isCallback = expression.type === 'ArrowFunctionExpression' || expression.type === 'FunctionExpression';
    visit(isCallback ? expression.body : expression, heldBy, found);
  }
}

function nameOf(node: Node | null | undefined): string | undefined {
  return typeof node?.value === 'string' ? node.value : undefined;
}

/** The first name of `describe`, `describe.each(…)` and the like. */
function rootName(node: Node | undefined): string | undefined {
  return node === undefined ? undefined : (nameOf(node) ?? rootName(node.object ?? node.callee));
}

/** Returns the line, from 1, that a byte is in. */
function createLineFinder(bytes: Buffer): (offset: number) => number {
  const ends: number[] = [];
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) ends.push(at);
  return (offset) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..');
  const { stdout } = await $({
    cwd: root,
    quiet: true,
  })`git ls-files -z --cached --others --exclude-standard -- ${'*.ts'}`;
  const paths = stdout.split('\0').filter((path) => path !== '' && !LEFT_OUT.test(path));
  const structures = paths.map((path) => measure(path, readFileSync(join(root, path), 'utf8')));
  const faults = findTooLong(structures);
  for (const fault of faults) console.error(fault);
  process.stdout.write(describeLongest(structures));
  process.exitCode = faults.length > 0 ? 1 : 0;
}
