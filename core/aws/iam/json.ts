import { describeError, quote, Refusal } from '#core/values/errors.ts';

/**
 * Returns the parsed JSON. Refuses text that is none, and a key that is there twice in one object: readers differ in which
 * of the two they keep, so what was judged here need not be what AWS applies.
 */
export function parseStrictJson(text: string): unknown {
  const value = parseJson(text);
  const twice = findDuplicateKey(text);
  if (twice !== undefined) throw new Refusal(`the key ${quote(twice)} is there twice in one object: keep one`);
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Refusal(`is not JSON: ${describeError(error).replaceAll(/\s+/g, ' ')}`);
  }
}

/** Returns the first key that an object holds twice. The text is known to be JSON, so strings and brackets are enough. */
function findDuplicateKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (const [token, string, colon] of text.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (string !== undefined && colon !== undefined) {
      const key = String(JSON.parse(string));
      if (open.at(-1)?.has(key)) return key;
      open.at(-1)?.add(key);
    }
  }
  return undefined;
}
