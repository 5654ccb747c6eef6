import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Killed } from './memory-images.ts';
import { build, openWorld, SAFE_RULES, type World } from './world.ts';

let world: World;
beforeEach(() => {
  world = openWorld();
  for (const image of ['bot', 'sandbox']) world.images.setPolicy(image, SAFE_RULES);
});
afterEach(() => world.close());

/** Two images with tags to set, tags to take away and one that is an image's last. */
function unsettle(): void {
  for (let number = 1; number <= 6; number++) {
    world.push('bot', number, {
      daysAgo: 10 - number,
      tags: number < 3 ? [`in-${number}`, `keep-${build(number).slice(7, 19)}`] : [`in-${number}`],
    });
    if (number > 3) world.release('production', 'bot', number);
  }
  world.push('bot', 7, { tags: [`keep-${build(7).slice(7, 19)}`] });
  world.push('sandbox', 8);
  world.release('staging', 'sandbox', 8);
}

const state = () => ({ bot: world.images.tags('bot'), sandbox: world.images.tags('sandbox') });

describe('a run that is killed anywhere and repeated ends as one that was not', () => {
  const points = Array.from(
    { length: 6 },
    (_, write) =>
      [
        [write, 'before'],
        [write, 'after'],
      ] as const,
  ).flat();

  test('there are as many writes as are tried below', async () => {
    unsettle();
    await world.retain();
    expect(world.images.writes).toHaveLength(6);
  });

  test.each(points)('at write %i, %s it has its effect', async (write, when) => {
    unsettle();
    const before = JSON.stringify(state());
    world.images.kill(write, when);
    await expect(world.retain()).rejects.toThrow(Killed);
    const needed = [4, 5, 6].map(build);
    expect(world.images.applyPolicy('sandbox', world.now)).toEqual([]);
    expect(Object.keys(state().bot)).toEqual(expect.arrayContaining(needed));
    const retention = await world.retain();
    const ended = state();
    expect(retention.repositories.flatMap(({ endangered }) => endangered)).toEqual([]);
    const kept = Object.entries(ended.bot).filter(([, tags]) => tags.some((tag) => tag.startsWith('keep-')));
    expect(kept.map(([digest]) => digest)).toEqual([...needed, build(7)]);
    expect(ended.sandbox[build(8)]).toHaveLength(3);
    expect(JSON.stringify(ended)).not.toBe(before);
    expect((await world.retain()).outcome).toBe('kept');
    expect(state()).toEqual(ended);
  });
});

test('thirty days of pushes and releases, nights of retaining, and ECR after each: nothing that git can ask for is ever lost', async () => {
  let number = 0;
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const released: number[] = [];
  let taken = 0;
  for (let day = 0; day < 30; day++) {
    world.now = new Date(world.now.getTime() + 86_400_000);
    for (let pushes = random(5); pushes >= 0; pushes--) {
      number += 1;
      world.push('bot', number);
      if (random(2) === 0) released.push(number);
      if (released.at(-1) === number) world.release(random(3) === 0 ? 'production' : 'staging', 'bot', number);
    }
    const back = released.at(-1 - random(4));
    if (random(5) === 0 && back !== undefined) world.release('production', 'bot', back);
    const retention = await world.retain({ releases: 4 });
    expect(retention.outcome).not.toBe('endangered');
    const protectedDigests = retention.repositories.flatMap(({ protectedImages }) =>
      protectedImages.map(({ digest }) => digest),
    );
    const gone = world.images.applyPolicy('bot', world.now);
    expect(gone.filter((digest) => protectedDigests.some((one) => one === digest))).toEqual([]);
    taken += gone.length;
  }
  expect(taken).toBeGreaterThan(20);
}, 60_000);
