import { createSign } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getOctokit } from '@actions/github';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type GitHub, startGitHub } from '#lab/github/github.ts';
import type { RunRecord } from '#lab/github/runner/run-record.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';

const WHERE = { owner: 'acme', repo: 'sample' };

let lab: Lab;
let github: GitHub;
let clone: string;

beforeAll(async () => {
  lab = await openLab({ progress: silentProgress });
  const act = join(import.meta.dirname, 'fake-act.sh');
  chmodSync(act, 0o755);
  github = await startGitHub(lab, { path: [], tool: () => act, file: () => '' }, { repository: 'acme/sample' });
  clone = lab.folder('clone');
  await git('init', '--quiet', '--initial-branch=main');
  await git('remote', 'add', 'origin', github.remote);
});

afterEach(() => expect(github.rest.violations).toEqual([]));

afterAll(() => lab.stop());

const git = (...args: string[]) =>
  lab.exec(['git', '-C', clone, '-c', 'user.name=P', '-c', 'user.email=p@example.com', ...args]);

/** Pushes a workflow to main and returns the run that it started. */
async function push(text: string, message = 'a change'): Promise<RunRecord> {
  const path = join(clone, '.github/workflows/w.yml');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  await git('add', '--all');
  await git('commit', '--quiet', '--allow-empty', '--message', message);
  await git('push', '--quiet', 'origin', 'HEAD:main');
  const last = github.runs.at(-1);
  if (last === undefined) throw new Error('the push started no run');
  return last;
}

const workflow = (rest: object): string => JSON.stringify({ name: 'W', on: { push: null }, ...rest });
const say = (run: string): string => workflow({ jobs: { one: { steps: [{ run }] } } });

describe('a commit status', () => {
  const onStatus = workflow({ on: { push: null, status: null }, jobs: { one: { steps: [{ run: 'true' }] } } });
  const write = (token: string, sha: string) =>
    getOctokit(token, { baseUrl: `${github.url}/api/v3` }).rest.repos.createCommitStatus({
      ...{ ...WHERE, sha, state: 'success', context: 'argocd/production', description: 'v1' },
    });

  test('of a person starts the workflows at the head of the default branch, and names its commit', async () => {
    const { sha } = await push(onStatus);
    const { sha: head } = await push(onStatus, 'newer');
    const before = github.runs.length;
    await write(github.userToken, sha);
    expect(github.runs.slice(before)).toMatchObject([{ event: 'status', sha: head, ref: 'refs/heads/main' }]);
  });

  test('of an App starts them in its name; where no workflow asks for it, nothing begins', async () => {
    const { sha } = await push(onStatus);
    const app = github.registerApp('acme-slipway', { statuses: 'write' });
    const body = [{ alg: 'RS256' }, { iss: app.id, iat: seconds() - 30, exp: seconds() + 300 }].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    const signature = createSign('sha256').update(body.join('.')).sign(app.privateKey).toString('base64url');
    const own = getOctokit([...body, signature].join('.'), { baseUrl: `${github.url}/api/v3` });
    const { data } = await own.rest.apps.createInstallationAccessToken({ installation_id: app.installation });
    const before = github.runs.length;
    await write(data.token, sha);
    expect(github.runs.slice(before)).toMatchObject([{ event: 'status', actor: 'acme-slipway[bot]' }]);
    await push(say('true'));
    const later = github.runs.length;
    await write(data.token, sha);
    expect(github.runs.length).toBe(later);
  });

  test("of a job's own token starts nothing", async () => {
    const { sha } = await push(say('true'));
    const text = workflow({
      on: { push: null, status: null },
      permissions: { statuses: 'write' },
      jobs: { one: { steps: [{ run: `${WRITE_STATUS}/${sha}` }] } },
    });
    const run = await push(text);
    await github.idle();
    expect(github.rest.statuses.at(-1)).toMatchObject({ login: 'github-actions[bot]', sha });
    expect(github.runs.filter(({ event, id }) => event === 'status' && id > run.id)).toEqual([]);
  });
});

const seconds = (): number => Math.floor(Date.now() / 1000);
const WRITE_STATUS =
  'curl --silent --fail -X POST -H "authorization: Bearer $TOKEN" -d \'{"state":"success"}\' $GITHUB_API_URL/repos/$GITHUB_REPOSITORY/statuses';
