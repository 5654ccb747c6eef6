import { createHash } from 'node:crypto';
import type { Plan, PlannedChange } from '#core/terraform/plan/classify.ts';
import { viewChange } from '#core/terraform/plan/compare.ts';
import type { Change } from '#core/terraform/plan/parse.ts';
import { Sensitive, UNKNOWN, type View } from '#core/terraform/plan/view.ts';
import { canonical } from '#core/values/canonical.ts';
import { isObject } from '#core/values/json.ts';

/**
 * Returns what is the same for two plans that change the same: 64 hex digits over address, actions and the values before
 * and after. Left out is what only apply will know, with what was there before, and the moment of the plan itself: a
 * resource that `timestamp()` or `plantimestamp()` triggers is in every plan alike. Of a sensitive value it only says
 * whether it changes, since what is printed must not let anyone try values out.
 */
export function fingerprintPlan(plan: Plan, timestamp: string | undefined): string {
  const changes = plan.changes.filter(({ kind }) => kind !== 'read').map((change) => describeChange(change, timestamp));
  const outputs = plan.outputs.map(({ name, change }) => canonical(['output', name, describe(change, timestamp)]));
  const actions = plan.actions.map(({ address, trigger }) => canonical(['action', address, trigger ?? null]));
  return createHash('sha256')
    .update([...changes, ...outputs, ...actions].sort().join('\n'))
    .digest('hex');
}

function describeChange(planned: PlannedChange, timestamp: string | undefined): string {
  const { kind, address, deposed, movedFrom, importedAs, change } = planned;
  return canonical([
    kind,
    address,
    deposed ?? null,
    movedFrom ?? null,
    importedAs ?? null,
    describe(change, timestamp),
  ]);
}

function describe(change: Change, timestamp: string | undefined): unknown {
  const { before, after } = viewChange(change);
  const [was, is] = leaveUnknown(before, after);
  return [change.actions, maskPlan(was, timestamp), maskPlan(is, timestamp)];
}

/** Returns both sides without the places that only apply will know, and with sensitive ones as whether they change. */
function leaveUnknown(before: View | undefined, after: View | undefined): [View | undefined, View | undefined] {
  if (after === UNKNOWN || isSensitiveUnknown(after)) return [undefined, undefined];
  if (before instanceof Sensitive || after instanceof Sensitive) {
    const isSame = canonical(before) === canonical(after);
    return [isSame ? 'sensitive' : 'sensitive, changes', undefined];
  }
  if (Array.isArray(after) && Array.isArray(before)) return leaveInList(before, after);
  if (isFields(after) && (isFields(before) || before === undefined || before === null))
    return leaveInFields(before, after);
  if (Array.isArray(after)) return [before, after.map((item) => leaveUnknown(undefined, item)[1] ?? null)];
  return [hide(before), after];
}

function leaveInList(before: readonly View[], after: readonly View[]): [View, View] {
  const length = Math.max(before.length, after.length);
  const pairs = Array.from({ length }, (_one, at) => leaveUnknown(before[at], after[at]));
  return [pairs.map(([was]) => was ?? null), pairs.map(([, is]) => is ?? null)];
}

type Fields = { readonly [key: string]: View };

function isFields(value: View | undefined): value is Fields {
  return isObject(value) && !(value instanceof Sensitive);
}

function leaveInFields(before: Fields | null | undefined, after: Fields): [View, View] {
  const keys = new Set([...Object.keys(before ?? {}), ...Object.keys(after)]);
  const own = (side: Fields | null | undefined, key: string): View | undefined =>
    side !== null && side !== undefined && Object.hasOwn(side, key) ? side[key] : undefined;
  const pairs = [...keys].map((key) => [key, leaveUnknown(own(before, key), own(after, key))] as const);
  const keep = (side: 0 | 1): View =>
    Object.fromEntries(pairs.flatMap(([key, pair]) => (pair[side] === undefined ? [] : [[key, pair[side]]])));
  return [keep(0), keep(1)];
}

/** Of what goes away the sensitive parts are not known to change: they are only named. */
function hide(value: View | undefined): View | undefined {
  if (value instanceof Sensitive) return 'sensitive';
  if (Array.isArray(value)) return value.map((item) => hide(item) ?? null);
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hide(inner) ?? null]));
}

function isSensitiveUnknown(value: View | undefined): boolean {
  return value instanceof Sensitive && value.secretKey === canonical(UNKNOWN);
}

/** Returns a value with the moment of the plan as a word, wherever `plantimestamp()` has put it. */
function maskPlan(value: View | undefined, timestamp: string | undefined): View | undefined {
  if (timestamp === undefined || timestamp === '') return value;
  if (typeof value === 'string') return value.replaceAll(timestamp, 'the moment of the plan');
  if (Array.isArray(value)) return value.map((item) => maskPlan(item, timestamp) ?? null);
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskPlan(inner, timestamp) ?? null]));
}
