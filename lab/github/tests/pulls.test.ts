import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Api, openApi, WHERE } from '#lab/github/tests/open-api.ts';

let api: Api;
let files = 0;

beforeAll(async () => {
  api = await openApi();
});

afterEach(() => expect(api.rest.violations).toEqual([]));

afterAll(() => api.close());

/** Returns a commit with one more file on top of `parent`. */
function commit(parent: string, path: string, text = path): string {
  const env = { ...process.env, GIT_INDEX_FILE: join(api.root, `index-${++files}`) };
  const git = (args: string[], input = ''): string =>
    execFileSync('git', ['-C', api.bare, '-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args], {
      env,
      input,
      encoding: 'utf8',
    }).trim();
  git(['read-tree', parent]);
  git(['update-index', '--add', '--cacheinfo', `100644,${git(['hash-object', '-w', '--stdin'], text)},${path}`]);
  return git(['commit-tree', git(['write-tree']), '-p', parent, '-m', `Change ${path}`]);
}

/** Opens a pull request of a new branch with one commit. */
async function open(branch: string, { title = `About ${branch}`, base = 'main' } = {}) {
  const sha = commit(api.git('rev-parse', base), `${branch}.txt`);
  api.git('update-ref', `refs/heads/${branch}`, sha);
  const { data } = await api.person.rest.pulls.create({ ...WHERE, title, head: branch, base, body: 'Why.' });
  return data;
}

describe('pull requests', () => {
  test('one is opened, found by its base and state, renamed, closed and opened again', async () => {
    const made = await open('one');
    expect(made).toMatchObject({ number: 1, state: 'open', head: { ref: 'one', label: 'acme:one' }, mergeable: true });
    expect(made).toMatchObject({ commits: 1, additions: 1, changed_files: 1, base: { ref: 'main', sha: api.second } });
    const { rest } = api.job({ 'pull-requests': 'write' });
    const update = (change: object) => rest.pulls.update({ ...WHERE, pull_number: 1, ...change });
    expect((await update({ title: 'Renamed' })).data.title).toBe('Renamed');
    const list = async (query: object) =>
      (await rest.pulls.list({ ...WHERE, ...query })).data.map(({ number }) => number);
    expect(await list({ base: 'main' })).toEqual([1]);
    expect(await list({ base: 'other' })).toEqual([]);
    await update({ state: 'closed' });
    expect([await list({}), await list({ state: 'closed' })]).toEqual([[], [1]]);
    await update({ state: 'open' });
    expect((await rest.pulls.get({ ...WHERE, pull_number: 1 })).data).toMatchObject({ state: 'open', closed_at: null });
    expect(api.events).toEqual(['opened #1', 'edited #1', 'closed #1', 'reopened #1']);
  });

  test('a push to its branch moves its head, and tells; one to another branch does not', async () => {
    const { number, head } = await open('two');
    api.events.length = 0;
    const next = commit(head.sha, 'more.txt');
    await api.person.rest.git.updateRef({ ...WHERE, ref: 'heads/two', sha: next });
    await api.person.rest.git.updateRef({ ...WHERE, ref: 'heads/team/topic', sha: api.second });
    expect(api.events).toEqual([`synchronize #${number}`]);
    expect((await api.person.rest.pulls.get({ ...WHERE, pull_number: number })).data.head.sha).toBe(next);
    expect(api.git('rev-parse', `refs/pull/${number}/head`)).toBe(next);
    await api.person.rest.git.deleteRef({ ...WHERE, ref: 'heads/two' });
    expect(api.events).toEqual([`synchronize #${number}`, `closed #${number}`]);
  });

  test.each(['merge', 'squash', 'rebase'] as const)('%s moves the base and closes it', async (method) => {
    const { number, head } = await open(`by-${method}`);
    const before = api.git('rev-parse', 'main');
    const second = commit(head.sha, `${method}-more.txt`);
    await api.person.rest.git.updateRef({ ...WHERE, ref: `heads/by-${method}`, sha: second });
    const { data } = await api.person.rest.pulls.merge({ ...WHERE, pull_number: number, merge_method: method });
    expect(api.git('rev-parse', 'main')).toBe(data.sha);
    const parents = api.git('log', '-1', '--format=%P', data.sha).split(' ');
    expect(parents).toHaveLength(method === 'merge' ? 2 : 1);
    expect(api.git('rev-list', '--count', '--first-parent', `${before}..main`)).toBe(method === 'rebase' ? '2' : '1');
    expect(api.git('ls-tree', '--name-only', 'main').split('\n')).toContain(`${method}-more.txt`);
    expect((await api.person.rest.pulls.get({ ...WHERE, pull_number: number })).data).toMatchObject({
      state: 'closed',
      merged: true,
      merged_by: { login: 'octocat' },
      merge_commit_sha: data.sha,
    });
  });

  test('a conflict, a head that moved and a closed one are not merged', async () => {
    const [one, other] = [await open('left'), await open('right')];
    api.git('update-ref', 'refs/heads/right', commit(api.git('rev-parse', 'main'), 'left.txt', 'something else'));
    await api.pulls.noteMoves('acme/tenant', [moved('right', other.head.sha)], { kind: 'user', login: 'octocat' });
    const merge = (pull_number: number, sha?: string) =>
      api.person.rest.pulls.merge({ ...WHERE, pull_number, ...(sha === undefined ? {} : { sha }) });
    await expect(merge(one.number, api.first)).rejects.toMatchObject({ status: 409 });
    await merge(one.number);
    await expect(merge(one.number)).rejects.toMatchObject({ status: 405 });
    await expect(merge(other.number)).rejects.toMatchObject({ status: 405 });
    expect((await api.person.rest.pulls.get({ ...WHERE, pull_number: other.number })).data).toMatchObject({
      mergeable: false,
      mergeable_state: 'dirty',
    });
  });

  test('a second one of a branch, one of nothing and one of no branch are refused', async () => {
    await open('again');
    const create = (head: string, base = 'main') => api.person.rest.pulls.create({ ...WHERE, title: 'T', head, base });
    await expect(create('again')).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('already exists'),
    });
    api.git('update-ref', 'refs/heads/old', api.first);
    await expect(create('old')).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('No commits between'),
    });
    const broken: [string, string][] = [
      ['no-such', 'main'],
      ['again', 'no-such'],
      ['stranger:x', 'main'],
    ];
    for (const pair of broken) await expect(create(...pair)).rejects.toMatchObject({ status: 422 });
    await expect(api.person.rest.pulls.get({ ...WHERE, pull_number: 99 })).rejects.toMatchObject({ status: 404 });
  });

  test('a fork’s branch is a head as well', async () => {
    const fork = join(api.root, 'fork.git');
    api.git('clone', '--quiet', '--bare', api.bare, fork);
    api.pulls.addFork('mallory/tenant', fork);
    const there = (...args: string[]) => execFileSync('git', ['-C', fork, ...args], { encoding: 'utf8' }).trim();
    const sha = commit(api.git('rev-parse', 'main'), 'fork.txt');
    there('fetch', '--quiet', api.bare, sha);
    there('update-ref', 'refs/heads/topic', sha);
    const { data } = await api.person.rest.pulls.create({ ...WHERE, title: 'T', head: 'mallory:topic', base: 'main' });
    expect(data.head).toMatchObject({ label: 'mallory:topic', sha, repo: { full_name: 'mallory/tenant', fork: true } });
    expect(data.base.repo.full_name).toBe('acme/tenant');
  });
});

