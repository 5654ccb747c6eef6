import { type OverlayState, repositoryOf } from '#core/overlay/overlay.ts';
import type { Registry } from '#core/registry/registry.ts';
import { releaseKey } from '#core/release/believe.ts';
import type { BranchHistory } from '#core/release/history.ts';
import { openImageHistory, openInputReader } from '#core/release/images.ts';
import type { Build } from '#core/release/intent.ts';
import type { ImageHistory } from '#core/release/order.ts';
import type { ReleasePlace } from '#core/release/past.ts';

/** Where the newest build of an image is looked for. */
export interface CandidateQuery {
  readonly place: ReleasePlace;
  readonly overlay: OverlayState;
  readonly image: string;
  readonly branch: BranchHistory;
  readonly registry: Registry;
  /** slipway.yaml's path. */
  readonly config: string;
}

/** Sources that are looked at, newest first: more builds than this are not under way or failed at once. */
const MOST_SOURCES = 20;
/** Releases among which a forced build of the same inputs is looked for. */
const MOST_RELEASES = 10;

/**
 * Returns the newest source's build of an image, by its input hash: nothing is built. Where the newest source has no
 * build, since it is under way or failed, it is the newest one that has. Undefined where there is none at all.
 */
export async function findCandidate(query: CandidateQuery): Promise<Build | undefined> {
  const { place, image, branch, overlay, registry, config } = query;
  const history = openImageHistory(branch, openInputReader(branch, config), place, image, config);
  const releases = (await branch.findReleases({ places: [place], images: [image], count: MOST_RELEASES })).get(
    releaseKey(place.environment, image),
  );
  const [newest] = releases ?? [];
  const { head } = branch.line;
  const changes = newest === undefined ? [head] : await history.changesAfter(newest.source, head);
  const repository = repositoryOf(overlay, image, registry.host);
  for (const source of changes.slice(0, MOST_SOURCES)) {
    const inputs = await history.inputsAt(source);
    if (inputs === undefined) continue;
    const forced = await findReleased(inputs, history);
    const digest = forced ?? (await registry.findDigest(repository, `in-${inputs}`));
    if (digest !== undefined) return { digest, source };
  }
  return newest && { digest: newest.to, source: newest.source };
}

/** Returns the newest release of the same inputs: a forced build has replaced the one that the registry's tag names. */
async function findReleased(inputs: string, history: ImageHistory): Promise<Build['digest'] | undefined> {
  for (const release of await history.releases(MOST_RELEASES)) {
    if ((await history.inputsAt(release.source)) === inputs) return release.to;
  }
  return undefined;
}
