import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { NewCommit } from '#core/git/commit.ts';
import { clientOf, type TestClient, transportOf } from '#core/git/tests/github-client.ts';
import type { Transport } from '#core/git/transport.ts';
import { Refusal } from '#core/values/errors.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';
import { type Api, openApi } from '#lab/github/tests/open-api.ts';

const MAIN = 'refs/heads/main';
const INTENT = 'refs/slipway/intents/01';
const AT = new Date('2030-01-02T12:00:00Z');
const NONE = '1'.repeat(40);

let api: Api;
let client: TestClient;
let transport: Transport;
let head: CommitSha;

beforeEach(async () => {
  api = await openApi();
  head = parseCommitSha('main', api.second);
  client = clientOf(api, api.tokenOf({ contents: 'write' }));
  transport = transportOf(client);
});

afterEach(async () => {
  expect(api.rest.violations).toEqual([]);
  await api.close();
});

const file = (path: string, content: string | Uint8Array = `${path}\n`, mode = '100644') => ({
  path,
  mode,
  content: Buffer.from(content),
});
const commitOn = (parent: CommitSha | undefined, ...files: NewCommit['files']): Promise<CommitSha> =>
  transport.commit({ parent, message: 'Land it\n\nSlipway-Release: x', files, at: AT });
const lines = (): string[] => client.requests.map(({ line }) => line);
const ofRepository = (ref: string): string => api.git('rev-parse', ref);
const refusal = (...words: string[]) =>
  expect.objectContaining({ name: 'Refusal', message: expect.stringMatching(new RegExp(words.join('.*'), 's')) });

describe('a write', () => {
  test('is four requests, and lands a signed commit with the rest of the tree', async () => {
    const first = await commitOn(head, file('keep/me'), file('a'));
    await transport.update([{ ref: MAIN, commit: first, lease: head }]);
    client.requests.length = 0;
    const again = transportOf(client);
    const commit = await again.commit({ parent: first, message: 'Two', files: [file('a', 'ü\r\n')], at: AT });
    expect(await again.update([{ ref: MAIN, commit, lease: first }])).toEqual({ outcome: 'pushed' });
    expect(lines()).toEqual(['POST graphql', 'POST git/trees', 'POST git/commits', 'POST graphql']);
    expect(ofRepository('main')).toBe(commit);
    expect(ofRepository('main^')).toBe(first);
    expect(api.rules.isSigned(commit)).toBe(true);
    expect(api.git('ls-tree', '-r', '--name-only', 'main').split('\n')).toEqual(['a', 'keep/me']);
    expect(api.git('cat-file', 'blob', 'main:a')).toBe('ü');
    expect(api.git('cat-file', '-s', 'main:a')).toBe('4');
    expect(api.git('log', '-1', '--format=%an', 'main')).toBe('github-actions[bot]');
  });

  test("does not ask for the parent's tree where it is known, nor for the repository twice", async () => {
    const what = { message: 'm', files: [file('a')], at: AT };
    const commit = await transport.commit({ parent: head, tree: ofRepository('main^{tree}'), ...what });
    await transport.update([{ ref: MAIN, commit, lease: head }]);
    expect(lines()).toEqual(['POST git/trees', 'POST git/commits', 'POST graphql', 'POST graphql']);
    await transport.update([{ ref: MAIN, commit: head, lease: commit }]);
    expect(lines().slice(4)).toEqual(['POST graphql']);
  });

  test('keeps bytes that are not text, a NUL, an executable and a file without content', async () => {
    const files = [
      file('binary', Uint8Array.from([0xff, 0xfe, 10])),
      file('nul', 'a\0b'),
      file('run.sh', '#!/bin/sh\n', '100755'),
      file('empty', ''),
      file('bom', '\ufeffx'),
    ];
    const commit = await commitOn(head, ...files);
    expect(lines().filter((line) => line === 'POST git/blobs')).toHaveLength(2);
    for (const { path, mode, content } of files) {
      const [entry = ''] = api.git('ls-tree', commit, path).split('\t');
      expect(entry).toMatch(`${mode} blob`);
      const { data } = await api.person.rest.git.getBlob({
        owner: 'acme',
        repo: 'tenant',
        file_sha: entry.split(' ')[2] ?? '',
      });
      expect(Buffer.from(data.content, 'base64')).toEqual(content);
    }
  });

  test('of a root commit has its files alone, and no parent', async () => {
    const commit = await commitOn(undefined, file('intent.json', '{}\n'));
    expect(await transport.update([{ ref: INTENT, commit, lease: undefined }])).toEqual({ outcome: 'pushed' });
    expect(api.git('rev-list', '--parents', INTENT)).toBe(commit);
    expect(api.git('ls-tree', '-r', '--name-only', INTENT)).toBe('intent.json');
    expect(lines()).toEqual(['POST git/trees', 'POST git/commits', 'POST git/refs']);
  });

  test('without files keeps the tree', async () => {
    const commit = await commitOn(head);
    expect(ofRepository(`${commit}^{tree}`)).toBe(ofRepository(`${head}^{tree}`));
  });

  test('a branch that requires signatures takes it', async () => {
    api.rules.requireSignatures(MAIN);
    const commit = await commitOn(head, file('a'));
    expect(await transport.update([{ ref: MAIN, commit, lease: head }])).toEqual({ outcome: 'pushed' });
  });

  test('a commit that GitHub does not sign is refused by name, with the reason and the remedy', async () => {
    client = clientOf(api, api.token);
    transport = transportOf(client);
    const words = [
      'did not sign the commit [0-9a-f]{40} \\(unsigned\\)',
      "pass the job's own token or that of a GitHub App",
    ];
    await expect(commitOn(head, file('a'))).rejects.toEqual(refusal(...words));
  });

  test('a parent that is not there is refused in the end', async () => {
    await expect(commitOn(parseCommitSha('x', NONE), file('a'))).rejects.toEqual(refusal('it is not there'));
  });
});

