import { describe, expect, test } from '@jest/globals';
import { nameManifests, namePlanReport } from '#core/action/artifact-names.ts';
import { type Asked, comment, leave, manifestsOf, planOfStack, pull, rebase, runs, useRuns, world } from './left.ts';

useRuns();

describe('before the merge', () => {
  test('one comment has what every job left, and the status says so', async () => {
    const [run] = runs();
    await leave(run, nameManifests(), manifestsOf());
    await leave(run, namePlanReport('aws'), JSON.stringify(planOfStack('aws')));
    await leave(run, 'slipway-plan-aws', 'sealed'); // not a report
    const { body, outputs } = await comment();
    expect(outputs['outcome']).toBe('created');
    expect(body).toContain('### `staging` has 1 restart; Terraform updates 1 · ');
    expect(body).toContain('### Manifests of `staging`');
    expect(body).toContain('### Terraform\n');
    expect(world.statusOf(pull)).toBe('success: A merge into main does what the comment shows');
    world.commit('main', 'terraform/modules/tables/main.tf', '# c\n');
    const { outputs: marked } = await world.mark();
    expect(marked['stale']).toBe(`[${pull.number}]`);
    rebase();
  });

  test('an attempt leaves its report again: the newer one counts', async () => {
    const [run] = runs();
    await leave(run, nameManifests(), manifestsOf());
    await leave(run, namePlanReport('aws'), JSON.stringify(planOfStack('aws')));
    await leave(run, namePlanReport('aws'), JSON.stringify(planOfStack('aws', [])));
    expect((await comment()).body).toContain('Terraform changes nothing');
  });

  const lost: [string, string, Asked, Record<string, () => string>][] = [
    ['left no report', 'aws was not planned: its job left no report', {}, {}],
    [
      'left a text that is no report',
      'aws was not planned',
      {},
      { [namePlanReport('aws')]: () => '{"kind": "terraform"}' },
    ],
    [
      'has another name',
      'aws was not planned',
      {},
      { [namePlanReport('aws2')]: () => JSON.stringify(planOfStack('aws')) },
    ],
    ['was looked for in vain', 'which stacks the change reaches is not known', { stacks: '' }, {}],
    [
      'failed after its report',
      'a job failed after it left its report',
      { results: 'success\nfailure' },
      { [namePlanReport('aws')]: () => JSON.stringify(planOfStack('aws', [])) },
    ],
  ];
  test.each(lost)('a stack whose job %s is an error, never without changes', async (_name, words, asked, left) => {
    const [run] = runs();
    await leave(run, nameManifests(), manifestsOf([]));
    for (const [name, text] of Object.entries(left)) await leave(run, name, text());
    const { body } = await comment(asked);
    expect(body).toContain('Terraform plan failed');
    expect(body).toContain(words);
    expect(body).not.toContain('Terraform changes nothing');
    expect(world.statusOf(pull)).toBe('failure: The plan failed: the comment says why');
  });

  test('manifests that were not compared are an error', async () => {
    await leave(runs()[0], namePlanReport('aws'), JSON.stringify(planOfStack('aws', [])));
    expect((await comment()).body).toContain('they were not compared&#58; their job left no report');
    expect(world.statusOf(pull)).toMatch(/^failure/);
  });
});
