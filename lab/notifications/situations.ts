/** A commit of the branch, oldest first: `p` is before the release, `r` brings the old digest back. */
export type Commit = 'p' | 'b1' | 'b2' | 'r';

/** What each commit has in its overlay. */
export const DIGESTS: Readonly<Record<Commit, string>> = {
  p: 'a'.repeat(64),
  b1: 'b'.repeat(64),
  b2: 'c'.repeat(64),
  r: 'a'.repeat(64),
};

/** What Argo CD writes into an Application. */
export interface Step {
  readonly phase?: 'Running' | 'Succeeded' | 'Failed' | 'Error';
  /** The revision of the newest operation. */
  readonly synced?: Commit | 'HEAD' | '';
  readonly sync?: 'Synced' | 'OutOfSync' | 'Unknown';
  /** What was compared last; that of the operation by default. */
  readonly compared?: Commit | 'main';
  readonly health?: string;
  /** Digests of the pods in the tree; by default that of the operation. */
  readonly pods?: readonly Commit[];
  readonly conditions?: readonly string[];
  readonly message?: string;
  readonly retries?: number;
  /** Seconds ago. */
  readonly finished?: number;
  readonly hook?: 'Failed';
  /** A Deployment that this sync took away, with its image. */
  readonly pruned?: Commit;
  /** Nothing but a ConfigMap was synced, as Argo CD does where it only heals one. */
  readonly isPartial?: true;
  readonly isDeleted?: true;
  /** How many statuses it brings; by default two of the first step, and one of every other. */
  readonly says?: number;
}

/** A status as it is expected: state, commit, and the description without `at`. */
export type Expected = readonly [state: string, commit: Commit, description: string, context?: 'render'];

/** What is proven of a commit's release when all is said; `past the deadline` in brackets. */
export type Words = Readonly<Partial<Record<Commit, string>>>;

/** One situation of the trace's list. */
export interface Situation {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly expected: readonly Expected[];
  /** The commits that are on the branch; the last is its head. */
  readonly branch: readonly Commit[];
  readonly words: Words;
  readonly isUnsubscribed?: true;
}

const runs = (commit: Commit): string => `runs=${DIGESTS[commit].slice(0, 12)}`;
const said = (phase: string, sync: string, health: string, ...rest: string[]): string =>
  ['v1', `phase=${phase}`, `sync=${sync}`, `health=${health}`, ...rest].join(' ');
const healthy = (commit: Commit): Expected => ['success', commit, said('Succeeded', 'Synced', 'Healthy', runs(commit))];
const rendered = (commit: Commit, ...rest: Parameters<typeof said>): Expected => [
  'success',
  commit,
  said(...rest),
  'render',
];
/** The first that is said of an Application: its manifests can be rendered. */
const first = (commit: Commit, ...rest: string[]): Expected =>
  rendered(commit, 'Succeeded', 'Synced', 'Healthy', ...rest);
const ok = (synced: Commit): Step => ({ phase: 'Succeeded', synced, sync: 'Synced', health: 'Healthy' });
const start = [healthy('p'), first('p', runs('p'))] as const;
const running = (synced: Commit): Step => ({
  phase: 'Running',
  synced,
  sync: 'OutOfSync',
  health: 'Healthy',
  pods: ['p'],
});
const isRunning = (commit: Commit): Expected => ['pending', commit, said('Running', 'OutOfSync', 'Healthy')];

