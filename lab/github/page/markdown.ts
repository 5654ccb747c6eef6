import { type Html, html, trust } from '#lab/github/page/html.ts';

/**
 * Returns a job summary as markup: headings, paragraphs, tables, lists, quotes, code, links, emphasis, `<details>`,
 * `<sub>`, `<br>`, and `<ul>`, `<p>` and `<code>` as HTML. It is what the actions write, not all that GitHub shows; anything else stays text, so that no
 * summary can bring a script or break the page.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
 */
export function renderMarkdown(text: string): Html {
  const reader = { lines: text.replaceAll('\0', '').split(/\r?\n/), at: 0, open: 0 };
  const blocks: Html[] = [];
  while (reader.at < reader.lines.length) blocks.push(readBlock(reader));
  return html`${blocks}${trust('</details>'.repeat(reader.open))}`;
}

interface Reader {
  readonly lines: readonly string[];
  at: number;
  /** How many `<details>` are open. */
  open: number;
}

const TABLE_RULE = /^\s*\|?(\s*:?-{2,}:?\s*\|)*\s*:?-{2,}:?\s*\|?\s*$/;
const ITEM_OF_HTML = /^<li>(.*)<\/li>$/;
const ITEM = /^\s{0,3}(?:[-*+]|(\d{1,9})[.)])\s+/;

function readBlock(reader: Reader): Html {
  const line = reader.lines[reader.at] ?? '';
  const next = reader.lines[reader.at + 1] ?? '';
  const fence = line.match(/^\s{0,3}(`{3,}|~{3,})/)?.[1];
  if (fence !== undefined) return readFence(reader, fence);
  if (line.includes('|') && next.includes('-') && TABLE_RULE.test(next)) return readTable(reader);
  if (ITEM.test(line)) return readList(reader);
  if (line.trim() === '<ul>') return readItems(reader) ?? readParagraph(reader);
  if (/^\s{0,3}>/.test(line)) return readQuote(reader);
  const single = readLine(reader, line.trim());
  if (single === undefined) return readParagraph(reader);
  reader.at += 1;
  return single;
}

/** Returns what a line is by itself; undefined where it begins a paragraph. */
function readLine(reader: Reader, line: string): Html | undefined {
  if (line === '' || /^<!--(?:(?!-->).)*-->$/.test(line)) return trust(''); // GitHub shows no comment
  if (/^(?:-{3,}|\*{3,}|_{3,})$/.test(line)) return trust('<hr>');
  const [, marks = '', heading = ''] = line.match(/^(#{1,6})\s+(.*?)\s*#*$/) ?? [];
  if (marks !== '') return html`${trust(`<h${marks.length}>`)}${inline(heading)}${trust(`</h${marks.length}>`)}`;
  const summary = line.match(/^(<details(?: open)?>)?\s*<summary>(.*?)<\/summary>$/);
  if (summary !== null && (summary[1] !== undefined || reader.open > 0)) {
    if (summary[1] !== undefined) reader.open += 1;
    return html`${trust(summary[1] ?? '')}<summary>${inline(summary[2] ?? '')}</summary>`;
  }
  if (/^<details(?: open)?>$/.test(line)) {
    reader.open += 1;
    return trust(line);
  }
  const [, paragraph] = /^<p>(.*)<\/p>$/.exec(line) ?? [];
  if (paragraph !== undefined) return html`<p>${inline(paragraph)}</p>`;
  if (line !== '</details>' || reader.open === 0) return undefined;
  reader.open -= 1;
  return trust(line);
}

function readFence(reader: Reader, fence: string): Html {
  const code: string[] = [];
  for (reader.at += 1; reader.at < reader.lines.length; reader.at++) {
    const line = reader.lines[reader.at] ?? '';
    if (line.trim().startsWith(fence) && /^([`~])\1*$/.test(line.trim())) break;
    code.push(line);
  }
  reader.at += 1;
  return html`<pre>${code.join('\n')}</pre>`;
}

function readTable(reader: Reader): Html {
  const head = cellsOf(reader.lines[reader.at] ?? '');
  const rows: Html[] = [];
  for (reader.at += 2; (reader.lines[reader.at] ?? '').includes('|'); reader.at++) {
    const cells = cellsOf(reader.lines[reader.at] ?? '').slice(0, head.length);
    rows.push(html`<tr>${cells.map((cell) => html`<td>${inline(cell)}</td>`)}</tr>`);
  }
  const isNamed = head.some((cell) => cell !== '');
  const names = html`<thead><tr>${head.map((cell) => html`<th>${inline(cell)}</th>`)}</tr></thead>`;
  return html`<table>${isNamed ? names : undefined}<tbody>${rows}</tbody></table>`;
}

