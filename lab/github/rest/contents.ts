import { type Handlers, type RestContext, refuse, resolveCommit } from '#lab/github/rest/call.ts';
import { repositoryUrl } from '#lab/github/rest/describe.ts';
import { readEntry, readTree, type TreeEntry } from '#lab/github/rest/tree.ts';

/** "If the requested file's size is between 1-100 MB … the content field will be an empty string and encoding none." */
const LARGEST_BYTES = 1024 * 1024;

/** Files and folders at a commit. https://docs.github.com/en/rest/repos/contents#get-repository-content */
export function contentHandlers(context: RestContext): Handlers {
  return {
    'repos/get-content': async ({ parameters, media }) => {
      const ref = parameters['ref'] === undefined ? 'refs/heads/main' : String(parameters['ref']);
      const sha = await resolveCommit(context, ref);
      if (sha === undefined) return refuse(404, `No commit found for the ref ${ref}`);
      const path = String(parameters['path']).replace(/^\/+|\/+$/g, '');
      const place = { context, sha, ref };
      if (path === '') return { status: 200, body: await listFolder(place, sha, '') };
      const entry = await readEntry(context.git, sha, path);
      if (entry === undefined) return refuse(404, 'Not Found');
      if (entry.kind === 'tree') return { status: 200, body: await listFolder(place, entry.sha, `${path}/`) };
      if (entry.kind === 'commit') return { status: 200, body: { ...describe(place, entry), submodule_git_url: '' } };
      const { bytes } = await context.git(['cat-file', 'blob', entry.sha]);
      if (media === 'raw') return { status: 200, type: 'application/vnd.github.raw; charset=utf-8', bytes };
      if (entry.mode === '120000')
        return { status: 200, body: { ...describe(place, entry), target: bytes.toString('utf8') } };
      return { status: 200, body: { ...describe(place, entry), ...encode(bytes) } };
    },
  };
}

interface Place {
  readonly context: RestContext;
  readonly sha: string;
  readonly ref: string;
}

async function listFolder(place: Place, tree: string, prefix: string): Promise<Record<string, unknown>[]> {
  const entries = await readTree(place.context.git, tree);
  return entries.map((entry) => describe(place, { ...entry, path: prefix + entry.path }));
}

/** Returns bytes as GitHub puts them into an answer: lines of 60 characters. */
export function toBase64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/.{1,60}/g, '$&\n');
}

function encode(bytes: Buffer): { content: string; encoding: string } {
  return bytes.length > LARGEST_BYTES
    ? { content: '', encoding: 'none' }
    : { content: toBase64(bytes), encoding: 'base64' };
}

function describe({ context, sha, ref }: Place, entry: TreeEntry): Record<string, unknown> {
  const path = entry.path.split('/').map(encodeURIComponent).join('/');
  const self = `${repositoryUrl(context)}/contents/${path}?ref=${encodeURIComponent(ref)}`;
  const git = `${repositoryUrl(context)}/git/${entry.kind === 'tree' ? 'trees' : 'blobs'}/${entry.sha}`;
  const html = `${context.url}/${context.repository}/${entry.kind === 'tree' ? 'tree' : 'blob'}/${sha}/${path}`;
  return {
    type: typeOf(entry),
    size: entry.size ?? 0,
    name: entry.path.split('/').at(-1),
    path: entry.path,
    sha: entry.sha,
    url: self,
    git_url: git,
    html_url: html,
    download_url: entry.kind === 'blob' ? `${context.url}/${context.repository}/raw/${sha}/${path}` : null,
    _links: { git, self, html },
  };
}

function typeOf({ kind, mode }: TreeEntry): 'dir' | 'file' | 'submodule' | 'symlink' {
  if (kind === 'tree') return 'dir';
  if (kind === 'commit') return 'submodule';
  return mode === '120000' ? 'symlink' : 'file';
}
