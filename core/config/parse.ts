import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type * as z from 'zod';
import { type Config, configSchema, type WrittenConfig } from '#core/config/config.ts';
import { quote, Refusal } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';

/** A fault of slipway.yaml: one sentence and the line that it is about. */
interface Fault {
  readonly line: number;
  readonly sentence: string;
}

/** Where the file stands and what stands beside it. */
export interface ConfigContext {
  /** As messages name it. */
  readonly file: string;
  /** True for a file or folder of the repository at the commit that the file was read from. */
  readonly pathExists: (path: string) => boolean;
}

const MOST_BYTES = 64 * 1024;

/** Returns slipway.yaml as {@link Config}, or refuses it with every fault: file, line, value and remedy, a line each. */
export function parseConfig(text: string, context: ConfigContext): Config {
  const refuse = (faults: readonly Fault[]): never => {
    const sorted = [...faults].sort((a, b) => a.line - b.line);
    throw new Refusal(sorted.map((fault) => `${context.file}:${fault.line}: ${fault.sentence}`).join('\n'));
  };
  const source = readDocument(text);
  if ('faults' in source) return refuse(source.faults);
  const parsed = configSchema.safeParse(source.document.toJS());
  if (!parsed.success) return refuse(parsed.error.issues.flatMap((issue) => describeIssue(issue, source)));
  const faults = checkMeaning(parsed.data, source, context);
  return faults.length > 0 ? refuse(faults) : toConfig(parsed.data);
}

/** Returns the paths that slipway.yaml names, as far as it can be read; for asking which of them exist. */
export function listNamedPaths(text: string): string[] {
  const source = readDocument(text);
  const parsed = 'faults' in source ? undefined : configSchema.safeParse(source.document.toJS());
  return parsed?.success ? namedPaths(parsed.data).map((named) => named.path) : [];
}

interface Source {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

function readDocument(text: string): Source | { faults: Fault[] } {
  const only = (sentence: string): { faults: Fault[] } => ({ faults: [{ line: 1, sentence }] });
  if (Buffer.byteLength(text) > MOST_BYTES)
    return only(`is larger than ${MOST_BYTES / 1024} KiB: this is no slipway.yaml`);
  if (text.startsWith('\uFEFF')) return only('begins with a byte order mark: save it as UTF-8 without one');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const faults: Fault[] = document.errors.map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    sentence: describeYamlError(error.code, error.message, text.slice(error.pos[0])),
  }));
  visit(document, {
    Alias: (_key, node) => {
      faults.push({
        line: lineOf(node, lines),
        sentence: `the alias *${node.source} is not allowed here: write the value itself`,
      });
    },
  });
  if (faults.length > 0) return { faults };
  if (document.contents === null) return only('is empty: it needs registry, images and environments');
  return { document, lines };
}

function describeYamlError(code: string, message: string, rest: string): string {
  if (code === 'DUPLICATE_KEY')
    return `the key ${quote(rest.match(/^["']?([^:"'\s]+)/)?.[1] ?? '')} stands twice: keep one`;
  if (code === 'MULTIPLE_DOCS') return 'holds several documents: keep one';
  if (code === 'TAB_AS_INDENT') return 'is indented with a tab: use spaces';
  return `is not YAML: ${message.split('\n')[0] ?? message}`;
}

type Issue = z.core.$ZodIssue;

