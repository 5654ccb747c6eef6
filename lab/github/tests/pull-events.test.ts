import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getOctokit } from '@actions/github';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type GitHub, startGitHub } from '#lab/github/github.ts';
import type { RunRecord } from '#lab/github/runner/run-record.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';

const WHERE = { owner: 'acme', repo: 'sample' };
const SECRET = 'a secret of the repository';

let lab: Lab;
let github: GitHub;
let clone: string;
let person: ReturnType<typeof getOctokit>;

beforeAll(async () => {
  lab = await openLab({ progress: silentProgress });
  const act = join(import.meta.dirname, 'fake-act.sh');
  chmodSync(act, 0o755);
  const toolbox = { path: [], tool: () => act, file: () => '' };
  github = await startGitHub(lab, toolbox, { repository: 'acme/sample', secrets: { SECRET } });
  person = getOctokit(github.userToken, { baseUrl: `${github.url}/api/v3` });
  clone = lab.folder('clone');
  await git('init', '--quiet', '--initial-branch=main');
  await git('remote', 'add', 'origin', github.remote);
  const said = 'echo "ref=$GITHUB_REF head=$GITHUB_HEAD_REF base=$GITHUB_BASE_REF secrets=$SECRETS"';
  const comment = `curl -sS -o /dev/null -w '%{http_code}' -H "authorization: Bearer $TOKEN" -d '{"body": "x"}' "$GITHUB_API_URL/repos/acme/sample/issues/$(echo "$GITHUB_REF" | cut -d/ -f3)/comments"`;
  await commit('.github/workflows/w.yml', workflow({}, [said, comment]));
  await commit('.github/workflows/docs.yml', workflow({ paths: ['docs/**'] }, ['true']));
  await commit('.github/workflows/closed.yml', workflow({ types: ['closed'], branches: ['main'] }, ['true']));
  await commit('.github/workflows/other.yml', workflow({ branches: ['release/**'] }, ['true']));
  await commit('.github/workflows/edited.yml', EDITED);
  await commit('.github/workflows/open.yml', OPEN);
  await git('push', '--quiet', 'origin', 'HEAD:main');
});

afterEach(() => expect(github.rest.violations).toEqual([]));

afterAll(() => lab.stop());

const asJob = (path: string, body: string): object => ({
  run: `curl -sS -o /dev/null -w '%{http_code}' -H "authorization: Bearer $TOKEN" -d '${body}' "$GITHUB_API_URL/repos/acme/sample/${path}"`,
});
const OPEN = JSON.stringify({
  on: { workflow_dispatch: {} },
  permissions: { contents: 'write', 'pull-requests': 'write', actions: 'write' },
  jobs: { one: { steps: [asJob('pulls', '{"title": "By a job", "head": "by-a-job", "base": "main"}')] } },
});

const EDITED = JSON.stringify({
  on: { pull_request: { types: ['edited'] } },
  jobs: { one: { if: "github.event.changes.base.ref.from != ''", steps: [{ run: 'true' }] } },
});

const workflow = (pull_request: object, steps: readonly string[]): string =>
  JSON.stringify({
    on: { pull_request },
    permissions: { contents: 'read', 'pull-requests': 'write' },
    concurrency: '${{ github.workflow }}-${{ github.event.pull_request.number }}',
    jobs: { one: { steps: steps.map((run) => ({ run })) } },
  });

const git = async (...args: string[]): Promise<string> =>
  (
    await lab.exec(['git', '-C', clone, '-c', 'user.name=P', '-c', 'user.email=p@example.com', ...args])
  ).stdout.toString();

async function commit(path: string, text: string): Promise<void> {
  mkdirSync(dirname(join(clone, path)), { recursive: true });
  writeFileSync(join(clone, path), text);
  await git('add', '--all');
  await git('commit', '--quiet', '--message', `Change ${path}`);
}

/** Returns the workflow files of the runs that something started, when they are over. */
async function started(work: () => Promise<unknown>): Promise<RunRecord[]> {
  const before = github.runs.length;
  await work();
  await github.idle();
  return github.runs.slice(before);
}

