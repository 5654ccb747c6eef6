import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type GitHub, startGitHub } from '#lab/github/github.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { findTraces } from '#lab/supervisor/traces.ts';

let lab: Lab;
let github: GitHub;

beforeAll(async () => {
  lab = await openLab({ progress: silentProgress });
  github = await startGitHub(lab, { path: [], tool: () => 'false', file: () => '' }, { repository: 'acme/sample' });
});

afterAll(async () => {
  await lab.stop();
  expect(findTraces(lab.id, lab.dir)).toEqual([]);
});

test('while only git answers, everything else is a 503, and a push starts no workflow and sends no webhook', async () => {
  const told: string[] = [];
  github.onPush(({ after }) => told.push(after));
  const clone = lab.folder('clone');
  const git = async (...args: string[]) => (await lab.exec(['git', '-C', clone, ...args])).stdout.toString().trim();
  const push = async (): Promise<string> => {
    await git('-c', 'user.name=P', '-c', 'user.email=p@example.com', 'commit', '-q', '--allow-empty', '-m', 'one');
    await git('push', '--quiet', github.remote, 'HEAD:main');
    return git('rev-parse', 'HEAD');
  };
  const ask = async (path: string) => (await fetch(`${github.url}/${path}`)).status;
  const paths = ['api/v3/repos/acme/sample', 'api/graphql', 'acme/sample'];
  await git('init', '--quiet', '--initial-branch=main');
  github.isOnlyGit = true;
  const unseen = await push();
  expect(await git('ls-remote', github.remote, 'refs/heads/main')).toContain(unseen);
  expect(await Promise.all(paths.map(ask))).toEqual([503, 503, 503]);
  expect([told, github.runs]).toEqual([[], []]);
  github.isOnlyGit = false;
  const seen = await push();
  expect(await Promise.all(paths.map(ask))).not.toContain(503);
  expect(told).toEqual([seen]);
});
