import { type Judged, judgePlan } from '#core/github/settle-plan.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** An open pull request, and what its plans are worth. */
export type Marked = { readonly pull: number } & Judged;

/** Judges the plans of every open pull request into the branch, as the branch is when this begins. */
export async function run({ branch, marker: name, identity: author }: Inputs, ports: Ports): Promise<Marked[]> {
  const base = await ports.readBase(branch);
  ports.log.info(`${branch} is at ${base.commit.slice(0, 7)}`);
  const pulls = (await ports.pulls.listOpen(branch)).filter(({ isFork }) => !isFork);
  const marked: Marked[] = [];
  for (const { number } of pulls) {
    const judged = await judgePlan({ pull: number, name, author }, { ...ports, readBase: async () => base });
    marked.push({ pull: number, ...judged });
  }
  return marked;
}

/** Returns why the step is red; undefined where it is not. */
export function describeFailure(marked: readonly Marked[]): string | undefined {
  const refusals = marked.flatMap((one) => ('refusal' in one ? [`#${one.pull}: ${one.refusal}`] : []));
  return refusals.length === 0 ? undefined : refusals.join('\n');
}
