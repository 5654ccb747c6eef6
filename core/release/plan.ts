import type { Config, EnvironmentConfig } from '#core/config/config.ts';
import type { OverlayEdit, OverlayEditor, OverlayState } from '#core/overlay/edit.ts';
import { releaseKey } from '#core/release/believe.ts';
import { chooseEnvironments } from '#core/release/environments.ts';
import type { BranchHistory, History } from '#core/release/history.ts';
import { openImageHistory, openInputReader } from '#core/release/images.ts';
import type { Intent } from '#core/release/intent.ts';
import { placeBuild } from '#core/release/order.ts';
import { type Decision, decide, type Outcome, type Place } from '#core/release/rules.ts';
import type { LandedRelease, Release } from '#core/release/trailer.ts';
import { InputError, Refusal } from '#core/values/errors.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

/** What became of one image in one environment. */
export interface ImageOutcome {
  readonly environment: string;
  readonly image: string;
  readonly outcome: Outcome;
  readonly from: Digest | undefined;
  readonly to: Digest;
  readonly source: CommitSha;
  /** The newer release, where one superseded this. */
  readonly winner?: LandedRelease;
  /** What a person should know of it besides. */
  readonly note?: string;
}

/** A proven change of one environment's overlay. */
export interface EnvironmentEdit extends OverlayEdit {
  readonly environment: string;
}

/** What an intent comes to at one head of the branch. */
export interface Plan {
  readonly images: readonly ImageOutcome[];
  readonly releases: readonly Release[];
  /** Empty when nothing is to be written. */
  readonly edits: readonly EnvironmentEdit[];
}

/** What planning needs from the world. */
export interface PlanPorts {
  readonly history: History;
  readonly editor: OverlayEditor;
  /** Reads slipway.yaml at the head. */
  readonly readConfig: (head: CommitSha) => Promise<Config>;
  /** slipway.yaml's path. */
  readonly configPath: string;
}

/** Decides each image of an intent by the rules on the head's tree; prepares and proves the edits of those that land. */
export async function planAt(head: CommitSha, intent: Intent, ports: PlanPorts): Promise<Plan> {
  const config = await ports.readConfig(head);
  const environments = chooseEnvironments(config, intent);
  const [branch, overlays] = await Promise.all([
    ports.history.at(head),
    Promise.all(environments.map(({ overlay }) => ports.editor.read(head, overlay))),
  ]);
  await ensureOnBranch(intent.source, branch, ports.history);
  const targets = environments.flatMap((environment, index): Target[] => {
    const overlay = overlays[index];
    return overlay === undefined ? [] : [{ environment, overlay }];
  });
  const decided = await decideImages(await listWanted(targets, intent, head, ports), intent, branch, ports);
  const edits = await Promise.all(targets.map((target) => editTarget(target, decided, head, config, ports)));
  const landing = decided.filter(({ outcome }) => outcome === 'landed');
  return {
    images: decided,
    releases: landing.map((image) => toRelease(image, intent)),
    edits: edits.filter((edit) => edit !== undefined),
  };
}

interface Target {
  readonly environment: EnvironmentConfig;
  readonly overlay: OverlayState;
}

/** One image that the intent brings to one environment. */
interface WantedImage {
  readonly environment: EnvironmentConfig;
  readonly image: string;
  readonly to: Digest;
  readonly from: Digest | undefined;
}

/**
 * Returns the images that each environment is to get. Where the intent names no environment, an image that an overlay neither
 * lists nor uses is left out there; one that it uses without an entry goes on, to be refused with the missing lines.
 */
async function listWanted(
  targets: readonly Target[],
  intent: Intent,
  head: CommitSha,
  ports: PlanPorts,
): Promise<WantedImage[]> {
  const isWanted = async ({ overlay }: Target, image: string): Promise<boolean> =>
    intent.environments !== undefined ||
    overlay.entries.some((entry) => entry.name === image) ||
    ports.editor.uses(head, overlay, image);
  const wanted = targets.flatMap((target) =>
    [...intent.images].map(async ([image, to]): Promise<WantedImage[]> => {
      const { environment, overlay } = target;
      return (await isWanted(target, image)) ? [{ environment, image, to, from: overlay.digests.get(image) }] : [];
    }),
  );
  const all = (await Promise.all(wanted)).flat();
  const unused = [...intent.images.keys()].find((name) => !all.some(({ image }) => image === name));
  if (unused === undefined) return all;
  const names = targets.map(({ environment }) => environment.name).join(', ');
  throw new InputError('images', unused, `is used by no overlay of ${names}; add it to a base, or take the line out`);
}

async function decideImages(
  wanted: readonly WantedImage[],
  intent: Intent,
  branch: BranchHistory,
  ports: PlanPorts,
): Promise<ImageOutcome[]> {
  const places = [...new Set(wanted.map(({ environment }) => environment))].map(({ name, overlay }) => ({
    environment: name,
    overlay,
  }));
  const deployed = await branch.findReleases({ places, images: [...intent.images.keys()], count: 1 });
  const inputs = openInputReader(branch, ports.configPath);
  return Promise.all(
    wanted.map(async ({ environment: { name, overlay }, image, to, from }): Promise<ImageOutcome> => {
      const release = deployed.get(releaseKey(name, image))?.[0];
      const history = openImageHistory(branch, inputs, { environment: name, overlay }, image, ports.configPath);
      const place: Place = await placeBuild({ source: intent.source, digest: to }, release, branch.line, history);
      const decision = decide({ wanted: to, current: from, place });
      return { environment: name, image, from, to, source: intent.source, ...describe(decision, intent, name, image) };
    }),
  );
}

function describe(
  decision: Decision,
  intent: Intent,
  environment: string,
  image: string,
): Pick<ImageOutcome, 'outcome' | 'winner' | 'note'> {
  switch (decision.outcome) {
    case 'lands':
      return decision.note === undefined ? { outcome: 'landed' } : { outcome: 'landed', note: decision.note };
    case 'unchanged':
      return { outcome: 'unchanged' };
    case 'superseded':
      return { outcome: 'superseded', winner: decision.winner };
    case 'refused':
      throw new Refusal(
        `source-sha: ${intent.source} is neither before nor after ${decision.deployed.source}, from which ${environment}/${image} was released in ${decision.deployed.commit}: one merge brought both; deploy that merge, ${decision.merge}`,
      );
  }
}

async function editTarget(
  { environment, overlay }: Target,
  images: readonly ImageOutcome[],
  head: CommitSha,
  config: Config,
  { editor }: PlanPorts,
): Promise<EnvironmentEdit | undefined> {
  const landing = images.filter((image) => image.environment === environment.name && image.outcome === 'landed');
  if (landing.length === 0) return undefined;
  const wanted = new Map(landing.map(({ image, to }) => [image, to]));
  return { environment: environment.name, ...(await editor.edit(head, overlay, wanted, config.registry)) };
}

function toRelease({ environment, image, to, from, source }: ImageOutcome, intent: Intent): Release {
  return {
    environment,
    image,
    to,
    from,
    source,
    kind: intent.kind,
    intent: intent.id,
    run: intent.run,
    actor: intent.actor,
  };
}

async function ensureOnBranch(source: CommitSha, branch: BranchHistory, history: History): Promise<void> {
  if (await branch.line.contains(source)) return;
  throw new Refusal(
    (await history.exists(source))
      ? `source-sha: ${source} is not on the branch: it was never merged, or was pushed away; deploy a commit that the branch has`
      : `source-sha: the repository has no commit ${source}; give the commit that the images were built from`,
  );
}
