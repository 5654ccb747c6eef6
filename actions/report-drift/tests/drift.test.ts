import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { parsePlanFile } from '#core/terraform/plan/parse.ts';
import { collectSecrets } from '#core/terraform/plan/secrets.ts';
import { describeError } from '#core/values/errors.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { BOT, type IssueWorld, openIssueWorld, PERSON } from '#tests/support/issues.ts';
import {
  BOTH,
  CODE,
  DRIFT,
  DRIFT_ONLY,
  NOTHING,
  OTHER_DRIFT,
  OTHER_DRIFT_ONLY,
  reportFile,
  reportOf,
} from './reports.ts';

let world: IssueWorld;

beforeAll(async () => {
  world = await openIssueWorld();
});

afterEach(() => {
  expect(world.faults).toEqual([]);
  for (const list of [world.issues, world.heard]) list.length = 0;
});

afterAll(() => world.close());

const look = (aws: string, run: number) => world.reportDrift({ reports: { 'aws.json': aws }, run });
const outcomeOf = async (ending: ReturnType<typeof look>): Promise<string> => {
  const { outputs, error } = await ending;
  if (error !== undefined) throw error;
  return JSON.parse(outputs['issues'] ?? '')[0].outcome;
};
const comments = (at = 0): string[] =>
  (world.issues[at]?.comments ?? []).map(({ body }) => body.split('\n').slice(1).join('\n'));

describe('one issue per stack', () => {
  test('is opened, updated in place without a comment, and closed with a sentence', async () => {
    const first = await look(DRIFT, 1);
    expect(first.error).toBeUndefined();
    const url = `${world.url}/acme/tenant/issues/1`;
    expect(first.outputs).toEqual({
      issues: JSON.stringify([{ stack: 'aws', outcome: 'opened', number: 1, url }]),
      drifted: '["aws"]',
    });
    const [issue] = world.issues;
    expect(issue).toMatchObject({ title: 'Terraform stack aws is not what its code says', author: BOT, state: 'open' });
    if (issue !== undefined) issue.title = 'A title that a person gave';
    expect(await outcomeOf(look(DRIFT, 2))).toBe('updated');
    expect(comments()).toEqual([]);
    expect(await outcomeOf(look(NOTHING, 3))).toBe('closed');
    expect(world.issues).toMatchObject([
      {
        title: 'A title that a person gave',
        state: 'closed',
        reason: 'completed',
        body: expect.stringMatching(/\n✅ \*\*Gone\.\*\* /),
      },
    ]);
    expect(comments()).toEqual([
      expect.stringMatching(/^✅ Gone: \[a run\]\(.*\/runs\/3\) found nothing that differs\.$/),
    ]);
    expect(await outcomeOf(look(NOTHING, 4))).toBe('none');
    expect(world.issues[0]?.edits).toHaveLength(3);
  });

  test('is not opened where nothing differs', async () => {
    expect(await outcomeOf(look(NOTHING, 1))).toBe('none');
    expect(world.issues).toEqual([]);
  });

  test('is opened again, rather than a second one', async () => {
    for (const [run, report] of [DRIFT, NOTHING, CODE].entries()) await look(report, run + 1);
    expect(world.issues).toMatchObject([{ state: 'open' }]);
    expect(comments()).toEqual([
      expect.stringMatching(/^✅ Gone/),
      expect.stringMatching(/^Open again, found by .*Not applied yet: the code is ahead/),
    ]);
  });

  test('says in a comment when the difference is of another kind, and only then', async () => {
    for (const [run, report] of [CODE, DRIFT, OTHER_DRIFT, BOTH, BOTH].entries()) await look(report, run + 1);
    expect(comments()).toEqual([
      expect.stringMatching(/^Now, found by .*Drift: changed outside of Terraform\.\*\*/),
      expect.stringMatching(/^Now, found by .*Drift: changed outside of Terraform, and more than that/),
    ]);
  });

  test('each stack has its own, and what is wrong with one leaves the other', async () => {
    const reports = {
      'aws.json': DRIFT,
      'no.json': 'x',
      'bootstrap.json': reportOf({
        ...{ stack: 'bootstrap' },
        more: { output_changes: { a: { actions: ['create'], after: 1 } } },
      }),
    };
    const { outputs, error } = await world.reportDrift({ reports });
    expect(world.issues.map(({ title }) => title.split(' ')[2])).toEqual(['aws', 'bootstrap']);
    expect(outputs['drifted']).toBe('["aws","bootstrap"]');
    expect(describeError(error)).toMatch(/^no\.json is not a report of plan-terraform/);
  });

  test('is found behind a hundred others and a pull request, by marker and author', async () => {
    for (let count = 0; count < 100; count++) world.add({});
    world.add({ isPull: true, author: BOT, body: '<!-- slipway:drift-aws run=1 -->' });
    await look(DRIFT, 1);
    const body = world.issues.at(-1)?.body ?? '';
    world.issues.splice(0, 1, { ...world.add({ author: PERSON, body }), number: 1 });
    world.issues.pop();
    expect(await outcomeOf(look(DRIFT, 2))).toBe('updated');
    expect(world.issues).toHaveLength(102);
    expect(world.issues[0]).toMatchObject({ body, state: 'open', edits: [body] });
  });
});