/** The situations of Argo CD that a verdict must be right about. */
export const SITUATIONS: readonly Situation[] = [
  {
    name: '01-stale-synced',
    branch: ['p', 'b1'],
    steps: [ok('p')],
    expected: start,
    words: { b1: 'pending (unknown)' },
  },
  {
    name: '02-running-then-superseded',
    branch: ['p', 'b1', 'b2'],
    steps: [ok('p'), running('b1'), { ...running('b2'), says: 0 }, ok('b2')],
    // still under way, so that nothing is said of the second until it runs
    expected: [...start, isRunning('b1'), healthy('b2')],
    words: { b1: 'superseded', b2: 'running' },
  },
  {
    name: '02b-jump',
    branch: ['p', 'b1', 'b2'],
    steps: [ok('p'), running('b2'), ok('b2')],
    expected: [...start, isRunning('b2'), healthy('b2')],
    words: { b1: 'superseded', b2: 'running' },
  },
  {
    name: '03-degraded-then-recovered',
    branch: ['p', 'b1'],
    steps: [ok('p'), { ...ok('b1'), health: 'Degraded' }, ok('b1')],
    expected: [...start, ['failure', 'b1', said('Succeeded', 'Synced', 'Degraded', runs('b1'))], healthy('b1')],
    words: { b1: 'running' },
  },
  {
    name: '04-progressing-for-ever',
    branch: ['p', 'b1'],
    steps: [ok('p'), { ...ok('b1'), health: 'Progressing', pods: ['p'] }],
    expected: [...start, ['pending', 'b1', said('Succeeded', 'Synced', 'Progressing')]],
    words: { b1: 'pending (unknown)' },
  },
  {
    name: '05-image-pull-back-off',
    branch: ['p', 'b1'],
    steps: [ok('p'), { ...ok('b1'), health: 'Progressing', pods: ['p', 'b1'] }, { ...ok('b1'), health: 'Degraded' }],
    expected: [
      ...start,
      ['pending', 'b1', said('Succeeded', 'Synced', 'Progressing', runs('b1'))],
      ['failure', 'b1', said('Succeeded', 'Synced', 'Degraded', runs('b1'))],
    ],
    words: { b1: 'failed' },
  },
  {
    name: '06-render-error',
    branch: ['p', 'b1'],
    steps: [ok('p'), { ...ok('p'), sync: 'Unknown', compared: 'main', conditions: ['ComparisonError'] }],
    expected: [...start, ['failure', 'p', said('Succeeded', 'Unknown', 'Healthy', runs('p')), 'render']],
    words: { p: 'running', b1: 'failed' },
  },
  {
    name: '06b-renders-again',
    branch: ['p', 'b1', 'b2'],
    steps: [
      ok('p'),
      { ...ok('p'), sync: 'Unknown', compared: 'main', conditions: ['ComparisonError'] },
      { ...ok('p'), sync: 'OutOfSync', compared: 'b2', conditions: ['SyncError'] },
      ok('b2'),
    ],
    expected: [
      ...start,
      ['failure', 'p', said('Succeeded', 'Unknown', 'Healthy', runs('p')), 'render'],
      rendered('p', 'Succeeded', 'OutOfSync', 'Healthy', runs('p')),
      healthy('b2'),
    ],
    words: { b1: 'superseded', b2: 'running' },
  },
  {
    name: '07-suspended',
    branch: ['p', 'b1'],
    steps: [ok('p'), { ...ok('b1'), health: 'Suspended' }],
    expected: [...start, ['pending', 'b1', said('Succeeded', 'Synced', 'Suspended', runs('b1'))]],
    words: { b1: 'paused' },
  },
  { name: '08-no-application', branch: ['p', 'b1'], steps: [], expected: [], words: { b1: 'pending (unknown)' } },
  {
    name: '08b-removed',
    branch: ['p', 'b1'],
    steps: [ok('b1'), { ...ok('b1'), isDeleted: true }],
    expected: [
      healthy('b1'),
      first('b1', runs('b1')),
      ['error', 'b1', said('Succeeded', 'Synced', 'Healthy', 'deleting=true', runs('b1'))],
    ],
    words: { b1: 'removed' },
  },
  {
    name: '09-duplicate',
    branch: ['p', 'b1'],
    // the second entry says it again three minutes after the sync
    steps: [{ ...ok('b1'), finished: 400, says: 3 }],
    expected: [healthy('b1'), first('b1', runs('b1')), healthy('b1')],
    words: { b1: 'running' },
  },
  {
    name: '10-reordered',
    branch: ['p', 'b1'],
    steps: [ok('p'), running('b1'), ok('b1')],
    expected: [...start, isRunning('b1'), healthy('b1')],
    words: { b1: 'running' },
  },
  {
    name: '11-out-of-date',
    branch: ['p', 'b1', 'b2'],
    steps: [ok('b1'), running('b2'), ok('b2')],
    expected: [healthy('b1'), first('b1', runs('b1')), isRunning('b2'), healthy('b2')],
    words: { b1: 'running', b2: 'running' },
  },
  {
    name: '12-app-of-apps',
    branch: ['p', 'b1'],
    isUnsubscribed: true,
    steps: [{ ...ok('b1'), says: 0 }],
    expected: [],
    words: { b1: 'pending (unknown)' },
  },
  {
    name: '13-sync-window',
    branch: ['p', 'b1'],
    steps: [ok('p'), { ...ok('p'), sync: 'OutOfSync', compared: 'b1' }],
    expected: [...start, ['pending', 'b1', said('Succeeded', 'OutOfSync', 'Healthy', 'window=true')]],
    words: { b1: 'held by a window (unknown)' },
  },
  {
    name: '13b-sync-window-of-an-operation',
    branch: ['p', 'b1'],
    steps: [ok('p'), { ...running('b1'), message: 'Sync operation blocked by sync window' }],
    expected: [...start, ['pending', 'b1', said('Running', 'OutOfSync', 'Healthy', 'window=true')]],
    words: { b1: 'held by a window (unknown)' },
  },
  {
    name: '14-post-sync-hook-fails',
    branch: ['p', 'b1'],
    steps: [ok('p'), { ...ok('b1'), phase: 'Failed', hook: 'Failed' }],
    expected: [...start, ['failure', 'b1', said('Failed', 'Synced', 'Healthy', runs('b1'))]],
    words: { b1: 'failed' },
  },
  {
    name: '15-retried-sync',
    branch: ['p', 'b1'],
    steps: [
      ok('p'),
      running('b1'),
      { ...running('b1'), retries: 1, says: 0 },
      { ...running('b1'), retries: 2, says: 0 },
      ok('b1'),
    ],
    expected: [...start, isRunning('b1'), healthy('b1')],
    words: { b1: 'running' },
  },
  {
    name: '16-rollback',
    branch: ['p', 'b1', 'r'],
    steps: [ok('p'), { ...ok('b1'), health: 'Degraded' }, running('r'), ok('r')],
    expected: [
      ...start,
      ['failure', 'b1', said('Succeeded', 'Synced', 'Degraded', runs('b1'))],
      ['pending', 'r', said('Running', 'OutOfSync', 'Healthy', runs('r'))],
      healthy('r'),
    ],
    words: { b1: 'failed', r: 'running' },
  },
];

