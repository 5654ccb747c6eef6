import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type GitFront, openFront, serveRepositories } from '#tests/support/git-fronts.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { git } from '#tests/support/repositories.ts';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';
import { cloneForPerson, steady, typeSlipway } from '#tests/support/terminal.ts';
import { build, bump } from '#tests/support/writers.ts';

jest.setTimeout(120_000);

const TOKEN = 'a-token-of-this-server';
const US = { id: 41898282 };

let tenant: Tenant;
let clone: string;
let github: GitFront;
/** Whether the API answers. */
let isUp = true;
/** What GitHub records, by digest. */
const states = new Map<string, string>();

/** One image, released twice; GitHub is a front before the repository, with the two lists that verdicts are read from. */
beforeAll(async () => {
  tenant = await startTenant({ images: ['discord-bot'], environments: ['production'] });
  const digests: string[] = [];
  for (const text of ['good', 'bad']) {
    tenant.commit({ 'app/main.js': `// ${text}\n` }, text);
    const digest = await build(tenant);
    await bump(tenant, { images: `discord-bot=${digest}` });
    digests.push(digest);
  }
  states.set(digests[0] ?? '', 'success').set(digests[1] ?? '', 'failure');
  const root = dirname(dirname(tenant.remote));
  const serve = serveRepositories(root);
  const path = tenant.remote.slice(root.length + 1).replace(/\.git$/, '');
  github = await openFront((request, response) => {
    const url = new URL(request.url ?? '', 'http://github');
    if (!url.pathname.startsWith('/api/v3/')) return serve(request, response);
    const body = answer(url.pathname.replace(`/api/v3/repos/${path}/`, ''), url.searchParams);
    return response.writeHead(isUp ? 200 : 403, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  clone = cloneForPerson(tenant);
  git(clone, 'remote', 'set-url', 'origin', `${github.origin}/${path}.git`);
});

afterAll(async () => {
  await tenant.close();
  await github.close();
});

/** The two lists, of what the branch's trailers say. */
function answer(path: string, query: URLSearchParams): unknown {
  const releases = tenant
    .releases()
    .map((text) => new Map([...text.matchAll(/(\w+)=(\S+)/g)].map(([, k, v]) => [k, v])));
  const at = Number(/^deployments\/(\d+)\/statuses$/.exec(path)?.[1] ?? -1);
  if (at >= 0) {
    const state = states.get(releases[at]?.get('to') ?? '');
    const said = { description: `${state}: 0 of 1 \u001B[31mpods`, created_at: '2030-01-02T10:00:00Z' };
    return [{ id: 1, state, creator: US, ...said }];
  }
  return releases.flatMap((release, id) => {
    if (release.get('source') !== query.get('sha')) return [];
    const [digest, intent] = [release.get('to'), release.get('intent')];
    const payload = { schema: 1, image: 'discord-bot', digest, intent, release: 'a'.repeat(40) };
    const place = { environment: query.get('environment'), task: query.get('task') };
    return [{ id, sha: query.get('sha'), ...place, payload, creator: US }];
  });
}

const type = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  typeSlipway(tenant, clone, argv, { env });
const withToken = () => ({ GITHUB_TOKEN: TOKEN, GITHUB_SERVER_URL: github.origin });
const asked = () => github.requests.filter(({ url }) => url.startsWith('/api/'));
const golden = (name: string, text: string): void =>
  expectGolden(join(import.meta.dirname, 'golden', 'slipway', `${name}.txt`), steady(text));

test('with a token, status and history say what was seen running', async () => {
  golden('status-verdicts', (await type(['status'], withToken())).stdout);
  golden('history-verdicts', (await type(['history'], withToken())).stdout);
  const { environments } = JSON.parse((await type(['status', '--json'], withToken())).stdout);
  expect(environments[0].images[0].verdict).toMatchObject({ word: 'failed', at: '2030-01-02T10:00:00Z' });
  const { releases } = JSON.parse((await type(['history', '--json'], withToken())).stdout);
  expect(releases.map(({ verdict }: { verdict: { word: string } }) => verdict.word)).toEqual(['failed', 'running']);
  expect(asked().every(({ authorization }) => authorization === `Bearer ${TOKEN}`)).toBe(true);
});

test('without one, and for a token of another server, nothing is asked and there is no column', async () => {
  const before = asked().length;
  for (const env of [{}, { GITHUB_TOKEN: TOKEN }, { GITHUB_TOKEN: TOKEN, GITHUB_SERVER_URL: 'https://github.com' }]) {
    expect((await type(['status'], env)).stdout).not.toContain('VERDICT');
    expect((await type(['status', '--json'], env)).stdout).not.toContain('verdict');
    expect((await type(['history'], env)).stdout).not.toContain('VERDICT');
  }
  expect(asked()).toHaveLength(before);
  expect(github.requests.filter(({ authorization }) => authorization?.includes(TOKEN))).toHaveLength(before);
});

test('where the token may not read them, that is said, and there is no column', async () => {
  isUp = false;
  const { stdout, told, exitCode } = await type(['status'], withToken());
  isUp = true;
  expect(exitCode).toBe(0);
  expect(told).toContain('What runs is not known: GitHub does not let this token do it');
  expect(stdout).not.toContain('VERDICT');
});

test('rollback to proven goes where it says', async () => {
  const argv = ['rollback', 'production', '--to', 'proven', '--reason', 'it fails', '--yes'];
  expect((await type(argv)).stderr).toContain('is not known (GitHub was not asked');
  expect((await type(argv, withToken())).exitCode).toBe(0);
  expect(tenant.readOverlay()).toContain([...states.keys()][0]);
});
