import { isObject } from './json.ts';

/** A value that is compared by a text of its own, such as one that is never printed. */
export abstract class Atom {
  /** The same for the same values only. */
  abstract get canonical(): string;
}

/** Returns text that is the same for the same values only, whatever the order of their keys: to compare, never to print. */
export function canonical(value: unknown): string {
  if (value instanceof Atom) return value.canonical;
  if (typeof value === 'symbol') return `\0${value.description}`;
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value instanceof Map) return writeFields([...value.keys()], (key) => value.get(key));
  return isObject(value) ? writeFields(Object.keys(value), (key) => value[key]) : JSON.stringify(value ?? null);
}

function writeFields(keys: readonly string[], get: (key: string) => unknown): string {
  const fields = keys.toSorted().map((key) => `${JSON.stringify(key)}:${canonical(get(key))}`);
  return `{${fields.join()}}`;
}
