import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { describeFailure } from '../src/failure.ts';
import { describeOutputs } from '../src/outputs.ts';
import type { Retention } from '../src/run.ts';
import { build, keepTag, openWorld, SAFE_RULES, type World } from './world.ts';

let world: World;
beforeEach(() => {
  world = openWorld();
});
afterEach(() => world.close());

const changesOf = (retention: Retention): string[] =>
  retention.repositories.flatMap(({ image, changes }) => changes.map(({ tag, change }) => `${image} ${tag} ${change}`));
const statesOf = (retention: Retention, image = 'bot'): Record<string, string> =>
  Object.fromEntries(
    retention.repositories
      .filter((repository) => repository.image === image)
      .flatMap(({ protectedImages }) => protectedImages.map(({ digest, state }) => [digest, state])),
  );
const LIST = 'application/vnd.oci.image.index.v1+json';

describe('what is needed', () => {
  test('nothing, where nothing was ever released: the digest of zeros and images of others do not count', async () => {
    world.push('bot', 1);
    const retention = await world.retain();
    expect(retention.outcome).toBe('kept');
    expect(JSON.parse(describeOutputs(retention).protected)).toEqual([]);
  });

  test('what the overlays and the releases of every environment name', async () => {
    for (const number of [1, 2, 3]) world.push('bot', number);
    world.push('sandbox', 9);
    const [one, two] = [world.release('staging', 'bot', 1), world.release('staging', 'bot', 2)];
    const [three, nine] = [world.release('production', 'bot', 1), world.release('production', 'sandbox', 9)];
    const retention = await world.retain();
    expect(retention.outcome).toBe('changed');
    expect(JSON.parse(describeOutputs(retention).protected)).toEqual([
      {
        image: 'bot',
        digest: build(1),
        state: 'kept',
        needs: [
          { kind: 'overlay', environment: 'production', commit: null, list: null },
          { kind: 'release', environment: 'staging', commit: one, list: null },
          { kind: 'release', environment: 'production', commit: three, list: null },
        ],
      },
      {
        image: 'bot',
        digest: build(2),
        state: 'kept',
        needs: [
          { kind: 'overlay', environment: 'staging', commit: null, list: null },
          { kind: 'release', environment: 'staging', commit: two, list: null },
        ],
      },
      {
        image: 'sandbox',
        digest: build(9),
        state: 'kept',
        needs: [
          { kind: 'overlay', environment: 'production', commit: null, list: null },
          { kind: 'release', environment: 'production', commit: nine, list: null },
        ],
      },
    ]);
    expect(world.images.tags('bot')[build(3)]).toEqual(['in-3', 'git-3']);
  });

  test('trailers that the tree does not agree with push no real release out of the window', async () => {
    for (const number of [1, 2]) {
      world.push('bot', number);
      world.release('production', 'bot', number);
    }
    const trailer = (number: number) =>
      `Slipway-Release: production/bot to=${build(number)} from=none kind=deploy source=${'d'.repeat(40)} intent=x run=x actor=x`;
    for (let count = 0; count < 3; count++)
      world.commit({}, `feat\n\n${Array.from({ length: 10 }, (_, index) => trailer(100 + index)).join('\n')}`);
    const retention = await world.retain({ releases: 2 });
    const digests = JSON.parse(describeOutputs(retention).protected).map((one: { digest: string }) => one.digest);
    expect(digests.sort()).toEqual([build(1), build(2)]);
  });

  test('the last releases only, as many as were asked for', async () => {
    for (let number = 1; number <= 5; number++) {
      world.push('bot', number);
      world.release('production', 'bot', number);
    }
    expect(Object.keys(statesOf(await world.retain({ releases: 2 })))).toEqual([build(4), build(5)]);
    expect(Object.keys(statesOf(await world.retain()))).toEqual([1, 2, 3, 4, 5].map(build));
  });

  test('releases that lie deep in the history', async () => {
    world.push('bot', 1);
    world.push('bot', 2);
    world.release('production', 'bot', 1);
    const commit = (index: number): string =>
      `commit refs/heads/main\ncommitter P <p@example.com> ${1_800_000_000 + index} +0000\ndata 1\nx\n${index === 0 ? 'from refs/heads/main^0\n' : ''}\n`;
    const stream = Array.from({ length: 400 }, (_, index) => commit(index)).join('');
    execFileSync('git', ['fast-import', '--quiet'], { cwd: world.remote, input: stream });
    execFileSync('git', ['pull', '-q', 'origin', 'main'], { cwd: `${world.remote}/../clone` });
    world.release('production', 'bot', 2);
    expect(Object.keys(statesOf(await world.retain()))).toEqual([build(1), build(2)]);
  });

  test('what a hold names, until it is over', async () => {
    world.push('bot', 1);
    world.push('bot', 2);
    const hold = (number: number, until: string): string =>
      `- {image: bot, kind: manual, reason: a look, by: me, since: 2026-01-01T00:00:00Z, until: ${until}, digest: "${build(number)}"}\n`;
    const holds = `${hold(1, '2026-03-01T12:00:01Z')}${hold(2, '2026-03-01T12:00:00Z')}- {image: "*", kind: freeze, reason: x, by: me, since: 2026-01-01T00:00:00Z}\n`;
    world.commit({ 'overlays/staging/holds.yaml': holds });
    const [repository] = (await world.retain()).repositories;
    expect(repository?.protectedImages).toEqual([
      { digest: build(1), state: 'kept', needs: [{ kind: 'hold', environment: 'staging' }] },
    ]);
  });

  test('what the manifest lists among them refer to: kept by the list, without tags of their own', async () => {
    world.images.setPolicy('bot', SAFE_RULES);
    world.push('bot', 1, { mediaType: LIST, children: [build(2), build(3)] });
    world.push('bot', 2, { tags: [] });
    world.push('bot', 3, { tags: [], mediaType: LIST, children: [build(4)] });
    world.push('bot', 4, { tags: [] });
    world.release('production', 'bot', 1);
    const retention = await world.retain();
    expect(retention.repositories[0]?.protectedImages.slice(1).map(({ needs }) => needs)).toEqual([
      [{ kind: 'child', list: build(1) }],
      [{ kind: 'child', list: build(1) }],
      [{ kind: 'child', list: build(3) }],
    ]);
    expect(changesOf(retention)).toEqual([`bot ${keepTag(1)} added`]);
  });

  test('only the images that were asked about', async () => {
    world.push('bot', 1);
    world.push('sandbox', 2);
    world.release('production', 'bot', 1);
    world.release('production', 'sandbox', 2);
    expect(changesOf(await world.retain({ images: ['sandbox'] }))).toEqual([`sandbox ${keepTag(2)} added`]);
  });
});

