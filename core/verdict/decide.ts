import type { LandedRelease } from '#core/release/trailer.ts';
import type { Report, ReportWord } from '#core/verdict/argocd-report.ts';

/** Everything that a release can be said to be. The first four are running, failed, unknown and pending in short. */
export type VerdictWord = ReportWord | 'superseded' | 'silent' | 'waiting';

/** What is proven of one release, and where a person reads more. */
export interface Judgement {
  readonly word: VerdictWord;
  /** `pending` may change to any other; the others only to what a newer report says. */
  readonly verdict: 'running' | 'failed' | 'unknown' | 'pending';
  /** One sentence; Argo CD's own words are not in it. */
  readonly said: string;
  readonly url: string;
}

/** A release with its place on the branch. */
export interface PlacedRelease extends LandedRelease {
  /** Index on the first-parent line of the commit that has or brought it; 0 is the head. */
  readonly entry: number;
  readonly landedAt: Date;
}

/** What is known of one image in one environment. */
export interface ImageFacts {
  /** Newest first. */
  readonly releases: readonly PlacedRelease[];
  /** Of the environment's Application, on any of the commits from the oldest release on. */
  readonly reports: readonly (Report & { readonly entry: number })[];
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
      ({ entry, word }) =>
        word !== 'not rendered' && entry <= release.entry && (next === undefined || entry > next.entry),
    );
    const final = newest(about.filter(({ word }) => VERDICTS[word] !== 'pending'));
    if (final !== undefined) return tell(final.word, VERDICTS[final.word], final.url);
    if (next !== undefined) return { ...tell('superseded', 'unknown', ''), said: supersededBy(next) };
    return judgeUnfinished(release, newest(about), facts);
  });
}

/** Nothing final was said of the newest release. */
function judgeUnfinished(release: PlacedRelease, last: Report | undefined, facts: ImageFacts): Judgement {
  const render = newest(facts.reports.filter(({ word, at }) => word === 'not rendered' && at >= release.landedAt));
  const isNewer = render !== undefined && (last === undefined || render.id > last.id);
  if (isNewer) return tell('not rendered', 'failed', render.url);
  const isLate = facts.now.getTime() - release.landedAt.getTime() > facts.deadlineMs;
  const word = last?.word ?? 'waiting';
  if (!isLate) return tell(word, 'pending', last?.url ?? '');
  const minutes = Math.round(facts.deadlineMs / 60_000);
  const said =
    last === undefined
      ? `Argo CD has said nothing of it for ${minutes} minutes`
      : `not healthy within ${minutes} minutes: ${SENTENCES[last.word]}`;
  return { word: 'silent', verdict: 'unknown', said, url: last?.url ?? '' };
}

/** Statuses have increasing ids, whatever clock or order they came in. */
function newest<Kind extends { readonly id: number }>(reports: readonly Kind[]): Kind | undefined {
  return reports.reduce<Kind | undefined>(
    (last, one) => (last === undefined || one.id > last.id ? one : last),
    undefined,
  );
}

function tell(word: VerdictWord, verdict: Judgement['verdict'], url: string): Judgement {
  return { word, verdict, said: SENTENCES[word], url };
}

function supersededBy({ commit }: PlacedRelease): string {
  return `superseded by ${commit.slice(0, 7)} before it was confirmed`;
}

const VERDICTS: Readonly<Record<ReportWord, Judgement['verdict']>> = {
  running: 'running',
  failed: 'failed',
  degraded: 'failed',
  'not rendered': 'failed',
  paused: 'unknown',
  removed: 'unknown',
  'held by a window': 'pending',
  progressing: 'pending',
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
  waiting: 'it waits for Argo CD',
  superseded: 'superseded before it was confirmed',
  silent: 'Argo CD has said nothing of it',
};
