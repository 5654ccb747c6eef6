import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openGitHubApi } from '#core/git/github-api.ts';
import { type GitHubTrust, openGitHubTrust, type Verification } from '#core/git/github-trust.ts';
import { clientOf, type TestClient, transportOf } from '#core/git/tests/github-client.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';
import { type Api, openApi } from '#lab/github/tests/open-api.ts';

const BOT = '41898282+github-actions[bot]@users.noreply.github.com';

let api: Api;
let client: TestClient;
let trust: GitHubTrust;

beforeAll(async () => {
  api = await openApi();
  client = clientOf(api, api.tokenOf({ contents: 'read' }));
  trust = openGitHubTrust(openGitHubApi(client));
});

afterAll(async () => {
  expect(api.rest.violations).toEqual([]);
  await api.close();
});

const verify = async (commit: CommitSha): Promise<Verification | undefined> =>
  (await trust.verify([commit])).get(commit);

/** A commit that someone else wrote under any name. */
function forge(author: string, committer: string): CommitSha {
  const name = ['-c', 'author.name=X', '-c', `author.email=${author}`, '-c', 'committer.name=X'];
  const tree = api.git('rev-parse', 'main^{tree}');
  const sha = api.git(...name, '-c', `committer.email=${committer}`, 'commit-tree', tree, '-m', author + committer);
  return parseCommitSha('forged', sha);
}

describe('a commit', () => {
  test("of the pipeline's own is verified, with its author", async () => {
    const transport = transportOf(clientOf(api, api.tokenOf({ contents: 'write' })));
    const files = [{ path: 'a', mode: '100644', content: Buffer.from('a') }];
    const commit = await transport.commit({ message: 'm', files, at: new Date() });
    expect(await verify(commit)).toEqual({ verified: true, author: 'github-actions[bot]' });
  });

  test("under the pipeline's name, but without a signature, is not", async () => {
    expect(await verify(forge(BOT, BOT))).toEqual({ verified: false, author: undefined });
    expect(await verify(parseCommitSha('x', '1'.repeat(40)))).toBeUndefined();
  });

  test.each([
    ['GitHub wrote for the bot', BOT, 'noreply@github.com', 'github-actions[bot]'],
    ['someone else committed', BOT, 'person@example.com', undefined],
    ['a domain only looks like it', BOT.replace('github.com', 'github.com.example'), 'noreply@github.com', undefined],
    ['a person is named as a bot', '1+x@users.noreply.github.com', 'noreply@github.com', 'x'],
    ['a person has an unknown address', 'person@example.com', 'noreply@github.com', undefined],
  ])('that is signed and %s has this author: %s %s %s', async (_what, author, committer, login) => {
    const commit = forge(author, committer);
    api.rules.sign(commit);
    expect(await verify(commit)).toEqual({ verified: true, author: login });
  });
});

test('a hundred commits are one question, and each gets its own answer', async () => {
  const commits = Array.from({ length: 101 }, (_, index) => forge(`${index}@example.com`, `${index}@example.com`));
  const signed = commits[100] ?? parseCommitSha('x', api.first);
  api.rules.sign(signed);
  client.requests.length = 0;
  const answers = await trust.verify(commits);
  expect(client.requests).toHaveLength(2);
  expect(answers.size).toBe(101);
  expect([...answers].filter(([, { verified }]) => verified).map(([commit]) => commit)).toEqual([signed]);
  expect((await trust.verify([])).size).toBe(0);
  expect(client.requests).toHaveLength(2);
});

describe('a branch', () => {
  test('is protected, or not, or not there', async () => {
    api.rules.requireSignatures('refs/heads/team/topic');
    expect(await trust.isProtected('main')).toBe(false);
    expect(await trust.isProtected('locked')).toBe(true);
    expect(await trust.isProtected('team/topic')).toBe(true);
    await expect(trust.isProtected('none')).rejects.toMatchObject({
      name: 'Refusal',
      message: expect.stringContaining('contents: read'),
    });
  });
});
