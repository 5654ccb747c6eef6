import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openGitHubApi } from '#core/git/github-api.ts';
import { type BranchPull, openBranchPulls } from '#core/git/github-pulls.ts';
import { clientOf } from '#core/git/tests/github-client.ts';
import { type Api, openApi } from '#lab/github/tests/open-api.ts';

const RIGHTS = { contents: 'write', 'pull-requests': 'write' };
const TEXT = { title: 'deploy(production): a', body: 'what it is\n' };

let api: Api;

beforeAll(async () => {
  api = await openApi();
  api.git('branch', 'slipway/production', api.git('commit-tree', 'main^{tree}', '-p', 'main', '-m', 'proposed'));
});

beforeEach(() => {
  (api.pulls.all as unknown[]).length = 0;
});

afterAll(async () => {
  expect(api.rest.violations).toEqual([]);
  await api.close();
});

const open = (token = api.tokenOf(RIGHTS), more = {}) => openBranchPulls(openGitHubApi(clientOf(api, token, more)));
const create = (pulls = open()) => pulls.create({ ...TEXT, branch: 'slipway/production', base: 'main' });

async function createOne(): Promise<BranchPull> {
  const made = await create();
  if (typeof made === 'string') throw new Error(made);
  return made;
}

test('a pull request is opened, found by its branch, written again and closed', async () => {
  const made = await createOne();
  expect(made).toMatchObject({ number: 1, state: 'open', author: 'github-actions[bot]', base: 'main', ...TEXT });
  const pulls = open();
  await pulls.update(1, { title: 'another', body: 'text' });
  expect(await pulls.list('slipway/production')).toMatchObject([{ title: 'another', body: 'text', landed: undefined }]);
  expect(await pulls.list('slipway/staging')).toEqual([]);
  await pulls.close(1, TEXT);
  expect(await pulls.list('slipway/production')).toMatchObject([{ state: 'closed', closedAt: expect.any(Date) }]);
});

test('why a second one is not opened is an answer', async () => {
  await createOne();
  expect(await create()).toMatch(/A pull request already exists for acme:slipway\/production/);
});

test('auto-merge: what the repository allows, and why not', async () => {
  const made = await createOne();
  const pulls = open();
  expect(await pulls.readSettings()).toEqual({ isAutoMergeAllowed: false, methods: ['MERGE', 'REBASE', 'SQUASH'] });
  expect(await pulls.setAutoMerge(made, 'MERGE')).toMatch(/not allowed for this repository/);
  api.pulls.settings.allowAutoMerge = true;
  expect(await pulls.setAutoMerge(made, 'MERGE')).toMatch(/clean status/);
  api.pulls.settings.requiredContexts = ['ci'];
  expect(await pulls.setAutoMerge(made, 'MERGE')).toBeUndefined();
  expect(await pulls.list('slipway/production')).toMatchObject([{ isAutoMerged: true }]);
  expect(await pulls.setAutoMerge(made, undefined)).toBeUndefined();
  const reading = open(api.tokenOf({ contents: 'read', 'pull-requests': 'read' }));
  expect(await reading.setAutoMerge(made, 'MERGE')).toMatch(/permissions: pull-requests: write/);
});

test("the repository's setting that keeps a job from opening pull requests is named", async () => {
  const message = 'GitHub Actions is not permitted to create or approve pull requests.';
  const answer = async () => new Response(JSON.stringify({ message }), { status: 403 });
  await expect(create(open(api.tokenOf(RIGHTS), { fetch: answer }))).rejects.toThrow(
    /Settings|settings .*"Allow GitHub Actions to create and approve pull requests"\), or pass the token of a GitHub App/,
  );
});
