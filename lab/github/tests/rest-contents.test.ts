import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createExec } from '#core/system/exec.ts';
import { type Api, openApi, WHERE } from '#lab/github/tests/open-api.ts';

let api: Api;
let base: string;
let head: string;

const LINES = Array.from({ length: 12 }, (_none, index) => `line ${index + 1}`);

/** Commits a work tree as it is then. */
async function commit(message: string, files: Readonly<Record<string, string | Buffer | undefined>>): Promise<string> {
  const work = join(api.root, 'work');
  const exec = createExec({ ...process.env, GIT_DIR: api.bare, GIT_WORK_TREE: work });
  for (const [name, content] of Object.entries(files)) {
    const path = join(work, name);
    mkdirSync(dirname(path), { recursive: true });
    if (content === undefined) rmSync(path);
    else writeFileSync(path, content);
  }
  const identity = ['-c', 'user.name=A', '-c', 'user.email=octocat@users.noreply.github.com'];
  await exec(['git', 'add', '--all'], { cwd: work });
  await exec(['git', ...identity, 'commit', '--quiet', '--message', message], { cwd: work });
  return (await exec(['git', 'rev-parse', 'HEAD'])).stdout.toString().trim();
}

beforeAll(async () => {
  api = await openApi();
  mkdirSync(join(api.root, 'work'));
  symlinkSync('docs/a b.md', join(api.root, 'work', 'link'));
  base = await commit('Files', {
    'docs/a b.md': '# Ä\n',
    'docs/deep/er.md': 'x\n',
    'list.txt': `${LINES.join('\n')}\n`,
    'binary.png': Buffer.from([0, 1, 2, 255]),
    'large.txt': 'x'.repeat(1024 * 1024 + 1),
    'old name.txt': 'one\ntwo\nthree\n',
  });
  head = await commit('Changes', {
    'list.txt': `${LINES.with(5, 'changed\rdiff --git a/fake b/fake').join('\n')}\nlast without newline`,
    'binary.png': Buffer.from([0, 1, 2, 254]),
    'old name.txt': undefined,
    'new "name".txt': 'one\ntwo\nthree\n',
    'docs/deep/er.md': undefined,
    'docs/ünï.md': 'new\n',
  });
});

afterEach(() => expect(api.rest.violations).toEqual([]));

afterAll(() => api.close());

describe('the repository', () => {
  test('is told, with what the asker may do', async () => {
    const { data } = await api.job({ contents: 'read' }).rest.repos.get(WHERE);
    expect(data).toMatchObject({ full_name: 'acme/tenant', default_branch: 'main', private: true });
    expect(data.permissions).toMatchObject({ pull: true, push: false, admin: false });
    expect((await api.person.rest.repos.get({ owner: 'ACME', repo: 'Tenant' })).data.permissions?.admin).toBe(true);
  });

  test('a person is told who they are, a job is not', async () => {
    expect((await api.person.rest.users.getAuthenticated()).data).toMatchObject({ login: 'octocat', type: 'User' });
    await expect(api.job({ contents: 'write' }).rest.users.getAuthenticated()).rejects.toMatchObject({ status: 403 });
  });
});

describe('contents', () => {
  const read = async (path: string, ref?: string) =>
    (await api.person.rest.repos.getContent({ ...WHERE, path, ...(ref === undefined ? {} : { ref }) })).data;

  test('a file is read, at a branch, a commit or the default branch', async () => {
    const file = await read('docs/a b.md');
    expect(file).toMatchObject({ type: 'file', name: 'a b.md', path: 'docs/a b.md', size: 5, encoding: 'base64' });
    if (!('content' in file)) throw new Error('a file has its content');
    expect(Buffer.from(file.content, 'base64').toString()).toBe('# Ä\n');
    expect(await read('docs/deep/er.md', base)).toMatchObject({ size: 2 });
    await expect(read('docs/deep/er.md', 'main')).rejects.toMatchObject({ status: 404 });
  });

  test('a folder is listed, the first one, too', async () => {
    const names = async (path: string): Promise<unknown> => {
      const list = await read(path);
      return Array.isArray(list) ? list.map((entry) => `${entry.type} ${entry.path}`) : list;
    };
    expect(await names('docs')).toEqual(['file docs/a b.md', 'file docs/ünï.md']);
    expect(await names('')).toContain('dir docs');
    expect(await names('/docs/')).toHaveLength(2);
  });

  test('a link says where it leads, a large file only how large it is', async () => {
    expect(await read('link')).toMatchObject({ type: 'symlink', target: 'docs/a b.md' });
    expect(await read('large.txt')).toMatchObject({ encoding: 'none', content: '', size: 1024 * 1024 + 1 });
  });

  test('the bytes themselves, for who wants them', async () => {
    const answer = await api.ask('/repos/acme/tenant/contents/binary.png', {
      headers: { accept: 'application/vnd.github.raw' },
    });
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.from([0, 1, 2, 254]));
  });

  test.each(['no/such', '../x', 'docs/../docs', '--help', 'a\nb'])('nothing is at %j', async (path) => {
    await expect(read(path)).rejects.toMatchObject({ status: 404 });
    await expect(read('docs', path)).rejects.toMatchObject({ status: 404 });
  });
});

