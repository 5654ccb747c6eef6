import { fetchTrees, findCommonCommit } from '#core/git/common-commit.ts';
import type { Merge } from '#core/github/pulls.ts';
import { findReachedStacks, type Reached } from '#core/terraform/reach.ts';
import { keepOrder, type StackOrder, sortWaves, type Waves } from '#core/terraform/waves.ts';
import { Refusal } from '#core/values/errors.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** The stacks that are to be planned or applied. */
export interface Found {
  readonly stacks: readonly string[];
  /** All that the change reaches, also where one of them alone is meant. */
  readonly reached: readonly string[];
  /** For each of `stacks`, which of them must be applied before it. */
  readonly order: StackOrder;
  readonly waves: Waves;
  /** The program that runs them. */
  readonly binary: Reached['binary'];
  /** What was merged; undefined before the merge, and for a push without a pull request. */
  readonly merge: Merge | undefined;
  /** Why nothing is applied, as a sentence with its remedy; undefined where that is not so. */
  readonly refusal: string | undefined;
}

/** Finds the stacks that a change can reach; after the merge, those of the pull request that was merged. */
export async function run(inputs: Inputs, ports: Ports): Promise<Found> {
  if (inputs.stage === 'plan') {
    const found = await findReached([[inputs.base, inputs.head]], inputs, ports);
    return { ...keepMeant(found, inputs), merge: undefined, refusal: undefined };
  }
  const merge = await findMerge(inputs, ports);
  const pushed: Change = inputs.pullRequest === undefined ? [inputs.base, inputs.head] : [undefined, inputs.head];
  const changes = merge === undefined ? [pushed] : [pushed, await changeOf(merge, ports)];
  const found = await findReached(changes, inputs, ports);
  const meant = keepMeant(found, inputs);
  if (merge !== undefined || meant.stacks.length === 0) return { ...meant, merge, refusal: undefined };
  const nothing = keepMeant({ ...found, reached: [] }, inputs);
  return { ...nothing, merge, refusal: describeUnreviewed(meant.stacks, inputs) };
}

type Change = readonly [base: CommitSha | undefined, head: CommitSha];

async function findMerge({ pullRequest, head, branch }: Inputs, { openPulls, log }: Ports): Promise<Merge | undefined> {
  const pulls = openPulls();
  if (pullRequest === undefined) {
    const found = await pulls.findMerge(head, branch);
    log.info(
      `${head.slice(0, 7)} is ${found === undefined ? 'not the merge of a pull request' : `the merge of #${found.number}`}`,
    );
    return found;
  }
  const merge = await pulls.readMerge(pullRequest);
  if (merge?.base === branch) return merge;
  throw new Refusal(
    merge === undefined
      ? `#${pullRequest} is not merged, so nothing of it is applied: merge it first`
      : `#${pullRequest} was merged into ${merge.base}, not into ${branch}: start this workflow on ${merge.base}`,
  );
}

/** As it was when it was planned: what its head has in common with the branch before the merge. */
async function changeOf(merge: Merge, repositories: Ports): Promise<Change> {
  const head = parseCommitSha('head', merge.head);
  const base = parseCommitSha('base', merge.baseCommit);
  return [await findCommonCommit(base, head, repositories), head];
}

/** Returns the stacks that any of the changes reaches, in the order of the last one's slipway.yaml. */
async function findReached(changes: readonly Change[], { config, stage }: Inputs, ports: Ports): Promise<OfChanges> {
  const found = new Set<string>();
  let last: Omit<Reached, 'reached' | 'byHand'> = { all: [], after: new Map(), binary: 'terraform' };
  let left: readonly string[] = [];
  for (const [base, head] of changes) {
    if (base === undefined) continue;
    const common = await findCommonCommit(base, head, ports);
    await fetchTrees(ports.git, [common, head]);
    const { reached, byHand, ...rest } = await findReachedStacks(ports.git, { base: common, head, config });
    for (const stack of reached) found.add(stack);
    last = rest;
    left = stage === 'apply' ? byHand : [];
  }
  const stacks = last.all.filter((stack) => found.has(stack) && !left.includes(stack));
  for (const name of left.filter((one) => found.has(one))) ports.log.info(`${name} is applied by hand`);
  ports.log.info(`the change reaches ${stacks.join(', ') || 'no stack'}`);
  return { reached: stacks, after: last.after, binary: last.binary };
}

/** What changes reach, without what a person applies. */
type OfChanges = Pick<Reached, 'reached' | 'after' | 'binary'>;

function keepMeant(
  { reached, after, binary }: OfChanges,
  { stack }: Inputs,
): Pick<Found, 'stacks' | 'reached' | 'order' | 'waves' | 'binary'> {
  const stacks = stack === undefined ? reached : reached.filter((name) => name === stack);
  const order = keepOrder(stacks, after);
  return { stacks, reached, order, waves: sortWaves(order), binary };
}

function describeUnreviewed(stacks: readonly string[], { head }: Inputs): string {
  const names = stacks.join(', ');
  return `${head.slice(0, 7)} was pushed without a pull request and changes ${names}: nothing was reviewed, so nothing is applied. Open a pull request that changes a file in the folder of ${names}, a comment is enough: its plan has this change as well, and its merge applies it`;
}
