import { describe, expect, test } from '@jest/globals';
import type { GitHubApi } from '#core/git/github-api.ts';
import { Refusal } from '#core/values/errors.ts';
import { withPatience } from '#core/verdict/patience.ts';
import { openVerdicts } from '#core/verdict/read-deployments.ts';

const US = { id: 41898282 };
const STRANGER = { id: 7 };
const source = 'a'.repeat(40);
const digest = `sha256:${'1'.repeat(64)}`;
const release = { environment: 'production', image: 'team/bot', intent: '01JZ0000000000000000000000', source, digest };
const payload = { schema: 1, image: 'team/bot', digest, release: 'b'.repeat(40), intent: release.intent };
const record = { id: 1, sha: source, environment: 'production', task: 'slipway:team/bot', payload, creator: US };
const state = (id: number, word: string, creator: object = US) => {
  return { id, state: word, description: `it is ${word}`, created_at: '2026-11-27T10:00:00Z', creator };
};

interface Answers {
  readonly deployments?: readonly object[];
  readonly states?: readonly object[];
}

/** An API with these answers, which never ends a list of a hundred. */
function open({ deployments = [record], states = [] }: Answers) {
  const asked: string[] = [];
  const rest: GitHubApi['rest'] = async (right, method, path) => {
    expect([right, method]).toEqual(['deployments: read', 'GET']);
    asked.push(path);
    return path.includes('/statuses?') ? states : deployments;
  };
  const none = () => Promise.reject(new Error('not asked for'));
  const api: GitHubApi = { owner: 'acme', name: 'shop', rest, query: none, create: none, mutate: none };
  return { asked, of: () => openVerdicts(api).of(release) };
}

const wordOf = async (answers: Answers) => (await open(answers).of()).word;

describe('the words', () => {
  test.each([
    [[state(1, 'success')], 'running'],
    [[state(1, 'failure')], 'failed'],
    [[state(1, 'error')], 'unknown'],
    [[state(1, 'in_progress')], 'pending'],
    [[], 'pending'],
    [[state(1, 'inactive')], 'unknown'],
    [[state(2, 'inactive'), state(1, 'success')], 'running'],
    [[state(1, 'failure'), state(2, 'success')], 'running'],
    [[state(2, 'failure'), state(1, 'success')], 'failed'],
    [[state(3, 'in_progress'), state(1, 'success')], 'running'],
  ])('%j is %s', async (states, word) => expect(await wordOf({ states })).toBe(word));

  test('no record is none; the newest final status says it, with its time', async () => {
    expect(await wordOf({ deployments: [] })).toBe('none');
    const said = { word: 'failed', said: 'it is failure', at: '2026-11-27T10:00:00Z' };
    expect(await open({ states: [state(1, 'failure')] }).of()).toEqual(said);
  });
});

describe('what others write', () => {
  const states = [state(1, 'success')];
  test.each([
    ['another account', { creator: STRANGER }],
    ['no account', { creator: null }],
    ['another commit', { sha: 'c'.repeat(40) }],
    ['another environment', { environment: 'staging' }],
    ['another task', { task: 'deploy' }],
    ['another intent', { payload: { ...payload, intent: 'x' } }],
    ['another digest', { payload: { ...payload, digest: 'x' } }],
    ['another image', { payload: { ...payload, image: 'x' } }],
    ['another version', { payload: { ...payload, schema: 2 } }],
    ['no release', { payload: { ...payload, release: 'x' } }],
    ['no JSON', { payload: '{' }],
  ])('a Deployment with %s is not the record', async (_name, change) => {
    expect(await wordOf({ deployments: [{ ...record, ...change }], states })).toBe('none');
  });

  test('a payload may be text', async () => {
    expect(await wordOf({ deployments: [{ ...record, payload: JSON.stringify(payload) }], states })).toBe('running');
  });

  test('a status of another account on our record does not count', async () => {
    expect(await wordOf({ states: [state(9, 'success', STRANGER), state(1, 'failure')] })).toBe('failed');
    expect(await wordOf({ states: [state(9, 'success', STRANGER)] })).toBe('pending');
  });

  test('a flood of records is refused: what is behind it must not count as absent', async () => {
    const flood = Array.from({ length: 100 }, (_, id) => ({ ...record, id, creator: STRANGER }));
    const { of, asked } = open({ deployments: flood });
    await expect(of()).rejects.toThrow('more than 1000 records');
    expect(asked).toHaveLength(10);
  });

  test('names go into the address escaped', async () => {
    const { of, asked } = open({ deployments: [] });
    await of();
    expect(asked).toEqual([
      `deployments?sha=${source}&environment=production&task=slipway%3Ateam%2Fbot&per_page=100&page=1`,
    ]);
  });
});

test('a question without an answer is refused', async () => {
  const silent = withPatience({ of: () => new Promise(() => {}) }, 20);
  await expect(silent.of(release)).rejects.toThrow(Refusal);
  const quick = withPatience({ of: async () => ({ word: 'running', said: '' }) }, 20);
  expect((await quick.of(release)).word).toBe('running');
});
