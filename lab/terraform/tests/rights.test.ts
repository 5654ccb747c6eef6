import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { parsePolicy } from '#core/aws/iam/policy.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { deniedCalls } from '#lab/terraform/tests/denied-calls.ts';
import {
  type Estate,
  first,
  IDENTITIES,
  type Identity,
  type IdentityCall,
  second,
  staging,
} from '#lab/terraform/tests/identity-calls.ts';
import { neededCalls } from '#lab/terraform/tests/needed-calls.ts';
import { type Rights, readRights, rowsOf } from '#lab/terraform/tests/rights.ts';
import { type Mutant, mutantsOf } from '#lab/terraform/tests/rights-mutants.ts';
import { strangers } from '#lab/terraform/tests/tokens.ts';
import { parseBlocks } from '#tests/terraform-blocks.ts';

const golden = z.record(z.string(), z.object({ trust: z.array(z.unknown()).optional(), rights: z.array(z.unknown()) }));

/** The policies that terraform test holds against the plan, to the letter. */
function readPlanned(name: string): Rights {
  const parts = ['bootstrap', 'aws'].flatMap((stack) => {
    const text = readFileSync(join(repositoryRoot, 'terraform', stack, 'tests', name), 'utf8');
    return Object.entries(golden.parse(JSON.parse(text)));
  });
  const asDocuments = (part: 'trust' | 'rights'): Record<string, unknown> =>
    Object.fromEntries(parts.map(([identity, of]) => [identity, { Version: '2012-10-17', Statement: of[part] }]));
  return readRights(asDocuments('rights'), asDocuments('trust'));
}

describe.each<[string, string, Estate, Estate]>([
  ["this repository's tenant", 'policies.json', first, second],
  ['a second tenant', 'policies-second.json', second, first],
])('%s', (_name, file, of, other) => {
  const rights = readPlanned(file);
  const rows = rowsOf(of, other);

  test('each identity has what it needs, and nothing else', () => {
    expect(rows.filter((row) => !row.holds(rights)).map(({ says }) => says)).toEqual([]);
  });

  test('a statement that is dropped, widened or narrowed breaks a row', () => {
    const mutants = mutantsOf(rights);
    expect(mutants.length).toBeGreaterThan(400);
    const isNoticed = (mutant: Mutant): boolean =>
      rows.some((row) => row.about === mutant.about && !row.holds(mutant.rights));
    expect(mutants.filter((mutant) => !isNoticed(mutant)).map(({ about, name }) => `${about}, ${name}`)).toEqual([]);
  });
});

test("staging's users have their own parameters, and no other environment's", () => {
  const text = readFileSync(join(repositoryRoot, 'terraform/aws/tests/policies.json'), 'utf8');
  const of = golden.parse(JSON.parse(text));
  const statements = (name: string) => parsePolicy(name, { Version: '2012-10-17', Statement: of[name]?.rights });
  const planned = readPlanned('policies.json');
  const policies = { ...planned.policies, bot: statements('staging-bot'), cluster: statements('staging-cluster') };
  const rows = rowsOf(staging, second).filter(({ about }) => about === 'bot' || about === 'cluster');
  expect(rows.length).toBeGreaterThan(100);
  expect(rows.filter((row) => !row.holds({ ...planned, policies })).map(({ says }) => says)).toEqual([]);
  const greedy = { ...policies, cluster: planned.policies.cluster };
  expect(rows.filter((row) => !row.holds({ ...planned, policies: greedy })).length).toBeGreaterThan(0);
});

test('there are rows enough', () => {
  const count = (calls: readonly IdentityCall[], identity: Identity): number =>
    calls.filter((call) => call.identity === identity).length;
  for (const identity of IDENTITIES) {
    expect(count(deniedCalls(first, second), identity)).toBeGreaterThan(60);
    expect(count(neededCalls(first), identity)).toBeGreaterThan(0);
  }
  expect(strangers.length).toBeGreaterThan(60);
});

test('the roles are made for what the stack holds: bootstrap and aws say the same names', () => {
  const read = (stack: string): unknown[] => {
    const text = readFileSync(join(repositoryRoot, 'terraform', stack, 'terraform.tfvars'), 'utf8');
    const [values] = parseBlocks(`values {\n${text}\n}`);
    return ['project', 'region', 'tables', 'queues', 'repositories'].map((name) => values?.attributes.get(name));
  };
  expect(read('bootstrap')).toEqual(read('aws'));
  expect(read('bootstrap')).not.toContain(undefined);
});
