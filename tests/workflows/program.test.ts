import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { repositoryRoot } from '#lab/supervisor/root.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

const readText = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');
const files = globSync('.github/workflows/*.yml', { cwd: repositoryRoot }).filter(
  (path) => !path.endsWith('opentofu.yml'), // it runs both
);
/** The jobs that run the program of the stacks. */
const jobs = files.flatMap((path) =>
  Object.entries<{ steps: Step[] }>(parse(readText(path)).jobs)
    .filter(([, { steps }]) => steps.some(({ uses = '' }) => uses.startsWith('hashicorp/setup-terraform@')))
    .map(([name, { steps }]) => [`${path.split('/').at(-1)}: ${name}`, steps] as const),
);

describe('the program of the stacks is the one that slipway.yaml names', () => {
  test('in every workflow that runs one', () => {
    expect(jobs.map(([name]) => name)).toEqual([
      'apply.yml: apply',
      'apply.yml: apply-2',
      'apply.yml: apply-3',
      'drift.yml: plan',
      'lock.yml: lock',
      'pull-request.yml: plan',
      'pull-request.yml: check',
    ]);
  });

  test.each(jobs)('%s', (_name, steps) => {
    const at = steps.findIndex(({ uses = '' }) => uses.startsWith('hashicorp/setup-terraform@'));
    const [terraform, tofu] = steps.slice(at);
    const [, says] = /^(.*outputs\.binary\)?) != 'tofu'$/.exec(terraform?.if ?? '') ?? [];
    expect(says).toMatch(
      /^(needs\.(find|reach)|steps\.stacks|\(inputs\.binary \|\| steps\.stacks)\.outputs\.binary\)?$/,
    );
    expect([tofu?.uses?.split('@')[0], tofu?.if]).toEqual(['opentofu/setup-opentofu', `${says} == 'tofu'`]);
    const { opentofu } = JSON.parse(readText('lab/toolbox/tools.lock.json'));
    expect(tofu?.with).toEqual({ tofu_version: opentofu.version, tofu_wrapper: false });
    for (const { run = '' } of steps) expect(run).not.toMatch(/^\s*(terraform|tofu) /m);
  });
});
