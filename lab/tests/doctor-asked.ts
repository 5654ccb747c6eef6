import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { z } from 'zod';
import type { Cluster } from '#lab/cluster/cluster.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import type { World } from '#lab/world.ts';

const answer = z.object({
  environments: z.array(
    z.object({
      environment: z.string(),
      causes: z.array(
        z.object({ cause: z.string(), said: z.string(), evidence: z.array(z.string()), next: z.string() }),
      ),
      open: z.array(z.string()),
    }),
  ),
});
const recorded = z.object({ facts: z.array(z.looseObject({ environment: z.string() })) });

/** What doctor says of an environment. */
export type Found = z.output<typeof answer>['environments'][number];

/** Returns the causes of an environment, by their codes. */
export const codesOf = ({ causes }: Found): string => causes.map(({ cause }) => cause).join(' ');

/** What doctor printed with `--json`. */
export const parseFound = (stdout: string): Found[] => answer.parse(JSON.parse(stdout)).environments;

/** Doctor as a person uses it. */
export interface Doctor {
  /** Runs the verb as a process. */
  type(words: readonly string[]): Promise<{ code: number; stdout: string }>;
  /** Asks for one environment, or for all by one process. */
  ask(...environment: readonly string[]): Promise<Found[]>;
  /** Asks until each environment's cause is named. Another cause, at any moment, is a false one. */
  untilNamed(
    expected: Readonly<Record<string, string>>,
    environment?: readonly string[],
  ): Promise<ReadonlyMap<string, Found>>;
  /** Types what doctor prints. */
  typeNext(next: string): Promise<{ code: number; said: string }>;
}

/** What doctor may say while Argo CD and the node are still at it: nothing is proven yet, or nothing was applied yet. */
const ON_THE_WAY = ['', 'not-synced'];

/** Returns doctor on a lab; `github` is what the person's environment has of GitHub, nothing unless given. */
export function openDoctor(
  world: World,
  { kubeconfig }: Pick<Cluster, 'kubeconfig'>,
  github: Readonly<Record<string, string>> = { GITHUB_TOKEN: '' },
): Doctor {
  const type: Doctor['type'] = async (words) => {
    const argv = [process.execPath, join(repositoryRoot, 'commands/slipway.ts'), 'doctor', ...words] as const;
    const place = ['--repository', world.clone, '--kubeconfig', kubeconfig] as const;
    const extraEnv = { ...world.aws.adminEnv, ...github };
    const { code, stdout } = await world.lab.exec([...argv, ...place], { extraEnv, accept: [0, 1] });
    return { code, stdout: stdout.toString('utf8') };
  };
  const ask: Doctor['ask'] = async (...environment) => parseFound((await type([...environment, '--json'])).stdout);
  return {
    ...{ type, ask },
    untilNamed: async (expected, environment = []) => {
      const named = new Map<string, Found>();
      const falsely: string[] = [];
      const isNamed = async (): Promise<true | undefined> => {
        for (const found of await ask(...environment)) {
          const codes = codesOf(found);
          const cause = expected[found.environment];
          if (codes === cause) named.set(found.environment, found);
          else if (cause !== undefined && !ON_THE_WAY.includes(codes)) falsely.push(`${found.environment}: ${codes}`);
        }
        return Object.keys(expected).every((name) => named.has(name)) ? true : undefined;
      };
      await world.until('every cause is named', isNamed, 180_000).catch(() => {}); // what is missing is shown below
      await record(type, Object.keys(expected), environment);
      expect(falsely).toEqual([]);
      expect(Object.fromEntries([...named].map(([name, found]) => [name, codesOf(found)]))).toEqual(expected);
      return named;
    },
    typeNext: (next) => typeNext(world, next),
  };
}

/** With RECORD_FACTS=1 what is known of environments is left for the tests of core/doctor. */
async function record(type: Doctor['type'], environments: readonly string[], asked: readonly string[]): Promise<void> {
  if (process.env['RECORD_FACTS'] !== '1') return;
  const { facts } = recorded.parse(JSON.parse((await type([...asked, '--facts'])).stdout));
  for (const one of facts.filter(({ environment }) => environments.includes(environment))) {
    const file = join(repositoryRoot, `core/doctor/tests/fixtures/${one.environment}.json`);
    writeFileSync(file, `${JSON.stringify({ facts: [one] }, undefined, 1)}\n`);
  }
}

/** The commands of people are there: kubectl, git, aws, and npm for `slipway` itself. */
async function typeNext(world: World, next: string): Promise<{ code: number; said: string }> {
  const main = JSON.stringify(join(repositoryRoot, 'commands/slipway.ts'));
  const shell = [
    'set -euo pipefail',
    `npm() { test "$1 $2 $3 $4" = "run -s slipway --"; shift 4; node ${main} "$@"; }`,
    next,
  ].join('\n');
  const extraEnv = { ...world.aws.adminEnv, PATH: `${join(process.execPath, '..')}:${process.env['PATH'] ?? ''}` };
  const { code, stderr } = await world.lab.exec(['bash', '-c', shell], { cwd: world.clone, extraEnv, accept: 'any' });
  return { code, said: stderr.slice(-1_000) };
}
