import { parse } from 'yaml';
import { z } from 'zod';

const step = z.looseObject({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
});
const job = z.looseObject({
  permissions: z.record(z.string(), z.string()).optional(),
  'timeout-minutes': z.number().optional(),
  concurrency: z
    .looseObject({ group: z.string(), queue: z.string().optional(), 'cancel-in-progress': z.boolean().optional() })
    .optional(),
  steps: z.array(step),
});
const workflow = z.looseObject({
  permissions: z.record(z.string(), z.string()).optional(),
  jobs: z.record(z.string(), job),
});

/** Inputs that an action of this repository declares, by its folder; undefined where there is none. */
export type DeclaredInputs = (action: string) => readonly string[] | undefined;

/** Returns every breach of the house's rules for workflows, one sentence each. */
export function checkWorkflow(text: string, declaredInputs: DeclaredInputs): string[] {
  const { permissions, jobs } = workflow.parse(parse(text));
  return [
    ...(permissions !== undefined && Object.keys(permissions).length === 0
      ? []
      : ['permissions: {} is missing on top']),
    ...checkPins(text),
    ...checkReasons(text),
    ...Object.entries(jobs).flatMap(([name, written]) => checkJob(name, written, declaredInputs)),
  ];
}

function checkJob(name: string, written: z.output<typeof job>, declaredInputs: DeclaredInputs): string[] {
  const writes = Object.entries(written.permissions ?? {}).some(
    ([right, access]) => access === 'write' && right !== 'id-token',
  );
  const builds = written.steps.some((candidate) => candidate.uses === './actions/build-image');
  const bumps = written.steps.some((candidate) => candidate.uses === './actions/bump-overlay');
  return [
    ...(written['timeout-minutes'] === undefined ? [`${name} has no timeout-minutes`] : []),
    ...(written.permissions === undefined ? [`${name} has no permissions of its own`] : []),
    ...(writes && written.concurrency?.queue !== 'max'
      ? [`${name} writes and has no concurrency with queue: max`]
      : []),
    ...(writes && written.concurrency?.['cancel-in-progress'] !== false
      ? [`${name} writes and may be cancelled half-way`]
      : []),
    ...(builds && writes ? [`${name} builds images and may write to the repository`] : []),
    ...(bumps && written.steps.some((candidate) => candidate.run !== undefined)
      ? [`${name} bumps overlays and runs commands`]
      : []),
    ...written.steps.flatMap((candidate) => [
      ...((candidate.run ?? '').includes('${{') ? [`${name} has an expression inside a run body`] : []),
      ...checkInputs(name, candidate.uses ?? '', Object.keys(candidate.with), declaredInputs),
    ]),
  ];
}

function checkInputs(job: string, uses: string, given: readonly string[], declaredInputs: DeclaredInputs): string[] {
  if (!uses.startsWith('./')) return [];
  const declared = declaredInputs(uses.slice(2));
  if (declared === undefined) return [`${job} uses ${uses}, which does not exist`];
  return given
    .filter((input) => !declared.includes(input))
    .map((input) => `${job} gives ${uses} the input ${input}, which it does not have`);
}

function checkPins(text: string): string[] {
  const lines = text.split('\n').filter((line) => /^\s*(- )?uses:/.test(line) && !/uses: \.\//.test(line));
  return lines
    .filter((line) => !/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))
    .map((line) => `${line.trim()} is not pinned to a commit with its version behind it`);
}

/** Each right of a job is explained by a comment on its line. */
function checkReasons(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => /^ {6}[a-z-]+: (read|write)\b/.test(line) && !/# \S/.test(line))
    .map((line) => `the permission "${line.trim()}" has no reason behind it`);
}
