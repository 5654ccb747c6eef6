import { parse } from 'yaml';
import { z } from 'zod';
import type { ConcurrencyRequest } from '#lab/github/runner/concurrency.ts';
import type { Value } from '#lab/github/runner/expression.ts';
import { matchesPush, type PushFilters } from '#lab/github/runner/filters.ts';
import type { Combination } from '#lab/github/runner/matrix.ts';

const texts = z.union([z.string().transform((text) => [text]), z.array(z.string())]);
const step = z.looseObject({
  id: z.string().optional(),
  name: z.string().optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
});
const concurrency = z
  .union([
    z.string().transform((group) => ({ group, queue: undefined, 'cancel-in-progress': undefined })),
    z.looseObject({
      group: z.string(),
      queue: z.enum(['single', 'max']).optional(),
      'cancel-in-progress': z.union([z.boolean(), z.string()]).optional(),
    }),
  ])
  .refine(({ queue, 'cancel-in-progress': cancels }) => queue !== 'max' || cancels !== true, {
    message: 'queue: max and cancel-in-progress: true exclude each other',
  });
const job = z.looseObject({
  name: z.string().optional(),
  needs: texts.default([]),
  if: z.union([z.string(), z.boolean()]).optional(),
  permissions: z.unknown().optional(),
  concurrency: concurrency.optional(),
  strategy: z.looseObject({ matrix: z.unknown() }).optional(),
  environment: z.union([z.string(), z.looseObject({ name: z.string() })]).optional(),
  outputs: z.record(z.string(), z.string()).default({}),
  steps: z.array(step),
});
const filters = z.looseObject({
  branches: z.array(z.string()).optional(),
  'branches-ignore': z.array(z.string()).optional(),
  paths: z.array(z.string()).optional(),
  'paths-ignore': z.array(z.string()).optional(),
});
const input = z.looseObject({
  default: z.unknown().optional(),
  required: z.boolean().optional(),
  type: z.string().optional(),
  options: z.array(z.string()).optional(),
});
const triggers = z.looseObject({
  push: filters.nullable().optional(),
  pull_request: filters.extend({ types: texts.optional() }).nullable().optional(),
  workflow_dispatch: z
    .looseObject({ inputs: z.record(z.string(), input).nullable().optional() })
    .nullable()
    .optional(),
});
const workflow = z.looseObject({
  name: z.string().optional(),
  on: z.unknown(),
  permissions: z.unknown().optional(),
  concurrency: concurrency.optional(),
  jobs: z.record(z.string(), job),
});

/** A job as it is written. */
export type WorkflowJob = z.output<typeof job>;

/** A workflow file at a commit. */
export interface Workflow {
  /** `.github/workflows/deploy.yml`. */
  readonly path: string;
  readonly name: string;
  readonly permissions: unknown;
  readonly concurrency: z.output<typeof concurrency> | undefined;
  readonly jobs: ReadonlyMap<string, WorkflowJob>;
  readonly triggers: z.output<typeof triggers>;
  /** The file as data, for act. */
  readonly written: Record<string, unknown>;
  /** What is wrong with a file that cannot be read. Such a workflow has no jobs, and every push starts a failed run. */
  readonly fault: string | undefined;
}

/** Returns the workflow of a file, also of one that cannot be read: GitHub lists it by its path. */
export function readWorkflow(path: string, text: string): Workflow {
  try {
    return parseWorkflow(path, text);
  } catch (error) {
    const nothing = {
      permissions: undefined,
      concurrency: undefined,
      jobs: new Map<string, WorkflowJob>(),
      written: {},
    };
    return { path, name: path, ...nothing, triggers: { push: null }, fault: describeFault(error) };
  }
}

