import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Api, NOW, openApi, WHERE } from '#lab/github/tests/open-api.ts';

let api: Api;

beforeAll(async () => {
  api = await openApi();
});

afterEach(() => expect(api.rest.violations).toEqual([]));

afterAll(() => api.close());

describe('issues', () => {
  test('a job with issues: write opens, changes, closes and opens again; labels come with the issue', async () => {
    const { issues } = api.job({ issues: 'write' }).rest;
    const { data: opened } = await issues.create({
      ...WHERE,
      title: 'Drift in aws',
      body: 'first',
      labels: ['drift', 'Drift', 'aws'],
    });
    expect(opened).toMatchObject({ state: 'open', user: { login: 'github-actions[bot]' }, body: 'first' });
    expect(opened.labels.map((label) => (typeof label === 'string' ? label : label.name))).toEqual(['Drift', 'aws']);
    const where = { ...WHERE, issue_number: opened.number };
    const { data: changed } = await issues.update({ ...where, body: 'second', title: 'Drift in aws (2)' });
    expect(changed).toMatchObject({ title: 'Drift in aws (2)', body: 'second', state: 'open' });
    const { data: closed } = await issues.update({ ...where, state: 'closed' });
    expect(closed).toMatchObject({ state: 'closed', state_reason: 'completed', closed_at: NOW.toISOString() });
    const { data: again } = await issues.update({ ...where, state: 'open' });
    expect(again).toMatchObject({ state: 'open', state_reason: 'reopened', closed_at: null, labels: [{}, {}] });
    await issues.update({ ...where, state: 'closed', state_reason: 'not_planned', labels: [] });
    expect((await issues.get(where)).data).toMatchObject({ state_reason: 'not_planned', labels: [] });
  });

  test('they are listed by state, label and creator, newest first and in pages; pull requests are among them', async () => {
    const bot = api.job({ issues: 'write' }).rest.issues;
    for (const stack of ['a', 'b', 'c']) await bot.create({ ...WHERE, title: stack, labels: ['listed', stack] });
    await api.person.rest.issues.create({ ...WHERE, title: 'by a person', labels: ['listed'] });
    const by = async (filter: object) =>
      (await bot.listForRepo({ ...WHERE, ...filter })).data.map(({ title }) => title);
    expect(await by({ labels: 'LISTED' })).toEqual(['by a person', 'c', 'b', 'a']);
    expect(await by({ labels: 'listed,b' })).toEqual(['b']);
    expect(await by({ labels: 'listed', creator: 'github-actions[bot]', direction: 'asc' })).toEqual(['a', 'b', 'c']);
    expect(await by({ labels: 'listed', per_page: 2, page: 2 })).toEqual(['b', 'a']);
    expect(await by({ labels: 'listed', state: 'closed' })).toEqual([]);
    api.git(
      'update-ref',
      'refs/heads/a-pull',
      api.git('commit-tree', `${api.second}^{tree}`, '-p', api.second, '-m', 'x'),
    );
    const { data: pull } = await api.person.rest.pulls.create({
      ...WHERE,
      title: 'a pull',
      head: 'a-pull',
      base: 'main',
    });
    const { data } = await bot.listForRepo({ ...WHERE, creator: 'octocat' });
    expect(data.map(({ number, pull_request: of }) => [number, of !== undefined])).toEqual([
      [pull.number, true],
      [pull.number - 1, false],
    ]);
  });

  test('comments on them need the right to issues; that to pull requests does not do', async () => {
    const { data: issue } = await api.person.rest.issues.create({ ...WHERE, title: 'to comment on' });
    const where = { ...WHERE, issue_number: issue.number };
    const bot = api.job({ issues: 'write' }).rest.issues;
    const { data } = await bot.createComment({ ...where, body: 'closed: no drift' });
    expect(data.html_url).toContain(`/issues/${issue.number}#issuecomment-`);
    expect((await bot.listComments(where)).data.map(({ body }) => body)).toEqual(['closed: no drift']);
    expect((await bot.get(where)).data.comments).toBe(1);
    const other = api.job({ 'pull-requests': 'write' }).rest.issues;
    await expect(other.createComment({ ...where, body: 'x' })).rejects.toMatchObject({ status: 403 });
    await expect(other.updateComment({ ...WHERE, comment_id: data.id, body: 'x' })).rejects.toMatchObject({
      status: 403,
    });
  });

  test('what GitHub refuses', async () => {
    const { issues } = api.job({ issues: 'write' }).rest;
    await expect(issues.create({ ...WHERE, title: ' ' })).rejects.toMatchObject({ status: 422 });
    await expect(issues.create({ ...WHERE, title: 'x', body: 'x'.repeat(65_537) })).rejects.toThrow('too long');
    await expect(issues.get({ ...WHERE, issue_number: 999 })).rejects.toMatchObject({ status: 404 });
    const reader = api.job({ issues: 'read' }).rest.issues;
    await expect(reader.create({ ...WHERE, title: 'x' })).rejects.toMatchObject({ status: 403 });
    await expect(reader.update({ ...WHERE, issue_number: 1, state: 'closed' })).rejects.toMatchObject({ status: 403 });
  });
});

test('what a person may do: by role, none for a stranger, 404 for a bot', async () => {
  api.collaborators.set('hubot', 'maintain').set('monalisa', 'triage');
  const { repos } = api.job({}).rest;
  const of = async (username: string) => {
    const { data } = await repos.getCollaboratorPermissionLevel({ ...WHERE, username });
    return [data.permission, data.role_name, data.user?.permissions?.push];
  };
  expect(await of('octocat')).toEqual(['admin', 'admin', true]);
  expect(await of('hubot')).toEqual(['write', 'maintain', true]);
  expect(await of('monalisa')).toEqual(['read', 'triage', false]);
  expect(await of('stranger')).toEqual(['none', 'none', false]);
  await expect(of('github-actions[bot]')).rejects.toMatchObject({ status: 404 });
});
