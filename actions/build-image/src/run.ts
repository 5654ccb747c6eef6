import { type Ingredients, readIngredients } from '#core/source/ingredients.ts';
import { openSourceTree } from '#core/source/source-tree.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';
import { buildLayers, type DependencyLayer } from './build.ts';
import type { Inputs } from './inputs.ts';
import { chooseTags, type Plan } from './plan.ts';
import type { Ports } from './ports.ts';
import { twoDigests } from './publish.ts';

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
  /** The base image that is in the image; undefined when nothing was built, or where the dependency layer does not say. */
  readonly base: Digest | undefined;
  /** Compressed size in bytes; undefined when it was not asked for. */
  readonly size: number | undefined;
}

/** Builds and pushes an image, or finds the build of the same inputs that the registry has. */
export async function run(inputs: Inputs, ports: Ports): Promise<Build> {
  const started = ports.clock.now().getTime();
  const source = await openSourceTree(ports.exec, ports.checkout);
  const settings = await ports.readSettings(source, inputs);
  const { image } = settings;
  const [registry, ingredients] = await Promise.all([settings.registry, readIngredients(image, source)]);
  const known = await registry.findDigest(image.name, `in-${ingredients.inputHash}`);
  const plan: Plan = {
    inputs,
    image,
    registry,
    source,
    ingredients,
    known,
    ...chooseTags(inputs, source, ingredients, known, ports),
  };
  const result = known !== undefined && !inputs.force ? skip(known) : await build(plan, ports);
  return {
    ...result,
    image: image.name,
    reference: `${registry.host}/${image.name}@${result.digest}`,
    tag: plan.tag,
    inputHash: ingredients.inputHash,
    seconds: (ports.clock.now().getTime() - started) / 1000,
    source: source.commit,
    forced: inputs.force,
    ingredients,
  };
}

type Result = Pick<Build, 'outcome' | 'digest' | 'adopted' | 'dependencies' | 'size' | 'base'>;

function skip(digest: Digest): Result {
  return { outcome: 'skipped', digest, adopted: false, dependencies: 'untouched', size: undefined, base: undefined };
}

async function build(plan: Plan, ports: Ports): Promise<Result> {
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
  const { published, dependencies, base } = await buildLayers(plan, ports);
  const { digest, adopted } = published;
  return { outcome: 'built', digest, adopted, dependencies, base, size: await registry.findSize(image.name, digest) };
}
