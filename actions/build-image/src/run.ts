import type { Clock } from '#core/clock.ts';
import type { Exec } from '#core/exec.ts';
import { openSourceTree, type SourceTree } from '#core/input-hash.ts';
import type { Log } from '#core/log.ts';
import type { CommitSha, Digest } from '#core/reference.ts';
import type { PushRegistry, Registry } from '#core/registry/registry.ts';
import type { Scratch } from '#core/scratch.ts';
import { buildLayers, type DependencyLayer } from './build.ts';
import { gatherIngredients, type ImageSettings, type Ingredients } from './ingredients.ts';
import type { Inputs } from './inputs.ts';
import { twoDigests } from './publish.ts';

/** What this action needs from the world. */
export interface Deps {
  /** Programs with the step's own environment: git. */
  readonly exec: Exec;
  /** Programs with the environment of {@link toolEnvironment}: Packer and Docker. */
  readonly toolExec: Exec;
  readonly checkout: string;
  /** Reads an image's settings and the registry from slipway.yaml at the source commit. */
  readonly readSettings: (source: SourceTree, inputs: Inputs) => Promise<Settings>;
  /** The registry of a base image, by its host. */
  readonly openHost: (host: string) => Registry;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly openScratch: () => Promise<Scratch>;
  /** Marks what this process has in the Docker engine, see owner.ts. */
  readonly mark: string;
  /** Page of the repository. */
  readonly repositoryUrl: string;
  /** Unique to this attempt of the workflow run. */
  readonly attempt: string;
}

/** What slipway.yaml says, and the registry that it names: logging in there takes as long as all of git's answers. */
export interface Settings {
  readonly image: ImageSettings;
  readonly registry: Promise<PushRegistry>;
}

/** What became of the image. */
export interface Build {
  readonly outcome: 'built' | 'skipped';
  readonly image: string;
  readonly digest: Digest;
  /** `<host>/<repository>@<digest>`. */
  readonly reference: string;
  readonly tag: string;
  readonly inputHash: string;
  readonly seconds: number;
  readonly source: CommitSha;
  readonly forced: boolean;
  /** A simultaneous build of the same inputs was first, and its digest is this one. */
  readonly adopted: boolean;
  readonly dependencies: DependencyLayer;
  readonly ingredients: Ingredients;
  /** Compressed size in bytes; undefined when it was not asked for. */
  readonly size: number | undefined;
}

/** Builds and pushes an image, or finds the build of the same inputs that the registry has. */
export async function run(inputs: Inputs, deps: Deps): Promise<Build> {
  const started = deps.clock.now().getTime();
  const source = await openSourceTree(deps.exec, deps.checkout);
  const settings = await deps.readSettings(source, inputs);
  const { image } = settings;
  const registryOf = async (host: string) => {
    const own = await settings.registry;
    return own.host === host ? own : deps.openHost(host);
  };
  const [registry, ingredients] = await Promise.all([settings.registry, gatherIngredients(image, source, registryOf)]);
  const known = await registry.findDigest(image.name, `in-${ingredients.inputHash}`);
  const plan: Plan = {
    inputs,
    image,
    registry,
    source,
    ingredients,
    known,
    ...chooseTags(inputs, source, ingredients, known, deps),
  };
  const result = known !== undefined && !inputs.force ? skip(known) : await build(plan, deps);
  return {
    ...result,
    image: image.name,
    reference: `${registry.host}/${image.name}@${result.digest}`,
    tag: plan.tag,
    inputHash: ingredients.inputHash,
    seconds: (deps.clock.now().getTime() - started) / 1000,
    source: source.commit,
    forced: inputs.force,
    ingredients,
  };
}

/** All that is decided before a build begins. */
export interface Plan {
  readonly image: ImageSettings;
  readonly registry: PushRegistry;
  readonly inputs: Inputs;
  readonly source: SourceTree;
  readonly ingredients: Ingredients;
  /** What the registry has for these inputs. */
  readonly known: Digest | undefined;
  readonly tag: string;
  readonly sourceTag: string;
}

/** A forced build of known inputs gets tags of its own: those of the first build stand for that one, forever. */
function chooseTags(
  inputs: Inputs,
  source: SourceTree,
  ingredients: Ingredients,
  known: Digest | undefined,
  deps: Deps,
): { tag: string; sourceTag: string } {
  const suffix = inputs.force && known !== undefined ? `-${deps.attempt}` : '';
  return { tag: `in-${ingredients.inputHash}${suffix}`, sourceTag: `git-${source.commit}${suffix}` };
}

type Result = Pick<Build, 'outcome' | 'digest' | 'adopted' | 'dependencies' | 'size'>;

function skip(digest: Digest): Result {
  return { outcome: 'skipped', digest, adopted: false, dependencies: 'untouched', size: undefined };
}

async function build(plan: Plan, deps: Deps): Promise<Result> {
  const { image, registry } = plan;
  const [there] = await Promise.all([
    registry.findDigest(image.name, plan.sourceTag),
    registry.ensureRepository(image.name),
  ]);
  if (there !== undefined) {
    // a simultaneous build sets the input's tag first and the commit's second: with it there, the other one is, too
    const known = await registry.findDigest(image.name, plan.tag);
    if (known !== undefined) return { ...skip(known), adopted: true };
    throw twoDigests(
      { repository: image.name },
      plan.sourceTag,
      there,
      `a build of the inputs ${plan.ingredients.inputHash}`,
    );
  }
  const { published, dependencies } = await buildLayers(plan, deps);
  const size = await registry.findSize(image.name, published.digest);
  return { outcome: 'built', digest: published.digest, adopted: published.adopted, dependencies, size };
}