/** Says what is wrong at one place: the place, the value as it is written, the remedy. */
function describeIssue(issue: Issue, source: Source): Fault[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(path, source);
    return issue.keys.map((key) => ({
      line: lineAt([...path, key], source),
      sentence: `${place(path)}unknown key ${quote(key)}${suggestName(key, known)}`,
    }));
  }
  const value = valueAt(path, source);
  const fault = (sentence: string): Fault[] => [{ line: lineAt(path, source), sentence }];
  if (issue.code === 'invalid_key') {
    const key = path.at(-1) ?? '';
    return fault(`${place(path.slice(0, -1))}${quote(key)} ${issue.issues[0]?.message ?? 'is not a name'}`);
  }
  if (value === undefined) {
    return fault(`${place(path.slice(0, -1))}${quote(path.at(-1) ?? '')} is missing: add it`);
  }
  if (issue.code === 'invalid_union')
    return fault(`${place(path)}${show(value)} is not known${suggestName(String(value), ['ecr', 'oci'])}`);
  if (issue.code === 'invalid_value') {
    return fault(`${place(path)}${show(value)} is not known${suggestName(String(value), issue.values.map(String))}`);
  }
  if (issue.code === 'invalid_type') return fault(`${place(path)}${show(value)} is not ${article(issue.expected)}`);
  return fault(`${place(path)}${show(value)} ${issue.message}`);
}

/** The keys that the schema knows at a place; found by asking it, so that there is one truth. */
function knownKeys(path: readonly string[], source: Source): string[] {
  const [top] = path;
  if (top === undefined) return Object.keys(configSchema.shape);
  if (top === 'images') return Object.keys(configSchema.shape.images.valueType.shape);
  if (top === 'environments') return Object.keys(configSchema.shape.environments.valueType.shape);
  if (top === 'terraform')
    return path.length === 1 ? Object.keys(configSchema.shape.terraform.unwrap().shape) : ['folder'];
  const type = valueAt(['registry', 'type'], source);
  const option = configSchema.shape.registry.options.find((candidate) => candidate.shape.type.value === type);
  return Object.keys(option?.shape ?? {});
}

function article(expected: string): string {
  const words: Record<string, string> = {
    string: 'text: put it in quotes',
    int: 'a whole number',
    number: 'a number',
    array: 'a list: write one item a line, each with a dash',
    object: 'a mapping: write key: value lines below it',
    record: 'a mapping: write key: value lines below it',
  };
  return words[expected] ?? expected;
}

/** What no schema can say: paths exist, names refer to something, nothing is said twice. */
function checkMeaning(written: WrittenConfig, source: Source, context: ConfigContext): Fault[] {
  const fault = (path: readonly string[], sentence: string): Fault => ({
    line: lineAt(path, source),
    sentence: `${place(path)}${sentence}`,
  });
  const missing = namedPaths(written)
    .filter((named) => !context.pathExists(named.path))
    .map((named) =>
      fault(named.at, `${quote(named.path)} does not exist in the repository: create it or correct the path`),
    );
  const outside = Object.entries(written.images).flatMap(([name, image]) =>
    image.dependencies.flatMap((path, index) =>
      image.inputs.some((input) => path === input || path.startsWith(`${input.replace(/\/$/, '')}/`))
        ? []
        : [
            fault(
              ['images', name, 'dependencies', String(index)],
              `${quote(path)} is not within the inputs: add it there or take it out here`,
            ),
          ],
    ),
  );
  return [...missing, ...outside, ...checkEnvironments(written, fault)];
}

function checkEnvironments(
  written: WrittenConfig,
  fault: (path: readonly string[], sentence: string) => Fault,
): Fault[] {
  const owners = new Map<string, string>();
  const names = Object.keys(written.environments);
  return Object.entries(written.environments).flatMap(([name, environment]) => {
    const faults: Fault[] = [];
    const owner = owners.get(normalize(environment.overlay));
    owners.set(normalize(environment.overlay), name);
    if (owner !== undefined)
      faults.push(
        fault(
          ['environments', name, 'overlay'],
          `${quote(environment.overlay)} is the overlay of ${owner} already: give each environment its own`,
        ),
      );
    if (environment.from !== undefined && !names.includes(environment.from)) {
      faults.push(
        fault(
          ['environments', name, 'from'],
          `${quote(environment.from)} is no environment${suggestName(environment.from, names)}`,
        ),
      );
    }
    if (environment.deploys === 'on-promotion' && environment.from === undefined) {
      faults.push(
        fault(['environments', name], 'deploys on promotion, but from where? Add from: and the environment before it'),
      );
    }
    if (leadsToItself(written, name))
      faults.push(
        fault(
          ['environments', name, 'from'],
          `${quote(environment.from ?? '')} leads back to ${name}: a promotion needs a beginning`,
        ),
      );
    return faults;
  });
}

