import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type GitHub, startGitHub } from '#lab/github/github.ts';
import type { RunRecord } from '#lab/github/runner/run-record.ts';
import { CARRIER } from '#lab/github/tests/carrier.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import { obtainTools } from '#lab/toolbox/toolbox.ts';

let lab: Lab;
let github: GitHub;
let clone: string;

beforeAll(async () => {
  const toolbox = await obtainTools(['act', 'git'], silentProgress);
  lab = await openLab({ progress: silentProgress, path: toolbox.path });
  github = await startGitHub(lab, toolbox, { repository: 'acme/sample' });
  clone = lab.folder('clone');
  await git('init', '--quiet', '--initial-branch=main');
  await git('remote', 'add', 'origin', github.remote);
}, 600_000);

afterAll(async () => {
  await lab.stop();
  expect(findTraces(lab.id, lab.dir)).toEqual([]);
});

const git = (...args: string[]) =>
  lab.exec(['git', '-C', clone, '-c', 'user.name=P', '-c', 'user.email=p@example.com', ...args]);

/** Pushes a workflow and returns its run when it has ended. */
async function run(workflow: string, message = 'a change'): Promise<RunRecord> {
  const path = join(clone, '.github/workflows/w.yml');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, workflow);
  await git('add', '--all');
  await git('commit', '--quiet', '--allow-empty', '--message', message);
  await git('push', '--quiet', 'origin', 'HEAD:main');
  await github.idle();
  const last = github.runs.at(-1);
  if (last === undefined) throw new Error('the push started no run');
  return last;
}

const logOf = (record: RunRecord): string =>
  record.jobs.flatMap((job) => job.steps.flatMap((step) => step.log)).join('\n');
const checkout = 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1';

test('outputs travel from job to job, summaries and logs are kept', async () => {
  const record = await run(`
name: W
on: push
permissions: {}
jobs:
  one:
    runs-on: ubuntu-24.04
    outputs: {word: "\${{ steps.say.outputs.word }}"}
    steps:
      - id: say
        run: |
          echo "word=it's fine" >> "$GITHUB_OUTPUT"
          echo "### A summary" >> "$GITHUB_STEP_SUMMARY"
  two:
    needs: one
    runs-on: ubuntu-24.04
    steps:
      - run: echo "heard $WORD"
        env: {WORD: "\${{ needs.one.outputs.word }}"}
`);
  expect(record.conclusion).toBe('success');
  expect(record.jobs[0]?.outputs).toEqual({ word: "it's fine" });
  expect(logOf(record)).toContain("heard it's fine");
  expect(record.jobs[0]?.steps.map((step) => step.summary).join('')).toContain('### A summary');
  expect(await (await fetch(`${github.url}/runs/${record.id}`)).text()).toContain('Stand-in for GitHub');
}, 60_000);

const pusher = (contents: string, branch = `by-a-job-${contents}`): string => `
name: W
on: push
permissions: {}
jobs:
  push:
    runs-on: ubuntu-24.04
    permissions: {contents: ${contents}}
    steps:
      - uses: ${checkout}
      - run: |
          git -c user.name=j -c user.email=j@example.com commit --quiet --allow-empty -m "by a job"
          git push origin HEAD:refs/heads/${branch}
`;

test('a job without contents: write cannot push', async () => {
  const record = await run(pusher('read'));
  expect(record.conclusion).toBe('failure');
  expect(logOf(record)).toMatch(/403/);
  expect(
    execFileSync('git', ['-C', github.bareRepository, 'branch', '--list', 'by-a-job*'], { encoding: 'utf8' }),
  ).toBe('');
}, 60_000);

test('a job with it can, and its push starts no workflow', async () => {
  const record = await run(pusher('write'));
  expect(record.conclusion).toBe('success');
  expect(
    execFileSync('git', ['-C', github.bareRepository, 'branch', '--list', 'by-a-job*'], { encoding: 'utf8' }),
  ).toContain('by-a-job-write');
  expect(github.runs.at(-1)).toBe(record);
}, 60_000);

