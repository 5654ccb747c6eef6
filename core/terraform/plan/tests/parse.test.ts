import { describe, expect, test } from '@jest/globals';
import { classifyPlan, KINDS } from '#core/terraform/plan/classify.ts';
import { parsePlanFile } from '#core/terraform/plan/parse.ts';

const GIVE = ': give the output of terraform show -json PLAN (or tofu show -json PLAN)';

describe('a file that is not a plan is refused by what it is', () => {
  test.each([
    ['', 'p is not JSON'],
    ['Terraform will perform the following actions', 'p is not JSON'],
    [
      '{"@level":"info","@message":"Terraform 1.11.4"}\n{"@level":"info"}',
      'p is the log of terraform plan -json, not a plan',
    ],
    ['[]', 'p is not a plan'],
    ['{}', 'p is not a plan'],
    ['{"format_version":"1.0","values":{"root_module":{}}}', 'p is a state, not a plan'],
    ['{"format_version":"1.2","resource_changes":[{}]}', 'p is not a plan (at resource_changes.0.address)'],
    ['{"format_version":"1.2","resource_changes":{}}', 'p is not a plan (at resource_changes)'],
  ])('%j', (text, message) => {
    expect(() => parsePlanFile('p', text)).toThrow(message + GIVE);
  });

  test('a saved plan', () => {
    expect(() => parsePlanFile('planned', 'PK\x03\x04\0\0')).toThrow(
      'planned is a saved plan, not its JSON: type terraform show -json planned > plan.json, then give plan.json',
    );
  });

  test('a saved plan in another folder', () => {
    expect(() => parsePlanFile("terraform/it's/planned", 'PK\x03\x04')).toThrow(
      `type terraform -chdir='terraform/it'\\''s' show -json planned > plan.json`,
    );
  });

  test.each(['2.0', '10.1', 'later'])('format version %s', (version) => {
    expect(() => parsePlanFile('p', JSON.stringify({ format_version: version }))).toThrow(
      `p: format_version: "${version}" is newer than 1.x, the newest that is read: upgrade Slipway`,
    );
  });
});

test.each(['0.1', '1.0', '1.2', '1.99'])('format version %s is read, with keys that no one knows', (version) => {
  const plan = parsePlanFile('p', JSON.stringify({ format_version: version, later: { a: 1 } }));
  expect(classifyPlan(plan)).toEqual({
    isErrored: false,
    isComplete: true,
    changes: [],
    actions: [],
    outputs: [],
    drift: [],
    deferred: [],
    failedChecks: [],
  });
});

describe('what happens to a resource', () => {
  test.each<[string, string[], object, object]>([
    ['destroy', ['delete'], {}, {}],
    ['replace', ['delete', 'create'], {}, {}],
    ['replace', ['create', 'delete'], {}, { previous_address: 'a.c' }],
    ['forget', ['forget'], {}, {}],
    ['forget', ['create', 'forget'], {}, {}],
    ['forget', ['forget', 'create'], {}, {}],
    ['update', ['update'], {}, {}],
    ['update', ['update'], { importing: { id: 'x' } }, {}],
    ['create', ['create'], {}, {}],
    ['move', ['no-op'], { importing: { id: 'x' } }, { previous_address: 'a.c' }],
    ['import', ['no-op'], { importing: { id: 'x' } }, {}],
    ['read', ['read'], {}, {}],
    ['unknown', ['create', 'update'], {}, {}],
    ['unknown', [], {}, {}],
  ])('%s: %j', (kind, actions, change, more) => {
    const resource = { address: 'a.b', type: 'a', ...more, change: { actions, ...change } };
    const text = JSON.stringify({ format_version: '1.2', resource_changes: [resource] });
    expect(classifyPlan(parsePlanFile('p', text)).changes).toMatchObject([{ kind, address: 'a.b' }]);
    expect(KINDS).toContain(kind);
  });

  test.each([[{}], [{ previous_address: 'a.b' }]])('nothing: %j', (more) => {
    const resource = { address: 'a.b', type: 'a', ...more, change: { actions: ['no-op'], importing: null } };
    const text = JSON.stringify({ format_version: '1.2', resource_changes: [resource], resource_drift: [resource] });
    expect(classifyPlan(parsePlanFile('p', text))).toMatchObject({ changes: [], drift: [] });
  });
});

test('an empty collection where the state has null is no drift, and anything else is', () => {
  const driftOf = (before: object, after: object): number => {
    const drift = {
      address: 'a.b',
      mode: 'managed',
      type: 'a',
      name: 'b',
      change: { actions: ['update'], before, after },
    };
    const text = JSON.stringify({ format_version: '1.2', resource_changes: [], resource_drift: [drift] });
    return classifyPlan(parsePlanFile('p', text.replaceAll('"large"', '12345678901234567890'))).drift.length;
  };
  expect(driftOf({ tags: null, size: 'large' }, { size: 'large', tags: {}, rules: [] })).toBe(0);
  for (const [before, after] of [
    [{ tags: null }, { tags: { a: 'b' } }],
    [{ tags: { a: 'b' } }, { tags: {} }],
    [{ name: null }, { name: '' }],
    [{ on: null }, { on: false }],
  ] as const)
    expect(driftOf(before, after)).toBe(1);
});
