import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { CAUSES, type CauseCode } from '#core/doctor/cause.ts';
import { diagnose } from '#core/doctor/diagnose.ts';
import type { Facts } from '#core/doctor/facts.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { argoDown, brokenWorlds, buildLost, registryDown, runFails } from '#lab/tests/broken-worlds.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { readFacts, recorded } from './worlds.ts';

const page = readFileSync(join(repositoryRoot, 'docs/runbooks/doctor.md'), 'utf8');
/** What doctor says of facts, as golden text. */
function describeCauses(facts: Facts): string {
  const { causes, open } = diagnose(facts);
  const lines = causes.flatMap(({ code, said, evidence, next }) => [
    `${code}: ${said}`,
    ...evidence.map((line) => `  ${line}`),
    `  $ ${next}`,
  ]);
  return [...lines, ...open.map((line) => `open: ${line}`), ''].join('\n');
}

describe('facts that were recorded in the lab', () => {
  const expected = new Map<string, string>([
    ...[...brokenWorlds, registryDown, argoDown, runFails, buildLost].map(({ name, cause }) => [name, cause] as const),
    ['production', 'never-released'],
    ['staging', 'git-unreachable'],
  ]);

  test('every world of the lab is here, and nothing else', () => {
    expect([...recorded].sort()).toEqual([...expected.keys()].sort());
  });

  test('every cause has one', () => {
    expect([...new Set(expected.values())].sort()).toEqual([...CAUSES].sort());
  });

  test.each(recorded)('%s: one cause, and nothing is open', (name) => {
    const { causes, open } = diagnose(readFacts(name));
    expect([causes.map(({ code }) => code), open]).toEqual([[expected.get(name)], []]);
  });

  test.each(recorded)('%s: what a person reads', (name) => {
    expectGolden(join(import.meta.dirname, 'golden', `${name}.txt`), describeCauses(readFacts(name)));
  });

  test.each(recorded)('%s: the runbook has the command that is printed', (name) => {
    for (const { code, next } of diagnose(readFacts(name)).causes)
      expect(rowOf(code)).toContain(generalize(next, name));
  });
});

const rowOf = (code: CauseCode): string => page.split('\n').find((line) => line.startsWith(`| \`${code}\` |`)) ?? '';

/** A command as the runbook has it. */
function generalize(next: string, environment: string): string {
  const place = next.replaceAll(/(?<=^kubectl(?: [^n]\S* \S+)* -n )(?!argocd)\S+/g, 'NAMESPACE');
  return place
    .replaceAll(/\bdiscord-bot-[0-9a-z]+(-[0-9a-z]{5})?\b(?! --query)/g, (name) =>
      name === 'discord-bot-bot' || name === 'discord-bot-secrets' ? name : 'POD',
    )
    .replaceAll(/(?<=namespace )\S+/g, 'NAMESPACE')
    .replaceAll(/(?<=\b(application|slipway -- \w+) |overlays\/|argocd\/)[\w-]+/g, (name) =>
      name === environment ? 'ENVIRONMENT' : name,
    )
    .replaceAll(/(?<=^gh run rerun )\d+/g, 'ID')
    .replaceAll(/(?<=--image )\S+/g, 'IMAGE')
    .replaceAll(/(?<=--region )\S+/g, 'REGION')
    .replaceAll(/(?<=--names )\S+/g, 'PARAMETER')
    .replaceAll('|', '\\|');
}

test('the runbook lists every cause once, and no other', () => {
  const listed = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code);
  expect(listed.sort()).toEqual([...CAUSES].sort());
});
