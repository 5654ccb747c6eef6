import { hideUserinfo } from '#core/values/userinfo.ts';

/** Returns text that Markdown and HTML show as it is, on one line: nothing in it can become markup, a link or a mention. */
export function escapeMarkdown(text: string): string {
  return hideUserinfo(text)
    .replace(/[\r\n]+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_{}[\]()#+!|~@:]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Returns text as inline code whatever backticks it has; pipes are escaped for tables. */
export function inlineCode(text: string): string {
  const clean = hideUserinfo(text)
    .replace(/[\r\n]+/g, ' ')
    .replace(/\p{Cc}/gu, '');
  const inert = disarm(clean);
  const longest = Math.max(0, ...[...clean.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = '`'.repeat(longest + 1);
  const padding = clean.startsWith('`') || clean.endsWith('`') || clean === '' ? ' ' : '';
  return `${fence}${padding}${inert.replaceAll('|', '\\|')}${padding}${fence}`;
}

/** The runner obeys `::` at the start of a line of a log, and `##[` anywhere in one. */
function disarm(line: string): string {
  return line.replace(/^(\s*)::/, '$1\\u003a:').replaceAll('##[', '#\\u0023[');
}

/** Returns lines as a block of code that nothing in them can end, and that a workflow's log does not take for commands. */
export function codeBlock(lines: readonly string[], language = ''): string {
  const clean = lines.map((line) => disarm(line.replace(/(?!\t)\p{Cc}/gu, '')));
  const lengths = clean.flatMap((line) => [...line.matchAll(/`+/g)].map((match) => match[0].length + 1));
  const fence = '`'.repeat(lengths.reduce((most, length) => Math.max(most, length), 3));
  return [`${fence}${language}`, ...clean, fence].join('\n');
}

/** Returns text as inline code of HTML, for a line that Markdown leaves alone, such as a summary. */
export function htmlCode(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  const inert = disarm(showInvisible(hideUserinfo(text))).replace(/[&<>"]/g, (char) => entities[char] ?? '');
  return `<code>${inert}</code>`;
}

/** What a reader cannot see, or what moves its neighbours: controls, marks of direction, odd spaces, halves of characters. */
const INVISIBLE = /[\p{C}\p{Z}\u115f\u1160\u2800\u3164\uffa0]|(?<=\p{M}{3})\p{M}/gu;

/** Returns text with what a reader cannot see as escapes, such as `\u202e`; spaces stay. */
export function showInvisible(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return text.replace(INVISIBLE, (char) => {
    if (char === ' ') return char;
    const code = (char.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
  });
}

/** Returns a number as people read it: `10,000`. */
export function showCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ','); // toLocaleString loads tables for 20 ms
}

/** Returns a Markdown link; the address is percent-encoded where Markdown would end it. Of an address that is not http(s) only the text is left. */
export function link(text: string, address: string): string {
  if (!/^https?:\/\//.test(address)) return text;
  return `[${text}](${hideUserinfo(address).replace(/[\s()<>|]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`)})`;
}

/** Returns a table; cells must be Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
