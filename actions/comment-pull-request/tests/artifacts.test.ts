import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { nameApplyReport, nameManifests, namePlanReport, REPORT_FILE } from '#core/action/artifact-names.ts';
import { openUpload } from '#core/action/upload.ts';
import { createReport, type Entry } from '#core/manifests/report.ts';
import type { ApplyReport } from '#core/terraform/comment/apply-report.ts';
import { readPart } from '#core/terraform/comment/render.ts';
import { type PlanReport, toReport } from '#core/terraform/comment/report.ts';
import { classify, planOf, resource } from '#core/terraform/comment/tests/plan-builder.ts';
import type { PullRecord } from '#lab/github/pulls/records.ts';
import { runOf } from '#lab/github/tests/open-api.ts';
import { type Ended, openWorld, RIGHTS, type World } from '#tests/support/pull-requests.ts';

const before = { ...process.env };
let world: World;
let pull: PullRecord;
let base: string;
beforeAll(async () => {
  world = await openWorld();
  world.commit('main', 'terraform/aws/main.tf', '# a\n');
  base = world.commit('main', 'terraform/modules/tables/main.tf', '# b\n');
  pull = await world.openPull('planned');
});
beforeEach(() => {
  jest.spyOn(process.stdout, 'write').mockReturnValue(true); // the client's commentary
  world.forget();
  const head = { pull: pull.number, sha: pull.head.sha, branch: pull.head.ref, isFork: false };
  const about = { path: '.github/workflows/pull-request.yml', event: 'pull_request' as const, head };
  const last = Math.max(0, ...world.runs.map(({ id }) => id));
  world.runs.push(runOf({ ...about, id: last + 1, sha: world.second }), runOf({ id: last + 2, sha: world.second }));
});
afterEach(() => {
  jest.restoreAllMocks();
  process.env = before;
  expect(world.rest.violations).toEqual([]);
});
afterAll(() => world.close());

/** The run of the pull request, and the one of its merge. */
const runs = (): [number, number] => {
  const [plan, apply] = world.runs.slice(-2).map(({ id }) => id);
  return [plan ?? 0, apply ?? 0];
};

/** Leaves a file as a job of a run does, by GitHub's own package. */
async function leave(run: number, name: string, content: string): Promise<void> {
  const given = world.artifacts.openJob(run, 'a job', () => true);
  process.env = { ...before, ...given, GITHUB_SERVER_URL: 'http://github.localhost' };
  const environment = { ...({} as Parameters<typeof openUpload>[0]['environment']), all: process.env }; // all that is read
  const log = { debug: () => {}, info: () => {}, warn: () => {} };
  const upload = openUpload({ environment, log }, () => mkdtemp(join(world.root, 'upload-')));
  await upload?.({ name, file: REPORT_FILE, content, days: 7 });
}

const update = resource('module.tables.aws_dynamodb_table.this["history"]', ['update'], {
  before: { ttl: [{ enabled: true }] },
  after: { ttl: [{ enabled: false }] },
});
const planOfStack = (name: string, resources: object[] = [update]): PlanReport =>
  toReport(
    readPart({ name, plan: classify(planOf(resources)) }, (text) => text),
    {
      ...{ head: pull.head.sha, base, sources: ['terraform/aws', 'terraform/modules/tables'], fingerprint: 'f' },
      ...{ refresh: true, hasDestroy: false, guard: [], errors: [], summaryMarkdown: '' },
    },
  );
const restart: Entry = { group: 'restart', label: 'Deployment/bot', note: 'its pods are replaced', diff: '' };
const manifestsOf = (entries: Entry[] = [restart]): string =>
  JSON.stringify([createReport({ name: 'staging', base, head: pull.head.sha, notes: [] }, entries)]);

interface Asked {
  readonly stacks?: string;
  readonly results?: string;
  readonly stage?: string;
  /** The run; the newest one of the stage where it is left out. */
  readonly run?: number;
}

async function comment({
  stacks = '["aws"]',
  results = '',
  stage = 'plan',
  run: asked,
}: Asked = {}): Promise<Ended & { body: string }> {
  const inputs = { body: '', stacks, results, stage, workflow: 'pull-request.yml' };
  const token = world.tokenOf({ ...RIGHTS, actions: 'read' });
  const [plan, apply] = runs();
  const run = asked ?? (stage === 'plan' ? plan : apply);
  const ended = await world.comment({
    pull,
    inputs,
    token,
    run,
    eventName: stage === 'plan' ? 'pull_request' : 'push',
  });
  if (ended.error !== undefined) throw ended.error;
  return { ...ended, body: world.commentsOf(pull)[0]?.body ?? '' };
}

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
    base = world.git('rev-parse', 'main');
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
