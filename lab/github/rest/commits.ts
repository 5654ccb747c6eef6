import { type Answer, type Handlers, type RestContext, refuse, resolveCommit } from '#lab/github/rest/call.ts';
import {
  type Commit,
  describeUser,
  nodeId,
  readCommit,
  repositoryUrl,
  verificationOf,
} from '#lab/github/rest/describe.ts';
import { type FileChange, readChanges, readPatch } from '#lab/github/rest/diff.ts';

const FILES_OF_A_COMMIT = 300;
const COMMITS_WITHOUT_PAGES = 250;
/** Git knows it in every repository. */
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/**
 * Commits as the pages of a repository show them, and what lies between two of them.
 * https://docs.github.com/en/rest/commits/commits
 */
export function commitHandlers(context: RestContext): Handlers {
  return {
    'repos/get-commit': async ({ parameters, media }) => {
      const ref = String(parameters['ref']);
      const sha = await resolveCommit(context, ref);
      if (sha === undefined) return refuse(422, `No commit found for SHA: ${ref}`);
      if (media === 'sha') return { status: 200, type: 'application/vnd.github.sha', bytes: Buffer.from(sha) };
      const range = [await parentOf(context, sha), sha] as const;
      if (media === 'diff') return asDiff(await readPatch(context.git, ...range));
      const files = await readChanges(context.git, ...range);
      const commit = await describeCommit(context, sha);
      const list = files.map((file) => describeFile(context, sha, file));
      const wrap = (page: readonly unknown[]): unknown => ({ ...commit, stats: countLines(files), files: page });
      return { status: 200, list, pageSize: FILES_OF_A_COMMIT, wrap };
    },
    'repos/list-commits': async ({ parameters }) => {
      const ref = String(parameters['sha'] ?? 'refs/heads/main');
      const sha = await resolveCommit(context, ref);
      if (sha === undefined) return refuse(404, 'Not Found');
      const path = parameters['path'] === undefined ? [] : ['--', String(parameters['path'])];
      const { text } = await context.git(['log', '--format=%H', '--max-count=1000', sha, ...path]);
      const list = text.split('\n').filter(Boolean);
      const wrap = (page: readonly unknown[]) => Promise.all(page.map((one) => describeCommit(context, String(one))));
      return { status: 200, list, wrap };
    },
    'repos/get-branch': async ({ parameters }) => describeBranch(context, String(parameters['branch'])),
    'repos/compare-commits-with-basehead': async ({ parameters, media, isPaged }) => {
      const [base, head] = await readRange(context, String(parameters['basehead']));
      if (base === undefined || head === undefined) return refuse(404, 'Not Found');
      const { code, text } = await context.git(['merge-base', base, head]);
      const fork = text.trim();
      if (code !== 0) return refuse(404, `No common ancestor between ${base} and ${head}.`);
      if (media === 'diff') return asDiff(await readPatch(context.git, fork, head));
      return compare(context, { base, head, fork }, String(parameters['basehead']), isPaged);
    },
  };
}

/** https://docs.github.com/en/rest/branches/branches#get-a-branch */
async function describeBranch(context: RestContext, name: string): Promise<Answer> {
  const ref = `refs/heads/${name}`;
  const { code, text } = await context.git(['show-ref', '--verify', '--hash', '--', ref]);
  if (code !== 0) return refuse(404, 'Branch not found', 'https://docs.github.com/rest/branches/branches#get-a-branch');
  const self = `${repositoryUrl(context)}/branches/${encodeURIComponent(name)}`;
  const isProtected = context.rules.isProtected(ref);
  const _links = { self, html: `${context.url}/${context.repository}/tree/${encodeURI(name)}` };
  return {
    status: 200,
    body: {
      name,
      commit: await describeCommit(context, text.trim()),
      _links,
      protected: isProtected,
      protection: { enabled: isProtected },
      protection_url: `${self}/protection`,
    },
  };
}

interface Range {
  readonly base: string;
  readonly head: string;
  /** Where the two parted. */
  readonly fork: string;
}

