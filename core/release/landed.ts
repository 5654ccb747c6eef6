import { agrees } from '#core/release/believe.ts';
import type { Past, ReleasePlace } from '#core/release/past.ts';
import {
  type HoldRecord,
  type LandedRelease,
  parseHoldRecords,
  parseReleases,
  type Release,
} from '#core/release/trailer.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** An intent that landed: its commit, and the releases that the commit made of it. */
export interface LandedIntent {
  readonly commit: CommitSha;
  readonly releases: readonly LandedRelease[];
  /** The holds that the commit says it set and let go for it. */
  readonly holds: readonly HoldRecord[];
  /** How many intents the commit landed, by what it says. */
  readonly batch: number;
  /** The run that asked for the oldest of them, whose turn it was to land them; empty at a terminal. */
  readonly oldest: string;
}

/** A commit whose message may say that it landed something. */
interface Claimant {
  readonly commit: CommitSha;
  readonly parents: readonly CommitSha[];
  readonly message: string;
}

/** Returns what one of the commits landed of an intent: where the tree agrees with what its trailers say. */
export async function findIntent(
  intent: string,
  claims: readonly Claimant[],
  places: readonly ReleasePlace[],
  past: Past,
): Promise<LandedIntent | undefined> {
  const overlays = new Map(places.map(({ environment, overlay }) => [environment, overlay]));
  for (const { commit, parents, message } of claims.filter((claim) => claim.message.includes(intent))) {
    const all = [...parseReleases(message), ...parseHoldRecords(message)].sort((a, b) =>
      a.intent < b.intent ? -1 : 1,
    );
    const own = parseReleases(message).filter((release) => release.intent === intent);
    const holds = parseHoldRecords(message).filter((hold) => hold.intent === intent);
    const folders = [...new Set([...own, ...holds].map(({ environment }) => environment))].map((environment) =>
      overlays.get(environment),
    );
    const known = folders.filter((overlay) => overlay !== undefined);
    if (known.length === 0 || known.length < folders.length || parents[0] === undefined) continue;
    if (!(await past.changesAll(parents[0], commit, known))) continue;
    if (!(await saysSo(own, { commit, parent: parents[0] }, overlays, past))) continue;
    const records = holds.map(({ intent: _intent, run: _run, ...hold }) => hold);
    const batch = new Set(all.map((one) => one.intent)).size;
    const releases = own.map((release) => ({ ...release, commit }));
    return { commit, releases, holds: records, batch, oldest: all[0]?.run ?? '' };
  }
  return undefined;
}

/** True when the overlays say what its releases claim: at the commit, and at its parent before it. */
async function saysSo(
  releases: readonly Release[],
  { commit, parent }: { readonly commit: CommitSha; readonly parent: CommitSha },
  overlays: ReadonlyMap<string, string>,
  past: Past,
): Promise<boolean> {
  const folders = releases.map(({ environment }) => overlays.get(environment) ?? '');
  const digestsAt = await past.readDigests(new Map(folders.map((overlay) => [overlay, [parent, commit]])));
  return releases.every((release, index) => {
    const [before, after] = [parent, commit].map((at) => digestsAt(folders[index] ?? '', at));
    return before !== undefined && after !== undefined && agrees(release, { before, after });
  });
}
