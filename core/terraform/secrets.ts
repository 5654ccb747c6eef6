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
  const forms = new Map<string, Form>();
  const add = (text: string, isBase64: boolean): void => {
    if (isWorthHiding(text) && !forms.has(text)) forms.set(text, { text, isBase64 });
  };
  for (const secret of new Set(secrets)) {
    for (const one of [secret, ...listParts(secret)].filter(isWorthHiding)) {
      const texts = listForms(one);
      for (const text of texts) add(text, false);
      for (const text of texts.flatMap(encodeBase64)) add(text, true);
    }
  }
  if (forms.size === 0) return (text) => text;
  const index = indexByStart(forms.values());
  return (text) => replaceForms(text, index);
}

/** What a secret can look like. */
interface Form {
  readonly text: string;
  readonly isBase64: boolean;
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
  return [...new Set([secret, secret.replaceAll(/\r?\n/g, '\r\n'), json, go, ...encoded, ...lower])];
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
type Index = ReadonlyMap<number, readonly Form[]>;

function indexByStart(forms: Iterable<Form>): Index {
  const index = new Map<number, Form[]>();
  for (const form of forms) {
    const start = hashAt(form.text, 0);
    const known = index.get(start);
    if (known === undefined) index.set(start, [form]);
    else known.push(form);
  }
  for (const known of index.values()) known.sort((a, b) => b.text.length - a.text.length);
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
    const form = index.get(hashAt(text, at))?.find((one) => text.startsWith(one.text, at) && isAlone(text, one, at));
    if (form === undefined) continue;
    const end = at + form.text.length;
    const [from, to] = form.isBase64 ? widen(text, at, end, done) : [at, end];
    shown += text.slice(done, from) + HIDDEN;
    done = to;
    at = done - 1;
  }
  return done === 0 ? text : shown + text.slice(done);
}

/** In base64 the characters beside a secret hold bits of it: the whole word goes. */
function widen(text: string, at: number, end: number, done: number): [number, number] {
  const isBase64 = (char: string | undefined): boolean => char !== undefined && /[\w+/=-]/.test(char);
  let [from, to] = [at, end];
  while (from > done && isBase64(text[from - 1])) from--;
  while (isBase64(text[to])) to++;
  return [from, to];
}

function isAlone(text: string, { text: form, isBase64 }: Form, at: number): boolean {
  if (isBase64 || form.length >= SHORTEST_INSIDE || !/^([A-Za-z]+|\d+)$/.test(form)) return true;
  const isWord = (char: string | undefined): boolean => char !== undefined && /[A-Za-z0-9]/.test(char);
  return !isWord(text[at - 1]) && !isWord(text[at + form.length]);
}
