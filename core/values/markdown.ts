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
  const longest = Math.max(0, ...[...clean.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = '`'.repeat(longest + 1);
  const padding = clean.startsWith('`') || clean.endsWith('`') || clean === '' ? ' ' : '';
  return `${fence}${padding}${clean.replaceAll('|', '\\|')}${padding}${fence}`;
}

/** Returns lines as a block of code that nothing in them can end. */
export function codeBlock(lines: readonly string[]): string {
  const clean = lines.map((line) => line.replace(/\p{Cc}/gu, ''));
  const lengths = clean.flatMap((line) => [...line.matchAll(/`+/g)].map((match) => match[0].length + 1));
  const fence = '`'.repeat(Math.max(3, ...lengths));
  return [fence, ...clean, fence].join('\n');
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
