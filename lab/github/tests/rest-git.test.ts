import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Api, openApi, WHERE } from '#lab/github/tests/open-api.ts';

type TreeOf = NonNullable<Parameters<Api['person']['rest']['git']['createTree']>[0]>['tree'];

let api: Api;

beforeAll(async () => {
  api = await openApi();
});

afterEach(() => expect(api.rest.violations).toEqual([]));

afterAll(() => api.close());

describe('references', () => {
  const ref = 'refs/heads/made/here';

  test('created, read, moved forward and deleted, in the real repository', async () => {
    const { rest } = api.job({ contents: 'write' });
    await rest.git.createRef({ ...WHERE, ref, sha: api.first });
    expect(api.git('rev-parse', ref)).toBe(api.first);
    await expect(rest.git.createRef({ ...WHERE, ref, sha: api.first })).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('already exists'),
    });
    await rest.git.updateRef({ ...WHERE, ref: 'heads/made/here', sha: api.second });
    expect((await rest.git.getRef({ ...WHERE, ref: 'heads/made/here' })).data.object).toMatchObject({
      type: 'commit',
      sha: api.second,
    });
    await expect(rest.git.updateRef({ ...WHERE, ref: 'heads/made/here', sha: api.first })).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('not a fast forward'),
    });
    await rest.git.updateRef({ ...WHERE, ref: 'heads/made/here', sha: api.first, force: true });
    expect((await rest.git.listMatchingRefs({ ...WHERE, ref: 'heads/made' })).data).toHaveLength(1);
    await rest.git.deleteRef({ ...WHERE, ref: 'heads/made/here' });
    await expect(rest.git.getRef({ ...WHERE, ref: 'heads/made/here' })).rejects.toMatchObject({ status: 404 });
    expect(api.moves).toEqual(Array.from({ length: 4 }, () => ({ by: 'job', ref })));
  });

  test.each(['refs/heads', 'heads/x', 'refs/heads/a..b', 'refs/heads/-\n'])('%j is not a name', async (name) => {
    await expect(api.person.rest.git.createRef({ ...WHERE, ref: name, sha: api.first })).rejects.toMatchObject({
      status: 422,
    });
  });

  test('a protected branch refuses a job and takes a person', async () => {
    const { rest } = api.job({ contents: 'write' });
    const wanted = { ...WHERE, ref: 'heads/locked', sha: api.second };
    await expect(rest.git.updateRef(wanted)).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('GH006'),
    });
    expect(api.git('rev-parse', 'refs/heads/locked')).toBe(api.first);
    await api.person.rest.git.updateRef(wanted);
    expect(api.git('rev-parse', 'refs/heads/locked')).toBe(api.second);
  });

  test('a commit is read whole', async () => {
    const { data } = await api.person.rest.git.getCommit({ ...WHERE, commit_sha: api.second });
    expect(data).toMatchObject({
      sha: api.second,
      message: 'Second\n\nwith a body',
      parents: [{ sha: api.first }],
      author: { name: 'A' },
    });
    for (const commit_sha of ['main', '--help', '0'.repeat(40)])
      await expect(api.person.rest.git.getCommit({ ...WHERE, commit_sha })).rejects.toMatchObject({ status: 404 });
  });
});

describe('objects', () => {
  test('a commit is made of a blob and a tree, and a branch put on it', async () => {
    const { rest } = api.job({ contents: 'write' });
    const { data: blob } = await rest.git.createBlob({ ...WHERE, content: 'hello ü\n' });
    const encoded = { content: Buffer.from([0, 255, 10]).toString('base64'), encoding: 'base64' };
    const { data: binary } = await rest.git.createBlob({ ...WHERE, ...encoded });
    const { data: tree } = await rest.git.createTree({
      ...WHERE,
      tree: [
        { path: 'docs/a b.md', mode: '100644', type: 'blob', sha: blob.sha },
        { path: 'run.sh', mode: '100755', type: 'blob', content: '#!/bin/sh\n' },
        { path: 'bin', mode: '100644', type: 'blob', sha: binary.sha },
      ],
    });
    const { data: commit, headers } = await rest.git.createCommit({
      ...WHERE,
      message: 'A commit\n\nwith "quotes" & <signs>',
      tree: tree.sha,
      parents: [api.second],
    });
    expect(headers.location).toBe(commit.url);
    await rest.git.createRef({ ...WHERE, ref: 'refs/heads/made', sha: commit.sha });
    expect(api.git('log', '-1', '--format=%an <%ae> %cI%n%B', 'refs/heads/made')).toBe(
      'github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com> 2026-11-24T03:00:00+00:00\nA commit\n\nwith "quotes" & <signs>',
    );
    expect(api.git('ls-tree', '-r', 'refs/heads/made').split('\n')).toEqual([
      `100644 blob ${binary.sha}\tbin`,
      `100644 blob ${blob.sha}\tdocs/a b.md`,
      expect.stringMatching(/^100755 blob [0-9a-f]{40}\trun\.sh$/),
    ]);
    expect(api.git('fsck', '--strict', '--no-dangling')).toBe('');
    const { data } = await rest.git.getBlob({ ...WHERE, file_sha: binary.sha });
    expect(data).toMatchObject({ content: `${encoded.content}\n`, encoding: 'base64', size: 3 });
    const raw = await api.ask(`/repos/acme/tenant/git/blobs/${blob.sha}`, {
      headers: { accept: 'application/vnd.github.raw+json' },
    });
    expect(await raw.text()).toBe('hello ü\n');
  });
});

