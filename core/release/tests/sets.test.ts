import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keyOf, type Landing, listSteps, traceSets } from '#core/release/sets.ts';
import type { ReleaseKind } from '#core/release/trailer.ts';
import type { Digest } from '#core/values/reference.ts';
import { commitOf, digestOf } from './state-builder.ts';

type Written = readonly [kind: ReleaseKind, image: string, digest: string];

/** A landing as tests write it, `a1 b2` for a deploy, `< a1` for a rollback: of each commit, images with one digit. */
function landingsOf(...commits: readonly string[]): Landing[] {
  return commits.map((text, index) => {
    let kind: ReleaseKind = 'deploy';
    const releases = text.split(' ').flatMap((word): Written[] => {
      if (word === '<' || word === '>') kind = word === '<' ? 'rollback' : 'deploy';
      return word === '<' || word === '>' || word === '' ? [] : [[kind, word.slice(0, 1), word.slice(1)]];
    });
    const commit = commitOf(index + 1);
    const made = releases.map(([own, image, digest]) => ({
      environment: 'production',
      image,
      to: digestOf(digest),
      from: undefined,
      kind: own,
      source: commitOf(100 + index),
      intent: '',
      run: `run ${index}`,
      actor: `actor ${index}`,
      commit,
    }));
    return { commit, releases: made };
  });
}

const currentOf = (text: string): ReadonlyMap<string, Digest> =>
  new Map(text.split(' ').map((word) => [word.slice(0, 1), digestOf(word.slice(1))]));

/** Sets in the words of {@link landingsOf}. */
const inWords = (sets: readonly { readonly builds: ReadonlyMap<string, { readonly digest: Digest }> }[]): string[] =>
  sets.map(({ builds }) => [...builds].map(([image, { digest }]) => `${image}${digest[7]}`).join(' '));

const steps = (current: string, ...commits: readonly string[]): string[] =>
  inWords(listSteps(traceSets(landingsOf(...commits)), currentOf(current)));

describe('one image', () => {
  test.each<[string, string, string[], string[]]>([
    ['after A, B, C, D, each step is the one before', 'ad', ['aa', 'ab', 'ac', 'ad'], ['ac', 'ab', 'aa']],
    ['after two steps back to B, one more is A', 'ab', ['aa', 'ab', 'ac', 'ad', '< ab'], ['aa']],
    ['and one more after that is nothing', 'aa', ['aa', 'ab', 'ac', 'ad', '< ab', '< aa'], []],
    ['after the next release E, one step back is B', 'ae', ['aa', 'ab', 'ac', 'ad', '< ab', 'ae'], ['ab', 'aa']],
    ['a rollback of a rollback goes on from there', 'aa', ['aa', 'ab', 'ac', '< ab', '< aa'], []],
    [
      'what was taken back can be released again, and is then a step',
      'ad',
      ['aa', 'ab', '< aa', 'ab', 'ad'],
      ['ab', 'aa'],
    ],
    ['A, B, A: back from A is B, and A itself is no step', 'aa', ['aa', 'ab', 'aa'], ['ab']],
    ['A, B, A, and back to B: one more is the first A', 'ab', ['aa', 'ab', 'aa', '< ab'], ['aa']],
    ['the same digest released again is no step', 'ab', ['aa', 'ab', 'ab'], ['aa']],
    ['distinct sets count once, the nearest first', 'ac', ['aa', 'ab', 'aa', 'ab', 'ac'], ['ab', 'aa']],
    ['with no release there is no way back', 'aa', [], []],
    ['with one release there is none', 'aa', ['aa'], []],
    ['a rollback to what no read release had ends the set that it left', 'af', ['aa', 'ab', '< af'], ['aa']],
  ])('%s', (_name, current, commits, expected) => {
    expect(steps(current, ...commits)).toEqual(expected);
  });
});

describe('a state that a hand made', () => {
  test.each<[string, string, string[]]>([
    ['counts from the set that it equals', 'ab', ['aa']],
    ['goes back to the newest where it equals none', 'af', ['ac', 'ab', 'aa']],
    ['at the first set has no way back', 'aa', []],
  ])('%s', (_name, current, expected) => {
    expect(steps(current, 'aa', 'ab', 'ac')).toEqual(expected);
  });

  test('with one of two images changed goes back to the set that ran', () => {
    expect(steps('aa bf', 'aa ba', 'ab')).toEqual(['ab ba', 'aa ba']);
  });
});

