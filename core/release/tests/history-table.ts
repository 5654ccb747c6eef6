import { expect } from '@jest/globals';
import type { ReleaseQuery } from '#core/release/history.ts';
import { type MadeBranch, type MadeCommit, openMadeBranch, PLACES } from './made-branch.ts';

/** What each branch of the tables begins with. */
export const START: MadeCommit = {
  name: 'start',
  sets: { 'production/web': 'A', 'production/bot': 'A', 'staging/web': 'A' },
};

/** A release that nothing is wrong with, of production's web. */
export function release(name: string, from: string, to: string, on?: readonly string[]): MadeCommit {
  const own = { name, sets: { 'production/web': to }, says: [`production/web ${from}>${to}`] };
  return on === undefined ? own : { ...own, on };
}

export interface Row {
  /** Above {@link START}, unless `root` says otherwise. */
  readonly commits: readonly MadeCommit[];
  readonly root?: MadeCommit;
  readonly query?: Partial<ReleaseQuery>;
  /** `<commit> <environment>/<image> <from>><to>`, newest first, image by image. */
  readonly believed: readonly string[];
  /** Commits, newest first. */
  readonly ignored?: readonly string[];
}

export const QUERY: ReleaseQuery = { places: PLACES, images: ['web', 'bot'], count: 10 };

export async function withBranch(
  made: readonly MadeCommit[],
  work: (branch: MadeBranch) => Promise<void>,
): Promise<void> {
  const branch = await openMadeBranch(made);
  try {
    await work(branch);
  } finally {
    await branch.close();
  }
}

export function saysIgnored(branch: MadeBranch, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, 5).map((name) => branch.commit(name).slice(0, 7));
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  const commits = names.length === 1 ? 'commit' : 'commits';
  return [
    `Ignored ${names.length} ${commits} with a Slipway-Release trailer that the tree does not agree with: ${shown.join(', ')}${more}`,
  ];
}

export async function check({ commits, root = START, query = {}, believed, ignored = [] }: Row): Promise<void> {
  await withBranch([root, ...commits], async (branch) => {
    const opened = await branch.history.at(branch.head);
    const found = await opened.findReleases({ ...QUERY, ...query });
    expect([...found.values()].flat().map(branch.write)).toEqual(believed);
    expect(branch.ignored).toEqual(saysIgnored(branch, ignored));
  });
}
