import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { $ } from 'zx/core';

/**
 * Draws comments as GitHub's own style renders them, for the README: `npm run screenshots`, with Chromium
 * (apt install chromium fonts-liberation). docs/images/sources.json says which text each picture shows; a test holds
 * them together.
 */
const root = join(import.meta.dirname, '..');
const folder = join(root, 'docs/images');

/** The Markdown that each picture shows. */
export const SHOTS: Readonly<Record<string, string>> = {
  'pull-request-comment.png': 'core/comment/tests/golden/three-sections.md',
};

/** CSS pixels: as wide as GitHub shows a README. */
const WIDTH = 830;

/** Returns the hash of the text that a picture shows. */
export function hashSource(path: string): string {
  return createHash('sha256')
    .update(readFileSync(join(root, path)))
    .digest('hex');
}

/** Returns a page with one comment, its folds open, in the given style. */
export function renderPage(markdown: string, style: string): string {
  const html = micromark(markdown, { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] });
  const open = html.replaceAll('<details>', '<details open>');
  return [
    '<!doctype html><meta charset="utf-8">',
    `<style>${style}${FRAME}</style>`,
    '<article><header><b>github-actions</b> bot commented</header>',
    `<div class="markdown-body">${colourDiffs(open)}</div></article>`,
    // the window gets this height for the picture
    '<script>document.title = String(Math.ceil(document.documentElement.scrollHeight));</script>',
  ].join('\n');
}

/** What is around a comment on GitHub. */
const FRAME = `
  body { margin: 0; padding: 8px; background: #fff; width: ${WIDTH - 16}px; }
  article { border: 1px solid #d1d9e0; border-radius: 6px; overflow: hidden; }
  header { padding: 8px 16px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0; color: #59636e;
    font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; }
  header b { color: #1f2328; }
  .markdown-body { padding: 16px; font-size: 14px; }
  .markdown-body pre { white-space: pre-wrap; overflow-wrap: anywhere; }
`;

/** GitHub colours the lines of a diff by these classes. */
function colourDiffs(html: string): string {
  return html.replace(/(<code class="language-diff">)([\s\S]*?)(<\/code>)/g, (_all, start, lines, end) => {
    const coloured = String(lines)
      .replace(/^-.*$/gm, '<span class="pl-md">$&</span>')
      .replace(/^\+.*$/gm, '<span class="pl-mi1">$&</span>');
    return `${start}${coloured}${end}`;
  });
}

async function draw(page: string, picture: string, scratch: string): Promise<void> {
  const file = join(scratch, 'page.html');
  writeFileSync(file, page);
  const address = pathToFileURL(file).href;
  const flags = ['--headless=new', '--no-sandbox', '--hide-scrollbars', '--disable-gpu', `--user-data-dir=${scratch}`];
  const { stdout } = await $`chromium ${flags} --window-size=${WIDTH},600 --dump-dom ${address}`.quiet();
  const height = /<title>(\d+)<\/title>/.exec(stdout)?.[1] ?? '600';
  const size = ['--force-device-scale-factor=2', `--window-size=${WIDTH},${height}`];
  await $`chromium ${flags} ${size} --screenshot=${picture} ${address}`.quiet();
}

if (import.meta.main) {
  const css = readFileSync(fileURLToPath(import.meta.resolve('github-markdown-css/github-markdown-light.css')), 'utf8');
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-screenshots-'));
  mkdirSync(folder, { recursive: true });
  for (const [picture, source] of Object.entries(SHOTS)) {
    await draw(renderPage(readFileSync(join(root, source), 'utf8'), css), join(folder, picture), scratch);
    console.log(`docs/images/${picture}`);
  }
  rmSync(scratch, { recursive: true });
  const hashes = Object.entries(SHOTS).map(([picture, source]) => [picture, hashSource(source)]);
  writeFileSync(join(folder, 'sources.json'), `${JSON.stringify(Object.fromEntries(hashes), undefined, 2)}\n`);
}
