import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { describeError } from '#core/values/errors.ts';
import { type IssueWorld, openIssueWorld } from '#tests/support/issues.ts';
import { DRIFT } from './reports.ts';

let world: IssueWorld;

beforeAll(async () => {
  world = await openIssueWorld();
});

afterEach(() => {
  for (const list of [world.issues, world.heard]) list.length = 0;
});

afterAll(() => world.close());

const left = { id: 3, name: 'slipway-report-plan-aws', size: 100 };
const other = { id: 4, name: 'slipway-report-plan-aws-2', size: 100 };
const lookAt = (listed: readonly (typeof left)[], file: string | undefined) =>
  world.reportDrift({
    reports: {},
    run: 9,
    inputs: { stacks: 'aws' },
    around: (ports) => {
      const list = async (run: number) => (run === 9 ? [...listed] : []);
      const read = async ({ id }: { id: number }) =>
        id === left.id && file !== undefined ? Buffer.from(file) : undefined;
      return { ...ports, artifacts: { list, read } };
    },
  });

test('the report of a stack is the artifact of its name that this run left', async () => {
  const { outputs } = await lookAt([other, left], DRIFT);
  expect(outputs['drifted']).toBe('["aws"]');
  expect(world.issues).toHaveLength(1);
});

test.each([
  ['none of its name', [other], DRIFT],
  ['one without the file', [left], undefined],
])('%s is red, and is not taken for no drift', async (_what, listed, file) => {
  const { error, outputs } = await lookAt(listed, file);
  expect(describeError(error)).toMatch(
    /^stacks: "aws" cannot be read \(the run has no artifact slipway-report-plan-aws\)/,
  );
  expect(outputs['drifted']).toBe('[]');
  expect(world.heard).toEqual([]);
});
