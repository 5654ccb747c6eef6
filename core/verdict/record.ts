import { NotTaken } from '#core/github/refuse.ts';
import type { Statuses } from '#core/github/statuses.ts';
import { nameStatus } from '#core/release/name-status.ts';
import type { Log } from '#core/system/log.ts';
import type { Judgement, PlacedRelease } from '#core/verdict/decide.ts';
import {
  type DeploymentState,
  type Deployments,
  findRecord,
  type RecordedState,
  type RecordSubject,
} from '#core/verdict/deployments.ts';
import type { Known } from '#core/verdict/facts.ts';

/** What verdicts are written with. */
export interface RecordPorts {
  readonly deployments: Deployments;
  readonly statuses: Statuses;
  /** Page of the repository: `<server>/<owner>/<name>`. */
  readonly repositoryUrl: string;
  readonly log: Log;
}

/** A release with what is recorded of it now. */
export interface Recorded {
  readonly release: PlacedRelease;
  readonly judgement: Judgement;
  /** False where the record said so already. */
  readonly isNew: boolean;
}

/** What is recorded of one release so far. */
export interface OwnRecord {
  /** Of its Deployment; undefined where it has none. */
  readonly id: number | undefined;
  /** Newest first. */
  readonly states: readonly RecordedState[];
}

/** A release, what is proven of it, and what is recorded so far. */
export interface Judged {
  readonly release: PlacedRelease;
  readonly judgement: Judgement;
  readonly own: OwnRecord;
}

/** Returns the releases with their judgements and records, which are in the same order. */
export function pair(
  releases: readonly PlacedRelease[],
  judgements: readonly Judgement[],
  records: readonly OwnRecord[],
): Judged[] {
  return releases.flatMap((release, index) => {
    const [judgement, own] = [judgements[index], records[index]];
    return judgement === undefined || own === undefined ? [] : [{ release, judgement, own }];
  });
}

/** GitHub's limit for both kinds of description. */
const LONGEST = 140;

/** Reads what is recorded of one image's releases, in their order. */
export async function readRecords(
  releases: readonly PlacedRelease[],
  { deployments }: Pick<RecordPorts, 'deployments'>,
): Promise<OwnRecord[]> {
  const [first] = releases;
  if (first === undefined) return [];
  const known = await deployments.list({ environment: first.environment, image: first.image });
  return Promise.all(
    releases.map(async (release): Promise<OwnRecord> => {
      const subject = subjectOf(release);
      const { id } = findRecord(known, subject) ?? (await deployments.find(subject)) ?? {};
      return { id, states: id === undefined ? [] : await deployments.states(id) };
    }),
  );
}

/** Returns what a record says of its release. */
export function knownOf({ states }: OwnRecord): Known {
  const last = states.find(({ state }) => state !== 'inactive');
  const isProven = last?.state === 'success' || last?.state === 'failure';
  return {
    isProven,
    isSettled: isProven && states[0]?.state === 'inactive',
    decidedAt: /\/commit\/([0-9a-f]{40})$/.exec(last?.url ?? '')?.[1],
  };
}

/**
 * Writes the verdicts of one image's releases, newest first: a Deployment for each, and on each source commit the status of
 * the newest release that was built from it. Writes what differs from `own`, which is recorded of each, and nothing else, so
 * that a second run changes nothing. A release that GitHub cannot take, such as one whose source is not a commit,
 * does not keep the others from theirs: there is a fault for it. Anything else is thrown, so that an outage does not look
 * like an answer.
 */
export async function recordVerdicts(
  judged: readonly Judged[],
  ports: RecordPorts,
): Promise<{ readonly recorded: Recorded[]; readonly faults: Error[] }> {
  const recorded: Recorded[] = [];
  const faults: Error[] = [];
  for (const [index, { release, judgement, own }] of judged.entries()) {
    const isReplaced = judged.slice(0, index).some((newer) => newer.release.source === release.source);
    try {
      recorded.push(await recordVerdict(release, judgement, { ...own, isReplaced, isCurrent: index === 0 }, ports));
    } catch (error) {
      if (!(error instanceof NotTaken)) throw error;
      recorded.push({ release, judgement, isNew: false });
      faults.push(error);
    }
  }
  return { recorded, faults };
}

interface Place extends OwnRecord {
  /** A newer release has the same source, and so its status. */
  readonly isReplaced: boolean;
  readonly isCurrent: boolean;
}