const moved = (branch: string, before: string) => ({
  ref: `refs/heads/${branch}`,
  before,
  after: api.git('rev-parse', branch),
});

describe('comments', () => {
  test('they come in pages, oldest first; a new text keeps the id and the old text in the history', async () => {
    const { number: issue_number } = await open('talk');
    const { rest } = api.job({ 'pull-requests': 'write' });
    for (let count = 1; count <= 5; count++)
      await rest.issues.createComment({ ...WHERE, issue_number, body: `${count}` });
    const { data, headers } = await rest.issues.listComments({ ...WHERE, issue_number, per_page: 2, page: 2 });
    expect(data.map(({ body }) => body)).toEqual(['3', '4']);
    expect(headers.link).toContain('rel="next"');
    const [{ id: comment_id, user } = { id: 0, user: null }] = data;
    expect(user).toMatchObject({ id: 41898282, login: 'github-actions[bot]', type: 'Bot' });
    const { data: changed } = await rest.issues.updateComment({ ...WHERE, comment_id, body: 'new' });
    expect(changed).toMatchObject({ id: comment_id, body: 'new' });
    expect(api.pulls.comments.find(({ id }) => id === comment_id)?.edits).toEqual(['3', 'new']);
    await rest.issues.deleteComment({ ...WHERE, comment_id });
    await expect(rest.issues.updateComment({ ...WHERE, comment_id, body: 'x' })).rejects.toMatchObject({ status: 404 });
    const { data: next } = await rest.issues.createComment({ ...WHERE, issue_number, body: 'last' });
    expect(next.id).toBe(comment_id + 3);
  });

  test('who writes is whose token it is', async () => {
    const { number: issue_number } = await open('who');
    const app = api.client(api.tokenOf({ 'pull-requests': 'write' }, 'slipway'));
    const ids: (number | undefined)[] = [];
    for (const { rest } of [app, api.person, api.job({ 'pull-requests': 'write' })])
      ids.push((await rest.issues.createComment({ ...WHERE, issue_number, body: 'x' })).data.user?.id);
    expect(ids).toEqual([3003, 1001, 41898282]);
  });

  test('a text that is too long, an empty one, and a locked conversation are refused', async () => {
    const { number: issue_number } = await open('limits');
    const { rest } = api.job({ 'pull-requests': 'write' });
    const create = (body: string) => rest.issues.createComment({ ...WHERE, issue_number, body });
    const { data } = await create('é'.repeat(65_536));
    await expect(create('é'.repeat(65_537))).rejects.toMatchObject({ status: 422 });
    await expect(create(' ')).rejects.toMatchObject({ status: 422 });
    const pull = api.pulls.find(issue_number);
    if (pull !== undefined) pull.locked = true;
    await expect(create('x')).rejects.toMatchObject({ status: 403, message: expect.stringContaining('locked') });
    const update = rest.issues.updateComment({ ...WHERE, comment_id: data.id, body: 'x' });
    await expect(update).rejects.toMatchObject({ status: 403 });
    await api.person.rest.issues.createComment({ ...WHERE, issue_number, body: 'of someone with write access' });
    await expect(rest.issues.createComment({ ...WHERE, issue_number: 99, body: 'x' })).rejects.toMatchObject({
      status: 404,
    });
  });
});

test('the commits that touch a path, newest first', async () => {
  const sha = commit(api.git('rev-parse', 'main'), 'terraform/aws/main.tf');
  api.git('update-ref', 'refs/heads/main', commit(sha, 'other.txt'));
  const { rest } = api.job({ contents: 'read' });
  const { data } = await rest.repos.listCommits({ ...WHERE, sha: 'main', path: 'terraform/aws', per_page: 1 });
  expect(data).toMatchObject([{ sha, commit: { message: 'Change terraform/aws/main.tf' } }]);
  await expect(rest.repos.listCommits({ ...WHERE, sha: 'no-such' })).rejects.toMatchObject({ status: 404 });
});
