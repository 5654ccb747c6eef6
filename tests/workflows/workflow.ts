import { posix } from 'node:path';
import type { Node } from 'yaml';
import { z } from 'zod';
import { type Located, readSource, type Source } from '#tests/workflows/source.ts';

/** A step: what it uses or runs. */
export interface Step {
  readonly uses: Located | undefined;
  /**
   * The action without its version. A foreign one in lower case: GitHub does not tell `Actions/Checkout` from
   * `actions/checkout`, but a local one is a folder.
   */
  readonly action: string;
  readonly run: string | undefined;
  readonly shell: string | undefined;
  readonly with: Readonly<Record<string, unknown>>;
}

/** One line of a job's permissions. */
export interface Right {
  readonly name: string;
  readonly access: Located;
}

/** How runs of the same group wait for each other. */
interface Concurrency {
  readonly queue: unknown;
  readonly cancels: unknown;
}

/** A job, with what the rules ask of it. */
export interface Job {
  readonly name: string;
  readonly steps: readonly Step[];
  /** The reusable workflow that it calls. */
  readonly calls: Located | undefined;
  /** Undefined unless they are a mapping: `read-all` and `write-all` are not rights of its own. */
  readonly rights: readonly Right[] | undefined;
  /** True when its token may change anything at GitHub; a token for another service changes nothing there. */
  readonly writes: boolean;
  /** True when what it makes or does reaches the registry, the branch or AWS. */
  readonly buildsOrDeploys: boolean;
  readonly timeout: unknown;
  readonly runsOn: unknown;
  readonly secrets: unknown;
  readonly defaults: unknown;
  readonly environment: string | undefined;
  readonly concurrency: Concurrency | undefined;
  /** All that is written in it. */
  readonly content: unknown;
}

/** A workflow as the rules read it. */
export interface Workflow {
  readonly faults: readonly string[];
  readonly triggers: readonly string[];
  readonly permissions: unknown;
  /** Of the whole workflow. */
  readonly concurrency: Concurrency | undefined;
  /** What is written outside the jobs. */
  readonly outside: unknown;
  readonly jobs: readonly Job[];
}

const concurrency = z.looseObject({ queue: z.unknown().optional(), 'cancel-in-progress': z.unknown().optional() });
const record = z.record(z.string(), z.unknown());

/** Reads a workflow from its YAML, in any style. */
export function readWorkflow(text: string): Workflow {
  const source = readSource(text);
  const { jobs: _jobs, ...outside } = record.safeParse(source.content).data ?? {};
  return {
    faults: source.faults,
    triggers: readTriggers(source),
    permissions: source.plain(source.at('permissions')),
    concurrency: readConcurrency(source.plain(source.at('concurrency'))),
    outside,
    jobs: source.entries(source.at('jobs')).map(([name, node]) => readJob(source, name, node)),
  };
}

/** `on` is one event, a list of them, or a mapping. */
function readTriggers(source: Source): string[] {
  const node = source.at('on');
  const one = source.text(node);
  return [
    ...(one === undefined ? [] : [one.value]),
    ...source.items(node).flatMap((item) => source.text(item)?.value ?? []),
    ...source.entries(node).map(([name]) => name),
  ];
}

function readJob(source: Source, name: string, node: Node | undefined): Job {
  const fields = new Map(source.entries(node));
  const plain = (key: string) => source.plain(fields.get(key));
  const permissions = fields.get('permissions');
  const isMapping = record.safeParse(source.plain(permissions)).success;
  const rights = isMapping
    ? source.entries(permissions).flatMap(([right, access]) => readRight(source, right, access))
    : undefined;
  const steps = source.items(fields.get('steps')).map((step) => readStep(source, step));
  const environment = readEnvironment(plain('environment'));
  const granted = (rights ?? []).filter(({ access }) => access.value === 'write').map((right) => right.name);
  return {
    name,
    steps,
    calls: source.text(fields.get('uses')),
    rights,
    writes: granted.some((right) => right !== 'id-token'),
    buildsOrDeploys:
      granted.length > 0 || environment !== undefined || steps.some(({ action }) => action.startsWith('./')),
    timeout: plain('timeout-minutes'),
    runsOn: plain('runs-on'),
    secrets: plain('secrets'),
    defaults: plain('defaults'),
    environment,
    concurrency: readConcurrency(plain('concurrency')),
    content: source.plain(node),
  };
}

function readRight(source: Source, name: string, node: Node | undefined): Right[] {
  const access = source.text(node);
  return access === undefined ? [] : [{ name, access }];
}

function readStep(source: Source, node: Node | undefined): Step {
  const fields = new Map(source.entries(node));
  const uses = source.text(fields.get('uses'));
  return {
    uses,
    action: normalizeAction(uses?.value ?? ''),
    run: source.text(fields.get('run'))?.value,
    shell: source.text(fields.get('shell'))?.value,
    with: record.safeParse(source.plain(fields.get('with'))).data ?? {},
  };
}

/** `./actions//x/` and `./actions/x` are one folder. */
function normalizeAction(uses: string): string {
  const [path = ''] = uses.trim().split('@');
  return path.startsWith('./') ? `./${posix.normalize(path).replace(/\/$/, '')}` : path.toLowerCase();
}

function readEnvironment(written: unknown): string | undefined {
  const name = z.looseObject({ name: z.unknown() }).safeParse(written).data?.name ?? written;
  return typeof name === 'string' && name.trim() !== '' ? name : undefined;
}

/** A group alone, `concurrency: name`, keeps one waiting run and drops the others. */
function readConcurrency(written: unknown): Concurrency | undefined {
  if (written === undefined) return undefined;
  const { data } = concurrency.safeParse(written);
  return { queue: data?.queue, cancels: data?.['cancel-in-progress'] };
}