test('without id-token: write there is no OIDC token; with it the claims are those of the job', async () => {
  const asking = (right: string): string => `
name: W
on: push
permissions: {}
jobs:
  ask:
    runs-on: ubuntu-24.04
    permissions: {id-token: ${right}}
    steps:
      - run: |
          if [ -z "$ACTIONS_ID_TOKEN_REQUEST_URL" ]; then echo none; exit 0; fi
          curl -s -H "authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=me" |
            node -e 'process.stdin.once("data", (d) => console.log(Buffer.from(JSON.parse(d).value.split(".")[1], "base64url").toString()))'
`;
  expect(logOf(await run(asking('none')))).toBe('none');
  const log = logOf(await run(asking('write')));
  expect(log).toContain('"sub":"repo:acme@1001/sample@2002:ref:refs/heads/main"');
  expect(log).toContain('"aud":"me"');
}, 60_000);

test('a step that fails is heard to its end', async () => {
  const failing = (n: number): string =>
    `{continue-on-error: true, run: "echo one ${n}; echo two ${n} >&2; printf 'three ${n}'; exit 7"}`;
  const steps = Array.from({ length: 25 }, (_, n) => failing(n));
  const record = await run(`{on: push, jobs: {fail: {runs-on: ubuntu-24.04, steps: [${steps.join(', ')}]}}}`);
  const said = record.jobs.flatMap((job) =>
    job.steps.map(({ log }) => log.filter((line) => /^(one|two|three)/.test(line))),
  );
  expect(said.filter((lines) => lines.length > 0)).toEqual(steps.map((_, n) => [`one ${n}`, `two ${n}`, `three ${n}`]));
  expect(logOf(record)).not.toContain('last-words');
}, 60_000);

test('hostile words of a commit are words', async () => {
  const hostile = '$(touch pwned) `touch pwned`\n::set-output name=x::y\n\n::error::no <script>alert(1)</script>';
  const record = await run(
    `
name: W
on: push
permissions: {}
jobs:
  show:
    runs-on: ubuntu-24.04
    outputs: {x: "\${{ steps.say.outputs.x }}"}
    steps:
      - id: say
        run: printf '%s' "$MESSAGE" | wc -c; ls
        env: {MESSAGE: "\${{ github.event.head_commit.message }}"}
`,
    hostile,
  );
  expect(record.conclusion).toBe('success');
  expect(record.jobs[0]?.outputs).toEqual({ x: '' });
  expect(logOf(record)).not.toContain('pwned');
  expect(await (await fetch(github.url)).text()).not.toContain('<script>alert');
}, 60_000);

test('@actions/artifact carries files from job to job, and from run to run', async () => {
  const action = join(clone, '.github/actions/carry');
  mkdirSync(action, { recursive: true });
  writeFileSync(join(action, 'index.mjs'), CARRIER);
  const inputs = 'inputs: {mode: {}, name: {}, run: {}, token: {}}';
  writeFileSync(join(action, 'action.yml'), `name: carry\n${inputs}\nruns: {using: node24, main: index.mjs}\n`);
  const steps = (given: Readonly<Record<string, string>>): string =>
    JSON.stringify([{ uses: checkout }, { uses: './.github/actions/carry', with: given }]);
  const job = (rest: string, given: Readonly<Record<string, string>>): string =>
    `{runs-on: ubuntu-24.04, permissions: {contents: read, actions: read}, ${rest}steps: ${steps(given)}}`;
  const first = await run(`
on: push
jobs:
  aws: ${job('', { mode: 'upload', name: 'aws' })}
  script: {runs-on: ubuntu-24.04, steps: [{run: 'echo "token=$ACTIONS_RUNTIME_TOKEN."'}]}
  comment: ${job('needs: aws, ', { mode: 'read' })}
`);
  expect([first.conclusion, logOf(first)]).toEqual(['success', expect.stringContaining('read: the plan of aws')]);
  expect(logOf(first)).toContain('token=.');
  const second = await run(
    `on: push\njobs: {apply: ${job('', { mode: 'read', run: String(first.id), token: '${{ github.token }}' })}}`,
  );
  expect([second.conclusion, logOf(second)]).toEqual(['success', expect.stringContaining('read: the plan of aws')]);
  expect(github.rest.violations).toEqual([]);
}, 60_000);