describe('commits', () => {
  test('a commit tells its files and lines', async () => {
    const { data } = await api.person.rest.repos.getCommit({ ...WHERE, ref: 'main' });
    expect(data).toMatchObject({ sha: head, author: { login: 'octocat' }, commit: { message: 'Changes' } });
    expect(data.stats).toEqual({ additions: 3, deletions: 2, total: 5 });
    const files = data.files?.map((file) => [file.filename, file.status, file.additions, file.deletions]);
    expect(files).toEqual([
      ['binary.png', 'modified', 0, 0],
      ['docs/deep/er.md', 'removed', 0, 1],
      ['docs/ünï.md', 'added', 1, 0],
      ['list.txt', 'modified', 2, 1],
      ['new "name".txt', 'renamed', 0, 0],
    ]);
    expect(data.files?.at(4)).toMatchObject({ previous_filename: 'old name.txt' });
    const patch = data.files?.at(3)?.patch ?? '';
    expect(patch).toMatch(/^@@ -3,10 \+3,11 @@/);
    expect(patch).toContain('+changed\rdiff --git a/fake b/fake\n');
    expect(patch.endsWith('+last without newline\n\\ No newline at end of file')).toBe(true);
    expect(data.files?.at(0)?.patch).toBeUndefined();
  });

  test('the first commit is all new; its sha or its diff come alone when asked for', async () => {
    expect((await api.person.rest.repos.getCommit({ ...WHERE, ref: api.first })).data.files).toEqual([]);
    const as = async (format: string): Promise<string> => {
      const headers = { accept: `application/vnd.github.${format}` };
      return (await api.ask('/repos/acme/tenant/commits/main', { headers })).text();
    };
    expect(await as('sha')).toBe(head);
    expect(await as('diff')).toContain('rename to "new \\"name\\".txt"');
    await expect(api.person.rest.repos.getCommit({ ...WHERE, ref: 'no-such' })).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('No commit found for SHA: no-such'),
    });
  });

  test('the files of a commit come in pages when asked for', async () => {
    const page = await api.person.rest.repos.getCommit({ ...WHERE, ref: head, per_page: 2, page: 3 });
    expect(page.data.files?.map((file) => file.filename)).toEqual(['new "name".txt']);
    expect(page.headers.link).toContain('rel="first"');
  });
});

describe('comparing', () => {
  const compare = async (basehead: string, page?: { page: number; per_page: number }) =>
    (await api.person.rest.repos.compareCommitsWithBasehead({ ...WHERE, basehead, ...page })).data;

  test('tells how two commits are related', async () => {
    expect(await compare(`${api.first}...main`)).toMatchObject({
      status: 'ahead',
      ahead_by: 3,
      behind_by: 0,
      commits: [{ sha: api.second }, { sha: base }, { sha: head }],
    });
    expect(await compare('main...team/topic')).toMatchObject({
      status: 'behind',
      behind_by: 3,
      commits: [],
      files: [],
    });
    expect(await compare('main...main')).toMatchObject({ status: 'identical', total_commits: 0 });
  });

  test('two that parted are compared from where they did', async () => {
    const side = api.git('commit-tree', `${api.first}^{tree}`, '-p', api.first, '-m', 'Side');
    const data = await compare(`${side}...${base}`);
    expect(data).toMatchObject({ status: 'diverged', ahead_by: 2, behind_by: 1 });
    expect(data.merge_base_commit.sha).toBe(api.first);
    expect(data.files).toHaveLength(7);
  });

  test('its commits come in pages, its files with the first', async () => {
    const first = await compare(`${api.first}...main`, { page: 1, per_page: 2 });
    const second = await compare(`${api.first}...main`, { page: 2, per_page: 2 });
    expect([first.commits.length, second.commits.length]).toEqual([2, 1]);
    expect([first.total_commits, second.files]).toEqual([3, []]);
    expect(first.files?.length).toBeGreaterThan(0);
  });

  test.each(['main', 'main..main', 'main...no-such', '--help...main', '...'])(
    '%s is not a comparison',
    async (range) => {
      await expect(compare(range)).rejects.toMatchObject({ status: 404 });
    },
  );

  test('two that never were one are not compared', async () => {
    const other = api.git('commit-tree', `${api.first}^{tree}`, '-m', 'Another root');
    await expect(compare(`main...${other}`)).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining('No common ancestor'),
    });
  });
});