function describeFault(error: unknown): string {
  if (error instanceof z.ZodError)
    return error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`).join('; ');
  const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return first.replace(/:$/, '');
}

/** Returns the workflow of a file; throws with what does not fit the documented syntax. */
export function parseWorkflow(path: string, text: string): Workflow {
  const written: unknown = parse(text);
  const parsed = workflow.parse(written);
  return {
    path,
    name: parsed.name ?? path,
    permissions: parsed.permissions,
    concurrency: parsed.concurrency,
    jobs: new Map(Object.entries(parsed.jobs)),
    triggers: readTriggers(parsed.on),
    written: z.record(z.string(), z.unknown()).parse(written),
    fault: undefined,
  };
}

function readTriggers(on: unknown): Workflow['triggers'] {
  if (typeof on === 'string') return triggers.parse({ [on]: null });
  if (Array.isArray(on)) return triggers.parse(Object.fromEntries(on.map((name) => [String(name), null])));
  return triggers.parse(on);
}

/** Returns whether a push starts the workflow. */
export function startsOnPush(target: Workflow, branch: string, files: readonly string[]): boolean {
  if (!('push' in target.triggers)) return false;
  const wanted: PushFilters = target.triggers.push ?? {};
  return matchesPush(wanted, branch, files);
}

/** Returns whether a commit status starts the workflow; the event has no filters. */
export function startsOnStatus(target: Workflow): boolean {
  return 'status' in target.triggers;
}

/** What starts a workflow that names no types. */
const PULL_TYPES = ['opened', 'synchronize', 'reopened'];

/** Returns whether an event of a pull request into `base` that changes `files` starts the workflow. */
export function startsOnPull(target: Workflow, action: string, base: string, files: readonly string[]): boolean {
  if (!('pull_request' in target.triggers)) return false;
  const { types = PULL_TYPES, ...wanted } = target.triggers.pull_request ?? {};
  return types.includes(action) && matchesPush(wanted, base, files);
}

/** Returns the inputs of a dispatch with defaults filled in; throws in the words of GitHub's API where they do not fit. */
export function readDispatchInputs(target: Workflow, given: Readonly<Record<string, string>>): Record<string, string> {
  if (target.fault !== undefined) throw new Error(`failed to parse workflow: ${target.fault}`);
  if (!('workflow_dispatch' in target.triggers)) throw new Error(`Workflow does not have 'workflow_dispatch' trigger`);
  const declared = target.triggers.workflow_dispatch?.inputs ?? {};
  const unknown = Object.keys(given).filter((name) => !(name in declared));
  if (unknown.length > 0) throw new Error(`Unexpected inputs provided: ${JSON.stringify(unknown)}`);
  return Object.fromEntries(
    Object.entries(declared).map(([name, rule]) => {
      const value = given[name] ?? (rule.default === undefined ? '' : String(rule.default));
      if (rule.required === true && value === '') throw new Error(`Required input '${name}' not provided`);
      if (rule.type === 'choice' && value !== '' && !(rule.options ?? []).includes(value))
        throw new Error(`Provided value '${value}' for input '${name}' not in the list of allowed values`);
      return [name, value];
    }),
  );
}

/** The contexts that names of concurrency groups are made from. */
export interface GroupContext {
  readonly ref: string;
  readonly workflow: string;
  readonly runId: number;
  readonly inputs: Readonly<Record<string, string>>;
  /** Of a job of a matrix. */
  readonly matrix?: Combination | undefined;
  readonly pull?: { readonly number: number; readonly headRef: string; readonly baseRef: string } | undefined;
}

/** `matrix.release.environment` and its value, for each value however deep. */
function listValues(path: string, value: Value): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[path, String(value ?? '')]];
  return Object.entries(value).flatMap(([name, inner]) => listValues(`${path}.${name}`, inner));
}

/** Returns a concurrency request with the expressions of its group filled in. */
export function fillGroup(
  written: { group: string; queue?: 'single' | 'max' | undefined },
  context: GroupContext,
): ConcurrencyRequest {
  const values: Record<string, string> = {
    'github.ref': context.ref,
    'github.ref_name': context.ref.replace(/^refs\/heads\//, ''),
    'github.workflow': context.workflow,
    'github.run_id': String(context.runId),
    'github.event.pull_request.number': String(context.pull?.number ?? ''),
    'github.head_ref': context.pull?.headRef ?? '',
    'github.base_ref': context.pull?.baseRef ?? '',
    ...Object.fromEntries(listValues('matrix', context.matrix ?? {})),
    ...Object.fromEntries(Object.entries(context.inputs).map(([name, value]) => [`inputs.${name}`, value])),
  };
  const group = written.group.replace(/\$\{\{\s*([^}]*?)\s*\}\}/g, (_whole, expression: string) => {
    const value = values[expression];
    if (value === undefined)
      throw new Error(`the stand-in cannot evaluate \${{ ${expression} }} in the name of a concurrency group`);
    return value;
  });
  return { group, queue: written.queue ?? 'single' };
}