const filesOf = (runs: readonly RunRecord[]): string[] => runs.map(({ path }) => path.replace(/.*\//, '')).sort();
const logOf = (run: RunRecord | undefined): string =>
  run?.jobs.flatMap((job) => job.steps.flatMap(({ log }) => log)).join('\n') ?? '';

const push = async (branch: string, path: string, remote = 'origin'): Promise<void> => {
  await git('checkout', '--quiet', '-B', branch, (await exists(branch)) ? branch : 'main');
  await commit(path, `${Math.random()}`);
  await git('push', '--quiet', remote, `HEAD:refs/heads/${branch}`);
};
const exists = async (branch: string): Promise<boolean> => (await git('branch', '--list', branch)).trim() !== '';
const open = (head: string) => person.rest.pulls.create({ ...WHERE, title: `About ${head}`, head, base: 'main' });

describe('a pull request starts the workflows of its merge commit', () => {
  test('when it is opened, pushed to and opened again; its filters hold; a merge closes it', async () => {
    await push('topic', 'docs/a.md');
    const [opened] = [await started(() => open('topic'))];
    expect(filesOf(opened)).toEqual(['docs.yml', 'w.yml']);
    expect(opened[0]).toMatchObject({ event: 'pull_request', ref: 'refs/pull/1/merge', title: 'About topic' });
    const run = opened.find(({ path }) => path.endsWith('w.yml'));
    expect(logOf(run)).toBe('ref=refs/pull/1/merge head=topic base=main secrets=SECRET,GITHUB_TOKEN\n201');
    expect((await git('ls-remote', 'origin', 'refs/pull/1/merge')).split('\t')[0]).toBe(run?.sha);
    expect(filesOf(await started(() => push('topic', 'app.ts')))).toEqual(['docs.yml', 'w.yml']);
    const turn = (state: 'open' | 'closed') => person.rest.pulls.update({ ...WHERE, pull_number: 1, state });
    expect(filesOf(await started(() => turn('closed')))).toEqual(['closed.yml']);
    expect(filesOf(await started(() => turn('open')))).toEqual(['docs.yml', 'w.yml']);
    const merged = await started(() => person.rest.pulls.merge({ ...WHERE, pull_number: 1, merge_method: 'squash' }));
    expect(filesOf(merged)).toEqual(['closed.yml']);
  });

  test('a new title or another base edits it, once for both; what does not change is no event', async () => {
    await git('push', '--quiet', 'origin', 'HEAD:refs/heads/next');
    await push('edited', 'edited.txt');
    const { data } = await open('edited');
    await github.idle();
    const edit = (change: object) =>
      started(() => person.rest.pulls.update({ ...WHERE, pull_number: data.number, ...change }));
    const [title, ...more] = await edit({ title: 'Another' });
    expect([title?.path, title?.conclusion, more]).toEqual(['.github/workflows/edited.yml', 'skipped', []]);
    expect(await edit({ title: 'Another', base: 'main' })).toEqual([]);
    const [moved, ...others] = await edit({ title: 'Once more', base: 'next' });
    expect([moved?.conclusion, moved?.title, others]).toEqual(['success', 'Once more', []]);
    await person.rest.pulls.update({ ...WHERE, pull_number: data.number, state: 'closed' });
  });

  test('a fork’s gets a token that reads, and no secret', async () => {
    await git('fetch', '--quiet', 'origin', 'main');
    await git('checkout', '--quiet', '-B', 'main', 'origin/main');
    await git('remote', 'add', 'fork', await github.fork('mallory'));
    await push('patch', 'app.ts', 'fork');
    const [run, ...others] = await started(() => open('mallory:patch'));
    expect(others).toEqual([]);
    expect(logOf(run)).toMatch(/head=patch base=main secrets=GITHUB_TOKEN\n403$/);
    expect(filesOf(await started(() => push('patch', 'b.ts', 'fork')))).toEqual(['w.yml']);
  });

  test('what a job’s own token opens waits until a person approves it', async () => {
    await git('fetch', '--quiet', 'origin', 'main');
    await git('checkout', '--quiet', '-B', 'main', 'origin/main');
    await push('by-a-job', 'by-a-job.txt');
    const runs = await started(() => github.dispatch('open.yml'));
    expect(logOf(runs[0])).toBe('201');
    expect(filesOf(runs)).toEqual(['open.yml', 'w.yml']);
    const held = runs.find(({ path }) => path.endsWith('w.yml'));
    expect(held).toMatchObject({ status: 'completed', conclusion: 'action_required', actor: 'github-actions[bot]' });
    const where = { ...WHERE, run_id: held?.id ?? 0 };
    expect((await person.rest.actions.getWorkflowRun(where)).data.conclusion).toBe('action_required');
    await person.rest.actions.approveWorkflowRun(where);
    await github.idle();
    expect(held).toMatchObject({ status: 'completed', conclusion: 'success' });
    await expect(person.rest.actions.approveWorkflowRun(where)).rejects.toMatchObject({ status: 403 });
  });

  test('a conflict starts none; no one pushes to its references', async () => {
    await push('left', 'same.txt');
    const { data: left } = await open('left');
    await push('right', 'same.txt');
    await person.rest.pulls.merge({ ...WHERE, pull_number: left.number });
    await github.idle();
    expect(await started(() => open('right'))).toEqual([]);
    await expect(git('push', '--quiet', 'origin', 'HEAD:refs/pull/5/head')).rejects.toThrow('hidden ref');
  });
});
