import { nameSavedPlan, PLAN_FILE } from '#core/action/artifact-names.ts';
import type { StackPlan } from '#core/terraform/plan-stack.ts';
import { readPlannedState } from '#core/terraform/saved-plan/archive.ts';
import { type Binding, packPlan } from '#core/terraform/saved-plan/binding.ts';
import { seal } from '#core/terraform/saved-plan/seal.ts';
import { hashLockFile, listSources, readTrees, refuseUncommitted, type Stack } from '#core/terraform/stack.ts';
import { Refusal } from '#core/values/errors.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** What is planned: the stack, and what its commit has in common with the branch. */
interface Planning {
  readonly stack: Stack;
  readonly base: string;
  readonly refresh: boolean;
}

/**
 * Saves a plan for the merge, encrypted and bound to what it was made from; true where it did. A plan that failed, or is
 * a fork's, is never saved.
 */
export async function savePlan(planned: StackPlan, planning: Planning, inputs: Inputs, ports: Ports): Promise<boolean> {
  const { saved } = planned;
  const { savedPlan, retentionDays: days } = inputs;
  if (saved === undefined || (savedPlan === '' && ports.leave === undefined)) return false;
  const why = findReason(planned, inputs, ports);
  if (why !== undefined) {
    ports.log.info(`the plan is not saved: ${why}`);
    return false;
  }
  const binding = await bind(planned, saved.bytes, planning, inputs, ports);
  const content = seal(packPlan({ binding, json: saved.json, plan: saved.bytes }), inputs.key);
  const name = nameSavedPlan(planning.stack.name);
  if (savedPlan !== '') await ports.store.save(content);
  await ports.leave?.({ name, file: PLAN_FILE, content, days });
  ports.log.info(`the plan is saved, encrypted, as ${ports.leave === undefined ? savedPlan : `the artifact ${name}`}`);
  return true;
}

function findReason({ plan }: StackPlan, { key, headRepository }: Inputs, { repository }: Ports): string | undefined {
  if (headRepository !== repository) return `it is of a fork, ${headRepository}`;
  if (key === '') return 'the input key is empty';
  return plan?.isComplete === true ? undefined : 'it is not complete, so it cannot be applied as it is';
}

async function bind(
  { version, fingerprint }: StackPlan,
  plan: Buffer,
  { stack, base, refresh }: Planning,
  { head }: Inputs,
  ports: Ports,
): Promise<Binding> {
  const paths = await listSources(stack, ports, ports.source);
  await refuseUncommitted(ports.exec, ports.checkout, paths);
  return {
    version: 1,
    stack: stack.name,
    head,
    mergeBase: base,
    trees: requireTrees(await readTrees(ports.source, paths)),
    state: readPlannedState(plan),
    lockFile: await hashLockFile(stack, ports),
    tool: { binary: stack.binary, version },
    stacks: stack.stacks,
    plannedAt: ports.clock.now().toISOString(),
    isFromFork: false,
    isRefreshed: refresh,
    fingerprint,
  };
}

function requireTrees(trees: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(trees).map(([path, tree]) => {
      if (tree === undefined) throw new Refusal(`${path} is not in the checked-out commit: commit it, then plan again`);
      return [path, tree];
    }),
  );
}

/**
 * Returns what the checked-out commit has in common with its base. What is checked out on a pull request is its merge
 * with the branch, whose own commit says which of the branch's commits that was, also in a shallow checkout.
 */
export async function findMergeBase({ base, head }: Pick<Inputs, 'base' | 'head'>, ports: Ports): Promise<string> {
  if (base === undefined) return '';
  const { exec, checkout, source } = ports;
  const commit = await exec(['git', '-C', checkout, 'cat-file', 'commit', source.commit]);
  const [header = ''] = commit.stdout.toString('utf8').split('\n\n', 1);
  const [first, second] = [...header.matchAll(/^parent ([0-9a-f]{40,64})$/gm)].map(([, parent]) => parent);
  if (first !== undefined && second === head) return first;
  const argv = ['git', '-C', checkout, 'merge-base', base, source.commit] as const;
  const { code, stdout } = await exec(argv, { accept: 'any' });
  return code === 0 ? stdout.toString('utf8').trim() : base;
}
