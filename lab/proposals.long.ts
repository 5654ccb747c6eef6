import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseReleases, type Release } from '#core/release/trailer.ts';
import { speakAs, where } from '#lab/pull-request.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import { editFile } from '#lab/tests/edit-file.ts';
import { openWorld, type Pushed, type World } from '#lab/world.ts';

let world: World;
const OVERLAY = 'overlays/staging/kustomization.yaml';
const BRANCH = 'slipway/staging';

/** What docs/pull-requests.md asks for. */
function proposeStaging(clone: string): void {
  editFile(clone, 'slipway.yaml', 'deploys: on-push}', 'deploys: on-push, via: pull-request}');
  editFile(clone, '.github/workflows/deploy.yml', 'contents: write #', 'pull-requests: write\n      contents: write #');
}

beforeAll(async () => {
  world = await openWorld(
    lineProgress((line) => process.stderr.write(`${line}\n`)),
    { cluster: false, edit: proposeStaging },
  );
  await world.push({ files: {}, message: 'The tenant' });
  world.github.protect('main');
  await world.settled();
}, 600_000);

afterAll(async () => {
  await world?.stop();
  expect(findTraces(world.lab.id, world.lab.dir)).toEqual([]);
}, 60_000);

type Pulls = Awaited<ReturnType<ReturnType<typeof speakAs>['pulls']['list']>>['data'];
const person = (): ReturnType<typeof speakAs> => speakAs(world, world.github.userToken);
const proposals = async (state: 'open' | 'all' = 'open'): Promise<Pulls> =>
  (await person().pulls.list({ ...where, state, base: 'main' })).data.filter(({ head }) => head.ref === BRANCH);

let lines = 0;
/** Pushes a line of the app, so that the bot is built again. */
const pushLine = (): Promise<Pushed> =>
  world.push({
    files: { 'app/src/log.ts': (text) => `${text}\n// line ${++lines}\n` },
    message: `line ${lines + 1}`,
  });
/** What the deploy of a push built. */
const builtBy = ({ runs }: Pushed): string =>
  runs[0]?.jobs.find(({ id }) => id === 'build')?.outputs['discord-bot'] ?? 'nothing';
/** What the deploy of a push printed, for a failed expectation. */
const told = ({ runs }: Pushed): string =>
  runs
    .flatMap(({ jobs }) => jobs.flatMap(({ steps }) => steps.flatMap(({ log, summary }) => [...log, summary])))
    .join('\n');
const git = async (...args: string[]): Promise<string> =>
  (await world.lab.exec(['git', '-C', world.github.bareRepository, ...args])).stdout.toString('utf8');
/** What the newest commit of a branch says of the bot. */
const recordOf = async (branch: string): Promise<Release | undefined> =>
  parseReleases(await git('log', '-1', '--format=%B', branch)).find(({ image }) => image === 'discord-bot');

test('pushes in a row leave one open pull request with the newest digest, and the branch as it was', async () => {
  const before = await world.read(OVERLAY);
  const pushed: Pushed[] = [];
  for (let count = 0; count < 5; count++) pushed.push(await pushLine());
  await world.settled();
  const last = pushed.at(-1) as Pushed; // five were pushed
  const [open, ...others] = await proposals('all');
  expect([others, open?.state, open === undefined ? told(last) : '']).toEqual([[], 'open', '']);
  expect(open?.user?.login).toBe('github-actions[bot]');
  expect(builtBy(last)).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(await recordOf(BRANCH)).toMatchObject({ to: builtBy(last), source: last.sha });
  expect(open?.body).toContain(builtBy(last).slice(7, 15));
  expect(await git('show', `${BRANCH}:${OVERLAY}`)).toContain(builtBy(last));
  expect(await world.read(OVERLAY)).toBe(before);
}, 300_000);

test.each(['squash', 'merge', 'rebase'] as const)(
  'merged by %s, it has landed: the next one goes on from its digest',
  async (method) => {
    const proposed = await recordOf(BRANCH);
    const [open] = await proposals();
    await person().pulls.merge({ ...where, pull_number: open?.number ?? 0, merge_method: method });
    await world.settled();
    expect(await world.read(OVERLAY)).toContain(proposed?.to);
    expect(await proposals()).toEqual([]); // the deploy of the merge has nothing to propose
    const next = await pushLine();
    await world.settled();
    const [again, ...others] = await proposals();
    expect([others, again === undefined ? told(next) : '']).toEqual([[], '']);
    expect(again?.number).not.toBe(open?.number);
    expect(await recordOf(BRANCH)).toMatchObject({ from: proposed?.to, to: builtBy(next), source: next.sha });
  },
  200_000,
);

test('the commit of a rival on its branch stays, and the push after it is held there', async () => {
  const clone = world.lab.folder('rival');
  const run = (...args: string[]) =>
    world.lab.exec(['git', '-C', clone, '-c', 'user.name=rival', '-c', 'user.email=rival@example.com', ...args]);
  await run('clone', '--quiet', '--branch', BRANCH, world.github.remote, '.');
  writeFileSync(join(clone, 'NOTES.md'), 'not to be lost\n');
  await run('add', 'NOTES.md');
  await run('commit', '--quiet', '--message', 'A note');
  await run('push', '--quiet', 'origin', BRANCH);
  const rival = (await git('rev-parse', BRANCH)).trim();
  const next = await pushLine();
  await world.settled();
  expect((await git('rev-parse', BRANCH)).trim()).toBe(rival);
  expect(await proposals()).toHaveLength(1);
  expect(told(next)).toContain('A note');
}, 120_000);

test("GitHub's stand-in gave no answer that GitHub never gives", () => {
  expect(world.github.rest.violations).toEqual([]);
});
