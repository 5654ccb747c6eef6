import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { describeError, isExpected } from '#core/values/errors.ts';
import type { PullRecord } from '#lab/github/pulls/records.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { type Asked, openWorld, RIGHTS, type World } from '#tests/support/pull-requests.ts';

let world: World;
let pull: PullRecord;

beforeAll(async () => {
  world = await openWorld();
  pull = await world.openPull('topic');
});

afterEach(() => expect(world.rest.violations).toEqual([]));

afterAll(() => world.close());

/** The port of the server differs from run to run. */
const plain = (text: string): string =>
  text
    .replace(/127\.0\.0\.1:\d+/g, 'github.example')
    .replaceAll(pull.head.sha, 'HEAD')
    .replaceAll(pull.head.sha.slice(0, 7), 'HEAD');

type Case = [name: string, asked: () => Partial<Asked>];

const broken = (operation: string) => (): Partial<Asked> => {
  world.faults.inject(
    operation,
    ...Array.from({ length: 40 }, () => ({ kind: 'server-error', effect: 'none' }) as const),
  );
  return {};
};

describe('each refusal is red, says what to do, and leaves the full text in the summary', () => {
  const cases: Case[] = [
    ['locked', () => ({ around: lock })],
    ['no-right-to-comment', () => ({ token: world.tokenOf({ ...RIGHTS, 'pull-requests': 'read' }) })],
    ['no-right-to-read', () => ({ token: world.tokenOf({ contents: 'read' }) })],
    [
      'no-right-to-status',
      () => ({ token: world.tokenOf({ ...RIGHTS, statuses: 'read' }), inputs: { verdict: 'success' } }),
    ],
    ['unknown-token', () => ({ token: 'ghs_unknown' })],
    ['no-pull-request', () => ({ inputs: { 'pull-request': '99' } })],
    ['too-long', () => ({ body: 'long '.repeat(14_000) })],
    ['other-account', () => ({ token: world.tokenOf(RIGHTS, 'slipway') })],
    ['limit', () => ({ around: limit })],
    ['no-answer', broken('issues/create-comment')],
    ['no-answer-to-a-question', broken('issues/list-comments')],
  ];
  const lock: NonNullable<Asked['around']> = (ports) => {
    pull.locked = true;
    return ports;
  };
  const limit: NonNullable<Asked['around']> = (ports) => {
    world.faults.inject('issues/create-comment', { kind: 'primary-limit', reset: new Date('2030-01-02T12:20:00Z') });
    return ports;
  };

  test.each(cases)('%s', async (name, asked) => {
    world.forget();
    const { error, summary } = await world.comment({ pull, body: 'The full text.', ...asked() });
    pull.locked = false;
    world.faults.clear();
    if (!isExpected(error)) throw error;
    const message = describeError(error);
    expectGolden(join(import.meta.dirname, 'golden', 'refusals', `${name}.txt`), `${plain(message)}\n`);
    const head =
      name === 'no-right-to-status'
        ? 'The commit status `slipway/plan` was not set'
        : 'The comment could not be written';
    expect(summary.startsWith(`> ❌ **${head}:** `)).toBe(true);
    expect(summary).toMatch(/\n\n(The full text\.|(long )+long)\n$/);
    expect(world.commentsOf(pull)).toHaveLength(name === 'no-right-to-status' ? 1 : 0);
  });
});

describe('inputs that cannot be meant', () => {
  test.each([
    ['no-number', { 'pull-request': '' }],
    ['number', { 'pull-request': '#7' }],
    ['stage', { body: '', stage: 'merge' }],
    ['stacks', { body: '', stage: 'plan', stacks: 'aws', workflow: 'pull-request.yml' }],
    ['missing-body', { body: 'no-such.md' }],
    ['missing-summary', { summary: 'no-such.md' }],
    ['head', { head: 'main' }],
    ['marker', { marker: 'A marker' }],
    ['identity', { identity: 'slipway[bot]' }],
    ['verdict', { verdict: 'green' }],
    ['token', { token: '' }],
    ['plans', { plans: 'terraform/aws' }],
    ['plans-above', { plans: `../aws ${'0'.repeat(40)}` }],
  ])('%s', async (name, inputs) => {
    const { error } = await world.comment({ pull, inputs });
    if (!isExpected(error)) throw error;
    const message = plain(describeError(error)).replace(/'[^']*\/step-[^/]+\//, "'<checkout>/");
    expectGolden(join(import.meta.dirname, 'golden', 'inputs', `${name}.txt`), `${message}\n`);
  });

  test('an empty body', async () => {
    const { error } = await world.comment({ pull, body: ' \n' });
    expect(describeError(error)).toBe('body: "body.md" is empty: write it in an earlier step');
  });
});
