import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';

type Root = ReturnType<typeof fromMarkdown>;
type Nodes = Root | Root['children'][number] | Phrasing;
type Phrasing = Extract<Root['children'][number], { type: 'paragraph' }>['children'][number];

/** Returns Markdown as GitHub's dialect reads it. */
function parseGfm(markdown: string): Root {
  return fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
}

/** What the renderer writes itself; a value may be in code only. */
const OURS = new Set([
  'root',
  'heading',
  'paragraph',
  'text',
  'inlineCode',
  'code',
  'html',
  'strong',
  'blockquote',
  'table',
  'tableRow',
  'tableCell',
]);
/** The words that stand outside of code: a mention, an issue's number, a formula or a link needs other characters. */
const WORDS = /^[\w ,.:;()'’·…[\]!\n-]*$/;
const TAG = /^<(details|details open|\/details|summary|\/summary|ul|\/ul|li|\/li|b|\/b|code|\/code)>/;

/** Returns what is in a comment that may have come from a value and is not inert; empty where all is well. */
export function findLive(markdown: string): string[] {
  const live: string[] = [];
  const open: string[] = [];
  visit(parseGfm(markdown), (node) => {
    if (!OURS.has(node.type)) live.push(`${node.type}: ${JSON.stringify(node).slice(0, 200)}`);
    if (node.type === 'text' && !WORDS.test(node.value)) live.push(`text: ${node.value}`);
    if (node.type === 'code' && node.lang !== 'diff') live.push(`code: ${node.lang}`);
    if (node.type === 'html') live.push(...readHtml(node.value, open));
  });
  return [...live, ...open.map((tag) => `never closed: ${tag}`)];
}

function visit(node: Nodes, look: (node: Nodes) => void): void {
  look(node);
  if ('children' in node) for (const child of node.children) visit(child, look);
}

/** Reads the tags of a piece of HTML; text may stand in code, or be our words. */
function readHtml(html: string, open: string[]): string[] {
  const faults: string[] = [];
  for (let rest = html; rest !== ''; ) {
    const [tag = '', name = ''] = TAG.exec(rest) ?? [];
    if (tag !== '') {
      rest = rest.slice(tag.length);
      if (!name.startsWith('/')) open.push(name.split(' ')[0] ?? '');
      else if (open.pop() !== name.slice(1)) faults.push(`closed and not open: ${tag}`);
      continue;
    }
    const text = /^[^<]*/.exec(rest)?.[0] ?? '';
    if (text === '') return [...faults, `a tag: ${rest.slice(0, 80)}`];
    if (open.at(-1) !== 'code' && !WORDS.test(text)) faults.push(`text: ${text}`);
    if (/[\r\n]/.test(text.trim())) faults.push(`a line ends: ${text}`);
    rest = rest.slice(text.length);
  }
  return faults;
}
