import { afterEach, describe, expect, test } from '@jest/globals';
import { nameApplyReport, nameManifests, namePlanReport, REPORT_FILE } from '#core/action/artifact-names.ts';
import type { Upload } from '#core/action/upload.ts';
import type { ApplyReport } from '#core/terraform/comment/apply-report.ts';
import { resource } from '#core/terraform/comment/tests/plan-builder.ts';
import { runOf, WHERE } from '#lab/github/tests/open-api.ts';
import { FOLDER, type Ground, openGround } from '#tests/support/terraform.ts';
import { apply, plan } from '#tests/support/terraform-runs.ts';
import {
  comment,
  leave,
  manifestsOf,
  planOfStack,
  pull,
  runs,
  useRuns,
  world,
} from '../../actions/comment-pull-request/tests/left.ts';

/** A re-run keeps the event and the commit of its first attempt, however old they are. */
describe('a run that is started again', () => {
  useRuns();

  const again = async (run: number): Promise<number> => {
    const { status } = await world.person.rest.actions.reRunWorkflow({ ...WHERE, run_id: run });
    expect(status).toBe(201);
    return world.runs.find(({ id }) => id === run)?.attempt ?? 0;
  };
  /** Leaves what the jobs of a pull request's run leave, for its head of then. */
  async function leavePlan(run: number, ...resources: Parameters<typeof planOfStack>[1] & object): Promise<void> {
    await leave(run, nameManifests(), manifestsOf([]));
    const report = resources.length === 0 ? planOfStack('aws') : planOfStack('aws', resources);
    await leave(run, namePlanReport('aws'), JSON.stringify(report));
  }
  /** The next run of the pull request's workflow. */
  const nextRun = (): number => {
    const id = Math.max(...world.runs.map((run) => run.id)) + 1;
    const { number, head } = pull;
    const about = { pull: number, sha: head.sha, branch: head.ref, isFork: false };
    const path = '.github/workflows/pull-request.yml';
    world.runs.push(runOf({ id, path, event: 'pull_request', sha: world.second, head: about }));
    return id;
  };
  const queue = (kind: 'create' | 'delete') =>
    resource('aws_sqs_queue.jobs', [kind], kind === 'delete' ? { before: { name: 'q' } } : { after: { name: 'q' } });

  test('of an older plan changes nothing of a newer comment, nor of its status', async () => {
    const [old] = runs();
    const first = pull.head.sha;
    await leavePlan(old);
    await comment({ run: old });
    await world.push(pull);
    const newer = nextRun();
    await leavePlan(newer, queue('create'));
    const { body } = await comment({ run: newer });
    expect(body).toContain('creates 1');
    const status = world.statusOf(pull);
    expect(await again(old)).toBe(2);
    await leavePlan(old, queue('delete'));
    const late = await comment({ run: old, attempt: 2, head: first });
    expect([late.outputs['outcome'], late.body]).toEqual(['outdated', body]);
    expect(late.summary).toContain('This result is older than');
    expect(world.statusOf(pull)).toBe(status);
  });

  test('of an older plan of the same head changes nothing either; of the newest, it is the newest', async () => {
    const [old] = runs();
    await leavePlan(old);
    await comment({ run: old });
    const newer = nextRun(); // the pull request went to another branch and came back
    await leavePlan(newer, queue('create'));
    const { body } = await comment({ run: newer });
    await again(old);
    await leavePlan(old, queue('delete'));
    const late = await comment({ run: old, attempt: 2 });
    expect([late.outputs['outcome'], late.body]).toEqual(['outdated', body]);
    await again(newer);
    await leavePlan(newer, queue('delete'));
    const last = await comment({ run: newer, attempt: 2 });
    expect([last.outputs['outcome'], last.body.includes('destroys 1')]).toEqual(['updated', true]);
  });

  describe('of an apply', () => {
    let ground: Ground;
    afterEach(() => ground.remove());

    /** What the jobs of one run have left: of each name the newest. */
    function openRun() {
      const left = new Map<string, Upload>();
      const names = (): string[] => [...left.keys()];
      const github = {
        runs: { newestOfPull: async () => undefined },
        artifacts: {
          list: async () => names().map((name, id) => ({ id, name, size: 1 })),
          read: async ({ name }: { readonly name: string }, file: string) =>
            file === REPORT_FILE ? Buffer.from(left.get(name)?.content ?? '') : undefined,
        },
        pulls: {
          read: async (number: number) => ({ number, head: '', base: 'main', isFork: false }),
          listOpen: async () => [],
          readMerge: async () => undefined,
          findMerge: async () => undefined,
        },
        people: { mayWrite: async () => false, authorsOf: async () => ({ opener: '', commits: [] }) },
      };
      const attempt = (number: number) =>
        apply(
          ground,
          {},
          { GITHUB_RUN_ID: '5', GITHUB_RUN_ATTEMPT: String(number) },
          { github, leave: async (upload) => void left.set(upload.name, upload) },
        );
      const report = (): ApplyReport => JSON.parse(String(left.get(nameApplyReport('app'))?.content));
      return { attempt, report };
    }

    /** The comment after the merge, from that report. */
    async function tell(report: ApplyReport, attempt: number): Promise<string> {
      const [, run] = runs();
      await leave(run, nameApplyReport('aws'), JSON.stringify({ ...report, name: 'aws', head: pull.head.sha }));
      return (await comment({ stage: 'apply', run, attempt })).body;
    }

    test('applies nothing a second time, and the comment goes on saying that it was applied', async () => {
      ground = openGround('resource "terraform_data" "a" {}\n');
      await plan(ground);
      const { attempt, report } = openRun();
      await attempt(1);
      const state = ground.read(`${FOLDER}/terraform.tfstate`);
      const said = await tell(report(), 1);
      const second = await attempt(2);
      expect(second.outputs).toMatchObject({ outcome: 'applied', applied: '["terraform_data.a"]', refusal: '' });
      expect(second.result.summaryMarkdown).toMatch(/^app was applied by an earlier attempt of this run/);
      expect(ground.read(`${FOLDER}/terraform.tfstate`)).toBe(state);
      expect(said).toContain('### ✅ Applied: `aws`');
      expect(await tell(report(), 2)).toContain('### ✅ Applied: `aws`');
      // a run of its own, such as a person starts for the same pull request, is refused
      expect((await openRun().attempt(1)).outputs).toMatchObject({ outcome: 'refused', refusal: 'state-moved' });
    });

    test('that failed half-way is refused, and the comment goes on saying what failed', async () => {
      const broken = 'provisioner "local-exec" {\n    command = "exit 3"\n  }\n  depends_on = [terraform_data.a]';
      ground = openGround(`resource "terraform_data" "a" {}\nresource "terraform_data" "b" {\n  ${broken}\n}\n`);
      await plan(ground);
      const { attempt, report } = openRun();
      expect((await attempt(1)).outputs).toMatchObject({ outcome: 'failed', applied: '["terraform_data.a"]' });
      await tell(report(), 1);
      expect((await attempt(2)).outputs).toMatchObject({ outcome: 'refused', refusal: 'state-moved' });
      const body = await tell(report(), 2);
      expect(body).toContain('### ❌ Apply failed: `aws`');
      expect(body).toContain('1 failed: <code>terraform_data.b</code>');
      expect(body).toContain('1 applied: <code>terraform_data.a</code>');
    });

    test('of another head is not taken for this one', async () => {
      ground = openGround('resource "terraform_data" "a" {}\n');
      await plan(ground);
      const { attempt } = openRun();
      await attempt(1);
      ground.commit({ [`${FOLDER}/main.tf`]: 'resource "terraform_data" "b" {}\n' });
      await plan(ground);
      expect((await attempt(2)).outputs).toMatchObject({ outcome: 'applied' });
      expect(ground.read(`${FOLDER}/terraform.tfstate`)).toContain('"name": "b"');
    });
  });
});
