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
  | 'paused'
  | 'removed'
  | 'held by a window'
  | 'progressing';

/** One report of Argo CD, on the revision that it synced; `not rendered` is on the one that it synced last. */
export interface Report {
  readonly id: number;
  readonly word: ReportWord;
  /** Argo CD's own words, for a person. */
  readonly said: string;
  readonly url: string;
  readonly at: Date;
  readonly revision: CommitSha;
}

/** Returns the contexts of an Application: of its syncs, and of manifests that cannot be rendered. */
export function contextsOf(application: string): { readonly sync: string; readonly render: string } {
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
      const word = status.context === render ? readRender(status) : readWord(status);
      if (word === undefined) return [];
      const { id, url, at, description } = status;
      return [{ id, word, said: description, url, at, revision }];
    });
}

/** Where the manifests render again, the newest sync says the rest. */
function readRender({ state }: ListedStatus): ReportWord | undefined {
  return state === 'success' ? undefined : 'not rendered';
}

/**
 * The template writes `v1 phase=… sync=… health=…`. `running` needs all of it and the state that the trigger gives where
 * the images that the sync applied are among those that run; whatever does not say so is not taken for it.
 */
function readWord({ state, description }: ListedStatus): ReportWord | undefined {
  const fields = readFields(description);
  if (fields === undefined) return undefined;
  const [phase, sync, health] = ['phase', 'sync', 'health'].map((key) => fields.get(key) ?? '');
  if (fields.get('deleting') === 'true') return 'removed';
  if (phase === 'Failed' || phase === 'Error') return 'failed';
  if (fields.get('window') === 'true') return 'held by a window';
  if (phase === 'Succeeded') {
    if (health === 'Degraded') return 'degraded';
    if (health === 'Suspended') return 'paused';
    if (state === 'success' && sync === 'Synced' && health === 'Healthy') return 'running';
  }
  return 'progressing';
}

function readFields(description: string): ReadonlyMap<string, string> | undefined {
  const [version, ...words] = description.split(' ');
  if (version !== 'v1') return undefined;
  return new Map(
    words.map((word) => {
      const equals = word.indexOf('=');
      return [word.slice(0, equals), word.slice(equals + 1)];
    }),
  );
}
