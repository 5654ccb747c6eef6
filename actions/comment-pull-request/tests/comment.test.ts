import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { CommentRecord, PullRecord } from '#lab/github/pulls/records.ts';
import { WHERE } from '#lab/github/tests/open-api.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { openWorld, type World } from '#tests/support/pull-requests.ts';

let world: World;
let pull: PullRecord;

beforeAll(async () => {
  world = await openWorld();
  pull = await world.openPull('topic');
});

afterEach(() => {
  world.forget();
  expect(world.rest.violations).toEqual([]);
  expect(world.faults.countWaiting()).toBe(0);
});

afterAll(() => world.close());

/** The texts of a pull request's comments, without markers. */
const textsOf = (pull: PullRecord): string[] =>
  world.commentsOf(pull).map(({ body }) => body.replace(/^<!-- slipway:.*-->\n/, ''));

async function talk(pull: PullRecord, body: string, token = world.token): Promise<CommentRecord> {
  const { data } = await world.client(token).rest.issues.createComment({ ...WHERE, issue_number: pull.number, body });
  const made = world.pulls.comments.find(({ id }) => id === data.id);
  if (made === undefined) throw new Error('no comment');
  return made;
}

describe('one comment', () => {
  test('is made, updated by the second run, and left alone where nothing changed', async () => {
    const first = await world.comment({ pull, body: 'First.' });
    const [comment] = world.commentsOf(pull);
    const url = `${world.url}/acme/tenant/pull/${pull.number}#issuecomment-${comment?.id}`;
    expect(first).toMatchObject({ error: undefined, outputs: { outcome: 'created', id: String(comment?.id), url } });
    expect(comment?.body).toBe(`<!-- slipway:slipway head=${pull.head.sha} run=1 attempt=1 -->\nFirst.`);
    const second = await world.comment({ pull, body: 'Second.\r\n', run: 2 });
    expect(second).toMatchObject({ error: undefined, outputs: { ...first.outputs, outcome: 'updated' } });
    expect(await world.comment({ pull, body: 'Second.', run: 3 })).toMatchObject({ outputs: { outcome: 'unchanged' } });
    expect(comment?.edits).toHaveLength(2);
    await world.push(pull);
    expect(await world.comment({ pull, body: 'Second.', run: 4 })).toMatchObject({ outputs: { outcome: 'updated' } });
    expect(textsOf(pull)).toEqual(['Second.']);
  });

  test('five pushes leave one', async () => {
    for (let run = 1; run <= 5; run++) {
      await world.comment({ pull, body: `Of push ${run}.`, run });
      await world.push(pull);
    }
    expect(textsOf(pull)).toEqual(['Of push 5.']);
  });

  test('is found behind a hundred others', async () => {
    for (let count = 0; count < 101; count++) {
      const at = new Date();
      const body = `${count}`;
      const talked = { login: 'octocat', createdAt: at, updatedAt: at, body, edits: [body] };
      world.pulls.comments.push({ ...talked, id: world.pulls.nextCommentId(), issue: pull.number });
    }
    await world.comment({ pull, body: 'First.' });
    expect(await world.comment({ pull, body: 'Second.', run: 2 })).toMatchObject({ outputs: { outcome: 'updated' } });
    expect(textsOf(pull)).toHaveLength(102);
  });

  test('comes again when someone deleted it', async () => {
    await world.comment({ pull });
    world.pulls.comments.pop();
    expect(await world.comment({ pull })).toMatchObject({ outputs: { outcome: 'created' } });
    await world.comment({
      ...{ pull, body: 'Deleted while it is written.', run: 2 },
      around: (ports) => ({
        ...ports,
        comments: {
          ...ports.comments,
          update: async (...args) => {
            world.pulls.comments.pop();
            return ports.comments.update(...args);
          },
        },
      }),
    });
    expect(textsOf(pull)).toEqual(['Deleted while it is written.']);
  });

  test('each name has its own', async () => {
    await world.comment({ pull, body: 'A plan.' });
    await world.comment({ pull, body: 'A preview.', inputs: { marker: 'preview' } });
    await world.comment({ pull, body: 'Another plan.', run: 2 });
    expect(textsOf(pull)).toEqual(['Another plan.', 'A preview.']);
  });

  test('two of ours become the older one with the newer text', async () => {
    await world.comment({ pull, body: 'Old.' });
    const mine = world.tokenOf({ 'pull-requests': 'write' });
    const marker = (run: number) => `<!-- slipway:slipway head=${pull.head.sha} run=${run} attempt=1 -->`;
    await talk(pull, `${marker(7)}\nNewer.`, mine);
    await talk(pull, '<!-- slipway:slipway of an unknown kind -->\nOldest.', mine);
    const [oldest] = world.commentsOf(pull);
    const asked = { pull, body: 'Between.', run: 5 };
    expect(await world.comment(asked)).toMatchObject({ outputs: { outcome: 'outdated', id: String(oldest?.id) } });
    expect(textsOf(pull)).toEqual(['Newer.']);
  });
});

