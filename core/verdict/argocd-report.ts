import type { CommitSha } from '#core/values/reference.ts';

/** A commit status as GitHub lists it, newest first. */
export interface ListedStatus {
  /** Grows with each status that is written. */
  readonly id: number;
  readonly state: 'error' | 'failure' | 'pending' | 'success';
  readonly context: string;
  /** At most 140 characters; text from outside. */
  readonly description: string;
  /** Where it leads; empty for nowhere. */
  readonly url: string;
  /** Login of the account that wrote it; empty where the account is gone. */
  readonly creator: string;
  readonly at: Date;
}

/** What Argo CD says of an Application, in one word. */
export type ReportWord =
  | 'running'
  | 'failed'
  | 'degraded'
  | 'not rendered'
  | 'rendered'
  | 'paused'
  | 'removed'
  | 'held by a window'
  | 'progressing';

/**
 * One report of Argo CD, on the revision that it synced. `not rendered`, and `rendered` that ends it, are on the one that it
 * synced last: they are about whatever is newer.
 */
export interface Report {
  readonly id: number;
  readonly word: ReportWord;
  /** Argo CD's own words, for a person. */
  readonly said: string;
  readonly url: string;
  /** When the operation that it is about finished, or began; when GitHub got it, where it says neither or is about none. */
  readonly at: Date;
  readonly revision: CommitSha;
  /** First 12 digits of the digests that the sync applied and that are among the images that run. */
  readonly runs: readonly string[];
}

/** Returns the contexts of an Application: of its syncs, and of manifests that cannot be rendered. */
function contextsOf(application: string): { readonly sync: string; readonly render: string } {
  return { sync: `argocd/${application}`, render: `argocd/${application}/render` };
}

/**
 * Returns the reports among a commit's statuses: of this Application, written by the App itself. Anyone with the right to
 * write statuses can use the context, and no one but GitHub gives a login that ends in `[bot]`.
 */
export function readReports(
  statuses: readonly ListedStatus[],
  { application, app, revision }: { readonly application: string; readonly app: string; readonly revision: CommitSha },
): Report[] {
  const { sync, render } = contextsOf(application);
  return statuses
    .filter(({ creator, context }) => creator === app && (context === sync || context === render))
    .flatMap((status): Report[] => {
      const fields = readFields(status.description);
      if (fields === undefined) return [];
      const isRender = status.context === render;
      const word = isRender ? readRender(status) : readWord(status, fields);
      const { id, url, at: got, description } = status;
      // of manifests that cannot be rendered it gives the time of the last sync, which may be days ago
      const at = new Date(isRender ? '' : (fields.get('at') ?? ''));
      const runs = (fields.get('runs') ?? '').split(',').filter((text) => /^[0-9a-f]{12}$/.test(text));
      return [{ id, word, said: description, url, at: Number.isNaN(at.getTime()) ? got : at, revision, runs }];
    });
}

function readRender({ state }: ListedStatus): ReportWord {
  return state === 'success' ? 'rendered' : 'not rendered';
}

/** `running` needs all of the fields and the state; whatever does not say so is not taken for it. */
function readWord({ state }: ListedStatus, fields: ReadonlyMap<string, string>): ReportWord {
  const [phase, sync, health] = ['phase', 'sync', 'health'].map((key) => fields.get(key) ?? '');
  if (fields.get('deleting') === 'true') return 'removed';
  // before the phase, which is that of an operation before this revision
  if (fields.get('window') === 'true') return 'held by a window';
  if (phase === 'Failed' || phase === 'Error') return 'failed';
  if (phase !== 'Succeeded') return 'progressing';
  if (health === 'Degraded') return 'degraded';
  if (health === 'Suspended') return 'paused';
  return state === 'success' && sync === 'Synced' && health === 'Healthy' ? 'running' : 'progressing';
}

/** The template writes `v1 phase=… sync=… health=… at=… [runs=…]`; a field that it writes twice is not read at all. */
function readFields(description: string): ReadonlyMap<string, string> | undefined {
  const [version, ...words] = description.split(' ');
  if (version !== 'v1') return undefined;
  const pairs = words.map((word): [string, string] => {
    const equals = word.indexOf('=');
    return equals < 1 ? [word, ''] : [word.slice(0, equals), word.slice(equals + 1)];
  });
  const fields = new Map(pairs);
  return fields.size === pairs.length ? fields : undefined;
}
