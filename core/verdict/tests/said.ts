import { parseCommitSha, parseDigest } from '#core/values/reference.ts';
import { type ListedStatus, readReports } from '#core/verdict/argocd-report.ts';
import { type Judgement, judgeReleases, type PlacedRelease } from '#core/verdict/decide.ts';

/** The App by which Argo CD reports. */
const APP = 'acme-slipway[bot]';
/** When the newest release of a test landed. */
const LANDED = new Date('2026-11-27T16:00:00Z');
/** Digests by a letter, as a report names them. */
const digestOf = (letter: string): string => letter.repeat(64);
export const short = (letter: string): string => letter.repeat(12);

/** A release of the digest `letter` that landed `entry` commits below the head. */
export function release(letter: string, entry: number, more: Partial<PlacedRelease> = {}): PlacedRelease {
  return {
    environment: 'production',
    image: 'discord-bot',
    to: parseDigest('digest', `sha256:${digestOf(letter)}`),
    from: undefined,
    kind: 'deploy',
    source: parseCommitSha('source', `${letter}0`.repeat(20)),
    intent: `01${letter.toUpperCase().repeat(24)}`,
    run: 'https://github.example/acme/tenant/actions/runs/7',
    actor: 'octocat',
    commit: parseCommitSha('commit', `${letter}1`.repeat(20)),
    entry,
    landedAt: new Date(LANDED.getTime() - entry * 60_000),
    ...more,
  };
}

/** A status on the commit `entry` below the head. */
export interface Said extends Partial<ListedStatus> {
  readonly entry?: number;
  /** Letter of the digest that the overlay says there, where it is known. */
  readonly holds?: string;
}

/** What Argo CD says of a sync, without `runs` and with `at` a minute after the landing. */
export function report(phase: string, sync: string, health: string, more = ''): string {
  return `v1 phase=${phase} sync=${sync} health=${health} at=2026-11-27T16:01:00Z${more === '' ? '' : ` ${more}`}`;
}

/** What Argo CD says where all is well and these digests run. */
export const healthy = (...letters: readonly string[]): string =>
  report('Succeeded', 'Synced', 'Healthy', `runs=${letters.map(short).join(',')}`);

/** Circumstances of a judgement. */
export interface Circumstances {
  readonly others?: readonly number[];
  /** Minutes since the newest release landed. */
  readonly minutes?: number;
  /** Minutes after which silence is told. */
  readonly deadline?: number;
}

/** Judges releases, newest first, by statuses in the order of their ids. */
export function judge(
  releases: readonly PlacedRelease[],
  said: readonly Said[],
  { others = [], minutes = 2, deadline = 15 }: Circumstances = {},
): Judgement[] {
  const reports = said.flatMap(({ entry = 0, holds, ...status }, index) => {
    const defaults = { state: 'success', context: 'argocd/production', description: '', url: 'https://argocd.example' };
    const listed = { id: index + 1, creator: APP, at: new Date(LANDED.getTime() + 60_000), ...defaults, ...status };
    const revision = parseCommitSha('revision', entry.toString(16).padStart(40, '0'));
    const where = { application: 'production', app: APP, revision };
    const digest = holds === undefined ? undefined : parseDigest('digest', `sha256:${digestOf(holds)}`);
    return readReports([listed as ListedStatus], where).map((one) => ({ ...one, entry, digest }));
  });
  const now = new Date(LANDED.getTime() + minutes * 60_000);
  return judgeReleases({ releases, others, reports, now, deadlineMs: deadline * 60_000 });
}
