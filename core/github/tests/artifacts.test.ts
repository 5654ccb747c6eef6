import { createServer } from 'node:http';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Artifact, type Artifacts, openArtifacts } from '#core/github/artifacts.ts';
import { openGitHubClient } from '#core/github/client.ts';
import { openPeople, type People } from '#core/github/people.ts';
import { openRuns, type Runs } from '#core/github/runs.ts';
import { readZipFile } from '#core/values/zip.ts';
import { createTestClock } from '#tests/support/clock.ts';
import { silentLog } from '#tests/support/silent-log.ts';

/** Returns an archive of one file, as GitHub keeps it; `claimed` is what it says of the file's size. */
function zipOf(name: string, text: string | Buffer, { isDeflated = true, claimed = 1 } = {}): Buffer {
  const content = Buffer.from(text);
  const bytes = isDeflated ? deflateRawSync(content) : content;
  const path = Buffer.from(name);
  const sizes = Buffer.alloc(12);
  sizes.writeUInt32LE(bytes.length, 4);
  sizes.writeUInt32LE(claimed, 8);
  const method = Buffer.from([isDeflated ? 8 : 0, 0]);
  const u16 = (value: number): Buffer => Buffer.from([value & 255, value >> 8]);
  const about = [method, Buffer.alloc(4), sizes, u16(path.length), u16(0)];
  const local = Buffer.concat([Buffer.from('PK\x03\x04\x14\0\0\0', 'latin1'), ...about, path, bytes]);
  const entry = Buffer.concat([Buffer.from('PK\x01\x02\x14\0\x14\0\0\0', 'latin1'), ...about, Buffer.alloc(14), path]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, entry, end]);
}

describe('a file of an archive', () => {
  test('is found by its whole name, packed or not', () => {
    expect(readZipFile(zipOf('report.json', 'text'), 'report.json', 100)?.toString()).toBe('text');
    expect(readZipFile(zipOf('report.json', 'text', { isDeflated: false }), 'report.json', 100)?.toString()).toBe(
      'text',
    );
    for (const name of ['../report.json', '/report.json', 'x/report.json', 'report.json.sh'])
      expect(readZipFile(zipOf(name, 'text'), 'report.json', 100)).toBeUndefined();
  });

  test('is not unpacked beyond the limit, whatever the archive says of its size', () => {
    const bomb = zipOf('report.json', Buffer.alloc(50 << 20), { claimed: 4 });
    expect(bomb.length).toBeLessThan(100_000);
    expect(() => readZipFile(bomb, 'report.json', 1 << 20)).toThrow('report.json has more than 1048576 bytes');
    const plain = zipOf('report.json', 'x'.repeat(200), { isDeflated: false });
    expect(() => readZipFile(plain, 'report.json', 100)).toThrow('report.json has more than 100 bytes');
  });

  test('is not there in bytes that are no archive, or a broken one', () => {
    const zip = zipOf('report.json', 'text');
    for (const bytes of [Buffer.alloc(0), Buffer.from('text'), zip.subarray(30), Buffer.from('PK\x05\x06')])
      expect(readZipFile(bytes, 'report.json', 100)).toBeUndefined();
    zip.writeUInt32LE(0xffffff, zip.length - 6);
    expect(readZipFile(zip, 'report.json', 100)).toBeUndefined();
  });
});