describe('an issue that a person closed', () => {
  const close = async (): Promise<void> => {
    await look(DRIFT, 1);
    Object.assign(world.issues[0] ?? {}, { state: 'closed', reason: 'not_planned' });
  };

  test('stays closed while the same differs', async () => {
    await close();
    expect(await outcomeOf(look(DRIFT, 2))).toBe('by-hand');
    expect(world.issues).toMatchObject([{ state: 'closed', reason: 'not_planned', edits: [expect.anything()] }]);
    expect(comments()).toEqual([]);
  });

  test('is opened again when something else differs', async () => {
    await close();
    expect(await outcomeOf(look(OTHER_DRIFT, 2))).toBe('reopened');
    expect(comments()).toHaveLength(1);
  });

  test('is opened again when something else drifts that no plan puts back', async () => {
    await look(DRIFT_ONLY, 1);
    Object.assign(world.issues[0] ?? {}, { state: 'closed' });
    expect(await outcomeOf(look(DRIFT_ONLY, 2))).toBe('by-hand');
    expect(await outcomeOf(look(OTHER_DRIFT_ONLY, 3))).toBe('reopened');
  });

  test('is opened again when it was gone in between', async () => {
    await close();
    expect(await outcomeOf(look(NOTHING, 2))).toBe('updated');
    expect(comments()).toEqual([]);
    expect(await outcomeOf(look(DRIFT, 3))).toBe('reopened');
  });

  test('and one that a person opened again stays open until something comes and goes', async () => {
    for (const [run, report] of [DRIFT, NOTHING].entries()) await look(report, run + 1);
    Object.assign(world.issues[0] ?? {}, { state: 'open' });
    expect(await outcomeOf(look(NOTHING, 3))).toBe('by-hand');
    expect(world.issues).toMatchObject([{ state: 'open' }]);
    expect(await outcomeOf(look(DRIFT, 4))).toBe('updated');
    expect(await outcomeOf(look(NOTHING, 5))).toBe('closed');
  });
});

