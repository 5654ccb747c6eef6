import { createHash } from 'node:crypto';
import { type Html, html, trust } from '#lab/github/page/html.ts';
import { SCRIPT, STYLE } from '#lab/github/page/style.ts';

/** Sent with every page: only its own script runs, and it asks only its own server. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': `default-src 'none'; style-src ${hashOf(STYLE)}; script-src ${hashOf(SCRIPT)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
};

/** Returns a whole page. A live one renews itself; without scripts it reloads every two seconds. */
export function renderFrame(title: string, body: Html, { isLive }: { readonly isLive: boolean }): string {
  const refresh = isLive ? html`<noscript><meta http-equiv="refresh" content="2"></noscript>` : undefined;
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>${refresh}<style>${trust(STYLE)}</style></head><body><div class="band">Stand-in for GitHub, running on this machine. Nothing here is github.com.</div><main${trust(isLive ? ' data-live="1"' : '')}>${body}</main><script>${trust(SCRIPT)}</script></body></html>`
    .markup;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
