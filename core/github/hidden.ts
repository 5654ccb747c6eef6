/** What a text of ours says about itself, by key. */
export type Said = ReadonlyMap<string, string>;

/**
 * Returns a text with a hidden first line, where no text of a plan can stand: whose it is, and what it says about itself.
 * What is undefined is left out; a value holds no white space.
 */
export function writeHidden(
  name: string,
  fields: readonly (readonly [key: string, value: string | number | undefined])[],
  body: string,
): string {
  const written = fields.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]));
  return `<!-- slipway:${name} ${written.join(' ')} -->\n${body.replace(/\r\n?/g, '\n').trimEnd()}`;
}

/** Returns what a text of this name says about itself; undefined for every other text. */
export function readHidden(name: string, text: string): Said | undefined {
  const [first = ''] = text.split(/\r?\n/, 1);
  const fields = /^<!-- slipway:(\S+) (.*)-->$/.exec(first);
  if (fields === null || fields[1] !== name) return undefined;
  const pairs = (fields[2] ?? '').split(' ').map((field) => field.split(/=(.*)/s));
  return new Map(pairs.map(([key = '', value = '']) => [key, value]));
}

/** Returns a number that a text says about itself; 0, which is older than every run, where it says none. */
export function readNumber(said: Said, key: string): number {
  const text = said.get(key) ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

/** Returns a text of ours without its first line. */
export function bodyBelow(text: string): string {
  return text.replace(/\r\n?/g, '\n').split('\n').slice(1).join('\n').trimEnd();
}
