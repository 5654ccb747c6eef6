import type * as z from 'zod';
import { configSchema } from '#core/config/config.ts';
import { type ConfigDocument, type Fault, faultAt, type Path, valueAt } from '#core/config/document.ts';
import { quote } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';

type FreezeOptions = ReturnType<
  typeof configSchema.shape.environments.valueType.shape.freezes.unwrap
>['element']['options'];

/** Returns what the schema finds wrong at one place: the place, the value as it is written, the remedy. */
export function describeIssue(issue: z.core.$ZodIssue, document: ConfigDocument): Fault[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(path, document);
    return issue.keys.map((key) => {
      const sentence =
        path[2] === 'kustomize' && /plugin|exec|network/i.test(key)
          ? `${quote(key)} would let a manifest run code: Slipway renders without plugins; take it out`
          : `unknown key ${quote(key)}${suggestName(key, known)}`;
      return faultAt(document, path, sentence, [...path, key]);
    });
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const [weekly = [], dated = []] = issue.errors; // the freezes are the only union without a key that tells
    const errors = isDatedFreeze(path, document) ? dated : weekly;
    return errors.flatMap((inner) => describeIssue({ ...inner, path: [...issue.path, ...inner.path] }, document));
  }
  const [above, key] = [path.slice(0, -1), path.at(-1) ?? ''];
  if (issue.code === 'invalid_key') {
    const reason = issue.issues[0]?.message ?? 'is not a name';
    return [faultAt(document, above, `${quote(key)} ${reason}`, path)];
  }
  const value = valueAt(document, path);
  if (value === undefined) return [faultAt(document, above, `${quote(key)} is missing: add it`, path)];
  return [faultAt(document, path, `${show(value)} ${describeReason(issue, value)}`)];
}

function describeReason(issue: z.core.$ZodIssue, value: unknown): string {
  const unknownAmong = (known: readonly unknown[]) => `is not known${suggestName(String(value), known.map(String))}`;
  if (issue.code === 'invalid_union') return unknownAmong('options' in issue ? (issue.options ?? []) : []);
  if (issue.code === 'invalid_value') return unknownAmong(issue.values);
  if (issue.code === 'invalid_type') return `is not ${nameType(issue.expected)}`;
  return issue.message;
}

/** The keys that the schema knows at a place; the schema itself is asked, so no list can differ from it. */
function knownKeys(path: Path, document: ConfigDocument): string[] {
  const { registry, images, environments, terraform } = configSchema.shape;
  const [top] = path;
  if (top === undefined) return Object.keys(configSchema.shape);
  if (top === 'images') return Object.keys(images.valueType.shape);
  if (top === 'environments') {
    const { shape } = environments.valueType;
    if (path[2] === 'kustomize') return Object.keys(shape.kustomize.unwrap().shape);
    return path.length === 2
      ? Object.keys(shape)
      : knownFreezeKeys(shape.freezes.unwrap().element.options, path, document);
  }
  if (top === 'terraform') {
    const { shape } = terraform.unwrap();
    return Object.keys(path.length === 1 ? shape : shape.stacks.valueType.shape);
  }
  const type = valueAt(document, ['registry', 'type']);
  const option = registry.options.find((candidate) => candidate.shape.type.value === type);
  return Object.keys(option?.shape ?? {});
}

function knownFreezeKeys([weekly, dated]: FreezeOptions, path: Path, document: ConfigDocument): string[] {
  if (path.length > 4) return Object.keys(weekly.shape.weekly.shape);
  return Object.keys(isDatedFreeze(path, document) ? dated.shape : weekly.shape);
}

/** A freeze that has neither form's keys is meant as a weekly one. */
function isDatedFreeze(path: Path, document: ConfigDocument): boolean {
  const has = (key: string): boolean => valueAt(document, [...path, key]) !== undefined;
  return !has('weekly') && (has('from') || has('to'));
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text: put it in quotes',
  int: 'a whole number',
  number: 'a number',
  boolean: 'a switch: write true or false, without quotes',
  array: 'a list: write one item a line, each with a dash',
  object: 'a mapping: write key: value lines below it',
  record: 'a mapping: write key: value lines below it',
};

function nameType(expected: string): string {
  return TYPES[expected] ?? expected;
}

function show(value: unknown): string {
  return typeof value === 'string' ? quote(value) : JSON.stringify(value).slice(0, 200);
}
