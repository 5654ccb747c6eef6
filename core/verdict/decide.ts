import type { LandedRelease } from '#core/release/trailer.ts';
import { type CommitSha, type Digest, digitsOf } from '#core/values/reference.ts';
import type { Report, ReportWord } from '#core/verdict/argocd-report.ts';

/** Everything that a release can be said to be; {@link Judgement.verdict} is the same in short. */
export type VerdictWord = Exclude<ReportWord, 'rendered'> | 'unproven' | 'superseded' | 'silent' | 'waiting';

/** What is proven of one release, and where a person reads more. */
export interface Judgement {
  readonly word: VerdictWord;
  /** `pending` may change to any other; the others only to what a newer report says. */
  readonly verdict: 'running' | 'failed' | 'unknown' | 'pending';
  /** One sentence; Argo CD's own words are not in it. */
  readonly said: string;
  readonly url: string;
  /** The commit whose report decided; undefined where none did. */
  readonly revision: CommitSha | undefined;
}

/** A release with its place on the branch. */
export interface PlacedRelease extends LandedRelease {
  /** Index on the first-parent line of the commit that has or brought it; 0 is the head. */
  readonly entry: number;
  readonly landedAt: Date;
}

/** A report with the place of its revision on the branch. */
export interface PlacedReport extends Report {
  readonly entry: number;
  /** What the overlay says of the image at that revision; undefined where it is not known. */
  readonly digest?: Digest | undefined;
}

/** What is known of one image in one environment. */
export interface ImageFacts {
  /** Newest first. */
  readonly releases: readonly PlacedRelease[];
  /** Places where the environment's other images had releases. */
  readonly others: readonly number[];
  /** Of the environment's Application, on any of the commits from the oldest release on. */
  readonly reports: readonly PlacedReport[];
  readonly now: Date;
  /** Without a final word for so long, a release is unknown. */
  readonly deadlineMs: number;
}

/**
 * Returns what is proven of each release, in their order. Facts alone decide, no order of arrival: a lost, doubled, late or
 * reordered notification changes nothing once its facts, or newer ones, are here.
 *
 * A report is about every release that its revision holds: for an image, the newest that had landed by then.
 */
export function judgeReleases(facts: ImageFacts): Judgement[] {
  return facts.releases.map((release, index) => {
    const next = facts.releases[index - 1];
    const about = facts.reports.filter(
      ({ entry, word, digest }) =>
        word !== 'not rendered' &&
        word !== 'rendered' &&
        // what a hand wrote since is not this release's
        (digest === undefined || digest === release.to) &&
        entry <= release.entry &&
        (next === undefined || entry > next.entry),
    );
    const final = newest(findFinal(about, release, facts.others));
    if (final !== undefined) return tell(wordOf(final, release), final, release);
    if (next !== undefined) {
      return { ...tell('superseded'), said: `superseded by ${next.commit.slice(0, 7)} before it was confirmed` };
    }
    return judgeUnfinished(release, newest(about), facts);
  });
}

/**
 * Returns the reports that end the wait for a release. A failure of a revision that brought another image as well is that
 * image's, where this one was seen running before: else one bad release would take the proof from all that it came to.
 * Once this one was seen running beside the other, a failure is its own again.
 */
function findFinal(about: readonly PlacedReport[], release: PlacedRelease, others: readonly number[]): PlacedReport[] {
  const final = about.filter((report) => VERDICTS[wordOf(report, release)] !== 'pending');
  const proven = final.filter((report) => wordOf(report, release) === 'running');
  const isOfAnother = (entry: number): boolean =>
    others.some(
      (other) => other >= entry && proven.some((one) => one.entry > other) && !proven.some((one) => one.entry <= other),
    );
  return final.filter(({ word, entry }) => VERDICTS[word] !== 'failed' || !isOfAnother(entry));
}

/** A healthy Application proves the digests that it names, and no other: the Application may override the overlay. */
function wordOf({ word, runs }: Report, { to }: PlacedRelease): VerdictWord {
  if (word === 'rendered') return 'progressing';
  return word === 'running' && !runs.includes(digitsOf(to)) ? 'unproven' : word;
}

/** Nothing final was said of the newest release. */
function judgeUnfinished(release: PlacedRelease, last: PlacedReport | undefined, facts: ImageFacts): Judgement {
  const render = newestById(facts.reports.filter(({ word }) => word === 'not rendered' || word === 'rendered'));
  const isBroken = render?.word === 'not rendered' && render.at >= release.landedAt;
  if (isBroken && (last === undefined || render.id > last.id)) return tell('not rendered', render, release);
  const word = last === undefined ? 'waiting' : wordOf(last, release);
  if (facts.now.getTime() - release.landedAt.getTime() <= facts.deadlineMs) return tell(word, last, release);
  const minutes = Math.round(facts.deadlineMs / 60_000);
  const time = minutes === 1 ? '1 minute' : `${minutes} minutes`;
  const said =
    last === undefined
      ? `Argo CD has said nothing of it for ${time}`
      : `not confirmed within ${time}: ${SENTENCES[word]}`;
  return { ...tell('silent', last, release), said };
}

/** On one revision the newest by id says what holds; between revisions, the one whose operation was last. */
function newest(reports: readonly PlacedReport[]): PlacedReport | undefined {
  const revisions = new Map<number, PlacedReport[]>();
  for (const report of reports) revisions.set(report.entry, [...(revisions.get(report.entry) ?? []), report]);
  const last = [...revisions.values()].flatMap((all) => newestById(all) ?? []);
  return last.sort((one, other) => other.at.getTime() - one.at.getTime() || other.id - one.id)[0];
}

/** Statuses have increasing ids, whatever clock or order they came in. */
function newestById(reports: readonly PlacedReport[]): PlacedReport | undefined {
  return [...reports].sort((one, other) => other.id - one.id)[0];
}

function tell(word: VerdictWord, report?: PlacedReport, release?: PlacedRelease): Judgement {
  const isThere = word === 'failed' && release !== undefined && report?.runs.includes(digitsOf(release.to)) === true;
  const said = `${SENTENCES[word]}${isThere ? '; its digest runs all the same' : ''}`;
  return { word, verdict: VERDICTS[word], said, url: report?.url ?? '', revision: report?.revision };
}

const VERDICTS: Readonly<Record<VerdictWord | 'rendered', Judgement['verdict']>> = {
  running: 'running',
  failed: 'failed',
  degraded: 'failed',
  'not rendered': 'failed',
  rendered: 'pending',
  paused: 'unknown',
  removed: 'unknown',
  superseded: 'unknown',
  silent: 'unknown',
  'held by a window': 'pending',
  progressing: 'pending',
  unproven: 'pending',
  waiting: 'pending',
};

const SENTENCES: Readonly<Record<VerdictWord, string>> = {
  running: 'its digest runs, and the Application is healthy',
  failed: 'the sync failed',
  degraded: 'the Application is degraded',
  'not rendered': 'the manifests cannot be rendered, so it is not deployed',
  paused: 'a Deployment is paused',
  removed: 'the Application is being removed',
  'held by a window': 'a sync window holds it back',
  progressing: 'the Application is not healthy yet',
  unproven: 'the Application is healthy, but its digest is not among those that run',
  waiting: 'it waits for Argo CD',
  superseded: 'superseded before it was confirmed',
  silent: 'Argo CD has said nothing of it',
};