describe('tags', () => {
  test('are set where they are needed; the second run changes nothing', async () => {
    world.images.setPolicy('bot', SAFE_RULES);
    world.push('bot', 1);
    world.release('production', 'bot', 1);
    const first = await world.retain();
    expect({ outcome: first.outcome, changes: changesOf(first) }).toEqual({
      outcome: 'changed',
      changes: [`bot ${keepTag(1)} added`],
    });
    const second = await world.retain();
    expect({ outcome: second.outcome, changes: changesOf(second) }).toEqual({ outcome: 'kept', changes: [] });
    expect(world.images.writes).toHaveLength(1);
  });

  test('go when nothing needs them any more, and the images stay', async () => {
    for (const number of [1, 2]) {
      world.push('bot', number);
      world.release('production', 'bot', number);
    }
    await world.retain();
    expect(changesOf(await world.retain({ releases: 1 }))).toEqual([`bot ${keepTag(1)} removed`]);
    expect(world.images.tags('bot')).toEqual({
      [build(1)]: ['in-1', 'git-1'],
      [build(2)]: ['in-2', 'git-2', keepTag(2)],
    });
  });

  test('stay when they are the last of their image: without it the image would be deleted', async () => {
    world.push('bot', 1, { tags: [keepTag(1)] });
    const retention = await world.retain();
    expect(changesOf(retention)).toEqual([`bot ${keepTag(1)} left`]);
    expect({ outcome: retention.outcome, writes: world.images.writes }).toEqual({ outcome: 'kept', writes: [] });
  });

  test('are only listed in a dry run', async () => {
    world.push('bot', 1);
    world.push('bot', 2, { tags: ['in-2', keepTag(2)] });
    world.release('production', 'bot', 1);
    const retention = await world.retain({ dryRun: true });
    expect(retention).toMatchObject({ outcome: 'changed', isDryRun: true });
    expect(changesOf(retention)).toEqual([`bot ${keepTag(2)} removed`, `bot ${keepTag(1)} added`]);
    expect(world.images.writes).toEqual([]);
  });
});

describe('a policy that takes what is needed', () => {
  const [, anyThree] = SAFE_RULES;

  test('is refused before anything is written, and the other repository is looked after', async () => {
    world.images.setPolicy('bot', [anyThree]);
    world.images.setPolicy('sandbox', SAFE_RULES);
    world.push('bot', 1);
    world.push('bot', 2, { tags: ['in-2', keepTag(2)] });
    world.push('sandbox', 3);
    world.release('production', 'bot', 1);
    world.release('production', 'sandbox', 3);
    const retention = await world.retain();
    expect(retention.outcome).toBe('endangered');
    expect(statesOf(retention)).toEqual({ [build(1)]: 'endangered' });
    expect(world.images.writes).toEqual([`sandbox + ${keepTag(3)}`]);
    const failure = describeFailure(retention) ?? '';
    expect(failure).toContain(
      `bot: rule 2 of the lifecycle policy expires ${build(1)} after 2 more pushes, but production (overlay, release `,
    );
    expect(failure).toContain('so no tag was changed; put a rule before all others');
    expect(failure).toContain('"tagPatternList": ["keep-*"]');
  });

  test('is judged by the images as they would be: with the new tags there is no room', async () => {
    const [keep, rest] = SAFE_RULES;
    world.images.setPolicy('bot', [{ ...keep, selection: { ...keep.selection, countNumber: 1 } }, rest]);
    world.push('bot', 1, { daysAgo: 2, tags: ['in-1', keepTag(1)] });
    world.push('bot', 2, { daysAgo: 1 });
    world.release('staging', 'bot', 1);
    world.release('production', 'bot', 2);
    const retention = await world.retain();
    expect(describeFailure(retention)).toContain(`rule 1 of the lifecycle policy expires ${build(1)} now`);
    expect(world.images.writes).toEqual([]);
  });

  test('is no reason to refuse when the tags that go make room', async () => {
    const [keep, rest] = SAFE_RULES;
    world.images.setPolicy('bot', [{ ...keep, selection: { ...keep.selection, countNumber: 1 } }, rest]);
    world.push('bot', 1, { daysAgo: 2, tags: ['in-1', keepTag(1)] });
    world.push('bot', 2, { daysAgo: 1 });
    world.release('production', 'bot', 2);
    expect(changesOf(await world.retain())).toEqual([`bot ${keepTag(1)} removed`, `bot ${keepTag(2)} added`]);
    expect(world.images.applyPolicy('bot', world.now)).toEqual([]);
  });
});

test('empty hold files and none are the same', async () => {
  world.commit({ 'overlays/staging/holds.yaml': '# nothing is held\n' });
  expect((await world.retain()).outcome).toBe('kept');
});