describe('an error is not drift', () => {
  const failure = { kind: 'errors', sentence: 'terraform plan found an error', diagnostics: [] } as const;
  const incomplete = { complete: false };
  const cases: [string, string, RegExp][] = [
    ['a failed plan', reportOf({ failure }), /^aws: the plan failed, so whether anything differs is not known/],
    [
      'a plan without refresh',
      reportOf({ refresh: false }),
      /^aws: the plan did not look at what is really there: plan it with/,
    ],
    [
      'an empty plan that is not complete',
      reportOf({ more: incomplete }),
      /^aws: the plan found nothing, and is not complete/,
    ],
    ['a file of something else', '{}', /^aws\.json is not a report of plan-terraform/],
    ['a stack with a hostile name', reportOf({ stack: 'aws --> @acme' }), /^reports: "aws --> @acme" is not a name/],
  ];
  test.each(cases)('%s is red, and opens, changes and closes nothing', async (_name, report, sentence) => {
    const { error, outputs, summary } = await look(report, 1);
    expect(describeError(error)).toMatch(sentence);
    expect(outputs['drifted']).toBe('[]');
    expect(summary).toMatch(/^### ❌ Not known, or not written: 1 of 1/);
    expect(world.heard).toEqual([]);
    await look(DRIFT, 2);
    const before = structuredClone(world.issues);
    await look(report, 3);
    expect(world.issues).toEqual(before);
  });

  test('a missing file is red as well', async () => {
    const { error } = await world.reportDrift({ reports: {}, inputs: { reports: 'no/such.json' } });
    expect(describeError(error)).toMatch(
      /^reports: "no\/such\.json" cannot be read .*see why the job that plans it left no report$/,
    );
  });
});

describe('the text', () => {
  const bodyOf = async (report: string): Promise<string> => {
    await look(report, 7);
    const body = world.issues[0]?.body ?? '';
    return body.replace(/fingerprint=\w{64}/, 'fingerprint=F').replaceAll(world.url, 'https://github.example');
  };

  test.each([
    ['drift', DRIFT],
    ['drift-only', DRIFT_ONLY],
    ['code', CODE],
    ['both', BOTH],
  ])('of %s', async (name, report) => {
    expectGolden(join(import.meta.dirname, 'golden', `${name}.md`), `${await bodyOf(report)}\n`);
  });

  test('is within GitHub’s limit, and the summary has the rest', async () => {
    const many = Array.from({ length: 3_000 }, (_one, at) => ({
      ...{ address: `aws_sqs_queue.q${at}`, mode: 'managed', type: 'aws_sqs_queue', name: 'q' },
      change: { actions: ['update'], before: { name: 'ä'.repeat(200) }, after: { name: `${at}` } },
    }));
    const { summary } = await look(reportOf({ drift: many }), 1);
    const body = world.issues[0]?.body ?? '';
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(60_000);
    expect(body).toMatch(/\*\*Next:\*\* .* until something else differs\.$/);
    expect(summary.length).toBeGreaterThan(body.length * 2);
    expect(Buffer.byteLength(summary)).toBeLessThan(1_000_000);
  });

  test('holds no secret, and nothing in it is markup', async () => {
    const hostile = '</details> <!-- --> @acme/owners #1 ```\n::error::x\n| a |';
    const values = (password: string, tag: string) => ({ password, tags: { a: tag } });
    const address = 'aws_db_instance.a["@acme/owners #1 <b>"]';
    const drift = {
      ...{ address, mode: 'managed', type: 'aws_db_instance', name: 'a' },
      change: {
        ...{ actions: ['update'], before: values('hunter2-before', 'a'), after: values('hunter2-after', hostile) },
        ...{ before_sensitive: { password: true }, after_sensitive: { password: true } },
      },
    };
    const { summary } = await look(reportOf({ drift: [drift] }), 1);
    const { body = '', title = '' } = world.issues[0] ?? {};
    expect(`${title}${body}${summary}`).not.toContain('hunter2');
    expect(title).toBe('Terraform stack aws is not what its code says');
    expect(body).not.toMatch(/^::error/m);
    expect(body.match(/<details/g)).toHaveLength(body.match(/^<\/details>$/gm)?.length ?? 0);
    expect(body).not.toMatch(/^[^<`]*@acme/m);
  });

  const golden = join(repositoryRoot, 'core/terraform/comment/tests/golden');
  const secretPlans = globSync('*{secrets,sensitive}*/plan.json', { cwd: golden }).flatMap((name) => {
    const file = parsePlanFile(name, readFileSync(join(golden, name), 'utf8'));
    // a short word is hidden only where it stands alone, so that it is in others, such as `latest`
    const secrets = [...collectSecrets(file)].filter((secret) => secret.length >= 8);
    return secrets.length === 0 ? [] : [[name, file, secrets] as const];
  });

  test('holds none of the secrets of the plans that the comment is tested with', async () => {
    expect(secretPlans.length).toBeGreaterThan(3);
    for (const [run, [name, file, secrets]] of secretPlans.entries()) {
      const { summary, outputs, error } = await look(reportFile({ ...file, errored: false }, {}), run + 1);
      const seen = `${JSON.stringify([world.issues, outputs])}${summary}${describeError(error)}`;
      expect([name, secrets.filter((secret) => seen.includes(secret))]).toEqual([name, []]);
    }
    expect(world.issues).toHaveLength(1);
  });
});
