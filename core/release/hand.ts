import type { BranchHistory } from '#core/release/history.ts';
import type { ReleasePlace } from '#core/release/past.ts';
import type { Binding, DeployedRelease } from '#core/release/state.ts';
import { type Digest, NEVER_RELEASED } from '#core/values/reference.ts';

/** An image whose overlay says something else than its newest release did. */
export interface Changed {
  readonly place: ReleasePlace;
  readonly image: string;
  readonly release: DeployedRelease;
  /** What the overlay says now; undefined for a tag or nothing. */
  readonly current: Digest | undefined;
}

/**
 * Returns the change by hand behind an overlay that differs from its newest release: the newest commit of the line that
 * made the overlay say what it says. It holds the image, with its author, date and subject.
 */
export async function findHand({ place, image, release, current }: Changed, branch: BranchHistory): Promise<Binding> {
  const { line, past } = branch;
  const commits = await line.commits();
  const entry = release.commit === undefined ? commits.length - 1 : await line.findEntry(release.commit);
  const later = commits.slice(0, entry + 1);
  const base = later.at(-1) ?? line.head;
  const touching = await past.listTouching(base, line.head, later.length, [place.overlay]);
  const looked = [...touching, base];
  const digestsAt = await past.readDigests(new Map([[place.overlay, looked]]));
  const said = looked.map((commit) => digestsAt(place.overlay, commit)?.get(image));
  // newest first: the last one in a row that says it from the head on
  const now = current === NEVER_RELEASED ? undefined : current; // as the past says it
  const older = said.findIndex((digest) => digest !== now);
  const commit = touching[(older === -1 ? touching.length : older) - 1] ?? line.head;
  const { author, date, subject } = await line.describe(commit);
  return { kind: 'manual', reason: subject, by: author, since: date, until: undefined, commit };
}
