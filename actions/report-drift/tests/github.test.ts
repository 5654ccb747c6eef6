import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { describeError } from '#core/values/errors.ts';
import { type Api, openApi, WHERE } from '#lab/github/tests/open-api.ts';
import { type Ended, reportDrift } from '#tests/support/issues.ts';
import { CODE, DRIFT, NOTHING } from './reports.ts';

/** The same against the lab's GitHub, which holds each request and answer against GitHub's published description. */
let api: Api;

beforeAll(async () => {
  api = await openApi();
});

afterEach(() => expect(api.rest.violations).toEqual([]));

afterAll(() => api.close());

/** The rights that the README asks for. */
const RIGHTS = { contents: 'read', issues: 'write' };

const look = (report: string, run: number, rights: Readonly<Record<string, string>> = RIGHTS): Promise<Ended> =>
  reportDrift(api.url, api.root, { reports: { 'aws.json': report }, run, inputs: { token: api.tokenOf(rights) } });

const outcomeOf = ({ outputs }: Ended): string => JSON.parse(outputs['issues'] ?? '')[0].outcome;

test('one issue is opened, written again, closed and opened again, with the rights that the README asks for', async () => {
  await api.person.rest.pulls.create({ ...WHERE, title: 'A change', head: 'main', base: 'team/topic' });
  const { data: stranger } = await api.person.rest.issues.create({
    ...WHERE,
    title: 'x',
    body: '<!-- slipway:drift-aws run=9 attempt=1 -->',
  });
  const outcomes: string[] = [];
  for (const [at, report] of [DRIFT, DRIFT, CODE, NOTHING, NOTHING, DRIFT].entries()) {
    const ended = await look(report, at + 1);
    expect(ended.error).toBeUndefined();
    outcomes.push(outcomeOf(ended));
  }
  expect(outcomes).toEqual(['opened', 'updated', 'updated', 'closed', 'none', 'reopened']);
  const { data } = await api.person.rest.issues.listForRepo({ ...WHERE, state: 'all' });
  const issues = data.filter(({ pull_request: pull }) => pull === undefined);
  expect(issues.map(({ number, state }) => [number, state])).toEqual([
    [stranger.number + 1, 'open'],
    [stranger.number, 'open'],
  ]);
  expect(issues[1]?.body).toBe(stranger.body);
  const { data: comments } = await api.person.rest.issues.listComments({ ...WHERE, issue_number: stranger.number + 1 });
  expect(comments.map(({ body }) => body?.split('\n')[1]?.slice(0, 10))).toEqual([
    'Now, found',
    '✅ Gone: [a',
    'Open again',
  ]);
});

test('without the right, the sentence names it', async () => {
  const { error } = await look(DRIFT, 7, { contents: 'read', issues: 'read' });
  expect(describeError(error)).toMatch(
    /give the job `permissions: issues: write`; where issues are turned off, turn them on/,
  );
});
