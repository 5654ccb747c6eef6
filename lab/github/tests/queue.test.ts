import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getOctokit } from '@actions/github';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { type GitHub, startGitHub } from '#lab/github/github.ts';
import type { RunRecord } from '#lab/github/runner/run-record.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { findTraces } from '#lab/supervisor/traces.ts';

const WHERE = { owner: 'acme', repo: 'sample' };
const WORKFLOW = '.github/workflows/deploy.yml';
const TITLES = ['first', 'second', 'third', 'fourth', 'fifth'];
const GROUP = 'bump-refs/heads/main';
const REPLACED = `Canceling since a higher priority waiting request for ${GROUP} exists`;

let lab: Lab;
let github: GitHub;
let clone: string;
let person: ReturnType<typeof getOctokit>;
/** Where the jobs look for leave to go on, and where they say that they ran. */
let gates: string;

beforeAll(async () => {
  lab = await openLab({ progress: silentProgress });
  const act = join(import.meta.dirname, 'fake-act.sh');
  chmodSync(act, 0o755);
  github = await startGitHub(lab, { path: [], tool: () => act, file: () => '' }, { repository: 'acme/sample' });
  person = getOctokit(github.userToken, { baseUrl: `${github.url}/api/v3` });
  clone = lab.folder('clone');
  await git('init', '--quiet', '--initial-branch=main');
  await git('remote', 'add', 'origin', github.remote);
});

let round = 0;
beforeEach(() => {
  gates = lab.folder(`gates-${++round}`);
});

afterEach(() => expect(github.rest.violations).toEqual([]));

afterAll(async () => {
  await lab.stop();
  expect(findTraces(lab.id, lab.dir)).toEqual([]);
});

const git = (...args: string[]) =>
  lab.exec(['git', '-C', clone, '-c', 'user.name=P', '-c', 'user.email=p@example.com', ...args]);

const deployFile = z.looseObject({
  jobs: z.object({ build: z.looseObject({}), bump: z.looseObject({ concurrency: z.looseObject({}) }) }),
});

/** Returns the real deploy.yml with jobs that wait at a gate in place of its steps; `rule` replaces parts of its block. */
function deploy(rule: Readonly<Record<string, unknown>> = {}): string {
  const file = deployFile.parse(parse(readFileSync(join(repositoryRoot, WORKFLOW), 'utf8')));
  const { build, bump } = file.jobs;
  const waiting = (job: string) => [
    {
      name: job,
      run: [
        `touch ${gates}/${job}-began-$GITHUB_RUN_ID`,
        `until [ -e ${gates}/${job}-$GITHUB_RUN_ID ]; do sleep 0.02; done`,
        `echo $GITHUB_RUN_ID >> ${gates}/${job}-order`,
      ].join('\n'),
    },
  ];
  const concurrency = { ...bump.concurrency, ...rule };
  const jobs = {
    build: { ...build, outputs: {}, steps: waiting('build') },
    bump: { ...bump, concurrency, steps: waiting('bump') },
  };
  return stringify({ ...file, jobs });
}

/** Pushes five commits, one after the other and each on its own, and returns the runs that they started. */
async function pushFive(workflow: string): Promise<RunRecord[]> {
  const before = github.runs.length;
  mkdirSync(join(clone, dirname(WORKFLOW)), { recursive: true });
  writeFileSync(join(clone, WORKFLOW), workflow);
  for (const title of TITLES) {
    writeFileSync(join(clone, 'app.txt'), `${title} ${round}\n`);
    await git('add', '--all');
    await git('commit', '--quiet', '--message', title);
    await git('push', '--quiet', 'origin', 'HEAD:main');
  }
  const runs = github.runs.slice(before);
  expect(runs.map(({ title }) => title)).toEqual(TITLES);
  return runs;
}

const open = (job: 'build' | 'bump', run: RunRecord): void => writeFileSync(join(gates, `${job}-${run.id}`), '');
const jobOf = (run: RunRecord, id: string) => run.jobs.find((job) => job.id === id);

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let count = 0; count < 1500; count++) {
    if (isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`it did not come to this: ${what}`);
}

/** Lets the builds end in an order: each bump asks for the group before the next one does. */
async function build(runs: readonly RunRecord[]): Promise<void> {
  for (const run of runs) {
    open('build', run);
    await until(() => !['queued', undefined].includes(jobOf(run, 'bump')?.status), `${run.title} asks for its turn`);
  }
}

async function bump(runs: readonly RunRecord[]): Promise<void> {
  for (const run of runs) open('bump', run);
  await github.idle();
}

/** The titles of the runs whose bumps ran, in their order. */
function ranInOrder(runs: readonly RunRecord[]): (string | undefined)[] {
  const ids = readFileSync(join(gates, 'bump-order'), 'utf8').trim().split('\n').map(Number);
  return ids.map((id) => runs.find((run) => run.id === id)?.title);
}

