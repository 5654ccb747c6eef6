import { expect, test } from '@jest/globals';
import { believe, type Change, type Claim } from '#core/release/believe.ts';
import type { CommitSha } from '#core/values/reference.ts';
import { digestOf, releaseOf, writeRelease } from './made-branch.ts';

/** What a commit makes of the overlays, `<environment>/<image> <before>><after>` each; undefined where that was not read. */
type Does = readonly string[] | undefined;

interface Row {
  /** The commits that the line's commit brought, newest first, each with what it says and does. */
  readonly claims: readonly { readonly says: readonly string[]; readonly does: Does }[];
  /** What the line's commit itself does. */
  readonly line: Does;
  /** `<number of the claim> <environment>/<image> <from>><to>`, newest first. */
  readonly believed: readonly string[];
}

/** An image that is not named has no digest. */
function changeBy(does: Does): (environment: string) => Change | undefined {
  return (environment) => {
    if (does === undefined) return undefined;
    const own = does.map((text) => text.split(/[ /]/)).filter(([where]) => where === environment);
    const read = (side: 0 | 1) => ({
      get: (image: string) => {
        const letter = own.find(([, name]) => name === image)?.[2]?.split('>')[side];
        return letter === undefined || letter === 'none' ? undefined : digestOf(letter);
      },
    });
    return { before: read(0), after: read(1) };
  };
}

/** A claim that does what it says. */
const honest = (text: string) => ({ says: [text], does: [text] });

const rows: Record<string, Row> = {
  'one that does what it says': {
    claims: [honest('p/web A>B')],
    line: ['p/web A>B'],
    believed: ['0 p/web A>B'],
  },
  'nothing is claimed': { claims: [], line: ['p/web A>B'], believed: [] },
  'another digest was there before': {
    claims: [{ says: ['p/web A>B'], does: ['p/web C>B'] }],
    line: ['p/web A>B'],
    believed: [],
  },
  'another digest is there after it': {
    claims: [{ says: ['p/web A>B'], does: ['p/web A>C'] }],
    line: ['p/web A>B'],
    believed: [],
  },
  'what it does was not read': {
    claims: [{ says: ['p/web A>B'], does: undefined }],
    line: ['p/web A>B'],
    believed: [],
  },
  'what the line does was not read': { claims: [honest('p/web A>B')], line: undefined, believed: [] },
  'the line does nothing': { claims: [honest('p/web A>B')], line: ['p/web A>A'], believed: [] },
  'the line does something else': { claims: [honest('p/web A>B')], line: ['p/web A>C'], believed: [] },
  'the line begins elsewhere': { claims: [honest('p/web A>B')], line: ['p/web C>B'], believed: [] },
  'the last one leads there, and none leads to its beginning': {
    claims: [honest('p/web C>D'), honest('p/web A>B')],
    line: ['p/web A>D'],
    believed: [],
  },
  'one after the other': {
    claims: [honest('p/web C>D'), honest('p/web B>C'), honest('p/web A>B')],
    line: ['p/web A>D'],
    believed: ['0 p/web C>D', '1 p/web B>C', '2 p/web A>B'],
  },
  'one after the other, told in another order': {
    claims: [honest('p/web A>B'), honest('p/web C>D'), honest('p/web B>C')],
    line: ['p/web A>D'],
    believed: ['1 p/web C>D', '2 p/web B>C', '0 p/web A>B'],
  },
  'there, back, and there again': {
    claims: [honest('p/web C>B'), honest('p/web B>C'), honest('p/web A>B')],
    line: ['p/web A>B'],
    believed: ['0 p/web C>B', '1 p/web B>C', '2 p/web A>B'],
  },
  'round and round, and never from where the line was': {
    claims: [honest('p/web C>B'), honest('p/web B>C')],
    line: ['p/web A>B'],
    believed: [],
  },
  'the way there is shorter than what the side did': {
    claims: [honest('p/web A>C'), honest('p/web B>A'), honest('p/web A>B')],
    line: ['p/web A>C'],
    believed: ['0 p/web A>C'],
  },
  'two that did the same: the newer one': {
    claims: [honest('p/web A>B'), honest('p/web A>B')],
    line: ['p/web A>B'],
    believed: ['0 p/web A>B'],
  },
  'a first release': {
    claims: [honest('p/web none>A')],
    line: ['p/web none>A'],
    believed: ['0 p/web none>A'],
  },
  'a first release that writes sixty-four zeros': {
    claims: [honest('p/web B>C'), { says: ['p/web zeros>B'], does: ['p/web none>B'] }],
    line: ['p/web none>C'],
    believed: ['0 p/web B>C', '1 p/web zeros>B'],
  },
  'a first release, where a digest was': {
    claims: [{ says: ['p/web none>B'], does: ['p/web A>B'] }],
    line: ['p/web A>B'],
    believed: [],
  },
  'images and environments are told apart': {
    claims: [honest('p/bot A>B'), honest('s/web A>B'), honest('p/web A>B')],
    line: ['p/web A>B', 's/web A>A', 'p/bot A>B'],
    believed: ['0 p/bot A>B', '2 p/web A>B'],
  },
  'two of one message, of which one is true': {
    claims: [{ says: ['p/web A>B', 'p/web A>C'], does: ['p/web A>C'] }],
    line: ['p/web A>C'],
    believed: ['0 p/web A>C'],
  },
};

test.each(Object.entries(rows))('what is believed of a commit of the line: %s', (_name, row) => {
  const commitOf = (index: number) => String(index).repeat(40) as CommitSha; // forty digits
  const group = row.claims.map(
    ({ says }, index): Claim => ({
      commit: commitOf(index),
      parent: undefined,
      entry: 0,
      releases: says.map((text) => releaseOf(text, 'intent')),
    }),
  );
  const believed = believe(group, changeBy(row.line), ({ commit }) => changeBy(row.claims[Number(commit[0])]?.does));
  expect(believed.map((release) => `${release.commit[0]} ${writeRelease(release)}`)).toEqual(row.believed);
});
