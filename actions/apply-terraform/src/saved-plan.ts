import { nameSavedPlan, PLAN_FILE } from '#core/action/artifact-names.ts';
import { type SavedPlan, unpackPlan } from '#core/terraform/saved-plan/binding.ts';
import type { PlanRefusal } from '#core/terraform/saved-plan/check.ts';
import { unseal } from '#core/terraform/saved-plan/seal.ts';
import type { Work } from './accept.ts';

/** Bytes of a saved plan at most. */
const MOST = 256 << 20;

/** Returns the saved plan of the merged head, from its file or from the run that planned it; or why there is none. */
export async function openSavedPlan(work: Work): Promise<SavedPlan | PlanRefusal> {
  const { savedPlan, key } = work.inputs;
  const found = savedPlan === '' ? await findArtifact(work) : await readFromFile(work);
  if (!Buffer.isBuffer(found)) return found;
  const bytes = unseal(found, key);
  const saved = bytes === undefined ? undefined : unpackPlan(bytes);
  if (saved !== undefined) return saved;
  return {
    kind: 'damaged',
    sentence: `the saved plan ${savedPlan || nameSavedPlan(work.stack.name)} is damaged, or was saved with another key: give plan-terraform and apply-terraform the same secret, and plan it again, in a pull request`,
  };
}

async function readFromFile({ inputs, ports, stack }: Work): Promise<Buffer | PlanRefusal> {
  return (await ports.store.load()) ?? refuseMissing(stack.name, inputs.head, `${inputs.savedPlan} is missing`);
}

/** The seal is what makes a plan trusted: an artifact is text from outside. */
async function findArtifact({ inputs, ports, stack }: Work): Promise<Buffer | PlanRefusal> {
  const { head, workflow, pullRequest } = inputs;
  const { github, log } = ports;
  if (github === undefined) return refuseMissing(stack.name, head, 'there is neither a file nor a token to ask for it');
  if (pullRequest !== undefined && (await github.pulls.read(pullRequest)).isFork)
    return {
      kind: 'from-fork',
      sentence: `#${pullRequest} comes from a fork, whose plan is never saved: plan it again, in a pull request from a branch of this repository`,
    };
  const run = await github.runs.newestOfPull(workflow, head);
  if (run === undefined) return refuseMissing(stack.name, head, `${workflow} has no run for it`);
  const artifact = (await github.artifacts.list(run)).find(({ name }) => name === nameSavedPlan(stack.name));
  if (artifact === undefined)
    return refuseMissing(
      stack.name,
      head,
      `run ${run} left none: it failed, had no key, or is older than they are kept`,
    );
  log.info(`the saved plan is ${artifact.name} of run ${run}`);
  return (await github.artifacts.read(artifact, PLAN_FILE, MOST)) ?? Buffer.alloc(0);
}

function refuseMissing(stack: string, head: string, why: string): PlanRefusal {
  return {
    kind: 'none-saved',
    sentence: `no plan of ${stack} was saved for ${head.slice(0, 7)} (${why}): plan it again, in a pull request`,
  };
}
