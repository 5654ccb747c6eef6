import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getOctokit } from '@actions/github';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type GitHub, startGitHub } from '#lab/github/github.ts';
import type { PushPayload } from '#lab/github/repository.ts';
import { describeFailure } from '#lab/github/runner/failure.ts';
import type { RunRecord } from '#lab/github/runner/run-record.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { findTraces } from '#lab/supervisor/traces.ts';

const WHERE = { owner: 'acme', repo: 'sample' };

let lab: Lab;
let github: GitHub;
let clone: string;
let person: ReturnType<typeof getOctokit>;
const told: PushPayload[] = [];

beforeAll(async () => {
  lab = await openLab({ progress: silentProgress });
  const act = join(import.meta.dirname, 'fake-act.sh');
  chmodSync(act, 0o755);
  github = await startGitHub(lab, { path: [], tool: () => act, file: () => '' }, { repository: 'acme/sample' });
  github.onPush((payload) => told.push(payload));
  person = getOctokit(github.userToken, { baseUrl: `${github.url}/api/v3` });
  clone = lab.folder('clone');
  await git('init', '--quiet', '--initial-branch=main');
  await git('remote', 'add', 'origin', github.remote);
});

afterEach(() => expect(github.rest.violations).toEqual([]));

afterAll(async () => {
  await lab.stop();
  expect(findTraces(lab.id, lab.dir)).toEqual([]);
});

const git = async (...args: string[]): Promise<string> =>
  (
    await lab.exec(['git', '-C', clone, '-c', 'user.name=P', '-c', 'user.email=p@example.com', ...args])
  ).stdout.toString();

/** Pushes a workflow to main and returns the run that it started. */
async function push(workflow: string, message = 'a change'): Promise<RunRecord> {
  const path = join(clone, '.github/workflows/w.yml');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, workflow);
  await git('add', '--all');
  await git('commit', '--quiet', '--allow-empty', '--message', message);
  await git('push', '--quiet', 'origin', 'HEAD:main');
  const last = github.runs.at(-1);
  if (last === undefined) throw new Error('the push started no run');
  return last;
}