describe('an update', () => {
  let next: CommitSha;
  let intent: CommitSha;

  beforeEach(async () => {
    next = await commitOn(head, file('a'));
    intent = await commitOn(undefined, file('intent.json'));
    await transport.update([{ ref: INTENT, commit: intent, lease: undefined }]);
    client.requests.length = 0;
  });

  const fold = () =>
    transport.update([
      { ref: MAIN, commit: next, lease: head },
      { ref: INTENT, commit: undefined, lease: intent },
    ]);
  const landed = (): boolean => {
    const refs = api.git('for-each-ref', '--format=%(refname)');
    expect(refs.includes(INTENT)).toBe(ofRepository('main') !== next);
    return ofRepository('main') === next;
  };

  test('moves and deletes at once', async () => {
    expect(await fold()).toEqual({ outcome: 'pushed' });
    expect(landed()).toBe(true);
  });

  test.each<[string, string, () => string | undefined]>([
    ['the branch moved', MAIN, () => api.git('commit-tree', `${head}^{tree}`, '-p', head, '-m', 'Foreign')],
    ['the branch is gone', MAIN, () => undefined],
    ['the ref to delete moved', INTENT, () => api.first],
    ['the ref to delete is gone', INTENT, () => undefined],
  ])('is rejected where %s, and nothing moves', async (_why, ref, to) => {
    api.faults.inject('updateRefs', { kind: 'stale-head', ref, to: to() });
    expect(await fold()).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining(ref) });
    expect(lines()).toHaveLength(1);
    expect(api.git('for-each-ref', '--format=%(objectname)').includes(next)).toBe(false);
  });

  test('makes no ref that exists, and forces nothing', async () => {
    const updates = [
      { ref: INTENT, commit: next, lease: undefined },
      { ref: MAIN, commit: parseCommitSha('x', api.first), lease: head },
    ];
    for (const update of updates) expect(await transport.update([update])).toMatchObject({ outcome: 'rejected' });
  });

  test.each([
    ['a server error before the effect', { kind: 'server-error', effect: 'none' }, false],
    ['a server error after the effect', { kind: 'server-error', effect: 'done' }, true],
    ['a lost reply', { kind: 'lost-reply' }, true],
  ] as const)('is unclear after %s, and is not repeated', async (_what, fault, isDone) => {
    api.faults.inject('updateRefs', fault);
    expect(await fold()).toEqual({ outcome: 'unclear', reason: expect.stringMatching(/./) });
    expect(lines()).toHaveLength(1);
    expect(landed()).toBe(isDone);
  });

  test.each<[string, () => Response]>([
    ['half an answer', () => new Response('{"data": {"upd', { status: 200 })],
    ['a page of a proxy', () => new Response('<html>', { status: 200 })],
    ['an error without a kind', () => Response.json({ data: null, errors: [{ message: 'Something went wrong' }] })],
    ['an answer without a result', () => Response.json({ data: { updateRefs: null } })],
  ])('is unclear after %s', async (_what, answer) => {
    const isMutation = (init?: RequestInit): boolean => String(init?.body).includes('mutation');
    const options = clientOf(api, client.token, {
      fetch: async (input, init) => (isMutation(init) ? answer() : fetch(input, init)),
    });
    transport = transportOf(options);
    expect(await fold()).toMatchObject({ outcome: 'unclear' });
    expect(options.requests).toHaveLength(2);
  });

  test.each<[string, () => string, RegExp]>([
    ['no token', () => '', /does not know the token.*HTTP 401/],
    ['another right', () => api.tokenOf({ contents: 'read' }), /`permissions: contents: write`.*bypass list/],
    ['no right', () => api.tokenOf({}), /does not let this token.*contents/],
  ])('with %s is refused at once', async (_what, token, words) => {
    const options = clientOf(api, token());
    await expect(transportOf(options).update([{ ref: MAIN, commit: next, lease: head }])).rejects.toMatchObject({
      name: 'Refusal',
      message: expect.stringMatching(words),
    });
    expect(options.requests.length).toBeLessThanOrEqual(2);
    expect(options.clock.slept).toEqual([]);
  });

  test('that makes one ref is one request, and unclear where its answer gets lost', async () => {
    const make = (ref: string) => transport.update([{ ref, commit: intent, lease: undefined }]);
    const ref = 'refs/slipway/intents/02';
    api.faults.inject('git/create-ref', { kind: 'lost-reply' }, { kind: 'server-error', effect: 'none' });
    expect(await make(ref)).toMatchObject({ outcome: 'unclear' });
    expect(ofRepository(ref)).toBe(intent);
    expect(await make('refs/slipway/intents/03')).toEqual({ outcome: 'unclear', reason: 'HTTP 502' });
    expect(await make(ref)).toEqual({ outcome: 'rejected', reason: 'HTTP 422 Reference already exists' });
    expect(lines()).toEqual(Array(3).fill('POST git/refs'));
    const reader = clientOf(api, api.tokenOf({ contents: 'read' }));
    await expect(transportOf(reader).update([{ ref: MAIN, commit: intent, lease: undefined }])).rejects.toEqual(
      refusal('HTTP 403', '`permissions: contents: write`'),
    );
    expect(reader.requests).toHaveLength(1);
  });

  test('to a commit with other workflow files is refused at once', async () => {
    const odd = await commitOn(head, file('.github/workflows/x.yml'));
    client.requests.length = 0;
    await expect(transport.update([{ ref: MAIN, commit: odd, lease: head }])).rejects.toBeInstanceOf(Refusal);
    expect(lines()).toHaveLength(1);
  });

  test('of a protected branch is rejected with the words of the server', async () => {
    const lease = parseCommitSha('x', api.first);
    const result = await transport.update([{ ref: 'refs/heads/locked', commit: next, lease }]);
    expect(result).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining('GH006') });
  });
});
