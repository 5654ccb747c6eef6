import {
  MOST_OF_REPORT,
  nameImages,
  nameManifests,
  namePlanReport,
  REPORT_FILE,
  REPORT_PREFIX,
} from '#core/action/artifact-names.ts';
import type { Reports } from '#core/comment/compose.ts';
import type { Lost } from '#core/comment/lost.ts';
import { readReports } from '#core/comment/read-reports.ts';
import type { AppliedBy } from '#core/github/marker.ts';
import { newestOf } from '#core/github/settle-plan.ts';
import { readOwn } from '#core/github/write-comment.ts';
import { describeError, isExpected } from '#core/values/errors.ts';
import { type Applies, collectApplies } from './applies.ts';
import type { Artifacts, Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** What the comment is written from, before and after the merge. */
export async function collectReports(
  inputs: CommentOf,
  source: Artifacts,
  isFork: boolean,
  ports: CollectPorts,
): Promise<Collected> {
  const own = await readAll(ports.run, ports);
  if (source.stage === 'plan') return { reports: describePlans(own, source, isFork), applied: [] };
  const planned = await ports.runs.newestOfPull(source.workflow, inputs.head);
  const before = planned === undefined ? { texts: new Map(), faults: [] } : await readAll(planned, ports);
  const applies = await collectApplies(source.stacks ?? [], {
    ...{ run: ports.run, own: own.texts, earlier: await readEarlier(inputs, ports), listJobs: ports.runs.listJobs },
    ...{ head: inputs.head, pullRequest: inputs.pullRequest },
    readEarlier: async (run) => (await readAll(run, ports)).texts,
  });
  const merge = await ports.pulls.readMerge(inputs.pullRequest);
  return { reports: describeApplies(applies, own, before, merge?.commit), applied: applies.by };
}

/** Which comment is meant. */
export type CommentOf = Pick<Inputs, 'head' | 'pullRequest' | 'marker' | 'identity'>;

/** What collecting needs. */
export type CollectPorts = Pick<Ports, 'artifacts' | 'runs' | 'run' | 'log' | 'comments' | 'pulls'>;

/** What the comment is written from, and which runs it tells of after the merge. */
export interface Collected {
  readonly reports: Reports;
  readonly applied: readonly AppliedBy[];
}

/** A run of one stack alone must not take away what earlier ones said of the others: the comment itself names them. */
async function readEarlier(
  { head, pullRequest, marker: name, identity: author }: CommentOf,
  ports: CollectPorts,
): Promise<readonly AppliedBy[]> {
  const { present } = await readOwn({ pull: pullRequest, name, author }, ports);
  const marker = newestOf(present, head)?.marker;
  return marker?.head === head ? (marker.applied ?? []) : [];
}

/** The texts of all reports of a run by the artifact's name, and those that could not be read. */
interface Found {
  readonly texts: ReadonlyMap<string, string>;
  readonly faults: readonly string[];
}

async function readAll(run: number, { artifacts, log }: Pick<Ports, 'artifacts' | 'log'>): Promise<Found> {
  const texts = new Map<string, string>();
  const faults: string[] = [];
  for (const artifact of await artifacts.list(run)) {
    if (!artifact.name.startsWith(REPORT_PREFIX)) continue;
    const text = await keepFault(() => artifacts.read(artifact, REPORT_FILE, MOST_OF_REPORT));
    if (Buffer.isBuffer(text)) texts.set(artifact.name, text.toString('utf8'));
    else faults.push(text ?? `the artifact ${artifact.name} has no ${REPORT_FILE}`);
  }
  log.info(`run ${run} left ${[...texts.keys()].sort().join(', ') || 'no report'}`);
  return { texts, faults };
}

async function keepFault<Value>(read: () => Promise<Value> | Value): Promise<Value | string> {
  try {
    return await read();
  } catch (error) {
    if (!isExpected(error)) throw error;
    return describeError(error);
  }
}

/** A stack whose report is not there is an error, never `changes nothing`. */
function describePlans(own: Found, { stacks, results }: Artifacts, isFork: boolean): Reports {
  const lost: Lost[] = [];
  const reports: Reports[] = [];
  const take = (name: string): boolean => {
    const text = own.texts.get(name);
    const read = text === undefined ? undefined : keepFaultNow(() => readReports(new Map([[name, text]])));
    if (typeof read === 'object') reports.push(read);
    return typeof read === 'object';
  };
  take(nameImages()); // a workflow may do without; where its step fails, so does the job of the manifests
  if (!take(nameManifests()))
    lost.push({ stack: undefined, why: 'they were not compared: their job left no report, and its log says why' });
  if (stacks === undefined)
    lost.push({
      stack: 'terraform',
      why: 'which stacks the change reaches is not known: the job that looks for them failed',
    });
  for (const stack of isFork ? [] : (stacks ?? []))
    if (!take(namePlanReport(stack)))
      lost.push({ stack, why: `${stack} was not planned: its job left no report, and its log says why` });
  const found = {
    images: reports.flatMap((one) => one.images ?? []),
    manifests: reports.flatMap((one) => one.manifests),
    plans: reports.flatMap((one) => one.plans),
  };
  const isSaid = lost.length > 0 || found.plans.some(({ isFailed }) => isFailed) || isFork;
  if (!isSaid && results.includes('failure'))
    lost.push({
      stack: 'terraform',
      why: 'a job failed after it left its report, so that it is not known what holds: see its log',
    });
  const notes = [...own.faults, ...(isFork ? describeFork(stacks ?? [], results) : [])];
  return { ...found, lost, notes };
}

function keepFaultNow<Value>(read: () => Value): Value | string {
  try {
    return read();
  } catch (error) {
    if (!isExpected(error)) throw error;
    return describeError(error);
  }
}

function describeFork(stacks: readonly string[], results: readonly string[]): string[] {
  if (stacks.length === 0) return [];
  const checked = results.includes('failure')
    ? 'The checks of its code (format, validation, tests with mocked providers) failed: their log says why.'
    : 'The checks of its code (format, validation, tests with mocked providers) passed.';
  return [`A fork's run gets no credential, so ${stacks.join(', ')} was not planned. ${checked}`];
}

/** What was reviewed stays below what became of it. */
function describeApplies({ applies, notes }: Applies, own: Found, before: Found, merged: string | undefined): Reports {
  const reviewed = [...before.texts].flatMap(([name, text]) => {
    const read = keepFaultNow(() => readReports(new Map([[name, text]])));
    return typeof read === 'object' ? [read] : [];
  });
  const images = reviewed.flatMap((one) => one.images ?? []);
  const manifests = reviewed.flatMap((one) => one.manifests);
  const isMore = [...images, ...manifests].some(({ entries }) => entries.length > 0);
  return {
    ...{ images, manifests, plans: reviewed.flatMap(({ plans }) => plans), applies },
    notes: [...own.faults, ...notes, ...(isMore && merged !== undefined ? [describeRest(merged)] : [])],
  };
}

/** GitHub makes a link of a whole commit id. */
function describeRest(merged: string): string {
  return `Images and manifests are not part of an apply. What of them is deployed and runs is said by the commit statuses of ${merged}: slipway/ENVIRONMENT/IMAGE of a release, argocd/ENVIRONMENT of manifests.`;
}
