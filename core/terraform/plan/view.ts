import { Atom, canonical } from '#core/values/canonical.ts';
import { isObject } from '#core/values/json.ts';

/** A value that only apply will know. */
export const UNKNOWN = Symbol('known after apply');

/** A value that the plan marks as sensitive. It can be compared, and is never printed. */
export class Sensitive extends Atom {
  readonly #value: unknown;

  constructor(value: unknown) {
    super();
    this.#value = value;
  }

  /** Returns what is the same for the same hidden value only: to compare, never to print. */
  get secretKey(): string {
    return canonical(this.#value);
  }

  override get canonical(): string {
    return `\0sensitive${this.secretKey}`;
  }
}

/** A value of a plan with its unknown and sensitive parts marked in place. */
export type View =
  | string
  | number
  | bigint
  | boolean
  | null
  | typeof UNKNOWN
  | Sensitive
  | readonly View[]
  | { readonly [key: string]: View };

/** The masks of a value: `true` where it is unknown or sensitive, in the shape of the value. */
export interface Masks {
  readonly unknown?: unknown;
  readonly sensitive?: unknown;
}

/** Returns a value with what its masks say. A sensitive null is null: it hides nothing. */
export function readView(value: unknown, { unknown, sensitive }: Masks): View {
  if (sensitive === true && unknown === true) return new Sensitive(UNKNOWN);
  if (sensitive === true) return (value ?? null) === null ? null : new Sensitive(value);
  if (unknown === true) return UNKNOWN;
  if (Array.isArray(value) || isMaskedList(unknown)) return readList(value, unknown, sensitive);
  if (isObject(value) || isMaskedObject(unknown)) return readObject(value, unknown, sensitive);
  return (value ?? null) as View; // JSON has nothing else
}

function readList(value: unknown, unknown: unknown, sensitive: unknown): View[] {
  const [values, unknowns, sensitives] = [value, unknown, sensitive].map((each) => (Array.isArray(each) ? each : []));
  const length = Math.max(values?.length ?? 0, unknowns?.length ?? 0);
  return Array.from({ length }, (_one, at) =>
    readView(values?.[at], { unknown: unknowns?.[at], sensitive: sensitives?.[at] }),
  );
}

function readObject(value: unknown, unknown: unknown, sensitive: unknown): { [key: string]: View } {
  const own = (object: unknown, key: string): unknown =>
    isObject(object) && Object.hasOwn(object, key) ? object[key] : undefined;
  const keys = new Set([value, unknown].flatMap((object) => (isObject(object) ? Object.keys(object) : [])));
  const entries = [...keys].map((key): [string, View] => [
    key,
    readView(own(value, key), { unknown: own(unknown, key), sensitive: own(sensitive, key) }),
  ]);
  return Object.fromEntries(entries);
}

/** An empty mask says nothing: the value may well be null. */
function isMaskedList(mask: unknown): boolean {
  return Array.isArray(mask) && mask.length > 0;
}

function isMaskedObject(mask: unknown): boolean {
  return isObject(mask) && Object.keys(mask).length > 0;
}