/**
 * Returns what is recorded now: a final word that was recorded stays where there is no newer one. A release that a newer one
 * replaced is retired last: that says that its status is written, and GitHub is not asked for it again.
 */
async function recordVerdict(
  release: PlacedRelease,
  judgement: Judgement,
  { id, states, isReplaced, isCurrent }: Place,
  ports: RecordPorts,
): Promise<Recorded> {
  const { deployments } = ports;
  const last = states.find(({ state }) => state !== 'inactive');
  const kept = keepFinal(judgement, last);
  const wanted = stateOf(kept);
  const isTold = kept.word === 'superseded' || (last?.state === wanted && last.said === describe(kept));
  if (id !== undefined && isTold && !isCurrent && states[0]?.state === 'inactive')
    return { release, judgement: kept, isNew: false };
  const deployment = id ?? (await create(release, ports));
  const url = `${ports.repositoryUrl}/commit/${kept.revision ?? release.commit}`;
  if (deployment !== undefined && !isTold) await deployments.setState(deployment, wanted, describe(kept), url);
  const status = isReplaced ? 'as it was' : await recordStatus(release, kept, ports);
  // GitHub retires the earlier ones of some environments only: production's never
  const isRetiring = deployment !== undefined && !isCurrent && status !== 'lost';
  if (isRetiring) await deployments.setState(deployment, 'inactive', describe(kept), url);
  const isRecordNew = deployment !== undefined && (id === undefined || !isTold || isRetiring);
  return { release, judgement: kept, isNew: isRecordNew || status === 'written' };
}

async function create(release: PlacedRelease, { deployments, log }: RecordPorts): Promise<number | undefined> {
  const id = await deployments.create(subjectOf(release));
  if (id === undefined)
    log.warn(
      `GitHub did not say whether it made the Deployment of ${release.environment}/${release.image}: the next run looks`,
    );
  return id;
}

function subjectOf({ environment, image, source, to: digest, commit, intent }: PlacedRelease): RecordSubject {
  return { environment, image, source, digest, release: commit, intent };
}

/** Silence and progress take nothing back, and a newer release takes no proof from the one that it replaced. */
function keepFinal(judgement: Judgement, last: RecordedState | undefined): Judgement {
  const isOpen = judgement.verdict === 'pending' || judgement.word === 'silent' || judgement.word === 'superseded';
  const before = KEPT[last?.state ?? ''];
  if (!isOpen || last === undefined || before === undefined) return judgement;
  if (before.verdict === 'unknown' && judgement.verdict !== 'pending') return judgement;
  return { ...judgement, ...before, said: last.said.replace(/^(Running|Failed|Unknown): /, '') };
}

const KEPT: Readonly<Record<string, Pick<Judgement, 'verdict' | 'word'>>> = {
  success: { verdict: 'running', word: 'running' },
  failure: { verdict: 'failed', word: 'failed' },
  error: { verdict: 'unknown', word: 'silent' },
};

function stateOf({ verdict }: Judgement): DeploymentState {
  return ({ running: 'success', failed: 'failure', unknown: 'error', pending: 'in_progress' } as const)[verdict];
}

/** A release that was replaced unseen leaves a commit without a status as it is. `lost`: no answer came. */
async function recordStatus(
  release: PlacedRelease,
  judgement: Judgement,
  ports: RecordPorts,
): Promise<'written' | 'lost' | 'as it was'> {
  const { statuses, repositoryUrl } = ports;
  const context = nameStatus(release.environment, release.image);
  const state = ({ running: 'success', failed: 'failure', unknown: 'error', pending: 'pending' } as const)[
    judgement.verdict
  ];
  const wanted = { state, description: describe(judgement), url: `${repositoryUrl}/commit/${release.commit}` };
  const now = await statuses.newest(release.source, context);
  if (now === undefined && judgement.word === 'superseded') return 'as it was';
  if (now?.state === wanted.state && now.description === wanted.description && now.url === wanted.url)
    return 'as it was';
  return (await statuses.set(release.source, context, wanted)) ? 'written' : 'lost';
}

/** Returns the line that a person reads, such as `Running: its digest runs, and the Application is healthy`. */
function describe({ verdict, said }: Pick<Judgement, 'verdict' | 'said'>): string {
  const text = `${verdict.slice(0, 1).toUpperCase()}${verdict.slice(1)}: ${said}`;
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
