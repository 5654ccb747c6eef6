import type { CommitText } from '#core/git/read.ts';
import type { Decided } from '#core/release/decide.ts';
import { findStale } from '#core/release/fold.ts';
import type { Intent } from '#core/release/intent.ts';
import type { LandPorts } from '#core/release/land.ts';
import { readTip, type Tip } from '#core/release/open-intents.ts';
import { messageOf, type Plan, planAt } from '#core/release/plan.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What an intent would do to the branch as it is now. */
export interface Preview {
  readonly head: CommitSha;
  /** Never refused: a refusal is thrown. */
  readonly decided: Decided;
  /** The exact commit, with its message and its diff; undefined when nothing is to be written. */
  readonly commit: CommitText | undefined;
  /** How many intents of others the same commit lands. */
  readonly others: number;
}

/** Plans an intent at the branch's head, as landing it would, without writing to the branch; refuses what it would refuse. */
export async function previewIntent(intent: Intent, branch: string, ports: LandPorts): Promise<Preview> {
  const tip = await readTip(branch, ports);
  const { plan, decided } = await decideAt(tip, intent, branch, ports);
  const { head } = tip;
  if (decided.outcome !== 'landed') return { head, decided, commit: undefined, others: 0 };
  const message = messageOf(plan);
  const commit = await ports.git.commit({ parent: head, message, files: plan.files, at: ports.clock.now() });
  const landed = plan.decided.filter(({ outcome }) => outcome === 'landed');
  return { head, decided, commit: await ports.git.show(commit), others: landed.length - 1 };
}

/** With all open intents, which land in the same commit; alone where one of them moves the same image and goes first. */
async function decideAt(
  { head, open }: Tip,
  intent: Intent,
  branch: string,
  ports: LandPorts,
): Promise<{ plan: Plan; decided: Decided }> {
  const trusted = await ports.trust(open, branch);
  const stale = await findStale({ head }, trusted, ports);
  const others = trusted.filter((one) => !stale.has(one.intent));
  for (const intents of [[intent, ...others.map((one) => one.intent)], [intent]]) {
    const plan = await planAt(head, intents, ports);
    const decided = plan.decided.find((one) => one.intent === intent);
    if (decided?.outcome === 'refused') throw decided.refusal ?? new Error('a refusal without a reason');
    if (decided !== undefined && decided.outcome !== 'waits') return { plan, decided };
  }
  throw new Error('an intent that is alone waits for nothing');
}

/** Returns a commit that landed, with its message and its diff; another writer may have pushed it. */
export async function readLanded(commit: CommitSha, { git }: Pick<LandPorts, 'git'>): Promise<CommitText> {
  const isHere = (await git.findCommits([commit])).has(commit);
  if (!isHere && !(await git.fetch({ refspecs: [`+${commit}:refs/slipway/landed`], depth: 2 })))
    throw new Refusal(
      `${commit} landed, and somebody has forced the branch away from it since: slipway history shows what is on it now; run the command again to land it there`,
    );
  return git.show(commit);
}
