import { describe, expect, test } from '@jest/globals';
import { measureCpu } from '#core/terraform/tests/cpu.ts';
import { planOf, type Rendering, render, resource } from './plan-builder.ts';

const gone = { before: { name: 'x' } };
const created = { after: { name: 'x', tags: { owner: 'platform' } } };
const updated = { before: { text: 'a' }, after: { text: 'b'.repeat(200) } };
const many = (count: number, type: string, actions: string[], change: object): object[] =>
  Array.from({ length: count }, (_one, at) => resource(`${type}.number_${at}`, actions, { ...change }));

function renderWithin(limit: number, resources: object[], more: Partial<Rendering> = {}): string {
  const comment = render({ plans: { aws: planOf(resources) }, limit, rest: 'see the job summary', ...more });
  expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(limit);
  return comment;
}

const isNamed = (comment: string, address: string): boolean => comment.includes(`<code>${address}</code>`);
const countFolds = (comment: string): number => comment.split('```diff').length - 1;

test('10,000 creates and 3 destroys in their middle: all 3 are named, the creates counted by type', () => {
  const creates = many(10_000, 'aws_sqs_queue', ['create'], created);
  const destroys = many(3, 'aws_dynamodb_table', ['delete'], gone);
  const comment = renderWithin(60_000, [...creates.slice(0, 5_000), ...destroys, ...creates.slice(5_000)]);
  expect([0, 1, 2].filter((at) => isNamed(comment, `aws_dynamodb_table.number_${at}`))).toEqual([0, 1, 2]);
  expect(comment).toContain('\n10,000 creates (10,000 `aws_sqs_queue`): see the job summary.\n');
  expect(comment.split('\n')[0]).toBe('### Terraform destroys 3 and creates 10,000');
});

describe('with fewer bytes, in this order', () => {
  const resources = [
    ...many(20, 'aws_sqs_queue', ['create'], created),
    ...many(20, 'aws_iam_role', ['update'], updated),
    ...many(20, 'aws_dynamodb_table', ['delete'], gone),
  ];
  const names = (comment: string, type: string): number =>
    Array.from({ length: 20 }, (_one, at) => `${type}.number_${at}`).filter((address) => isNamed(comment, address))
      .length;
  const tell = (limit: number): object => {
    const comment = renderWithin(limit, resources);
    const [creates, updates, destroys] = ['aws_sqs_queue', 'aws_iam_role', 'aws_dynamodb_table'].map((type) =>
      names(comment, type),
    );
    return { creates, updates, destroys, folds: countFolds(comment) };
  };

  test('all is shown', () => {
    expect(tell(60_000)).toEqual({ creates: 20, updates: 20, destroys: 20, folds: 60 });
  });

  test('the largest diffs are cut', () => {
    expect(tell(12_000)).toEqual({ creates: 20, updates: 20, destroys: 20, folds: 60 });
    expect(renderWithin(12_000, resources)).toMatch(/^\+ text = "b{100,}…$/m);
  });

  test('creates lose their folds, and then their names', () => {
    expect(tell(11_000)).toMatchObject({ creates: 20, updates: 20, destroys: 20, folds: 40 });
    expect(tell(10_000)).toMatchObject({ creates: 0, updates: 20, destroys: 20, folds: 40 });
  });

  test('then updates lose their folds', () => {
    expect(tell(5_000)).toMatchObject({ creates: 0, updates: 20, destroys: 20, folds: 20 });
  });

  test('destroys are named to the end, and those that are not are counted', () => {
    expect(tell(2_600)).toMatchObject({ creates: 0, destroys: 20 });
    const comment = renderWithin(2_000, many(100, 'aws_dynamodb_table', ['delete'], gone));
    const [, more = ''] =
      /^(\d+) more destroys \(\d+ `aws_dynamodb_table`\): see the job summary\.$/m.exec(comment) ?? [];
    expect(comment.split('<li>').length - 1 + Number(more)).toBe(100);
  });
});

describe('a value of 1.1 MB', () => {
  const lines = Array.from({ length: 40_000 }, (_one, at) => `line ${at} of a file of this size`);
  const changed = lines.with(20_000, 'THE LINE THAT CHANGED');
  const asJson = (all: readonly string[]): string => JSON.stringify({ lines: all });
  test.each([
    ['of many lines', lines.join('\n'), changed.join('\n')],
    ['of one line', lines.join(' '), changed.join(' ')],
    ['of JSON', asJson(lines), asJson(changed)],
    ['of other lines only', lines.join('\n'), lines.map((line) => `${line} THE LINE THAT CHANGED`).join('\n')],
    ['that is new', null, changed.toReversed().join('\n').replace('line', 'THE LINE THAT CHANGED')],
  ])('%s: the change takes 4 KB at most, and 2 s', (_name, before, after) => {
    const resources = [resource('aws_s3_object.page', ['update'], { before: { a: before }, after: { a: after } })];
    let comment = '';
    const took = measureCpu(() => {
      comment = renderWithin(60_000, resources);
    });
    expect(took).toBeLessThan(2_000);
    expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(4_096);
    expect(comment).toContain('THE LINE THAT CHANGED');
  });
});

test('a text that is made to be slow, or to exhaust the stack, does neither', () => {
  const nested = '['.repeat(100_000) + ']'.repeat(100_000);
  const resources = [
    resource('aws_x.dots', ['create'], { after: { a: `://${'a.'.repeat(200_000)}` } }),
    resource('aws_x.marks', ['create'], {
      after: { a: '\u0300'.repeat(200_000), b: '`'.repeat(200_000), c: '\n'.repeat(200_000) },
    }),
    resource('aws_x.deep', ['update'], { before: { a: '[[]]', b: nested }, after: { a: nested, b: '[]' } }),
  ];
  expect(measureCpu(() => renderWithin(60_000, resources))).toBeLessThan(2_000);
});

test('what is above the changes is within the limit too', () => {
  const plans = Object.fromEntries(Array.from({ length: 12 }, (_one, at) => [`${at} ${'x'.repeat(190)}`, planOf([])]));
  const comment = renderWithin(2_000, [], {
    plans: { ...plans, aws: planOf(many(2, 'aws_sqs_queue', ['delete'], gone)) },
  });
  expect(comment).toMatch(/^### Terraform destroys 2 in 1 of 13 stacks\n/);
  expect(comment).toContain('Not listed: 2 destroys: see the job summary.');
});

test('the summary of a job takes the same page with more bytes', () => {
  const creates = many(3_000, 'aws_sqs_queue', ['create'], created);
  const comment = renderWithin(1_024 * 1_024, creates);
  expect(isNamed(comment, 'aws_sqs_queue.number_2999')).toBe(true);
});