function cellsOf(line: string): string[] {
  const inner = line
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '');
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function readList(reader: Reader): Html {
  const number = (reader.lines[reader.at] ?? '').match(ITEM)?.[1];
  const items: string[] = [];
  for (; reader.at < reader.lines.length; reader.at++) {
    const line = reader.lines[reader.at] ?? '';
    const mark = line.match(ITEM);
    if (mark !== null && (mark[1] === undefined) === (number === undefined)) items.push(line.slice(mark[0].length));
    else if (/^\s+\S/.test(line)) items.push(`${items.pop() ?? ''} ${line.trim()}`);
    else break;
  }
  const list = items.map((item) => html`<li>${inline(item)}</li>`);
  return number === undefined ? html`<ul>${list}</ul>` : html`<ol start="${number}">${list}</ol>`;
}

/** Returns a list that is written as HTML, an item a line; undefined where anything else is in it. */
function readItems(reader: Reader): Html | undefined {
  const end = reader.lines.findIndex((line, at) => at > reader.at && line.trim() === '</ul>');
  const items = reader.lines
    .slice(reader.at + 1, Math.max(end, reader.at))
    .map((line) => ITEM_OF_HTML.exec(line.trim()));
  if (end < 0 || items.includes(null)) return undefined;
  reader.at = end + 1;
  return html`<ul>${items.map((item) => html`<li>${inline(item?.[1] ?? '')}</li>`)}</ul>`;
}

function readQuote(reader: Reader): Html {
  const lines: string[] = [];
  for (; /^\s{0,3}>/.test(reader.lines[reader.at] ?? ''); reader.at++)
    lines.push((reader.lines[reader.at] ?? '').replace(/^\s{0,3}>\s?/, ''));
  return html`<blockquote>${inline(lines.join('\n'))}</blockquote>`;
}

function readParagraph(reader: Reader): Html {
  const lines: string[] = [];
  do {
    lines.push((reader.lines[reader.at] ?? '').trim());
    reader.at += 1;
  } while (continues(reader));
  return html`<p>${inline(lines.join('\n'))}</p>`;
}

function continues({ lines, at }: Reader): boolean {
  const line = (lines[at] ?? '').trim();
  return line !== '' && !/^(?:#{1,6}\s|>|`{3}|~{3}|<\/?details|<summary>|\|)/.test(line) && !ITEM.test(line);
}

/** Code comes first, then links: nothing in them is markup. They wait in a list while the rest is read. */
function inline(text: string): Html {
  const kept: string[] = [];
  const keep = (markup: string): string => `\0${kept.push(markup) - 1}\0`;
  const restore = (part: string): string =>
    part.replace(/\0(\d+)\0/g, (_whole, index: string) => restore(kept[Number(index)] ?? ''));
  const withoutHtml = text.replace(/<code>(?:[^<>&]|&#?\w+;)*<\/code>/g, keep);
  const withoutCode = withoutHtml.replace(/(?<!`)(`+)(?!`)([\s\S]*?[^`])\1(?!`)/g, (_whole, _marks, code: string) =>
    keep(html`<code>${code.replace(/^ (.*) $/s, '$1')}</code>`.markup),
  );
  const withoutLinks = escapeText(withoutCode).replace(
    /\[([^\][]*)\]\((https?:\/\/[^\s()<>\0]+)\)/g,
    (_whole, label: string, address: string) => keep(`<a href="${address}" rel="noreferrer">${emphasize(label)}</a>`),
  );
  return trust(restore(emphasize(withoutLinks)));
}

function emphasize(escaped: string): string {
  return escaped
    .replace(/\*\*(?=\S)([^*]+?)(?<=\S)\*\*/g, '<strong>$1</strong>')
    .replace(/(?<![\w*])\*(?=\S)([^*]+?)(?<=\S)\*(?![\w*])/g, '<em>$1</em>')
    .replace(/(?<!\w)_(?=\S)([^_]+?)(?<=\S)_(?!\w)/g, '<em>$1</em>')
    .replace(/&lt;(sub|sup|b|i|kbd|strong|em)&gt;((?:(?!&lt;).)*)&lt;\/\1&gt;/gs, '<$1>$2</$1>')
    .replace(/&lt;br ?\/?&gt;/g, '<br>')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1');
}

/** Character references of the text's own stay; every other sign of markup becomes one. */
function escapeText(text: string): string {
  return text
    .replace(/&(?!(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z]\w{1,30});)/gi, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
