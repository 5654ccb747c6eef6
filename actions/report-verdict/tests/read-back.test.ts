import { getOctokit } from '@actions/github';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { openGitHubApi } from '#core/git/github-api.ts';
import { systemClock } from '#core/system/clock.ts';
import { openVerdicts } from '#core/verdict/read-deployments.ts';
import { type GitHubStage, openGitHubStage } from '#tests/support/github.ts';
import { silentLog } from '#tests/support/silent-log.ts';
import { bump } from '#tests/support/writers.ts';
import { reportVerdict, say } from './reports.ts';

jest.setTimeout(120_000);

let stage: GitHubStage;

beforeAll(async () => {
  stage = await openGitHubStage({ environments: ['production'], images: ['discord-bot'] });
});

afterAll(() => stage.tenant.close());

/** What rollback, promotion and `status` read of the release that a commit landed. */
async function read(source: string, digest: string): Promise<string> {
  const { github, tenant } = stage;
  const [apiUrl, graphqlUrl] = [
    github.connection.env['GITHUB_API_URL'] ?? '',
    github.connection.env['GITHUB_GRAPHQL_URL'],
  ];
  const token = github.tokenOf({ contents: 'read', deployments: 'read' });
  const where = { apiUrl: apiUrl ?? '', graphqlUrl: graphqlUrl ?? '', repository: 'acme/tenant', token };
  const trailer = tenant.releases().find((line) => line.includes(`to=${digest}`)) ?? '';
  const intent = /intent=(\S+)/.exec(trailer)?.[1] ?? '';
  const verdicts = openVerdicts(openGitHubApi({ ...where, clock: systemClock, log: silentLog }));
  return (await verdicts.of({ environment: 'production', image: 'discord-bot', intent, source, digest })).word;
}

const report = (health: string, runs = '') => `v1 phase=Succeeded sync=Synced health=${health} at=none${runs}`;
const ran = (digest: string) => report('Healthy', ` runs=${digest.slice(7, 19)}`);

test('what is written is what is read: none, pending, failed, running, and still running once it was replaced', async () => {
  const { base, bad, good, sources } = stage;
  const words = [await read(sources.bad, bad)];
  await reportVerdict(stage, { revision: base });
  words.push(await read(sources.bad, bad));
  await say(stage, base, 'failure', report('Degraded'));
  await reportVerdict(stage, { revision: base });
  words.push(await read(sources.bad, bad));
  await say(stage, base, 'success', ran(bad));
  await say(stage, stage.tenant.remoteGit('rev-parse', `${sources.bad}^`), 'success', ran(good));
  await reportVerdict(stage, { revision: base });
  words.push(await read(sources.bad, bad), await read(sources.good, good));
  expect(words).toEqual(['none', 'pending', 'failed', 'running', 'running']);
});

test('a word from a commit that is near neither the landing nor the head stays, and the next one on it is heard', async () => {
  const { tenant, bad, sources } = stage;
  const moveOn = (what: string): string => {
    for (let count = 0; count < 8; count++) tenant.commit({ 'docs.md': `${what} ${count}` }, what);
    return tenant.remoteGit('rev-parse', 'main');
  };
  const between = moveOn('before it degrades');
  await say(stage, between, 'failure', report('Degraded'));
  await reportVerdict(stage, { revision: between });
  moveOn('after it degraded');
  await reportVerdict(stage);
  const words = [await read(sources.bad, bad)];
  await say(stage, between, 'success', ran(bad));
  await reportVerdict(stage);
  words.push(await read(sources.bad, bad));
  expect(words).toEqual(['failed', 'running']);
});

test('a run with nothing new asks GitHub little: a job has 1,000 requests an hour for the whole repository', async () => {
  const before = stage.github.calls.length;
  await reportVerdict(stage);
  const made = stage.github.calls.slice(before).map(({ line }) => line);
  expect(made.filter((line) => !line.startsWith('GET'))).toEqual([]);
  // the Deployments, the states of two releases, twelve commits and the one that decided, the source's own status
  expect(made).toHaveLength(1 + 2 + 13 + 1);
});

test('a late word on a release that was replaced is heard where it is reported, and an earlier one does not take it back', async () => {
  const { good, sources, tenant } = stage;
  const landing = tenant.remoteGit('rev-parse', `${sources.bad}^`);
  await say(stage, sources.bad, 'failure', report('Degraded'));
  await reportVerdict(stage);
  const words = [await read(sources.good, good)];
  await reportVerdict(stage, { revision: sources.bad });
  words.push(await read(sources.good, good));
  await reportVerdict(stage, { revision: landing });
  words.push(await read(sources.good, good));
  expect(words).toEqual(['running', 'failed', 'failed']);
});

test('a current release that someone made inactive is looked at all the same', async () => {
  const { github, tenant, bad, sources } = stage;
  const job = getOctokit(github.tokenOf({ deployments: 'write' }), {
    baseUrl: github.connection.env['GITHUB_API_URL'] ?? '',
  });
  const where = { owner: 'acme', repo: 'tenant' };
  const { data } = await job.rest.repos.listDeployments({ ...where, sha: sources.bad });
  await job.rest.repos.createDeploymentStatus({ ...where, deployment_id: data[0]?.id ?? 0, state: 'inactive' });
  await say(stage, tenant.remoteGit('rev-parse', 'main'), 'failure', report('Degraded'));
  await reportVerdict(stage);
  expect(await read(sources.bad, bad)).toBe('failed');
});

test('manifests that cannot be rendered are reported on the release before, and found there though the run was lost', async () => {
  const { tenant } = stage;
  const { source, digest } = await stage.change('not rendered');
  await bump(tenant, { images: `discord-bot=${digest}`, 'source-sha': source });
  await reportVerdict(stage);
  const words = [await read(source, digest)];
  await say(stage, source, 'failure', report('Healthy'), { environment: 'production/render' });
  await reportVerdict(stage);
  words.push(await read(source, digest));
  expect(words).toEqual(['pending', 'failed']);
});
