/** Integers that a double cannot hold have at least 16 digits. */
const MAY_HOLD_LONG_NUMBER = /\d{16}/;

/** Returns what JSON says, integers that a double cannot hold as bigint: two of them that differ stay different. */
export function parseJson(text: string): unknown {
  return MAY_HOLD_LONG_NUMBER.test(text) ? JSON.parse(text, reviveExactly) : JSON.parse(text);
}

function reviveExactly(_key: string, value: unknown, { source }: { source?: string } = {}): unknown {
  const isLong = typeof value === 'number' && !Number.isSafeInteger(value);
  return isLong && source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/** True for an object of JSON: neither null nor a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns what a path of keys and places leads to in JSON; undefined where it leads nowhere. */
export function followPath(json: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (node, key) => (typeof node === 'object' && node !== null ? Reflect.get(node, key) : undefined),
    json,
  );
}
