import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest } from '@jest/globals';
import { REPORT_FILE } from '#core/action/artifact-names.ts';
import { openUpload } from '#core/action/upload.ts';
import { createReport, type Entry } from '#core/manifests/report.ts';
import { readPart } from '#core/terraform/comment/render.ts';
import { type PlanReport, type ReportFacts, toReport } from '#core/terraform/comment/report.ts';
import { classify, planOf, resource } from '#core/terraform/comment/tests/plan-builder.ts';
import type { PullRecord } from '#lab/github/pulls/records.ts';
import { runOf } from '#lab/github/tests/open-api.ts';
import { type Ended, openWorld, RIGHTS, type World } from '#tests/support/pull-requests.ts';

const before = { ...process.env };
/** Opened by {@link useRuns}. */
export let world: World;
/** A pull request into main. */
export let pull: PullRecord;
let base: string;

/** A pull request with a plan's run and its merge's run before each test of a file, on the stand-in. */
export function useRuns(): void {
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
}

/** Makes main as it is now the base of what is planned. */
export function rebase(): void {
  base = world.git('rev-parse', 'main');
}

/** The run of the pull request, and the one of its merge. */
export const runs = (): [number, number] => {
  const [plan, apply] = world.runs.slice(-2).map(({ id }) => id);
  return [plan ?? 0, apply ?? 0];
};

/** Leaves a file as a job of a run does, by GitHub's own package. */
export async function leave(run: number, name: string, content: string): Promise<void> {
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
/** A plan's report. */
export const planOfStack = (
  name: string,
  resources: object[] = [update],
  facts: Partial<ReportFacts> = {},
): PlanReport =>
  toReport(
    readPart({ name, plan: classify(planOf(resources)) }, (text) => text),
    {
      ...{ head: pull.head.sha, base, sources: ['terraform/aws', 'terraform/modules/tables'], fingerprint: 'f' },
      ...{ refresh: true, hasDestroy: false, guard: [], errors: [], summaryMarkdown: '', ...facts },
    },
  );
/** An entry of what the overlays render. */
export const restart: Entry = { group: 'restart', label: 'Deployment/bot', note: 'its pods are replaced', diff: '' };
/** The report of what the overlays render. */
export const manifestsOf = (entries: Entry[] = [restart]): string =>
  JSON.stringify([createReport({ name: 'staging', base, head: pull.head.sha, notes: [] }, entries)]);

/** What the comment is asked for. */
export interface Asked {
  readonly stacks?: string;
  readonly results?: string;
  readonly stage?: string;
  /** The run; the newest one of the stage where it is left out. */
  readonly run?: number;
  /** Of the run; the first where it is left out. */
  readonly attempt?: number;
  /** The head that it is about; the present one where it is left out. */
  readonly head?: string;
  /** The pull request; {@link pull} where it is left out. */
  readonly of?: PullRecord;
}

/** Writes the comment of a run, and returns its text. */
export async function comment({
  stacks = '["aws"]',
  results = '',
  stage = 'plan',
  run: asked,
  attempt = 1,
  of = pull,
  head = pull.head.sha,
}: Asked = {}): Promise<Ended & { body: string }> {
  const inputs = { body: '', stacks, results, stage, workflow: 'pull-request.yml' };
  const token = world.tokenOf({ ...RIGHTS, actions: 'read' });
  const [plan, apply] = runs();
  const run = asked ?? (stage === 'plan' ? plan : apply);
  const ended = await world.comment({
    pull: of,
    inputs: { ...inputs, head },
    token,
    run,
    attempt,
    eventName: stage === 'plan' ? 'pull_request' : 'push',
  });
  if (ended.error !== undefined) throw ended.error;
  return { ...ended, body: world.commentsOf(of)[0]?.body ?? '' };
}