async function compare(
  context: RestContext,
  { base, head, fork }: Range,
  written: string,
  isPaged: boolean,
): Promise<Answer> {
  const ahead = await listCommits(context, base, head);
  const behind = await listCommits(context, head, base);
  const url = `${repositoryUrl(context)}/compare/${encodeURI(written)}`;
  const page = `${context.url}/${context.repository}/compare/${encodeURI(written)}`;
  const wrap = async (commits: readonly unknown[], number: number): Promise<unknown> => ({
    url,
    html_url: page,
    permalink_url: `${context.url}/${context.repository}/compare/${base}...${head}`,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    base_commit: await describeCommit(context, base),
    merge_base_commit: await describeCommit(context, fork),
    status: relationOf(ahead.length, behind.length),
    ahead_by: ahead.length,
    behind_by: behind.length,
    total_commits: ahead.length,
    commits: await Promise.all(commits.map((sha) => describeCommit(context, String(sha)))),
    // "the list of changed files is only shown on the first page of results"
    files: number > 1 ? [] : await listFiles(context, fork, head),
  });
  const list = isPaged ? ahead : ahead.slice(-COMMITS_WITHOUT_PAGES);
  return { status: 200, list, pageSize: COMMITS_WITHOUT_PAGES, wrap };
}

async function listFiles(context: RestContext, from: string, to: string): Promise<Record<string, unknown>[]> {
  const files = await readChanges(context.git, from, to);
  return files.slice(0, FILES_OF_A_COMMIT).map((file) => describeFile(context, to, file));
}

/** Branches may have dots in their names, but not two of them. */
async function readRange(context: RestContext, written: string): Promise<(string | undefined)[]> {
  const parts = written.split('...');
  if (parts.length !== 2) return [];
  return Promise.all(parts.map((part) => resolveCommit(context, part)));
}

/** Oldest first. */
async function listCommits(context: RestContext, from: string, to: string): Promise<string[]> {
  return (await context.git(['rev-list', '--reverse', to, `^${from}`])).text.split('\n').filter(Boolean);
}

function relationOf(ahead: number, behind: number): 'ahead' | 'behind' | 'diverged' | 'identical' {
  if (ahead > 0 && behind > 0) return 'diverged';
  return ahead > 0 ? 'ahead' : behind > 0 ? 'behind' : 'identical';
}

/** A first commit is compared with nothing. */
async function parentOf(context: RestContext, sha: string): Promise<string> {
  return (await resolveCommit(context, `${sha}^1`)) ?? EMPTY_TREE;
}

function asDiff(bytes: Buffer): Answer {
  return { status: 200, type: 'application/vnd.github.diff; charset=utf-8', bytes };
}

function countLines(files: readonly FileChange[]): Record<'additions' | 'deletions' | 'total', number> {
  const additions = files.reduce((sum, file) => sum + file.additions, 0);
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0);
  return { additions, deletions, total: additions + deletions };
}

function describeFile(context: RestContext, sha: string, file: FileChange): Record<string, unknown> {
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  const web = `${context.url}/${context.repository}`;
  return {
    sha: file.sha,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${web}/blob/${sha}/${path}`,
    raw_url: `${web}/raw/${sha}/${path}`,
    contents_url: `${repositoryUrl(context)}/contents/${path}?ref=${sha}`,
    ...(file.patch === undefined ? {} : { patch: file.patch }),
    ...(file.previousPath === undefined ? {} : { previous_filename: file.previousPath }),
  };
}

/** Returns a `commit`. */
export async function describeCommit(context: RestContext, sha: string): Promise<Record<string, unknown>> {
  const commit = await readCommit(context, sha);
  const url = `${repositoryUrl(context)}/commits/${sha}`;
  return {
    sha,
    node_id: nodeId('Commit', sha),
    url,
    html_url: `${context.url}/${context.repository}/commit/${sha}`,
    comments_url: `${url}/comments`,
    commit: describeInner(context, commit),
    author: accountOf(context, commit.author.email),
    committer: accountOf(context, commit.committer.email),
    parents: commit.parents.map((parent) => ({
      sha: parent,
      url: `${repositoryUrl(context)}/commits/${parent}`,
      html_url: `${context.url}/${context.repository}/commit/${parent}`,
    })),
  };
}

function describeInner(context: RestContext, commit: Commit): Record<string, unknown> {
  const git = `${repositoryUrl(context)}/git`;
  return {
    url: `${git}/commits/${commit.sha}`,
    author: commit.author,
    committer: commit.committer,
    message: commit.message,
    tree: { sha: commit.tree, url: `${git}/trees/${commit.tree}` },
    comment_count: 0,
    verification: verificationOf(context, commit.sha),
  };
}

/** GitHub knows people by the addresses of their commits; the stand-in only by GitHub's own. */
function accountOf(context: RestContext, email: string): Record<string, unknown> | null {
  const login = email.match(/^(?:\d+\+)?([^@]+)@users\.noreply\.github\.com$/)?.[1];
  return login === undefined ? null : describeUser(context, login);
}