describe('trees', () => {
  test('a tree changes what it names, and keeps the rest', async () => {
    const { rest } = api.person;
    const make = (tree: TreeOf, base_tree?: string) =>
      rest.git.createTree({ ...WHERE, tree, ...(base_tree === undefined ? {} : { base_tree }) });
    const file = (path: string, content: string) => ({ path, mode: '100644' as const, type: 'blob' as const, content });
    const { data: base } = await make([file('a/one', '1'), file('a/two', '2'), file('b', '3')]);
    const paths = async (sha: string): Promise<string[]> =>
      (await rest.git.getTree({ ...WHERE, tree_sha: sha, recursive: '1' })).data.tree.map(
        ({ path, type }) => `${type} ${path}`,
      );
    const gone = { path: 'a/one', mode: '100644' as const, type: 'blob' as const, sha: null };
    const { data: changed } = await make([gone, file('c/d', '4')], base.sha);
    expect(await paths(changed.sha)).toEqual(['tree a', 'blob a/two', 'blob b', 'tree c', 'blob c/d']);
    const { data: swapped } = await make([file('a', 'now a file'), file('b/x', 'now a folder')], base.sha);
    expect(await paths(swapped.sha)).toEqual(['blob a', 'tree b', 'blob b/x']);
    const folder = base.tree.find(({ path }) => path === 'a')?.sha ?? '';
    const { data: moved } = await make([{ path: 'under/it', mode: '040000', type: 'tree', sha: folder }], base.sha);
    expect(await paths(moved.sha)).toContain('blob under/it/two');
    const { data: flat } = await rest.git.getTree({ ...WHERE, tree_sha: base.sha });
    expect(flat.tree.map(({ path, size }) => [path, size])).toEqual([
      ['a', undefined],
      ['b', 1],
    ]);
  });

  const entry = (parts: object): TreeOf[number] => ({ path: 'x', mode: '100644', type: 'blob', ...parts });
  test.each<[string, TreeOf, string]>([
    ['nothing', [], 'Invalid tree info'],
    ['a path out of it', [entry({ path: '../x', content: '' })], 'malformed path component'],
    ['a path into .git', [entry({ path: 'a/.GIT/config', content: '' })], 'malformed path component'],
    ['an empty name', [entry({ path: 'a//b', content: '' })], 'malformed path component'],
    ['an object that is not there', [entry({ sha: '1'.repeat(40) })], 'is not a valid blob'],
    ['both', [entry({ sha: '1'.repeat(40), content: 'x' })], 'not both'],
    ['neither', [entry({})], 'tree.sha or tree.content'],
    ['a file gone that never was', [entry({ sha: null })], 'BadObjectState'],
    ['a mode of something else', [entry({ mode: '040000', sha: '1'.repeat(40) })], 'tree.mode'],
    ['a mode that git lacks', [entry({ mode: '100600' as '100644', content: '' })], 'is not a member of'],
  ])('no tree is made of %s', async (_what, tree, words) => {
    await expect(api.person.rest.git.createTree({ ...WHERE, tree })).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining(words),
    });
  });
});

describe('objects that are refused', () => {
  test('no commit is made of what is not there', async () => {
    const { rest } = api.person;
    const { data } = await rest.git.getCommit({ ...WHERE, commit_sha: api.second });
    const good = { ...WHERE, message: 'x', tree: data.tree.sha };
    for (const wrong of [
      { tree: api.second },
      { tree: '1'.repeat(40) },
      { parents: ['main'] },
      { parents: ['1'.repeat(40)] },
      { parents: [data.tree.sha] },
      { author: { name: 'A', email: 'a@example.com', date: 'yesterday' } },
    ])
      await expect(rest.git.createCommit({ ...good, ...wrong })).rejects.toMatchObject({ status: 422 });
    const author = { name: 'M <x>\n', email: 'm@example.com', date: '2020-01-02T03:04:05Z' };
    const { data: made } = await rest.git.createCommit({ ...good, author });
    expect(made).toMatchObject({ author: { name: 'M x', email: 'm@example.com' }, committer: { name: 'M x' } });
    expect(new Date(made.author.date)).toEqual(new Date(author.date));
  });

  test('an object of another type is not found', async () => {
    const { rest } = api.person;
    for (const sha of [api.second, 'main', '1'.repeat(40), '--help'])
      await expect(rest.git.getBlob({ ...WHERE, file_sha: sha })).rejects.toMatchObject({ status: 404 });
    expect((await rest.git.getTree({ ...WHERE, tree_sha: 'main' })).data.tree).toEqual([]);
    for (const sha of ['1'.repeat(40), '--help'])
      await expect(rest.git.getTree({ ...WHERE, tree_sha: sha })).rejects.toMatchObject({ status: 404 });
    await expect(rest.git.createBlob({ ...WHERE, content: 'x', encoding: 'rot13' })).rejects.toMatchObject({
      status: 422,
    });
  });

  test('a branch takes nothing but a commit', async () => {
    const { data } = await api.person.rest.git.getCommit({ ...WHERE, commit_sha: api.second });
    const wrong = { ...WHERE, ref: 'refs/heads/odd', sha: data.tree.sha };
    await expect(api.person.rest.git.createRef(wrong)).rejects.toMatchObject({ status: 422 });
    await expect(api.person.rest.git.getRef({ ...WHERE, ref: 'heads/main~1' })).rejects.toMatchObject({ status: 404 });
    await expect(api.person.rest.git.deleteRef({ ...WHERE, ref: 'heads/none' })).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('Reference does not exist'),
    });
  });
});