describe('what is not ours', () => {
  test('a comment of someone else with our marker is neither touched nor counted', async () => {
    const text = `<!-- slipway:slipway head=${pull.head.sha} run=999 attempt=9 -->\nApproved!`;
    const app = world.tokenOf({ 'pull-requests': 'write' }, 'other-app');
    const theirs = [await talk(pull, text), await talk(pull, text, app)];
    expect(await world.comment({ pull, body: 'Ours.' })).toMatchObject({ outputs: { outcome: 'created' } });
    expect(theirs.map(({ edits }) => edits)).toEqual([[text], [text]]);
    expect(textsOf(pull)).toEqual(['Approved!', 'Approved!', 'Ours.']);
  });

  test('a marker within a body is text', async () => {
    const marker = '<!-- slipway:slipway head=0 run=99999 attempt=9 stale=1 -->';
    await world.comment({ pull, body: `${marker}\nA hostile value.` });
    const next = await world.comment({ pull, body: 'The next one.', run: 2 });
    expect(next).toMatchObject({ outputs: { outcome: 'updated' } });
    expect(textsOf(pull)).toEqual(['The next one.']);
  });

  test('with an App’s token, the App’s comment is ours', async () => {
    const asked = { pull, token: world.tokenOf({ 'pull-requests': 'write' }, 'slipway'), inputs: { identity: '3003' } };
    expect(await world.comment(asked)).toMatchObject({ outputs: { outcome: 'created' } });
    expect(await world.comment({ ...asked, body: 'New.', run: 2 })).toMatchObject({ outputs: { outcome: 'updated' } });
    expect(textsOf(pull)).toEqual(['New.']);
  });
});

describe('an older run does not overwrite a newer one', () => {
  test('of the same head: by its number, and by its attempt', async () => {
    await world.comment({ pull, body: 'Newer.', run: 5, attempt: 2 });
    for (const asked of [
      { run: 4, attempt: 3 },
      { run: 5, attempt: 1 },
    ]) {
      const { outputs, summary } = await world.comment({ pull, body: 'Older.', ...asked });
      expect(outputs['outcome']).toBe('outdated');
      expect(summary).toContain('older than [the comment]');
      expect(summary).toContain('Older.');
    }
    expect(textsOf(pull)).toEqual(['Newer.']);
  });

  test('of a head that the pull request has left, whatever its number', async () => {
    const old = pull.head.sha;
    await world.push(pull);
    await world.comment({ pull, body: 'Of the present head.', run: 1 });
    const outdated = await world.comment({ pull, body: 'Of an old head.', run: 9, inputs: { head: old } });
    expect(outdated.outputs['outcome']).toBe('outdated');
    expect(textsOf(pull)).toEqual(['Of the present head.']);
    await world.push(pull);
    await world.comment({ pull, body: 'Of the newest head.', run: 2 });
    expect(textsOf(pull)).toEqual(['Of the newest head.']);
  });
});

