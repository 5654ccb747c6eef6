import type { ImageDigests } from '#core/overlay/names.ts';
import type { LandedRelease, Release } from '#core/release/trailer.ts';
import { type CommitSha, type Digest, NEVER_RELEASED } from '#core/values/reference.ts';

/** Returns the key under which {@link BranchHistory.findReleases} keeps an image's releases. */
export function releaseKey(environment: string, image: string): string {
  return `${environment}/${image}`;
}

/** A commit with trailers, and the commit of the line that has it or brought it. */
export interface Claim {
  readonly commit: CommitSha;
  readonly parent: CommitSha | undefined;
  readonly entry: number;
  readonly releases: readonly Release[];
}

/** What a commit makes of an overlay: the digests before and after it. */
export interface Change {
  readonly before: ImageDigests;
  readonly after: ImageDigests;
}

/**
 * Returns the releases of one commit of the line that the tree agrees with, newest first: those that lead, one from the
 * other, from what the overlay said before the commit to what it says after.
 */
export function believe(
  group: readonly Claim[],
  lineChange: (environment: string) => Change | undefined,
  ownChange: (claim: Claim) => (environment: string) => Change | undefined,
): LandedRelease[] {
  const claims = group.flatMap((claim) =>
    claim.releases
      .filter((release) => agrees(release, ownChange(claim)(release.environment)))
      .map((release): LandedRelease => ({ ...release, commit: claim.commit })),
  );
  const groups = Map.groupBy(claims, ({ environment, image }) => releaseKey(environment, image));
  return [...groups.values()].flatMap((own) => {
    const [first] = own;
    const change = first === undefined ? undefined : lineChange(first.environment);
    if (first === undefined || change === undefined) return [];
    return chain(own, change.before.get(first.image), change.after.get(first.image));
  });
}

/** True when an overlay's change is what a release says: from its digest before to its digest after. */
export function agrees(release: Release, change: Change | undefined): boolean {
  if (change === undefined) return false;
  return change.after.get(release.image) === release.to && change.before.get(release.image) === known(release.from);
}

function known(digest: Digest | undefined): Digest | undefined {
  return digest === NEVER_RELEASED ? undefined : digest;
}

/** Returns the claims that lead from `before` to `after`, newest first; none where they do not. */
function chain(
  claims: readonly LandedRelease[],
  before: Digest | undefined,
  after: Digest | undefined,
): LandedRelease[] {
  const taken: LandedRelease[] = [];
  for (let at = after; at !== before; at = known(taken.at(-1)?.from)) {
    const next = claims.find((claim) => claim.to === at && !taken.includes(claim));
    if (next === undefined) return [];
    taken.push(next);
  }
  return taken;
}
