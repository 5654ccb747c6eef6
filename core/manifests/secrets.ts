import type { KubeObject } from '#core/manifests/objects.ts';
import { type Fields, isFields, isList, isSame, Plain, type Value } from '#core/manifests/value.ts';
import { HIDDEN } from '#core/terraform/secrets.ts';

/** The fields of a Secret that hold its values. */
const FIELDS = ['data', 'stringData'];

/** True for a Secret of the core group, whose values are hidden. */
export function isSecret({ group, kind }: KubeObject): boolean {
  return group === '' && kind === 'Secret';
}

/** Returns every value of the Secrets among objects: as it is written, and of `data` also what the base64 says. */
export function listSecrets(objects: readonly KubeObject[]): string[] {
  return objects
    .filter(isSecret)
    .flatMap(({ root }) => [
      ...listTexts(root.get('stringData')),
      ...listTexts(root.get('data')).flatMap((text) => [text, Buffer.from(text, 'base64').toString('utf8')]),
    ]);
}

function listTexts(value: Value | undefined): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Plain) return [value.text];
  if (isList(value)) return value.flatMap(listTexts);
  return isFields(value) ? [...value.values()].flatMap(listTexts) : [];
}

/** Returns the fields of a Secret with each value hidden; one that differs from `other`'s says so, and nothing else. */
export function maskSecret(root: Fields, other: Fields | undefined): Fields {
  return new Map(
    [...root].map(([field, value]) => [field, FIELDS.includes(field) ? mask(value, other?.get(field)) : value]),
  );
}

function mask(value: Value, other: Value | undefined): Value {
  if (isFields(value))
    return new Map([...value].map(([key, inner]) => [key, mask(inner, isFields(other) ? other.get(key) : undefined)]));
  const isChanged = other !== undefined && !isSame(value, other);
  return new Plain(isChanged ? `${HIDDEN}, changed` : HIDDEN);
}