/** What a person finds of a run by the API: how it ended, and what is said of its bump. */
async function askFor({ id, sha }: RunRecord): Promise<readonly [string | null, readonly string[]]> {
  const { data } = await person.rest.actions.listWorkflowRunsForRepo({ ...WHERE, head_sha: sha });
  const [run] = data.workflow_runs;
  expect([data.total_count, run?.id, run?.status]).toEqual([1, id, 'completed']);
  const { data: jobs } = await person.rest.actions.listJobsForWorkflowRun({ ...WHERE, run_id: id });
  const check_run_id = jobs.jobs.find(({ name }) => name === 'bump')?.id ?? 0;
  const { data: notes } = await person.rest.checks.listAnnotations({ ...WHERE, check_run_id });
  return [run?.conclusion ?? null, notes.map(({ message }) => message ?? '')];
}

/** Finds on the pages what {@link askFor} finds by the API. */
async function expectShown(run: RunRecord, [conclusion, notes]: Awaited<ReturnType<typeof askFor>>): Promise<void> {
  const text = async (path: string): Promise<string> => (await fetch(`${github.url}${path}`)).text();
  const row = (await text('/')).split('<tr>').find((part) => part.includes(`href="/runs/${run.id}"`));
  expect(row).toContain(`aria-label="${conclusion}"`);
  expect(row).toContain(run.title);
  const page = await text(`/runs/${run.id}`);
  expect(page).toContain(`<title>${conclusion}: ${run.title} #${run.id}`);
  for (const note of notes) expect(page).toContain(`<p class="annotation">${note}</p>`);
}

/** Returns how each run ended and why, having found the same in both places that a person looks at. */
async function findEnds(runs: readonly RunRecord[]): Promise<(readonly [string | null, readonly string[]])[]> {
  const ends = await Promise.all(runs.map(askFor));
  for (const [index, run] of runs.entries()) await expectShown(run, ends[index] ?? [null, []]);
  return ends;
}

const replacedBy = (run: RunRecord | undefined) =>
  ['cancelled', [REPLACED, `Its place in the queue went to Deploy #${run?.id} (${run?.title})`]] as const;

describe('five quick pushes', () => {
  test("by deploy.yml as it is: all five bumps run, in the pushes' order, and the last one's is last", async () => {
    const runs = await pushFive(deploy());
    expect(new Set(runs.map((run) => jobOf(run, 'build')?.status))).not.toContain('pending'); // builds wait for no one
    await build(runs);
    expect(runs.map((run) => jobOf(run, 'bump')?.status)).toEqual(['in_progress', ...Array(4).fill('pending')]);
    await bump(runs.toReversed());
    expect(ranInOrder(runs)).toEqual(TITLES);
    expect(await findEnds(runs)).toEqual(TITLES.map(() => ['success', []]));
  });

  test('by the old rule: the first and the last bump run; each between them says who took its place', async () => {
    const runs = await pushFive(deploy({ queue: undefined }));
    await build(runs);
    await bump(runs);
    expect(ranInOrder(runs)).toEqual(['first', 'fifth']);
    const [, , third, fourth, fifth] = runs;
    const between = [third, fourth, fifth].map(replacedBy);
    expect(await findEnds(runs)).toEqual([['success', []], ...between, ['success', []]]);
    for (const run of runs) expect(jobOf(run, 'build')?.conclusion).toBe('success'); // its image is in the registry
  });

  test('builds that end in another order: deploy.yml as it is lets each bump run all the same', async () => {
    const runs = await pushFive(deploy());
    await build(runs.toReversed());
    await bump(runs);
    expect(ranInOrder(runs)).toEqual(TITLES.toReversed());
    expect(await findEnds(runs)).toEqual(TITLES.map(() => ['success', []]));
  });

  test("and by the old rule an older commit's bump, built later, takes the last one's place: why deploy.yml has queue: max", async () => {
    const runs = await pushFive(deploy({ queue: 'single' }));
    const [first, second, third, fourth, fifth] = runs;
    await build([first, second, third, fifth, fourth].filter((run) => run !== undefined));
    await bump(runs);
    expect(ranInOrder(runs)).toEqual(['first', 'fourth']);
    expect(await findEnds(runs)).toEqual([
      ['success', []],
      replacedBy(third),
      replacedBy(fifth),
      ['success', []],
      replacedBy(fourth),
    ]);
  });

  test('where the whole workflow is the group, a run that is replaced never begins and says so too', async () => {
    const file = z.looseObject({}).parse(parse(deploy()));
    const runs = await pushFive(stringify({ ...file, concurrency: { group: 'deploy-${{ github.ref }}' } }));
    const [first, second, third, fourth, fifth] = runs;
    await until(() => first?.status === 'in_progress', 'the first run begins');
    expect(runs.map(({ status }) => status)).toEqual(['in_progress', ...Array(3).fill('completed'), 'pending']);
    const { data } = await person.rest.actions.listWorkflowRunsForRepo({ ...WHERE, status: 'pending' });
    expect(data.workflow_runs.map(({ id }) => id)).toEqual([fifth?.id]);
    for (const run of runs) open('build', run);
    await bump(runs);
    expect(ranInOrder(runs)).toEqual(['first', 'fifth']);
    for (const [run, next] of [
      [second, third],
      [third, fourth],
      [fourth, fifth],
    ]) {
      expect(run?.annotations[1]).toBe(`Its place in the queue went to Deploy #${next?.id} (${next?.title})`);
      expect(run?.jobs.map(({ conclusion, steps }) => [conclusion, steps])).toEqual(Array(2).fill(['cancelled', []]));
      if (run !== undefined) await expectShown(run, ['cancelled', run.annotations]);
    }
  });
});
