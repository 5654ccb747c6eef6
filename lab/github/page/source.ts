import { renderFrame } from '#lab/github/page/frame.ts';
import { type Html, html } from '#lab/github/page/html.ts';
import { readChanges } from '#lab/github/rest/diff.ts';
import { type Git, kindOf } from '#lab/github/rest/git.ts';
import { readEntry, readTree, type TreeEntry } from '#lab/github/rest/tree.ts';

/** Git knows it in every repository. */
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** A file of the repository for download, or a page. */
export type Source = { readonly page: string } | { readonly bytes: Buffer };

/**
 * Returns what summaries and the API link to: `commit/<sha>`, `tree/<sha>/<path>`, `blob/<sha>/<path>`,
 * `raw/<sha>/<path>`, as the path goes on after the repository's name; undefined where there is nothing.
 */
export async function readSource(git: Git, repository: string, path: string): Promise<Source | undefined> {
  const [, kind = '', sha = '', rest = ''] = path.match(/^(commit|tree|blob|raw)\/([0-9a-f]{40})(?:\/(.*))?$/) ?? [];
  if ((await kindOf(git, sha)) !== 'commit') return undefined;
  if (kind === 'commit') return { page: await renderCommit(git, repository, sha) };
  const place = rest.replace(/\/+$/, '');
  const entry = place === '' ? undefined : await readEntry(git, sha, place);
  if (place !== '' && entry === undefined) return undefined;
  if (entry?.kind === 'blob') {
    const { bytes } = await git(['cat-file', 'blob', entry.sha]);
    return kind === 'raw' ? { bytes } : { page: renderFile(repository, sha, place, bytes) };
  }
  const entries = await readTree(git, entry?.sha ?? sha);
  return { page: renderFolder(repository, sha, place, entries) };
}

async function renderCommit(git: Git, repository: string, sha: string): Promise<string> {
  const { text } = await git(['log', '-1', '--format=%an%x00%cI%x00%P%x00%B', sha]);
  const [author = '', at = '', parents = '', message = ''] = text.split('\0');
  const [subject = '', ...body] = message.trim().split('\n');
  const files = await readChanges(git, parents.split(' ')[0] || EMPTY_TREE, sha);
  const changes = files.map(
    (file) =>
      html`<p><strong>${file.path}</strong> <span class="soft small">${file.status}, +${file.additions} −${file.deletions}</span></p>${file.patch === undefined ? undefined : renderPatch(file.patch)}`,
  );
  const about = html`<p class="soft">${author} at ${at} · <code>${sha}</code> · <a href="/${repository}/tree/${sha}">all files</a></p>`;
  const page = html`${back}<h1>${subject}</h1>${about}<pre>${body.join('\n').trim()}</pre>${changes}`;
  return renderFrame(`${subject} · ${sha.slice(0, 7)}`, page, { isLive: false });
}

function renderPatch(patch: string): Html {
  const lines = patch.split('\n').map((line) => {
    if (line.startsWith('+')) return html`<span class="add">${line}</span>\n`;
    return line.startsWith('-') ? html`<span class="del">${line}</span>\n` : html`${line}\n`;
  });
  return html`<pre class="patch">${lines}</pre>`;
}

const back = html`<p class="small"><a href="/">← all runs</a></p>`;

function renderFile(repository: string, sha: string, path: string, bytes: Buffer): string {
  const raw = html`<p class="soft small"><code>${sha.slice(0, 7)}</code> · <a href="${addressOf(repository, 'raw', sha, path)}">raw</a></p>`;
  const text = bytes.includes(0) ? `${bytes.length} bytes, not text` : bytes.toString('utf8');
  return renderFrame(path, html`${back}<h1>${path}</h1>${raw}<pre class="patch">${text}</pre>`, { isLive: false });
}

function renderFolder(repository: string, sha: string, path: string, entries: readonly TreeEntry[]): string {
  const prefix = path === '' ? '' : `${path}/`;
  const rows = entries.map(({ path: name, kind }) => {
    const address = addressOf(repository, kind === 'tree' ? 'tree' : 'blob', sha, prefix + name);
    return html`<li><a href="${address}">${name}${kind === 'tree' ? '/' : ''}</a></li>`;
  });
  const title = path === '' ? repository : path;
  return renderFrame(title, html`${back}<h1>${title}</h1><ul>${rows}</ul>`, { isLive: false });
}

function addressOf(repository: string, kind: string, sha: string, path: string): string {
  return `/${repository}/${kind}/${sha}/${path.split('/').map(encodeURIComponent).join('/')}`;
}
