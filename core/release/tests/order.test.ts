import { describe, expect, test } from '@jest/globals';
import { type Branch, type ImageHistory, placeBuild } from '#core/release/order.ts';
import { decideByOrder } from '#core/release/rules.ts';
import type { LandedRelease } from '#core/release/trailer.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

const commitOf = (index: number): CommitSha => String(index).repeat(40) as CommitSha; // forty digits
const digestOf = (inputs: string): Digest => `sha256:${inputs.repeat(64)}`;

/** A straight branch of commits with the given inputs, as the release rules see it. */
class World {
  readonly releases: LandedRelease[] = [];
  readonly #inputs: readonly string[];

  constructor(inputs: readonly string[]) {
    this.#inputs = inputs;
  }

  get current(): Digest | undefined {
    return this.releases[0]?.to;
  }

  #indexOf(commit: CommitSha): number {
    return Number(commit[0]);
  }

  readonly branch: Branch = {
    contains: async () => true,
    compare: async (one, other) => {
      const [a, b] = [this.#indexOf(one), this.#indexOf(other)];
      if (a === b) return 'same';
      return a < b ? 'older' : 'newer';
    },
    broughtBy: async (commit) => commit,
  };

  readonly image: ImageHistory = {
    inputsAt: async (commit) => this.#inputs[this.#indexOf(commit)],
    changesAfter: async (source) => {
      const start = this.#indexOf(source);
      return this.#inputs.flatMap((_input, index) => (index > start ? [commitOf(index)] : [])).reverse();
    },
    releases: async (count) => this.releases.slice(0, count),
  };

  /** Finishes the build of a commit. */
  async finish(index: number, digest = digestOf(this.#inputs[index] ?? '')): Promise<string> {
    const source = commitOf(index);
    const place = await placeBuild({ source, digest }, this.releases[0], this.branch, this.image);
    const { outcome } = decideByOrder({
      environment: { name: 'production', from: undefined },
      image: 'app',
      wanted: { source, digest },
      current: this.current,
      binding: undefined,
      place: () => place,
    });
    if (outcome !== 'landed') return outcome;
    this.releases.unshift({
      environment: 'production',
      image: 'app',
      to: digest,
      from: this.current,
      kind: 'deploy',
      source,
      intent: '',
      run: '',
      actor: '',
      commit: source,
    });
    return outcome;
  }
}

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}

const patterns = Array.from({ length: 3 ** 5 }, (_, number) =>
  [0, 1, 2, 3, 4].map((place) => 'abc'[Math.floor(number / 3 ** place) % 3] ?? ''),
);
const orders = permutations([0, 1, 2, 3, 4]);

/** The newest commit whose inputs give a digest. */
const newestOf = (inputs: readonly string[], digest: Digest | undefined): number =>
  inputs.findLastIndex((input) => digestOf(input) === digest);

test('five builds in all 120 orders, with every pattern of inputs over three values, end on the newest', async () => {
  expect([patterns.length, orders.length]).toEqual([243, 120]);
  for (const inputs of patterns) {
    for (const order of orders) {
      const world = new World(inputs);
      let newest = -1;
      for (const index of order) {
        await world.finish(index);
        const deployed = newestOf(inputs, world.current);
        // what is deployed never becomes older, not even for a while, and is never older than what has finished
        if (deployed < Math.max(newest, index))
          throw new Error(`${inputs.join('')} in the order ${order.join()}: ${deployed} after ${index}`);
        newest = deployed;
      }
      expect(world.current).toBe(digestOf(inputs[4] ?? ''));
    }
  }
});

test('with builds that fail, the newest that succeeded stays', async () => {
  for (const inputs of patterns.filter((_pattern, index) => index % 7 === 0)) {
    for (const order of orders) {
      for (const failed of [[4], [3, 4], [0, 4]]) {
        const world = new World(inputs);
        const finished = order.filter((index) => !failed.includes(index));
        for (const index of finished) await world.finish(index);
        expect(newestOf(inputs, world.current)).toBeGreaterThanOrEqual(Math.max(...finished));
      }
    }
  }
});

describe('two builds of the same inputs', () => {
  test('the one that was replaced does not come back, from its own commit or a later one', async () => {
    const world = new World(['a', 'a', 'b', 'a']);
    const [first, forced, again] = [digestOf('a'), digestOf('e'), digestOf('f')];
    expect(await world.finish(0, first)).toBe('landed');
    expect(await world.finish(0, forced)).toBe('landed');
    expect(await world.finish(0, first)).toBe('superseded');
    expect(await world.finish(1, first)).toBe('superseded');
    expect(await world.finish(1, again)).toBe('landed');
    expect(await world.finish(1, first)).toBe('superseded');
    expect(await world.finish(1, forced)).toBe('superseded');
  });

  test('a release of the commit that is being decided on comes before those of the branch', async () => {
    const world = new World(['a', 'b', 'a']);
    await world.finish(0, digestOf('c'));
    await world.finish(0, digestOf('a'));
    const [first] = world.releases;
    if (first === undefined) throw new Error('nothing was released');
    const newest = { ...first, kind: 'rollback' as const, source: commitOf(1), to: digestOf('b'), from: first.to };
    world.releases.unshift(newest);
    const deployed = { ...newest, source: commitOf(2), to: digestOf('a'), from: newest.to, commit: undefined };
    const other = { source: commitOf(2), digest: digestOf('c') };
    expect(await placeBuild(other, deployed, world.branch, world.image)).toEqual({ is: 'rebuilt' });
    const replaced = { source: commitOf(2), digest: newest.to };
    expect(await placeBuild(replaced, deployed, world.branch, world.image)).toMatchObject({ is: 'older' });
  });

  test('inputs that came back after others are a newer state: their first build may be deployed again', async () => {
    const world = new World(['a', 'b', 'a']);
    expect(await world.finish(0)).toBe('landed');
    expect(await world.finish(2, digestOf('e'))).toBe('landed');
    const other = new World(['a', 'b', 'b', 'a']);
    await other.finish(2);
    expect(await other.finish(3)).toBe('landed');
  });
});

test('a deployed source that left the branch counts as older', async () => {
  const world = new World(['a', 'b']);
  await world.finish(1);
  const branch = { ...world.branch, contains: async () => false };
  const place = await placeBuild(
    { source: commitOf(0), digest: digestOf('a') },
    world.releases[0],
    branch,
    world.image,
  );
  expect(place).toMatchObject({ is: 'newer', note: expect.stringContaining('no longer on the branch') });
});

test('sources that one merge brought side by side are told apart by nothing', async () => {
  const world = new World(['a', 'b']);
  await world.finish(0);
  const branch: Branch = { ...world.branch, compare: async () => 'beside', broughtBy: async () => commitOf(7) };
  const place = await placeBuild(
    { source: commitOf(1), digest: digestOf('b') },
    world.releases[0],
    branch,
    world.image,
  );
  expect(place).toMatchObject({ is: 'beside', merge: commitOf(7) });
});
