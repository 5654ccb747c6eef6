import { readHead } from '#core/release/head.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';
import type { Inputs } from './inputs.ts';
import { readNeeds } from './needs.ts';
import type { Ports } from './ports.ts';
import { type RetainedRepository, retainRepository } from './retain.ts';

/** What became of the images that git can still ask for. */
export interface Retention {
  readonly outcome: 'kept' | 'changed' | 'endangered';
  readonly isDryRun: boolean;
  /** The commit whose overlays, releases and holds were read. */
  readonly head: CommitSha;
  readonly repositories: readonly RetainedRepository[];
}

/** A branch that moves while we look at it is looked at again; past this the next run does it. */
const ROUNDS = 5;

/** Keeps every image that the branch can still ask for, and says which are gone or in danger. */
export async function run(inputs: Inputs, ports: Ports): Promise<Retention> {
  const earlier: RetainedRepository[] = [];
  for (let round = 1; ; round++) {
    const head = await readHead(inputs.branch, ports);
    const repositories = await retainAt(head, inputs, ports);
    const isSettled = inputs.dryRun || (await readHead(inputs.branch, ports)) === head;
    if (isSettled || round === ROUNDS) return summarize(inputs, head, repositories, earlier);
    ports.log.info(`${inputs.branch} moved on from ${head}: reading it again, since it may need other images now`);
    earlier.push(...repositories);
  }
}

async function retainAt(head: CommitSha, inputs: Inputs, ports: Ports): Promise<RetainedRepository[]> {
  const { registry, images } = await readNeeds(head, inputs, ports);
  if (registry.type !== 'ecr')
    throw new Refusal(
      `config: the registry of ${inputs.config} is ${registry.host}, which has no lifecycle policies of ECR's; there is nothing for this action to do`,
    );
  const retainPorts = { images: await ports.openImages(registry), now: ports.now };
  const retained: RetainedRepository[] = [];
  for (const [image, needs] of images) retained.push(await retainRepository(image, needs, inputs.dryRun, retainPorts));
  return retained;
}

function summarize(
  inputs: Inputs,
  head: CommitSha,
  last: readonly RetainedRepository[],
  earlier: readonly RetainedRepository[],
): Retention {
  const repositories = last.map((repository) => {
    const before = earlier.filter(({ image }) => image === repository.image).flatMap(({ changes }) => changes);
    return { ...repository, changes: [...before.filter(({ change }) => change !== 'left'), ...repository.changes] };
  });
  const isLost = repositories.some(({ protectedImages }) => protectedImages.some(({ state }) => state !== 'kept'));
  const isEndangered = isLost || repositories.some(({ endangered }) => endangered.length > 0);
  const isChanged = repositories.some(({ changes }) => changes.some(({ change }) => change !== 'left'));
  const outcome = isEndangered ? 'endangered' : isChanged ? 'changed' : 'kept';
  return { outcome, isDryRun: inputs.dryRun, head, repositories };
}
