import { BORROWED } from '#core/git/repository.ts';
import type { Decided } from '#core/release/decide.ts';
import type { FoldPorts } from '#core/release/fold.ts';
import type { DeployIntent, Intent } from '#core/release/intent.ts';
import { glanceAt, openTip } from '#core/release/open-intents.ts';
import { planAt } from '#core/release/plan.ts';
import { isExpected } from '#core/values/errors.ts';

/**
 * Decides a deploy of digests that the checkout's overlays have already: mostly nothing is to be written, and then nothing
 * needs to be published. Undefined where that is not known, where something is to be written, or where others write.
 */
export async function decideKnown(intent: Intent, branch: string, ports: FoldPorts): Promise<Decided | undefined> {
  if (intent.kind !== 'deploy' || !(await isInCheckout(intent, ports))) return undefined;
  const glance = await glanceAt(branch, ports);
  if (glance.open.length > 0) return undefined;
  const { head } = await openTip(glance, undefined, branch, ports);
  const { decided, files } = await planAt(head, [intent], ports);
  return files.length === 0 ? decided.find(({ outcome }) => outcome !== 'waits') : undefined;
}

/** A guess that costs no request: the branch may have moved on since the checkout was made. */
async function isInCheckout(
  { environments, images }: DeployIntent,
  { git, editor, readConfig }: FoldPorts,
): Promise<boolean> {
  const commit = await git.revParse(BORROWED);
  if (commit === undefined) return false;
  try {
    const config = await readConfig(commit);
    const asked = [...config.environments.values()].filter(
      ({ name, deploys }) => environments?.includes(name) ?? deploys === 'on-push',
    );
    const overlays = await Promise.all(asked.map((environment) => editor.read(commit, environment, config)));
    return overlays.every(({ digests }) => [...images].every(([image, { digest }]) => digests.get(image) === digest));
  } catch (error) {
    if (!isExpected(error)) throw error;
    return false;
  }
}
