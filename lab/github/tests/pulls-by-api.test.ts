import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Api, openApi, WHERE } from '#lab/github/tests/open-api.ts';

let api: Api;
const RIGHTS = { contents: 'write', 'pull-requests': 'write' };

beforeAll(async () => {
  api = await openApi();
  api.git('update-ref', 'refs/heads/staging', api.first);
});

beforeEach(() => {
  Object.assign(api.pulls.settings, { allowAutoMerge: false, actionsMayOpenPulls: true, requiredContexts: [] });
});
afterEach(() => expect(api.rest.violations).toEqual([]));
afterAll(() => api.close());

/** Opens a pull request by a job, as an action does it. */
async function open(branch: string, base = 'main') {
  const sha = api.git('commit-tree', `${api.second}^{tree}`, '-p', api.second, '-m', branch);
  api.git('update-ref', `refs/heads/${branch}`, sha);
  return (await api.job(RIGHTS).rest.pulls.create({ ...WHERE, title: branch, head: branch, base, body: '' })).data;
}

describe('by the token of a job', () => {
  test('a second one for the same branch and base is refused; another base is not', async () => {
    const made = await open('slipway/production');
    expect(made).toMatchObject({ user: { login: 'github-actions[bot]' }, auto_merge: null, mergeable_state: 'clean' });
    await expect(open('slipway/production')).rejects.toThrow(
      'A pull request already exists for acme:slipway/production.',
    );
    const other = await open('slipway/production', 'staging');
    const { pulls } = api.job(RIGHTS).rest;
    const listed = await pulls.list({ ...WHERE, head: 'acme:slipway/production', per_page: 1, page: 2 });
    expect(listed.data.map(({ number }) => number)).toEqual([made.number]);
    await expect(pulls.update({ ...WHERE, pull_number: other.number, base: 'main' })).rejects.toMatchObject({
      status: 422,
    });
    await expect(pulls.update({ ...WHERE, pull_number: other.number, base: 'absent' })).rejects.toMatchObject({
      status: 422,
    });
    await pulls.update({ ...WHERE, pull_number: made.number, state: 'closed' });
    const { data } = await pulls.update({
      ...WHERE,
      pull_number: other.number,
      base: 'main',
      title: 'Moved',
      body: 'Why',
    });
    expect(data).toMatchObject({
      base: { ref: 'main', sha: api.git('rev-parse', 'main') },
      title: 'Moved',
      body: 'Why',
    });
  });

  test('none is opened where the repository does not allow it to Actions; an App may', async () => {
    api.pulls.settings.actionsMayOpenPulls = false;
    await expect(open('not-allowed')).rejects.toMatchObject({
      status: 403,
      message: expect.stringContaining('GitHub Actions is not permitted to create or approve pull requests'),
    });
    const app = api.client(api.tokenOf(RIGHTS, 'slipway')).rest.pulls;
    const { data } = await app.create({ ...WHERE, title: 'x', head: 'not-allowed', base: 'main' });
    expect(data.user?.login).toBe('slipway[bot]');
  });

  test('its branch can be deleted, which closes it', async () => {
    const { number } = await open('deleted');
    await api.job(RIGHTS).rest.git.deleteRef({ ...WHERE, ref: 'heads/deleted' });
    expect((await api.person.rest.pulls.get({ ...WHERE, pull_number: number })).data.state).toBe('closed');
  });
});

describe('auto-merge', () => {
  const ENABLE =
    'mutation($id: ID!) { enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: SQUASH, commitHeadline: "Landed"}) { pullRequest { number autoMergeRequest { mergeMethod } } } }';
  const DISABLE =
    'mutation($id: ID!) { disablePullRequestAutoMerge(input: {pullRequestId: $id}) { pullRequest { autoMergeRequest { mergeMethod } } } }';
  const ask = (query: string, id: string, rights: Readonly<Record<string, string>> = RIGHTS) =>
    api.job(rights).graphql(query, { id });

  test('waits for the required statuses, then merges in the way that was asked for', async () => {
    Object.assign(api.pulls.settings, { allowAutoMerge: true, requiredContexts: ['slipway/plan'] });
    const { number, node_id, head } = await open('auto');
    const { pulls, repos } = api.job({ ...RIGHTS, statuses: 'write' }).rest;
    const get = async () => (await pulls.get({ ...WHERE, pull_number: number })).data;
    expect((await get()).mergeable_state).toBe('blocked');
    await expect(pulls.merge({ ...WHERE, pull_number: number })).rejects.toMatchObject({ status: 405 });
    expect(await ask(ENABLE, node_id)).toEqual({
      enablePullRequestAutoMerge: { pullRequest: { number, autoMergeRequest: { mergeMethod: 'SQUASH' } } },
    });
    expect((await get()).auto_merge).toMatchObject({ merge_method: 'squash', commit_title: 'Landed' });
    const say = (state: 'pending' | 'success', sha = head.sha) =>
      repos.createCommitStatus({ ...WHERE, sha, state, context: 'slipway/plan' });
    await say('pending');
    await say('success', api.first);
    expect((await get()).state).toBe('open');
    await say('success');
    expect(await get()).toMatchObject({ state: 'closed', merged: true });
    expect(api.git('log', '-1', '--format=%s', 'main')).toBe('Landed');
  });

  test('taken back, it does not merge', async () => {
    Object.assign(api.pulls.settings, { allowAutoMerge: true, requiredContexts: ['slipway/plan'] });
    const { number, node_id, head } = await open('taken-back');
    await ask(ENABLE, node_id);
    await ask(DISABLE, node_id);
    await api.person.rest.repos.createCommitStatus({
      ...WHERE,
      sha: head.sha,
      state: 'success',
      context: 'slipway/plan',
    });
    expect((await api.person.rest.pulls.get({ ...WHERE, pull_number: number })).data.state).toBe('open');
    await expect(ask(DISABLE, node_id)).rejects.toThrow("Can't disable auto-merge");
  });

  test('is refused where the repository does not allow it, where nothing blocks, and without the rights', async () => {
    const { node_id } = await open('refused');
    await expect(ask(ENABLE, node_id)).rejects.toThrow('Auto merge is not allowed for this repository');
    api.pulls.settings.allowAutoMerge = true;
    await expect(ask(ENABLE, node_id)).rejects.toThrow('Pull request is in clean status');
    await expect(ask(ENABLE, node_id, { 'pull-requests': 'write' })).rejects.toThrow('not accessible by integration');
    expect((await api.person.rest.repos.get(WHERE)).data.allow_auto_merge).toBe(true);
  });
});
