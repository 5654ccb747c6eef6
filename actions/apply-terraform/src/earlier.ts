import { MOST_OF_REPORT, nameApplyReport, REPORT_FILE } from '#core/action/artifact-names.ts';
import type { Artifact, Artifacts } from '#core/github/artifacts.ts';
import { type ApplyReport, readApplyReport } from '#core/terraform/comment/apply-report.ts';
import { Refusal } from '#core/values/errors.ts';
import type { Work } from './accept.ts';

/**
 * Returns why the stack is not reached, as a sentence with its remedy; undefined where all that it waits for was applied
 * by this run, of this head. What their jobs left says it: the end of a job is that of its whole wave.
 */
export async function findStopped(work: Work): Promise<string | undefined> {
  const { inputs, stack, ports } = work;
  if (inputs.after.length === 0) return undefined;
  if (ports.github === undefined)
    throw new Refusal(
      `${stack.name} waits for ${inputs.after.join(', ')}, and no token is there to ask what became of it`,
    );
  const { artifacts } = ports.github;
  const left = await artifacts.list(ports.run);
  for (const name of inputs.after) {
    const report = await readLeft(name, left, artifacts, work);
    if (report?.outcome !== 'applied') return describeStopped(name, report, work);
    ports.log.info(`${name} was applied before`);
  }
  return undefined;
}

/**
 * Returns what an earlier attempt of this run left of the stack, for this head: the run was started again, and its event is
 * the one of the first. Undefined where there was none.
 */
export async function findEarlierAttempt(work: Work): Promise<ApplyReport | undefined> {
  const { ports, stack } = work;
  if (ports.attempt < 2 || ports.github === undefined) return undefined;
  const { artifacts } = ports.github;
  return readLeft(stack.name, await artifacts.list(ports.run), artifacts, work);
}

async function readLeft(
  name: string,
  left: readonly Artifact[],
  artifacts: Artifacts,
  { inputs }: Work,
): Promise<ApplyReport | undefined> {
  const artifact = left.find((one) => one.name === nameApplyReport(name));
  const bytes = artifact && (await artifacts.read(artifact, REPORT_FILE, MOST_OF_REPORT));
  const report = bytes && readApplyReport(bytes.toString('utf8'));
  return report?.name === name && report.head === inputs.head ? report : undefined;
}

const ENDS: Readonly<Record<Exclude<ApplyReport['outcome'], 'applied'>, string>> = {
  failed: 'whose apply failed',
  refused: 'whose plan was not applied',
  'not-reached': 'which was not reached',
};

function describeStopped(name: string, report: ApplyReport | undefined, { inputs, stack }: Work): string {
  const end =
    report === undefined || report.outcome === 'applied'
      ? 'which did not say that it was applied'
      : ENDS[report.outcome];
  const { pullRequest } = inputs;
  const command =
    pullRequest === undefined
      ? `apply ${stack.name} again`
      : `run: gh workflow run apply.yml -f pull-request=${pullRequest} -f stack=${stack.name}`;
  return `it stands after ${name}, ${end}: see there, and when ${name} is applied, ${command}`;
}
