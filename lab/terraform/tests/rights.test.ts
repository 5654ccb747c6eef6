import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { parsePolicy, type Statement } from '#core/aws/iam/policy.ts';
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
import { type TlsMutant, tlsMutantsOf, tlsRowsOf } from '#lab/terraform/tests/tls-only.ts';
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

/** The policies of resources that terraform test holds against the plan, by the bucket or the queue. */
function readTlsOnly(stack: string): Record<string, readonly Statement[]> {
  const text = readFileSync(join(repositoryRoot, 'terraform', stack, 'tests/tls-only.json'), 'utf8');
  const documents = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  return Object.fromEntries(Object.entries(documents).map(([name, policy]) => [name, parsePolicy(name, policy)]));
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

describe('TLS only', () => {
  const policies = { ...readTlsOnly('bootstrap'), ...readTlsOnly('aws') };

  test('the bucket and each queue refuse a call without TLS, whoever calls, and refuse no other', () => {
    const { bucket, queues, deadLetters } = first;
    const names = [bucket, ...queues, ...deadLetters].map((arn) => arn.replace(/.*:/, ''));
    expect(Object.keys(policies).sort()).toEqual(names.sort());
    expect(tlsRowsOf(first).flatMap((row) => (row.holds(policies) ? [] : row.says))).toEqual([]);
  });

  test('a policy that is dropped, for fewer, for some, or turned round breaks a row', () => {
    const mutants = tlsMutantsOf(policies);
    expect(mutants.length).toBeGreaterThanOrEqual(50);
    const rows = tlsRowsOf(first);
    const isNoticed = (mutant: TlsMutant): boolean =>
      rows.some((row) => row.about === mutant.about && !row.holds(mutant.policies));
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
  const mutants = mutantsOf({ ...planned, policies }).filter(({ about }) => about === 'bot' || about === 'cluster');
  expect(mutants.length).toBeGreaterThan(50);
  const isNoticed = (mutant: Mutant): boolean =>
    rows.some((row) => row.about === mutant.about && !row.holds(mutant.rights));
  expect(mutants.filter((mutant) => !isNoticed(mutant)).map(({ about, name }) => `${about}, ${name}`)).toEqual([]);
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

describe('the three terraform.tfvars say the same', () => {
  const readText = (stack: string): string =>
    readFileSync(join(repositoryRoot, 'terraform', stack, 'terraform.tfvars'), 'utf8');
  const read = (stack: string, names: readonly string[]): unknown[] => {
    const [values] = parseBlocks(`values {\n${readText(stack)}\n}`);
    const given = names.map((name) => values?.attributes.get(name));
    expect(given).not.toContain(undefined);
    return given;
  };

  test('project and region', () => {
    const names = ['project', 'region'];
    expect(read('bootstrap', names)).toEqual(read('aws', names));
    expect(read('secrets', names)).toEqual(read('aws', names));
  });

  test('the roles are made for the tables, queues and repositories that the stack aws holds', () => {
    const names = ['tables', 'queues', 'repositories'];
    expect(read('bootstrap', names)).toEqual(read('aws', names));
  });

  test('environments', () => {
    // a mapping there, a list of names in the other two
    const [block] = parseBlocks(
      readText('aws')
        .match(/^environments\s*=\s*\{[\s\S]*?^\}/m)?.[0]
        .replace('=', '') ?? '',
    );
    const environments = [...(block?.attributes.keys() ?? [])].sort();
    expect(environments).toEqual(['staging']);
    for (const stack of ['bootstrap', 'secrets']) {
      const [list] = read(stack, ['environments']);
      expect([stack, JSON.parse(String(list)).sort()]).toEqual([stack, environments]);
    }
  });
});