describe('GitHub', () => {
  const HEAD = 'a'.repeat(40);
  const heads = { id: 5, head_sha: HEAD, event: 'pull_request', path: '.github/workflows/pull-request.yml' };
  const answers: Record<string, unknown> = {
    'actions/workflows/pull-request.yml/runs': {
      workflow_runs: [
        heads,
        { ...heads, id: 9, path: '.github/workflows/evil.yml' },
        { ...heads, id: 8, event: 'push' },
        { ...heads, id: 7, head_sha: 'b'.repeat(40) },
        { ...heads, id: 10, conclusion: 'skipped' },
        { ...heads, id: 6, conclusion: 'failure' },
      ],
    },
    'actions/runs/6/artifacts': {
      artifacts: [
        { id: 1, name: 'plan', size_in_bytes: 300, expired: false },
        { id: 3, name: 'plan', size_in_bytes: 300, expired: false },
        { id: 4, name: 'plan', size_in_bytes: 300, expired: true },
        { id: 2, name: 'large', size_in_bytes: 5_000, expired: false },
      ],
    },
    'actions/runs/6/jobs': {
      total_count: 2,
      jobs: [
        {
          name: 'apply (aws)',
          steps: [
            { name: 'ran', conclusion: 'success', started_at: '2026-11-24T03:00:00Z' },
            { name: 'stopped', conclusion: 'cancelled', started_at: '2026-11-24T03:00:01Z' },
            { name: 'runs', conclusion: null, started_at: '2026-11-24T03:00:01Z' },
            { name: 'skipped', conclusion: 'skipped', started_at: '2026-11-24T03:00:02Z' },
            { name: 'never begun', conclusion: 'cancelled', started_at: null },
          ],
        },
        { name: 'apply (secrets)', steps: [] },
      ],
    },
    'collaborators/mona/permission': { permission: 'write' },
    'collaborators/guest/permission': { permission: 'read' },
    'pulls/7': { user: { login: 'octocat' } },
    'pulls/7/commits': [
      { sha: HEAD, author: { login: 'hubot' }, committer: { login: 'web-flow' } },
      { sha: HEAD, author: null, committer: { login: 'hubot' } },
    ],
  };
  const seen: (string | undefined)[] = [];
  let archive = zipOf('plan.sealed', 'the plan');
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://x');
    const path = pathname.replace('/repos/acme/shop/', '');
    if (pathname === '/blob') {
      seen.push(request.headers.authorization);
      response.end(archive);
    } else if (path.startsWith('actions/artifacts/')) {
      response.writeHead(302, { location: `${url}/blob` }).end();
    } else {
      const answer = answers[path];
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer ?? { message: 'Not Found' }));
    }
  });
  let url = '';
  let runs: Runs;
  let artifacts: Artifacts;
  let people: People;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const time = { clock: createTestClock(), random: () => 0.5 };
    const client = openGitHubClient({ apiUrl: url, repository: 'acme/shop', token: 'secret', log: silentLog, ...time });
    runs = openRuns(client);
    artifacts = openArtifacts(client, time);
    people = openPeople(client);
  });
  afterAll(() => void server.close());

  test('the newest run of the workflow for exactly the head counts, and no other one that it lists', async () => {
    expect(await runs.newestOfPull('pull-request.yml', HEAD)).toBe(6);
  });

  test('a step has run where it was begun and not skipped', async () => {
    const jobs = (await runs.listJobs(6)).map(({ name, steps }) => [
      name,
      ...steps.filter(({ hasRun }) => hasRun).map((step) => step.name),
    ]);
    expect(jobs).toEqual([['apply (aws)', 'ran', 'stopped', 'runs'], ['apply (secrets)']]);
  });

  test('of each name the newest artifact counts that has not expired; its address gets no token', async () => {
    const all = await artifacts.list(6);
    expect(all.map(({ id }) => id)).toEqual([3, 2]);
    const [plan] = all as [Artifact];
    expect((await artifacts.read(plan, 'plan.sealed', 1_000))?.toString()).toBe('the plan');
    expect(await artifacts.read(plan, 'report.json', 1_000)).toBeUndefined();
    expect(seen).toEqual([undefined, undefined]);
  });

  test('a large one is not downloaded, and one that is larger than GitHub says is not read to its end', async () => {
    const [plan, large] = (await artifacts.list(6)) as [Artifact, Artifact];
    seen.length = 0;
    await expect(artifacts.read(large, 'plan.sealed', 1_000)).rejects.toThrow(
      'the artifact large has more than 1000 bytes',
    );
    expect(seen).toEqual([]);
    archive = Buffer.alloc(100_000);
    await expect(artifacts.read(plan, 'plan.sealed', 1_000)).rejects.toThrow(
      'the artifact plan has more than 1000 bytes',
    );
  });

  test('who may write, and who wrote a pull request', async () => {
    expect([await people.mayWrite('mona'), await people.mayWrite('guest')]).toEqual([true, false]);
    const { opener, commits } = await people.authorsOf(7);
    expect([opener, commits.map(({ logins }) => logins)]).toEqual(['octocat', [['hubot'], [undefined, 'hubot']]]);
  });
});