test('a matrix comes from the output of a job, and each of its jobs knows its own part', async () => {
  const record = await run(`
on: push
jobs:
  reach:
    runs-on: ubuntu-24.04
    outputs: {stacks: "\${{ steps.find.outputs.stacks }}"}
    steps:
      - id: find
        run: echo 'stacks=["aws","bootstrap"]' >> "$GITHUB_OUTPUT"
  plan:
    needs: reach
    if: needs.reach.outputs.stacks != '[]'
    strategy: {matrix: {stack: "\${{ fromJSON(needs.reach.outputs.stacks) }}"}, fail-fast: false}
    runs-on: ubuntu-24.04
    steps:
      - run: echo "planned $STACK"
        env: {STACK: "\${{ matrix.stack }}"}
      - if: matrix.stack == 'aws'
        run: exit 1
  comment:
    needs: [reach, plan]
    if: always() && needs.plan.result != 'skipped'
    runs-on: ubuntu-24.04
    steps:
      - if: contains(needs.*.result, 'failure')
        run: echo "results $RESULTS"
        env: {RESULTS: "\${{ needs.plan.result }}"}
`);
  const ends = record.jobs.map(({ id, conclusion }) => `${id}: ${conclusion}`);
  expect(ends).toEqual(['reach: success', 'plan (aws): failure', 'plan (bootstrap): success', 'comment: success']);
  expect(logOf(record)).toMatch(/planned aws[\s\S]*planned bootstrap[\s\S]*results failure/);
}, 60_000);

test('a protected branch takes no push of a job', async () => {
  github.protect('main');
  const record = await run(pusher('write', 'main'));
  expect(record.conclusion).toBe('failure');
  expect(logOf(record)).toContain('GH006');
}, 60_000);

test('a job acts for the account that started it, and asks the REST interface with its own rights', async () => {
  const ask = `curl -s -o /dev/null -w '%{http_code}\\n' -X POST -H "authorization: Bearer $TOKEN" -d '{"state": "success", "context": "job"}' "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/statuses/$GITHUB_SHA"`;
  const job = (permissions: string): string =>
    `{runs-on: ubuntu-24.04, permissions: ${permissions}, steps: [{run: ${JSON.stringify(`echo "actor=$GITHUB_ACTOR"; ${ask}`)}, env: {TOKEN: "\${{ github.token }}"}}]}`;
  const record = await run(`
name: W
on: push
permissions: {}
jobs:
  may: ${job('{statuses: write}')}
  may-not: ${job('{contents: write}')}
`);
  const [may = '', mayNot = ''] = record.jobs.map((one) => one.steps.flatMap((step) => step.log).join('\n'));
  expect(may).toContain('actor=octocat');
  expect(may).toContain('201');
  expect(mayNot).toContain('403');
  expect(github.rest.statuses).toMatchObject([{ sha: record.sha, context: 'job', login: 'github-actions[bot]' }]);
  expect(github.rest.violations).toEqual([]);
});

test('a cancelled run ends its step, runs what always runs, and stops there', async () => {
  const before = github.runs.length;
  const pushed = run(`
name: W
on: push
jobs:
  long:
    runs-on: ubuntu-24.04
    steps:
      - run: echo begun; sleep 60
      - run: echo never
      - if: always()
        run: echo tidied
`);
  const found = async (): Promise<RunRecord> => {
    for (;;) {
      const record = github.runs[before];
      if (record?.jobs[0]?.steps.some((step) => step.log.includes('begun'))) return record;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const record = await found();
  const answer = await fetch(`${github.url}/api/v3/repos/acme/sample/actions/runs/${record.id}/cancel`, {
    method: 'POST',
    headers: { authorization: `Bearer ${github.userToken}` },
  });
  expect(answer.status).toBe(202);
  await pushed;
  expect([record.conclusion, record.jobs[0]?.conclusion]).toEqual(['cancelled', 'cancelled']);
  expect(logOf(record)).toContain('tidied');
  expect(logOf(record)).not.toContain('never');
  expect(record.jobs[0]?.steps.find((step) => step.log.includes('begun'))?.status).toBe('cancelled');
}, 60_000);