function leadsToItself(written: WrittenConfig, name: string): boolean {
  const seen = new Set<string>();
  for (
    let next = written.environments[name]?.from;
    next !== undefined && !seen.has(next);
    next = written.environments[next]?.from
  ) {
    if (next === name) return true;
    seen.add(next);
  }
  return false;
}

function namedPaths(written: WrittenConfig): { path: string; at: string[] }[] {
  const images = Object.entries(written.images).flatMap(([name, image]) => [
    { path: image.template, at: ['images', name, 'template'] },
    ...image.inputs.map((path, index) => ({ path, at: ['images', name, 'inputs', String(index)] })),
    ...image.dependencies.map((path, index) => ({ path, at: ['images', name, 'dependencies', String(index)] })),
  ]);
  const overlays = Object.entries(written.environments).map(([name, environment]) => ({
    path: environment.overlay,
    at: ['environments', name, 'overlay'],
  }));
  const stacks = Object.entries(written.terraform?.stacks ?? {}).map(([name, { folder }]) => ({
    path: folder,
    at: ['terraform', 'stacks', name, 'folder'],
  }));
  return [...images, ...overlays, ...stacks].map((named) => ({ ...named, path: normalize(named.path) }));
}

function normalize(path: string): string {
  return path.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
}

function toConfig(written: WrittenConfig): Config {
  return {
    registry: written.registry,
    images: new Map(Object.entries(written.images).map(([name, image]) => [name, { name, ...image }])),
    environments: new Map(
      Object.entries(written.environments).map(([name, { overlay, deploys, from }]) => [
        name,
        { name, overlay: normalize(overlay), deploys, from },
      ]),
    ),
    terraform: written.terraform && {
      binary: written.terraform.binary,
      stacks: new Map(Object.entries(written.terraform.stacks).map(([name, { folder }]) => [name, normalize(folder)])),
    },
  };
}

function place(path: readonly string[]): string {
  return path.length === 0 ? '' : `${path.join('.')}: `;
}

function show(value: unknown): string {
  return typeof value === 'string' ? quote(value) : JSON.stringify(value).slice(0, 200);
}

function valueAt(path: readonly string[], source: Source): unknown {
  const node = path.length === 0 ? source.document.contents : nodeAt(path, source);
  return node === undefined || node === null ? undefined : node.toJS(source.document);
}

function nodeAt(path: readonly string[], source: Source): Node | undefined {
  let node: unknown = source.document.contents;
  for (const step of path) {
    if (isMap(node)) node = node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === step)?.value;
    else if (isSeq(node)) node = node.items[Number(step)];
    else return undefined;
  }
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node : undefined;
}

/** The line of a key, of a list item, or of the nearest thing above it that is there. */
function lineAt(path: readonly string[], source: Source): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? source.document.contents : nodeAt(path.slice(0, length - 1), source);
    const step = path[length - 1] ?? '';
    const pair = isMap(parent)
      ? parent.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === step)
      : undefined;
    if (pair !== undefined && isScalar(pair.key)) return lineOf(pair.key, source.lines);
    const item = isSeq(parent) ? parent.items[Number(step)] : undefined;
    if (isScalar(item) || isMap(item) || isSeq(item)) return lineOf(item, source.lines);
  }
  return 1;
}

function lineOf(node: { range?: readonly number[] | null | undefined }, lines: LineCounter): number {
  return lines.linePos(node.range?.[0] ?? 0).line;
}
