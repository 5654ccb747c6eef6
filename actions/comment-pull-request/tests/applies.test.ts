import { describe, expect, test } from '@jest/globals';
import { nameApplyReport, nameManifests, namePlanReport } from '#core/action/artifact-names.ts';
import type { ApplyReport } from '#core/terraform/comment/apply-report.ts';
import { resource } from '#core/terraform/comment/tests/plan-builder.ts';
import { runOf, WHERE } from '#lab/github/tests/open-api.ts';
import { comment, leave, manifestsOf, planOfStack, pull, restart, runs, useRuns, world } from './left.ts';

useRuns();

describe('after the merge', () => {
  const applied = (facts: Partial<ApplyReport> = {}): string =>
    JSON.stringify({
      ...{ version: 1, kind: 'terraform-apply', name: 'aws', head: pull.head.sha, outcome: 'applied', refusal: null },
      ...{ reason: '', applied: ['aws_dynamodb_table.x'], failed: [], notReached: [], errors: [], fresh: null },
      ...{ rescued: '', summaryMarkdown: '', ...facts },
    });

  async function plan(): Promise<void> {
    await leave(runs()[0], nameManifests(), manifestsOf());
    await leave(runs()[0], namePlanReport('aws'), JSON.stringify(planOfStack('aws')));
    await comment();
  }

  test('the same comment says what was applied, and below it what was reviewed', async () => {
    await plan();
    await leave(runs()[1], nameApplyReport('aws'), applied());
    const { body, outputs } = await comment({ stage: 'apply' });
    expect(outputs['outcome']).toBe('updated');
    expect(world.commentsOf(pull)).toHaveLength(1);
    expect(body).toContain('### ✅ Applied: `aws` · ');
    expect(body).toContain('✅ **aws**: 1 applied: <code>aws_dynamodb_table.x</code>');
    expect(body).toContain('### Terraform, as it was reviewed');
  });

  test('what failed, what was refused with its difference, and what was not reached', async () => {
    await plan();
    const facts = { applied: ['a.b'], failed: ['c.d'], notReached: ['e.f'], errors: ['no'] };
    await leave(
      runs()[1],
      nameApplyReport('aws'),
      applied({ ...facts, outcome: 'failed', reason: 'terraform apply failed' }),
    );
    const refused = {
      name: 'web',
      outcome: 'refused',
      refusal: 'state-moved',
      reason: 'nothing was applied: the state has moved on',
    } as const;
    const fresh = planOfStack('web', [resource('aws_sqs_queue.q', ['delete'], { before: { name: 'q' } })]);
    await leave(runs()[1], nameApplyReport('web'), applied({ ...refused, applied: [], fresh }));
    const { body } = await comment({ stage: 'apply', stacks: '["aws", "web", "secrets"]' });
    expect(body).toContain('### ❌ Apply failed: `aws`; ⛔ Plan not applied: `web`; ⚠️ Not reached: `secrets`');
    for (const words of [
      '1 failed: <code>c.d</code>',
      '1 not reached: <code>e.f</code>',
      '1 applied: <code>a.b</code>',
    ])
      expect(body).toContain(words);
    expect(body).toContain('⛔ **web**: nothing was applied&#58; the state has moved on');
    expect(body).toMatch(/### Terraform, planned again[\s\S]*aws_sqs_queue\.q/);
    expect(body).toContain('⚠️ **secrets** was not reached');
  });

  test('what stands after a stack that failed was not reached, and its name says why; its neighbour was applied', async () => {
    await plan();
    const why = 'it stands after aws, whose apply failed: see there';
    await leave(runs()[1], nameApplyReport('aws'), applied({ outcome: 'failed', applied: [], reason: 'no' }));
    const waits: Partial<ApplyReport> = { name: 'alarms', outcome: 'not-reached', applied: [], reason: why };
    await leave(runs()[1], nameApplyReport('alarms'), applied(waits));
    await leave(runs()[1], nameApplyReport('web'), applied({ name: 'web' }));
    const { body } = await comment({ stage: 'apply', stacks: '["aws", "web", "alarms"]' });
    expect(body).toContain('### ❌ Apply failed: `aws`; ⚠️ Not reached: `alarms`; ✅ Applied: `web` · ');
    expect(body).toContain('⚠️ **alarms** was not reached: it stands after aws, whose apply failed&#58; see there');
    // once more, by a run that does not reach it: what an earlier run applied stays applied
    const run = nextRun();
    await leave(run, nameApplyReport('web'), applied({ ...waits, name: 'web' }));
    const { body: later } = await comment({ stage: 'apply', stacks: '["aws", "web", "alarms"]', run });
    expect(later).toContain('### ❌ Apply failed: `aws`; ⚠️ Not reached: `alarms`; ✅ Applied: `web` · ');
  });

  test('says where it stands what becomes of images and manifests, where there are any', async () => {
    const merged = await world.openPull('merged');
    await world.person.rest.pulls.merge({ ...WHERE, pull_number: merged.number });
    const sha = merged.merged?.sha ?? '';
    for (const [entries, isSaid] of [
      [[], false],
      [[restart], true],
    ] as const) {
      await leave(runs()[0], nameManifests(), manifestsOf([...entries]));
      await leave(runs()[1], nameApplyReport('aws'), applied());
      const { body } = await comment({ stage: 'apply', of: merged });
      expect(body.includes(`the commit statuses of ${sha}&#58; slipway/ENVIRONMENT/IMAGE`)).toBe(isSaid);
    }
  });

  /** A run of the apply workflow after the one before: one job for each stack, ended while this step ran. */
  const nextRun = (steps: Readonly<Record<string, readonly string[]>> = {}): number => {
    const id = runs()[1] + 1;
    const run = runOf({ id, sha: world.second });
    const [job] = run.jobs;
    const [step] = job?.steps ?? [];
    if (job === undefined || step === undefined) throw new Error('no step');
    const jobs = Object.entries(steps).map(([stack, names]) => ({
      ...job,
      id: `apply (${stack})`,
      conclusion: 'cancelled' as const,
      steps: names.map((name) => ({ ...step, name })),
    }));
    world.runs.push({ ...run, conclusion: 'cancelled', jobs });
    return id;
  };
  const STACKS = '["aws", "secrets"]';

  test('a cancelled run: what was applied, what is not known, and what was not reached', async () => {
    await plan();
    const checkout = 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1';
    const run = nextRun({ aws: [checkout, './actions/apply-terraform'], web: [checkout], secrets: [] });
    await leave(run, nameApplyReport('base'), applied({ name: 'base' }));
    const { body } = await comment({ stage: 'apply', stacks: '["base", "aws", "web", "secrets"]', run });
    expect(body).toContain(
      '### ❓ Not known what was applied: `aws`; ⚠️ Not reached: `web` and `secrets`; ✅ Applied: `base` · ',
    );
    expect(body).toContain('❓ **aws**: its job began to apply, and ended before it could say what it applied');
    expect(body).toMatch(/⚠️ \*\*web\*\* was not reached: its apply did not begin/);
    expect(body).toContain(`gh workflow run apply.yml -f pull-request=${pull.number} -f stack=secrets`);
  });

  test('a run of one stack alone leaves what earlier ones said of the others', async () => {
    await plan();
    const first = runs()[1];
    const refused = {
      outcome: 'refused',
      refusal: 'guard',
      reason: 'nothing was applied: the guard holds it',
    } as const;
    await leave(first, nameApplyReport('aws'), applied({ ...refused, applied: [] }));
    const { body: held } = await comment({ stage: 'apply', stacks: STACKS });
    expect(held).toContain('### ⛔ Plan not applied: `aws`; ⚠️ Not reached: `secrets`');
    const allowed = nextRun();
    await leave(allowed, nameApplyReport('aws'), applied());
    const { body: half } = await comment({ stage: 'apply', stacks: STACKS, run: allowed });
    expect(half).toContain('### ⚠️ Not reached: `secrets`; ✅ Applied: `aws`');
    const last = nextRun();
    await leave(last, nameApplyReport('secrets'), applied({ name: 'secrets', applied: ['c.d'] }));
    const { body: whole } = await comment({ stage: 'apply', stacks: STACKS, run: last });
    expect(whole).toContain('### ✅ Applied: `aws` and `secrets`');
    for (const address of ['aws_dynamodb_table.x', 'c.d'])
      expect(whole).toContain(`1 applied: <code>${address}</code>`);
    // once more: a plan that was applied is refused, and stays applied
    const again = nextRun();
    await leave(again, nameApplyReport('aws'), applied({ ...refused, refusal: 'state-moved', applied: [] }));
    const { body } = await comment({ stage: 'apply', stacks: STACKS, run: again });
    expect(body).toContain('### ✅ Applied: `aws` and `secrets`');
    expect(body).toContain('The plan of aws was applied before, so this run did not apply it a second time.');
  });

  test('a report of an earlier run that is gone, or of another head, is not known, never not reached', async () => {
    await plan();
    const first = runs()[1];
    await leave(first, nameApplyReport('secrets'), applied({ name: 'secrets' }));
    await comment({ stage: 'apply', stacks: STACKS });
    await leave(first, nameApplyReport('secrets'), applied({ name: 'secrets', head: '0'.repeat(40) }));
    const { body } = await comment({ stage: 'apply', stacks: STACKS, run: nextRun() });
    expect(body).toContain('### ❓ Not known what was applied: `secrets`; ⚠️ Not reached: `aws`');
    expect(body).toContain(`❓ **secrets**: the run ${first} was the last to try`);
  });
});
