import { type Standing, settlePlan } from '#core/github/settle-plan.ts';
import { describeError, isExpected } from '#core/values/errors.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** What an open pull request's plans are worth, or why that could not be said. */
export type Marked =
  | { readonly pull: number; readonly standing: Standing }
  | { readonly pull: number; readonly refusal: string };

/** Judges the plans of every open pull request into the branch, as the branch is when this begins. */
export async function run({ branch, marker: name, identity: author }: Inputs, ports: Ports): Promise<Marked[]> {
  const base = await ports.readBase(branch);
  ports.log.info(`${branch} is at ${base.commit.slice(0, 7)}`);
  const pulls = (await ports.pulls.listOpen(branch)).filter(({ isFork }) => !isFork);
  const marked: Marked[] = [];
  for (const { number } of pulls) {
    const judge = settlePlan({ pull: number, name, author }, { ...ports, readBase: async () => base });
    marked.push(
      await judge.then(
        (standing) => ({ pull: number, standing }),
        (error: unknown) => {
          if (!isExpected(error)) throw error;
          return { pull: number, refusal: describeError(error) };
        },
      ),
    );
  }
  return marked;
}

/** Returns why the step is red; undefined where it is not. */
export function describeFailure(marked: readonly Marked[]): string | undefined {
  const refusals = marked.flatMap((one) => ('refusal' in one ? [`#${one.pull}: ${one.refusal}`] : []));
  return refusals.length === 0 ? undefined : refusals.join('\n');
}