async function started(run: RunRecord, job = 0): Promise<void> {
  for (let count = 0; count < 400; count++) {
    if ((run.jobs[job]?.steps.length ?? 0) > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the job did not begin');
}

const logOf = (run: RunRecord): string => run.jobs.flatMap((job) => job.steps.flatMap((step) => step.log)).join('\n');
const workflow = (rest: object): string =>
  JSON.stringify({ name: 'W', on: { push: null, workflow_dispatch: null }, ...rest });
const say = (run: string): string => workflow({ jobs: { one: { steps: [{ run }] } } });
const cancel = (run: RunRecord) => person.rest.actions.cancelWorkflowRun({ ...WHERE, run_id: run.id });

describe('what moves a branch', () => {
  test('a person who does it by the API starts the workflows', async () => {
    const { sha } = await push(say('true'));
    const before = github.runs.length;
    await person.rest.git.createRef({ ...WHERE, ref: 'refs/heads/by-api', sha });
    expect(github.runs.slice(before)).toMatchObject([{ event: 'push', ref: 'refs/heads/by-api', actor: 'octocat' }]);
    await person.rest.git.createRef({ ...WHERE, ref: 'refs/tags/v1', sha });
    await person.rest.git.deleteRef({ ...WHERE, ref: 'heads/by-api' });
    expect(github.runs.length).toBe(before + 1);
    await github.idle();
  });

  test("a job's token starts none, but who listens is told", async () => {
    const api = 'curl -sS -H "authorization: Bearer $TOKEN"';
    const make = `${api} -d "{\\"ref\\": \\"refs/heads/by-job\\", \\"sha\\": \\"$(${api} "$GITHUB_API_URL/repos/acme/sample/git/ref/heads/main" | sed -n 's/.*"sha":"\\([0-9a-f]*\\)".*/\\1/p')\\"}" "$GITHUB_API_URL/repos/acme/sample/git/refs"`;
    const ask = `${api} -d '{"query": "{viewer {login}}"}' "$GITHUB_GRAPHQL_URL"`;
    const run = await push(
      workflow({ permissions: { contents: 'write' }, jobs: { one: { steps: [{ run: `${make}; ${ask}` }] } } }),
    );
    await github.idle();
    expect(run.conclusion).toBe('success');
    expect(logOf(run)).toContain('"ref":"refs/heads/by-job"');
    expect(logOf(run)).toContain('{"data":{"viewer":{"login":"github-actions[bot]"}}}');
    expect(github.runs.at(-1)).toBe(run);
    expect(told.at(-1)).toMatchObject({ ref: 'refs/heads/by-job', sender: { login: 'github-actions[bot]' } });
  });

  test('pushes at once start one run each, and no push another’s', async () => {
    await push(say('true'));
    const before = github.runs.length;
    const branches = ['p1', 'p2', 'p3', 'p4', 'p5'];
    await Promise.all(branches.map((branch) => git('push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`)));
    expect(
      github.runs
        .slice(before)
        .map(({ ref }) => ref.replace('refs/heads/', ''))
        .sort(),
    ).toEqual(branches);
    await github.idle();
  });

  test('a dispatch by the API runs as the account that asked', async () => {
    await push(say('true'));
    await person.rest.actions.createWorkflowDispatch({ ...WHERE, workflow_id: 'w.yml', ref: 'main' });
    expect(github.runs.at(-1)).toMatchObject({ event: 'workflow_dispatch', actor: 'octocat' });
    await github.idle();
  });
});

describe("a job's token", () => {
  test.each([
    ['with contents: write moves a branch', { contents: 'write' }, 'by-git', /new branch/],
    ['with contents: read is refused', { contents: 'read' }, 'read-only', /error: 403/],
    ['is refused by a protected branch', { contents: 'write' }, 'locked', /GH006: Protected branch update failed/],
  ])('a push by git of a job %s', async (_name, permissions, branch, words) => {
    github.protect('locked');
    const remote = github.cloneUrl.replace('http://', 'http://x:$TOKEN@');
    const command = `git push "${remote}" HEAD:refs/heads/${branch} 2>&1; true`;
    const run = await push(workflow({ permissions, jobs: { one: { steps: [{ run: command }] } } }));
    await github.idle();
    expect(logOf(run)).toMatch(words);
    const moved = words.source === 'new branch' ? [expect.stringContaining(run.sha)] : [];
    expect((await git('ls-remote', 'origin', branch)).split('\n').filter(Boolean)).toEqual(moved);
  });

  test("a job's secrets are on no command line", async () => {
    const run = await push(say('tr "\\0" " " < /proc/$PPID/cmdline; printf "token of %s" "${#TOKEN}"'));
    await github.idle();
    expect(logOf(run)).toMatch(/--secret-file .*token of 40/s);
    expect(logOf(run)).not.toMatch(/ghs_|--secret |-s /);
  });
});

describe('a workflow file that cannot be read', () => {
  const faults: [string, string, RegExp][] = [
    ['no YAML', 'name: W\non: push\njobs: {one: [', /^Invalid workflow file: .github\/workflows\/w.yml: .*line 3/],
    ['no steps', workflow({ jobs: { one: { run: 'true' } } }), /w.yml: jobs\.one\.steps: /],
    ['nothing', '', /w.yml: /],
  ];
  test.each(faults)('%s: the push lands, and a failed run says why', async (_name, text, words) => {
    const run = await push(text);
    await github.idle();
    expect(await git('ls-remote', 'origin', 'main')).toContain(run.sha);
    expect(run).toMatchObject({
      workflow: '.github/workflows/w.yml',
      status: 'completed',
      conclusion: 'failure',
      jobs: [],
    });
    expect(run.annotations).toEqual([expect.stringMatching(words)]);
    expect(await (await fetch(`${github.url}/runs/${run.id}`)).text()).toContain('Invalid workflow file: ');
    const { data } = await person.rest.actions.getWorkflowRun({ ...WHERE, run_id: run.id });
    expect(data).toMatchObject({ path: '.github/workflows/w.yml', conclusion: 'failure' });
    const dispatch = person.rest.actions.createWorkflowDispatch({ ...WHERE, workflow_id: 'w.yml', ref: 'main' });
    await expect(dispatch).rejects.toMatchObject({ status: 422, message: expect.stringContaining('failed to parse') });
  });

  test('the other workflows run, and the next push with a good file does too', async () => {
    const broken = join(clone, '.github/workflows/broken.yml');
    writeFileSync(broken, 'on: [');
    const before = github.runs.length;
    await push(say('true'));
    await github.idle();
    expect(github.runs.slice(before).map(({ path, conclusion }) => [path, conclusion])).toEqual([
      ['.github/workflows/broken.yml', 'failure'],
      ['.github/workflows/w.yml', 'success'],
    ]);
    rmSync(broken);
    await push(say('echo good again'));
    await github.idle();
    expect(github.runs.slice(before).map(({ conclusion }) => conclusion)).toEqual(['failure', 'success', 'success']);
  });

  test('a group whose name cannot be evaluated fails the run and says so', async () => {
    const run = await push(
      workflow({ concurrency: '${{ github.event.after }}', jobs: { one: { steps: [{ run: 'true' }] } } }),
    );
    await github.idle();
    expect(run.conclusion).toBe('failure');
    expect(run.annotations).toEqual([expect.stringContaining('cannot evaluate')]);
    expect(describeFailure(run)).toMatch(/^run \d+ of W ended as failure\n.*cannot evaluate/);
  });
});

describe('cancelling', () => {
  test('ends the step under way, runs what always runs, and says so', async () => {
    const run = await push(
      workflow({
        jobs: {
          long: {
            steps: [
              { name: 'long', run: 'echo begun; exec sleep 60' },
              { name: 'never', run: 'echo no' },
              { name: 'tidy', if: 'always()', run: 'echo tidied' },
            ],
          },
          next: { needs: 'long', steps: [{ run: 'echo no' }] },
          last: { needs: 'next', if: 'always()', steps: [{ run: 'echo last words' }] },
        },
      }),
    );
    await started(run);
    await cancel(run);
    await github.idle();
    expect([run.status, run.conclusion]).toEqual(['completed', 'cancelled']);
    expect(run.jobs.map(({ conclusion }) => conclusion)).toEqual(['cancelled', 'cancelled', 'success']);
    expect(run.jobs[0]?.steps.map(({ name, status }) => [name, status])).toEqual([
      ['long', 'cancelled'],
      ['tidy', 'success'],
    ]);
    expect(logOf(run)).toContain('last words');
    await expect(cancel(run)).rejects.toMatchObject({ status: 409 });
  });

  test('takes a waiting run out of its queue, and the one behind it moves up', async () => {
    const waiting = (command: string): string =>
      workflow({ concurrency: { group: 'g', queue: 'max' }, jobs: { one: { steps: [{ run: command }] } } });
    const first = await push(waiting('exec sleep 60'));
    await started(first);
    const second = await push(waiting('echo second'));
    const third = await push(waiting('echo third'));
    await cancel(second);
    await cancel(first);
    await github.idle();
    expect([first, second, third].map(({ conclusion }) => conclusion)).toEqual(['cancelled', 'cancelled', 'success']);
    expect(second.jobs[0]?.steps).toEqual([]);
  });
});

describe('pages', () => {
  const page = async (path: string): Promise<{ status: number; text: string; policy: string | null }> => {
    const answer = await fetch(`${github.url}${path}`);
    const policy = answer.headers.get('content-security-policy');
    return { status: answer.status, text: await answer.text(), policy };
  };
  const hostile = '<script>alert(1)</script> & "quotes"';

  test('the list and a run, with words of strangers in them as words', async () => {
    const run = await push(
      say(
        `printf '%s\\n' '${hostile}' 'summary:### Done **well**\\n\\n| a | b |\\n|---|---|\\n| 1 | <img src=x onerror=alert(1)> |'`,
      ),
      hostile,
    );
    await github.idle();
    const list = await page('/');
    const one = await page(`/runs/${run.id}`);
    for (const { text, policy } of [list, one]) {
      expect(text).not.toContain('<script>alert');
      expect(text).toContain('&#60;script&#62;alert(1)');
      expect(policy).toContain("default-src 'none'");
    }
    expect(list.text).toContain(`href="/runs/${run.id}"`);
    expect(one.text).toContain('<h3>Done <strong>well</strong></h3>');
    expect(one.text).not.toContain('<img');
    expect(one.text).not.toContain('data-live="1"');
    expect((await page(`/acme/sample/actions/runs/${run.id}`)).text).toBe(one.text);
    expect((await page(`/runs/${run.id}/logs/one`)).text).toContain(`Z ${hostile}\n`);
  });

  test('a run under way renews its page', async () => {
    const run = await push(say('echo begun; exec sleep 60'));
    await started(run);
    expect((await page(`/runs/${run.id}`)).text).toContain('data-live="1"');
    await cancel(run);
    await github.idle();
  });

  test('what summaries link to is there: commits, folders, files', async () => {
    const { sha } = await push(say('echo linked'), `${hostile}\n\nbody`);
    const commit = await page(`/acme/sample/commit/${sha}`);
    expect(commit.text).toContain('.github/workflows/w.yml');
    expect(commit.text).not.toContain('<script>alert');
    expect((await page(`/acme/sample/tree/${sha}/.github`)).text).toContain('workflows/');
    expect((await page(`/acme/sample/blob/${sha}/.github/workflows/w.yml`)).text).toContain('echo linked');
    expect((await page(`/acme/sample/raw/${sha}/.github/workflows/w.yml`)).text).toBe(say('echo linked'));
    for (const path of [`/acme/sample/blob/${sha}/none`, `/acme/sample/commit/${'1'.repeat(40)}`, '/none', '/runs/999'])
      expect((await page(path)).status).toBe(404);
    await github.idle();
  });
});