/** What must never be said, or only so. */
export const CORNERS: readonly Situation[] = [
  {
    name: 'no-commit',
    branch: ['p'],
    steps: [
      { ...ok('p'), synced: 'HEAD', says: 0 },
      { ...ok('p'), synced: '', says: 0 },
      { ...ok('p'), synced: 'HEAD', health: 'Degraded', says: 0 },
    ],
    expected: [],
    words: {},
  },
  {
    name: 'old-pods',
    branch: ['p', 'b1'],
    steps: [{ ...ok('b1'), pods: ['p'], says: 1 }],
    expected: [first('b1')],
    words: {},
  },
  {
    name: 'config-map-healed',
    branch: ['p', 'b1'],
    steps: [{ ...ok('b1'), isPartial: true, says: 1 }],
    expected: [first('b1')],
    words: {},
  },
  {
    name: 'deployment-pruned',
    branch: ['p', 'b1'],
    steps: [{ ...ok('b1'), pruned: 'p' }],
    expected: [healthy('b1'), first('b1', runs('b1'))],
    words: {},
  },
  {
    name: 'not-refreshed',
    branch: ['p', 'b1'],
    // Argo CD's own guard: what it compared last is older than the operation
    steps: [{ ...ok('b1'), finished: -60, says: 0 }],
    expected: [],
    words: {},
  },
];
