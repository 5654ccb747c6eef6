import { MOST_OF_REPORT, namePlanReport, REPORT_FILE } from '#core/action/artifact-names.ts';
import { parseEnvironment } from '#core/action/inputs.ts';
import { type Finding, findDrift } from '#core/drift/finding.ts';
import { writeMarked } from '#core/drift/marker.ts';
import { composeIssue } from '#core/drift/page.ts';
import { type Settled, settleIssue } from '#core/drift/settle-issue.ts';
import { type PlanReport, parseReport } from '#core/terraform/comment/report.ts';
import { describeError, InputError, isExpected } from '#core/values/errors.ts';
import type { Inputs, Source } from './inputs.ts';
import type { Ports } from './ports.ts';

/** What became of one stack. */
export interface Reported {
  /** The stack; the path of a file that does not say. */
  readonly stack: string;
  /** Undefined where the plan could not say, or there is none. */
  readonly finding: Finding | undefined;
  readonly report: PlanReport | undefined;
  /** The issue, or why it could not be kept. */
  readonly issue: Settled | { readonly outcome: 'failed'; readonly reason: string };
}

/** Keeps the issue of each stack; what is refused of one does not keep the others from theirs. */
export async function run(
  { sources, identity }: Pick<Inputs, 'sources' | 'identity'>,
  ports: Ports,
): Promise<Reported[]> {
  const all: Reported[] = [];
  for (const source of sources) {
    const one = await reportStack(source, identity, ports);
    ports.log.info(`${one.stack}: ${one.finding?.difference ?? 'not known'}; the issue: ${one.issue.outcome}`);
    all.push(one);
  }
  return all;
}

/** Returns why the step is red; undefined where it is not. */
export function describeFailures(all: readonly Reported[]): string | undefined {
  const reasons = all.flatMap(({ issue }) => (issue.outcome === 'failed' ? [issue.reason] : []));
  return reasons.length === 0 ? undefined : reasons.join('\n');
}

async function reportStack(source: Source, identity: number, ports: Ports): Promise<Reported> {
  let [report, finding]: [PlanReport?, Finding?] = [];
  try {
    report = await readReport(source, ports);
    finding = findDrift(report);
    const { run: id, attempt, place } = ports;
    const body = composeIssue(finding, report, place);
    const issue = await settleIssue(writeMarked({ ...finding, run: id, attempt }, body), identity, place, ports);
    return { stack: finding.stack, finding, report, issue };
  } catch (error) {
    if (!isExpected(error)) throw error;
    return {
      stack: report?.name ?? nameSource(source),
      finding,
      report,
      issue: { outcome: 'failed', reason: describeError(error) },
    };
  }
}

function nameSource(source: Source): string {
  return 'path' in source ? source.path : source.stack;
}

async function readReport(source: Source, ports: Ports): Promise<PlanReport> {
  const [input, name] = ['path' in source ? 'reports' : 'stacks', nameSource(source)];
  const text = await readSource(source, ports).catch((error: unknown) => {
    throw new InputError(
      input,
      name,
      `cannot be read (${describeError(error)}), so whether its stack differs is not known: see why the job that plans it left no report`,
    );
  });
  const report = parseReport(name, text);
  parseEnvironment(input, report.name);
  return report;
}

async function readSource(source: Source, { readText, artifacts, run }: Ports): Promise<string> {
  if ('path' in source) return readText(source.path);
  const name = namePlanReport(source.stack);
  const artifact = (await artifacts.list(run)).find((one) => one.name === name);
  const content = artifact && (await artifacts.read(artifact, REPORT_FILE, MOST_OF_REPORT));
  if (content === undefined) throw new Error(`the run has no artifact ${name}`);
  return content.toString('utf8');
}