describe('several images', () => {
  test('all images of a set go back together, also those that another commit released', () => {
    expect(steps('ab bb', 'aa ba', 'ab', 'bb')).toEqual(['ab ba', 'aa ba']);
  });

  test('a whole set that is landed again leads back, though its commit names only what changed', () => {
    expect(steps('ab ba', 'aa ba', 'ab', 'bb', 'ac', '< ab ba')).toEqual(['aa ba']);
  });

  test('behind a rollback of one image, no step leads to what it took back', () => {
    expect(steps('aa bb', 'aa ba', 'ab', 'bb', '< aa')).toEqual(['aa ba']);
    expect(steps('aa bc', 'aa ba', 'ab', 'bb', '< aa', 'bc')).toEqual(['aa bb', 'aa ba']);
  });

  test('behind a commit that rolls one image back and releases another, neither', () => {
    expect(steps('aa bb', 'aa ba', 'ab', '< aa > bb')).toEqual(['aa ba']);
    expect(steps('aa bc', 'aa ba', 'ab', 'bb', '< aa > bc')).toEqual(['aa ba']);
  });

  test('a set from before an image was there changes what it has, and leaves the image', () => {
    expect(steps('ab ba', 'aa', 'ba', 'ab')).toEqual(['aa ba', 'aa']);
  });
});

describe('the timeline', () => {
  test('knows every set that a release made, with its commit, its run and what it brought', () => {
    const { sets, all } = traceSets(landingsOf('aa ba', 'ab', '< aa', '', 'bc'));
    expect(inWords(sets)).toEqual(['aa ba', 'aa bc']);
    expect(inWords(all)).toEqual(['aa ba', 'ab ba', 'aa ba', 'aa bc']);
    expect(all[3]).toMatchObject({ commit: commitOf(5), actor: 'actor 4', run: 'run 4' });
    expect(all[3]?.brought).toEqual([{ digest: digestOf('c'), source: commitOf(104) }]);
    expect(all[3]?.builds.get('a')).toEqual({ digest: digestOf('a'), source: commitOf(100) });
  });

  test('compares sets by images and digests, in any order', () => {
    const [one, other, third] = traceSets(landingsOf('aa bb', '< bb aa', 'ab')).all;
    expect(one && other && keyOf(one) === keyOf(other)).toBe(true);
    expect(one && third && keyOf(one) === keyOf(third)).toBe(false);
  });

  test('one step back never leads to a digest that the newest rollback took back', () => {
    const word = fc
      .tuple(fc.constantFrom('a', 'b'), fc.constantFrom('1', '2', '3', '4'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 12 }), fc.nat(9), word, (deploys, back, other) => {
        const before = traceSets(landingsOf('a0 b0', ...deploys));
        const top = before.sets.at(-1);
        const way = listSteps(before, new Map([...(top?.builds ?? [])].map(([image, { digest }]) => [image, digest])));
        const target = way[Math.min(back, way.length - 1)];
        if (top === undefined || target === undefined) return;
        const [image, build] =
          [...target.builds].find(([name, { digest }]) => top.builds.get(name)?.digest !== digest) ?? [];
        if (image === undefined || build === undefined) return;
        const bad = top.builds.get(image)?.digest;
        // what ran before the good one as well is a step again: A, B, A
        const good = before.sets.findLastIndex(({ builds }) => builds.get(image)?.digest === build.digest);
        if (before.sets.slice(0, good).some(({ builds }) => builds.get(image)?.digest === bad)) return;
        const release = other.startsWith(image) ? '' : `> ${other}`;
        const after = traceSets(landingsOf('a0 b0', ...deploys, `< ${image}${build.digest[7]} ${release}`));
        const now = after.sets.at(-1)?.builds ?? new Map();
        const [step] = listSteps(after, new Map([...now].map(([name, { digest }]) => [name, digest])));
        expect(step?.builds.get(image)?.digest).not.toBe(bad);
      }),
    );
  });
});
