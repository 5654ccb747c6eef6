import { canonical } from '#core/values/canonical.ts';
import { isObject, parseJson } from '#core/values/json.ts';
import { findGaps, type Gap } from '#core/values/sequence.ts';
import { Sensitive, UNKNOWN, type View } from './view.ts';

/** Where in a value, such as `['tags', 'owner']`. */
type Place = readonly (string | number)[];

/** What differs at one place of two values. */
export type Difference =
  /** Another value; `undefined` where there is none. A list or object is whole where the other side is not known yet. */
  | {
      readonly kind: 'value';
      readonly path: Place;
      readonly before: View | undefined;
      readonly after: View | undefined;
    }
  /** Text of several lines, of which some differ. */
  | {
      readonly kind: 'text';
      readonly path: Place;
      readonly before: string;
      readonly after: string;
    }
  /** JSON in a string that says the same in other words: spacing, or the order of keys. */
  | { readonly kind: 'spelling'; readonly path: Place };

/** Returns what differs between two values, leaf by leaf, in the order of the keys. A null is as good as absent. */
export function findDifferences(before: View | undefined, after: View | undefined): Difference[] {
  const found: Difference[] = [];
  compare(before ?? undefined, after ?? undefined, [], found);
  return found;
}

type Maybe = View | undefined;

function compare(before: Maybe, after: Maybe, path: Place, found: Difference[]): void {
  if (before === after) return;
  const was = openJson(before);
  const is = openJson(after);
  const isJson = was !== before || is !== after;
  if (isJson && isOpened(was, before) && isOpened(is, after)) compareJson(was, is, path, found);
  else if (isListOrAbsent(before, after)) compareLists(toList(before), toList(after), path, found);
  else if (isObjectOrAbsent(before, after)) compareObjects(toObject(before), toObject(after), path, found);
  else if (isUnknown(before) || isUnknown(after)) found.push({ kind: 'value', path, before: was, after: is });
  else if (isNested(before) || isNested(after)) {
    compare(before, undefined, path, found);
    compare(undefined, after, path, found);
  } else compareLeaves(before, after, path, found);
}

function compareLeaves(before: Maybe, after: Maybe, path: Place, found: Difference[]): void {
  if (isEmpty(before) && isEmpty(after) && Array.isArray(before) === Array.isArray(after)) return;
  if (before instanceof Sensitive && after instanceof Sensitive && before.secretKey === after.secretKey) return;
  const [old, text] = [before ?? '', after ?? ''];
  if (typeof old === 'string' && typeof text === 'string' && (isText(old) || isText(text)))
    found.push({ kind: 'text', path, before: old, after: text });
  else found.push({ kind: 'value', path, before, after });
}

/** Returns the list or object that a string holds as JSON; anything else as it is. */
function openJson(value: Maybe): Maybe {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value) || isDeep(value)) return value;
  try {
    return parseJson(value) as View; // what JSON gives is a view
  } catch {
    return value;
  }
}

/** Nesting of JSON in a string that is looked into: deeper ones would exhaust the stack. */
const DEEPEST = 200;

function isDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    if (depth > DEEPEST) return true;
  }
  return false;
}

/** True where a string held JSON, or nothing is. */
function isOpened(opened: Maybe, written: Maybe): boolean {
  return written === undefined || opened !== written;
}

function compareJson(was: Maybe, is: Maybe, path: Place, found: Difference[]): void {
  const inside: Difference[] = [];
  compare(was, is, path, inside);
  if (inside.length === 0) found.push({ kind: 'spelling', path });
  else found.push(...inside);
}

/** True for text that is shown line by line. */
function isText(text: string): boolean {
  return /\n./.test(text);
}

/** True for a list or an object with something in it; an empty one is shown as it is. */
function isNested(value: Maybe): boolean {
  return toList(value).length > 0 || Object.keys(toObject(value) ?? {}).length > 0;
}

function isEmpty(value: Maybe): boolean {
  return !isNested(value) && (Array.isArray(value) || toObject(value) !== undefined);
}

/** True for two lists, or one that appears or goes; two empty ones are compared elsewhere. */
function isListOrAbsent(before: Maybe, after: Maybe): boolean {
  return [before ?? [], after ?? []].every(Array.isArray) && (isNested(before) || isNested(after));
}

function toList(value: Maybe): readonly View[] {
  return Array.isArray(value) ? value : [];
}

function toObject(value: Maybe): Readonly<Record<string, View>> | undefined {
  return isObject(value) && !(value instanceof Sensitive) ? (value as Readonly<Record<string, View>>) : undefined;
}

function isObjectOrAbsent(before: Maybe, after: Maybe): boolean {
  return (
    toObject(before ?? {}) !== undefined && toObject(after ?? {}) !== undefined && (isNested(before) || isNested(after))
  );
}

type Fields = Readonly<Record<string, View>> | undefined;

function compareObjects(before: Fields, after: Fields, path: Place, found: Difference[]): void {
  const keys = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  const own = (side: Fields, key: string): Maybe =>
    side !== undefined && Object.hasOwn(side, key) ? (side[key] ?? undefined) : undefined;
  for (const key of keys) compare(own(before, key), own(after, key), [...path, key], found);
}

/** Compares lists by what their items are, so that one more at the front is one more and not another of each. */
function compareLists(before: readonly View[], after: readonly View[], path: Place, found: Difference[]): void {
  const gaps = findGaps(before.map(canonical), after.map(canonical));
  for (const gap of gaps) compareGap(gap, before, after, path, found);
}

/** In a gap, items that can be two versions of one thing are compared; the rest are gone or new. */
function compareGap(gap: Gap, before: readonly View[], after: readonly View[], path: Place, found: Difference[]): void {
  const paired = Math.min(gap.to - gap.from, gap.end - gap.start);
  for (let at = 0; at < paired; at++)
    compareItem(before[gap.from + at], after[gap.start + at], [...path, gap.start + at], found);
  for (let at = gap.from + paired; at < gap.to; at++) compareItem(before[at], undefined, [...path, at], found);
  for (let at = gap.start + paired; at < gap.end; at++) compareItem(undefined, after[at], [...path, at], found);
}

/** A null in a list is an item, unlike a null in an object. */
function compareItem(before: Maybe, after: Maybe, path: Place, found: Difference[]): void {
  if (before !== null && after !== null) {
    compare(before, after, path, found);
    return;
  }
  if (isNested(before)) compare(before, undefined, path, found);
  if (isNested(after)) compare(undefined, after, path, found);
  const leaf = (side: Maybe): Maybe => (isNested(side) ? undefined : side);
  found.push({ kind: 'value', path, before: leaf(before), after: leaf(after) });
}

/** True where only apply will know the new value. */
export function isUnknownAfter(difference: Difference): boolean {
  return difference.kind === 'value' && isUnknown(difference.after);
}

/** True for a value that only apply will know. */
export function isUnknown(value: View | undefined): boolean {
  return value === UNKNOWN || (value instanceof Sensitive && value.secretKey === canonical(UNKNOWN));
}
