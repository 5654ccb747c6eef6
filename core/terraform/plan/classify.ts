import { isObject } from '#core/values/json.ts';
import type { Change, PlanFile, ResourceChange } from './parse.ts';

/** What happens to a resource, the riskiest first. `unknown` is an action that this code does not know. */
export const KINDS = ['unknown', 'destroy', 'replace', 'forget', 'update', 'create', 'move', 'import', 'read'] as const;
/** One of {@link KINDS}. */
export type Kind = (typeof KINDS)[number];

/** An attribute of a resource, such as `['tags', 'owner']` or `['ingress', 0, 'port']`. */
export type Path = readonly (string | number)[];

/** A resource that the plan touches; each is counted once, by the riskiest thing that happens to it. */
export interface PlannedChange {
  readonly kind: Kind;
  readonly address: string;
  /** `aws_sqs_queue`. */
  readonly type: string;
  readonly change: Change;
  /** The attributes that force a replacement. */
  readonly forcedBy: readonly Path[];
  /** Why, in Terraform's own word, such as `replace_because_tainted`. */
  readonly reason?: string | undefined;
  /** The address before a `moved` block. */
  readonly movedFrom?: string | undefined;
  /** What is imported: the provider's id, or its identity as JSON. */
  readonly importedAs?: string | undefined;
  /** The key of an object that an interrupted replacement left behind. */
  readonly deposed?: string | undefined;
}

/** An output whose value changes. */
export interface OutputChange {
  readonly name: string;
  readonly change: Change;
}

/** A check block or condition that did not pass. */
export interface FailedCheck {
  readonly name: string;
  readonly status: string;
  readonly problems: readonly string[];
}

/** An action block that apply runs, such as an invalidation of a cache. */
export interface InvokedAction {
  readonly address: string;
  readonly type: string;
  /** The resource whose change runs it. */
  readonly trigger: string | undefined;
}

/** A plan sorted by what it does. */
export interface Plan {
  readonly isErrored: boolean;
  /** False where a later plan is needed to get all done. */
  readonly isComplete: boolean;
  readonly changes: readonly PlannedChange[];
  readonly actions: readonly InvokedAction[];
  readonly outputs: readonly OutputChange[];
  /** What changed outside of Terraform since the last apply. */
  readonly drift: readonly PlannedChange[];
  readonly deferred: readonly PlannedChange[];
  readonly failedChecks: readonly FailedCheck[];
}

/** Returns what a plan does, without what it leaves alone. */
export function classifyPlan(file: PlanFile): Plan {
  const outputs = Object.entries(file.output_changes).map(([name, change]) => ({ name, change }));
  return {
    isErrored: file.errored,
    isComplete: file.complete ?? true,
    changes: file.resource_changes.flatMap(classify),
    actions: file.action_invocations.map(({ address, type, lifecycle_action_trigger: trigger }) => ({
      address,
      type,
      trigger: trigger?.triggering_resource_address,
    })),
    outputs: outputs.filter(({ change }) => change.actions.join() !== 'no-op'),
    drift: file.resource_drift
      .filter(({ change }) => change.actions.join() !== 'no-op' && !isWrittenOtherwise(change))
      .flatMap(classify),
    deferred: file.deferred_changes.map(({ reason, resource_change: change }) => ({
      ...describeChange(change, findKind(change) ?? 'read'),
      reason,
    })),
    failedChecks: file.checks.flatMap(findFailed),
  };
}

function classify(resource: ResourceChange): PlannedChange[] {
  const kind = findKind(resource);
  return kind === undefined ? [] : [describeChange(resource, kind)];
}

const ACTIONS: Readonly<Record<string, Kind>> = {
  delete: 'destroy',
  'delete,create': 'replace',
  'create,delete': 'replace',
  forget: 'forget',
  'create,forget': 'forget',
  'forget,create': 'forget',
  update: 'update',
  create: 'create',
  read: 'read',
};

function findKind({ change, previous_address: previous, address }: ResourceChange): Kind | undefined {
  const actions = change.actions.join();
  if (actions !== 'no-op') return ACTIONS[actions] ?? 'unknown';
  if (previous !== undefined && previous !== address) return 'move';
  return change.importing ? 'import' : undefined;
}

function describeChange(resource: ResourceChange, kind: Kind): PlannedChange {
  const { address, type, change, previous_address: previous, deposed, action_reason: reason } = resource;
  const { importing } = change;
  return {
    kind,
    address,
    type,
    change,
    forcedBy: change.replace_paths ?? [],
    reason,
    movedFrom: previous === address ? undefined : previous,
    importedAs: importing
      ? (importing.id ?? JSON.stringify(importing.identity) ?? 'an id known after apply')
      : undefined,
    deposed,
  };
}

function findFailed({ address, status, instances = [] }: PlanFile['checks'][number]): FailedCheck[] {
  if (status !== 'fail' && status !== 'error') return [];
  const failed = instances.filter((instance) => instance.status === 'fail' || instance.status === 'error');
  const problems = failed.flatMap((instance) => (instance.problems ?? []).map(({ message }) => message));
  return [{ name: address.to_display, status, problems }];
}

/** True where a refresh only reads an empty collection that the state calls null, as after each first apply. */
function isWrittenOtherwise({ before, after }: { readonly before?: unknown; readonly after?: unknown }): boolean {
  return isObject(before) && isObject(after) && writeJson(dropEmpty(before)) === writeJson(dropEmpty(after));
}

/** Returns an object without those of its attributes that are null or an empty collection. */
function dropEmpty(value: Readonly<Record<string, unknown>>): object {
  const isEmpty = (one: unknown): boolean => one === null || ['{}', '[]'].includes(writeJson(one));
  const entries = Object.entries(value).filter(([, one]) => !isEmpty(one));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Large numbers are read whole, and JSON has no word for them. */
function writeJson(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one)) ?? '';
}