test('a fork’s run does not try: the summary has all, and says why', async () => {
  const fork = join(world.root, 'fork.git');
  world.git('clone', '--quiet', '--bare', world.bare, fork);
  world.pulls.addFork('mallory/tenant', fork);
  const sha = world.commit('main', 'fork.txt');
  world.git('update-ref', 'refs/heads/main', `${sha}^`);
  execFileSync('git', ['-C', fork, 'fetch', '--quiet', world.bare, sha]);
  execFileSync('git', ['-C', fork, 'update-ref', 'refs/heads/topic', sha]);
  const { data } = await world.person.rest.pulls.create({ ...WHERE, title: 'T', head: 'mallory:topic', base: 'main' });
  const theirs = world.pulls.find(data.number);
  if (theirs === undefined) throw new Error('no pull request');
  const token = world.tokenOf({ contents: 'read', 'pull-requests': 'read', statuses: 'read' });
  const { error, outputs, summary } = await world.comment({
    pull: theirs,
    token,
    body: 'All of it.',
    inputs: { verdict: 'success' },
  });
  expect({ error, outputs }).toEqual({ error: undefined, outputs: { outcome: 'summary-only', url: '', id: '' } });
  expectGolden(join(import.meta.dirname, 'golden', 'fork.md'), summary);
  expect(textsOf(theirs)).toEqual([]);
  // a run that was not started by the fork has a token that may write
  expect(await world.comment({ pull: theirs, eventName: 'workflow_dispatch' })).toMatchObject({
    outputs: { outcome: 'created' },
  });
});

test('the summary has its own text, whole', async () => {
  const full = join(world.root, 'full.md');
  writeFileSync(full, `# All\n\n${'x'.repeat(70_000)}\n`);
  const { summary } = await world.comment({ pull, body: 'Short.', inputs: { summary: full } });
  expect(summary).toMatch(/^> 💬 This is the full result of \[the comment\]\(.*\)\.\n\n# All\n\nx{70000}\n$/);
  expect(textsOf(pull)).toEqual(['Short.']);
});

describe('what goes wrong on the way', () => {
  test.each([
    ['a reply that is lost after it was made', 'issues/create-comment', { kind: 'lost-reply' }],
    ['502 after it was made', 'issues/create-comment', { kind: 'server-error', effect: 'done' }],
    ['502 before it was made', 'issues/create-comment', { kind: 'server-error', effect: 'none' }],
    ['a reply that is lost after the update', 'issues/update-comment', { kind: 'lost-reply' }],
    ['502 before the update', 'issues/update-comment', { kind: 'server-error', effect: 'none' }],
    ['502 for the list', 'issues/list-comments', { kind: 'server-error', effect: 'none' }],
    ['502 for the pull request', 'pulls/get', { kind: 'server-error', effect: 'none' }],
    ['502 for the edit history', 'node', { kind: 'server-error', effect: 'none' }],
  ] as const)('%s: one comment, and green', async (_name, operation, fault) => {
    if (!/create/.test(operation)) await world.comment({ pull, body: 'Before.' });
    world.faults.inject(operation, fault);
    const { error, outputs } = await world.comment({ pull, body: 'After.', run: 2 });
    expect(error).toBeUndefined();
    expect(outputs['outcome']).toBe(/create/.test(operation) ? 'created' : 'updated');
    expect(textsOf(pull)).toEqual(['After.']);
    // it was made once, and not made again and taken away
    expect(world.pulls.nextCommentId()).toBe(Number(outputs['id']) + 1);
  });

  test.each([
    ['429 with a time', { kind: 'secondary-limit', status: 429, retryAfter: 7 }, 7000],
    ['403 of a secondary limit without one', { kind: 'secondary-limit' }, 60_000],
    ['the end of the hour', { kind: 'primary-limit', reset: new Date('2030-01-02T12:00:30Z') }, 30_000],
  ] as const)('%s is waited for', async (_name, fault, pause) => {
    world.faults.inject('issues/create-comment', fault);
    const { outputs, clock } = await world.comment({ pull });
    expect(outputs['outcome']).toBe('created');
    expect(clock.slept).toEqual([pause]);
  });
});
