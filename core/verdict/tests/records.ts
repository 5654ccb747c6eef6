import type { Status, Statuses } from '#core/github/statuses.ts';
import type { Judgement, PlacedRelease } from '#core/verdict/decide.ts';
import { type Deployments, findRecord, type RecordedRelease, type RecordedState } from '#core/verdict/deployments.ts';
import { pair, type Recorded, type RecordPorts, readRecords, recordVerdicts } from '#core/verdict/record.ts';
import { silentLog } from '#tests/support/silent-log.ts';

/** Records in memory, as GitHub keeps them. */
export interface Records extends RecordPorts {
  /** Everything that was written, in order. */
  readonly writes: string[];
  /** The newest status of each `<source> <context>`. */
  readonly onCommits: ReadonlyMap<string, Status>;
  /** What a reader takes from the Deployments: `<digest> <word> <is it active>`, one a release, sorted. */
  read(): string[];
}

interface Kept {
  readonly id: number;
  readonly environment: string;
  readonly payload: RecordedRelease['payload'];
  readonly states: RecordedState[];
}

/** Opens empty records. */
export function openRecords(): Records {
  const all: Kept[] = [];
  const [writes, onCommits] = [[] as string[], new Map<string, Status>()];
  const find = (id: number): Kept => {
    const kept = all.find((one) => one.id === id);
    if (kept === undefined) throw new Error(`no Deployment ${id}`);
    return kept;
  };
  const deployments: Deployments = {
    list: async ({ environment, image }) =>
      all.filter((one) => one.environment === environment && one.payload.image === image).toReversed(),
    find: async ({ environment, ...what }) =>
      findRecord(
        all.filter((one) => one.environment === environment && one.payload.image === what.image),
        what,
      ),
    states: async (id) => find(id).states.toReversed(),
    create: async ({ environment, source: _source, ...what }) => {
      const id = all.length + 1;
      all.push({ id, environment, payload: { schema: 1, ...what }, states: [] });
      writes.push(`deployment ${environment}/${what.image} ${what.digest.slice(7, 10)}`);
      return id;
    },
    setState: async (id, state, said, url) => {
      find(id).states.push({ id: writes.length, state, said, url, at: '2026-11-27T16:00:00Z' });
      writes.push(`${find(id).payload.digest.slice(7, 10)} ${state}: ${said}`);
    },
  };
  const statuses: Statuses = {
    newest: async (sha, context) => onCommits.get(`${sha} ${context}`),
    set: async (sha, context, status) => {
      onCommits.set(`${sha} ${context}`, status);
      writes.push(`status ${sha.slice(0, 3)} ${context} ${status.state}: ${status.description}`);
      return true;
    },
  };
  const repositoryUrl = 'https://github.example/acme/tenant';
  return { deployments, statuses, repositoryUrl, log: silentLog, writes, onCommits, read: () => all.map(read).sort() };
}

function read({ environment, payload, states }: Kept): string {
  const words: Readonly<Record<string, string>> = { success: 'running', failure: 'failed', error: 'unknown' };
  const final = states.findLast(({ state }) => words[state] !== undefined);
  const isActive = states.at(-1)?.state !== 'inactive';
  const word = words[final?.state ?? ''] ?? (isActive ? 'pending' : 'unknown');
  return `${environment}/${payload.image} ${payload.digest.slice(7, 10)} ${word}${isActive ? ', active' : ''}`;
}

/** Writes what is judged of releases, as a run does. */
export async function recordAll(
  releases: readonly PlacedRelease[],
  judgements: readonly Judgement[],
  records: Records,
): Promise<Recorded[]> {
  const judged = pair(releases, judgements, await readRecords(releases, records));
  return (await recordVerdicts(judged, records)).recorded;
}
