/** What is printed instead of a secret. */
export const HIDDEN = '(sensitive)';

/** Returns text with every secret in it replaced by {@link HIDDEN}. */
export type Scrub = (text: string) => string;

/** Shorter values are in every page: hiding them would blank it and tell what they are. */
const SHORTEST = 4;
/** A line of a secret, or a string in its JSON, is a secret of its own from this length on. */
const SHORTEST_PART = 6;
/** Below this length a plain word or number is hidden only where it is a word of its own: `test`, but not `latest`. */
const SHORTEST_INSIDE = 8;
const COMMON = new Set(['true', 'false', 'null', 'none']);

/**
 * Returns a function that hides secrets in any text: as they are, line by line, as JSON, percent-encoded and in base64,
 * also inside a longer text that was encoded. Its time does not depend on how many secrets there are.
 */
export function createScrub(secrets: Iterable<string>): Scrub {
  const forms = new Set<string>();
  for (const secret of new Set(secrets)) {
    if (isWorthHiding(secret)) for (const form of listForms(secret)) if (isWorthHiding(form)) forms.add(form);
    for (const part of listParts(secret)) for (const form of listForms(part)) if (isWorthHiding(form)) forms.add(form);
  }
  if (forms.size === 0) return (text) => text;
  const index = indexByStart(forms);
  return (text) => replaceForms(text, index);
}

function isWorthHiding(text: string): boolean {
  return text.trim().length >= SHORTEST && !COMMON.has(text.trim().toLowerCase());
}

/** Returns the lines of a secret, and the strings in it where it is JSON. */
function listParts(secret: string): string[] {
  const lines = secret.split(/[\r\n]+/);
  const parts = lines.length > 1 ? lines.map((line) => line.trim()) : [];
  return [...parts, ...listStrings(secret)].filter((part) => part.length >= SHORTEST_PART);
}

function listStrings(secret: string): string[] {
  if (!/^\s*[[{"]/.test(secret)) return [];
  const strings: string[] = [];
  try {
    JSON.parse(secret, (_key, value: unknown) => {
      if (typeof value === 'string') strings.push(value);
    });
  } catch {
    return []; // it only looks like JSON
  }
  return strings;
}

function listForms(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  // Go escapes these too, and so does jsonencode
  const go = json.replace(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
  const url = encodeURIComponent(secret.toWellFormed());
  const strict = url.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const encoded = [url, strict, strict.replaceAll('%20', '+')];
  const lower = encoded.map((form) => form.replace(/%[0-9A-F]{2}/g, (octet) => octet.toLowerCase()));
  const texts = [secret, secret.replaceAll(/\r?\n/g, '\r\n'), json, go];
  return [...texts, ...encoded, ...lower, ...[secret, json, go].flatMap(encodeBase64)];
}

/** Returns what base64 makes of a text at each of its three places in a group, without what its neighbours decide. */
function encodeBase64(text: string): string[] {
  const bytes = Buffer.from(text, 'utf8');
  const forms = [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    return whole.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6));
  });
  return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}

/** Forms by a number made of their first four characters; the longest first, so that a part does not spoil the whole. */
type Index = ReadonlyMap<number, readonly string[]>;

function indexByStart(forms: Iterable<string>): Index {
  const index = new Map<number, string[]>();
  for (const form of forms) {
    const start = hashAt(form, 0);
    const known = index.get(start);
    if (known === undefined) index.set(start, [form]);
    else known.push(form);
  }
  for (const known of index.values()) known.sort((a, b) => b.length - a.length);
  return index;
}

function hashAt(text: string, at: number): number {
  let hash = 0;
  for (let next = at; next < at + SHORTEST; next++) hash = (hash * 31 + text.charCodeAt(next)) | 0;
  return hash;
}

function replaceForms(text: string, index: Index): string {
  let shown = '';
  let done = 0;
  for (let at = 0; at + SHORTEST <= text.length; at++) {
    const form = index.get(hashAt(text, at))?.find((one) => text.startsWith(one, at) && isAlone(text, one, at));
    if (form === undefined) continue;
    shown += text.slice(done, at) + HIDDEN;
    done = at + form.length;
    at = done - 1;
  }
  return done === 0 ? text : shown + text.slice(done);
}

function isAlone(text: string, form: string, at: number): boolean {
  if (form.length >= SHORTEST_INSIDE || !/^([A-Za-z]+|\d+)$/.test(form)) return true;
  const isWord = (char: string | undefined): boolean => char !== undefined && /[A-Za-z0-9]/.test(char);
  return !isWord(text[at - 1]) && !isWord(text[at + form.length]);
}
