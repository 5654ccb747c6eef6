import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nameApplyReport, REPORT_FILE } from '#core/action/artifact-names.ts';
import type { LeaveArtifact, Upload } from '#core/action/upload.ts';
import type { ApplyReport } from '#core/terraform/comment/apply-report.ts';
import { FOLDER, type Ground, openGround } from '#tests/support/terraform.ts';
import { apply, plan } from '#tests/support/terraform-runs.ts';

const SLIPWAY_AFTER = '{"app": ["network", "tables"], "tables": ["network"]}';

describe('a stack that waits for two others', () => {
  let ground: Ground;
  let head: string;
  beforeAll(async () => {
    ground = openGround('resource "terraform_data" "app" {\n  input = "one"\n}\n');
    head = ground.git('rev-parse', 'HEAD');
    await plan(ground);
  });
  afterAll(() => ground.remove());

  const reportOf = (name: string, facts: Partial<ApplyReport> = {}): string =>
    JSON.stringify({
      ...{ version: 1, kind: 'terraform-apply', name, head, outcome: 'applied', refusal: null, reason: '' },
      ...{ applied: [], failed: [], notReached: [], errors: [], fresh: null, rescued: '', summaryMarkdown: '' },
      ...facts,
    } satisfies ApplyReport);

  /** Applies it in a run in which other jobs left these reports. */
  async function applyAfter(left: Readonly<Record<string, string>>) {
    const names = Object.keys(left);
    const kept: Upload[] = [];
    const leave: LeaveArtifact = async (upload) => void kept.push(upload);
    const github = {
      runs: { newestOfPull: async () => undefined },
      artifacts: {
        list: async (run: number) =>
          run === 77 ? names.map((name, id) => ({ id, name: nameApplyReport(name), size: 1 })) : [],
        read: async ({ id }: { readonly id: number }, file: string) =>
          file === REPORT_FILE ? Buffer.from(left[names[id] ?? ''] ?? '') : undefined,
      },
      pulls: {
        read: async (number: number) => ({ number, head, base: 'main', isFork: false }),
        listOpen: async () => [],
        readMerge: async () => undefined,
        findMerge: async () => undefined,
      },
      people: { mayWrite: async () => false, authorsOf: async () => ({ opener: '', commits: [] }) },
    };
    const inputs = { after: SLIPWAY_AFTER, 'pull-request': '7' };
    const done = await apply(ground, inputs, { GITHUB_RUN_ID: '77' }, { github, leave });
    return { ...done, kept };
  }

  test.each<[string, () => Record<string, string>, string]>([
    ['failed', () => ({ network: reportOf('network', { outcome: 'failed' }) }), 'network, whose apply failed'],
    [
      'was refused',
      () => ({ network: reportOf('network', { outcome: 'refused', refusal: 'guard' }) }),
      'network, whose plan was not applied',
    ],
    [
      'was not reached itself, though the first was applied',
      () => ({ network: reportOf('network'), tables: reportOf('tables', { outcome: 'not-reached' }) }),
      'tables, which was not reached',
    ],
    ['left nothing', () => ({ network: reportOf('network') }), 'tables, which did not say that it was applied'],
    [
      'left the report of another head',
      () => ({ network: reportOf('network', { head: 'f'.repeat(40) }) }),
      'network, which did not say that it was applied',
    ],
    [
      "left another stack's report under its name",
      () => ({ network: reportOf('tables') }),
      'network, which did not say that it was applied',
    ],
    ['left no report', () => ({ network: '{' }), 'network, which did not say that it was applied'],
  ])('is not reached where one of them %s', async (_name, left, words) => {
    const { outputs, result, kept } = await applyAfter(left());
    const [name = ''] = words.split(',');
    const remedy = `when ${name} is applied, run: gh workflow run apply.yml -f pull-request=7 -f stack=app`;
    expect(outputs).toMatchObject({ outcome: 'not-reached', refusal: '', applied: '[]' });
    expect(outputs['reason']).toBe(`it stands after ${words}: see there, and ${remedy}`);
    expect(result.summaryMarkdown).toMatch(/^### ⚠️ Not reached: `app` · `\w{7}`\n\nit stands after/);
    expect(kept.map((upload) => [upload.name, JSON.parse(String(upload.content)).outcome])).toEqual([
      [nameApplyReport('app'), 'not-reached'],
    ]);
    expect(() => ground.read(`${FOLDER}/terraform.tfstate`)).toThrow(/ENOENT/);
  });

  test('is refused where no one can be asked, and where the order is not one', async () => {
    await expect(apply(ground, { after: SLIPWAY_AFTER })).rejects.toThrow(
      'app waits for network, tables, and no token is there to ask what became of it',
    );
    await expect(apply(ground, { after: '["network"]' })).rejects.toThrow(/after.*is not a JSON object of stacks/);
  });

  test('is applied where both were', async () => {
    const { outputs } = await applyAfter({ network: reportOf('network'), tables: reportOf('tables') });
    expect(outputs).toMatchObject({ outcome: 'applied', applied: '["terraform_data.app"]' });
  });
});
