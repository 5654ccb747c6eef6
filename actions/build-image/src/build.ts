import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pluginsPath } from '#core/source/image-inputs.ts';
import { type Digest, isDigest } from '#core/values/reference.ts';
import { type PinnedBase, pinBaseImage } from './base-image.ts';
import { type Docker, localTag, mountFolder, openDocker } from './engine/docker.ts';
import { exportPaths } from './engine/export.ts';
import { initPacker, needsInit, runPacker } from './engine/packer.ts';
import type { Plan } from './plan.ts';
import type { Ports } from './ports.ts';
import { type Published, type PublishPorts, publish, pushImage } from './publish.ts';

/** What happened to the dependency layer: it was there, it was built, the image has none, or nothing was built. */
export type DependencyLayer = 'reused' | 'built' | 'none' | 'untouched';

/** What the steps of one build share. */
interface BuildContext {
  readonly plan: Plan;
  readonly deps: Ports;
  readonly docker: Docker;
  readonly ports: PublishPorts;
  /** Holds the exported inputs, once `exported`. */
  readonly folder: string;
  /** What Packer reads is in place. Runs beside the questions that need none of it. */
  readonly exported: Promise<void>;
  /** Names that this build gave to images in the engine. */
  readonly made: string[];
}

/** What {@link buildLayers} made. */
export interface BuiltLayers {
  readonly published: Published;
  readonly dependencies: DependencyLayer;
  /** The base image below it all, where it is known. */
  readonly base: Digest | undefined;
}

/** Builds what is missing, pushes it, and leaves the engine as it was but for base images and the dependency layer. */
export async function buildLayers(plan: Plan, deps: Ports): Promise<BuiltLayers> {
  const isInitNeeded = settled(asksForInit(plan, deps)); // half the time that Packer takes to start: nothing waits for it
  const scratch = await deps.openScratch();
  try {
    const context = await openBuildContext(plan, deps, await scratch.folder(), isInitNeeded);
    try {
      return await buildAndPublish(context);
    } finally {
      await Promise.allSettled([context.exported]); // nothing writes into the scratch folder any more
      await context.docker.removeImages(context.made);
    }
  } finally {
    await scratch.remove();
  }
}

/** Returns the same promise, whose failure is told to those who wait for it and to no one else. */
function settled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** True when the image's template has a list of plugins, and Packer must obtain them. */
async function asksForInit({ image, ingredients }: Plan, { toolExec }: Ports): Promise<boolean> {
  const plugins = pluginsPath(image.template);
  return ingredients.template.some((id) => id.path === plugins) && needsInit(toolExec);
}

async function openBuildContext(
  plan: Plan,
  deps: Ports,
  root: string,
  isInitNeeded: Promise<boolean>,
): Promise<BuildContext> {
  const { registry } = plan;
  const mounts = join(root, mountFolder(deps.mark));
  await mkdir(mounts);
  const exec: Ports['toolExec'] = (argv, options) =>
    deps.toolExec(argv, { ...options, extraEnv: { PACKER_TMP_DIR: mounts, ...options?.extraEnv } });
  const tools = { ...deps, toolExec: exec };
  const folder = join(root, 'source');
  const exported = settled(exportSource(plan, tools, folder, isInitNeeded));
  const credentials = await registry.credentials();
  const secretFolder = join(root, 'login');
  const docker = await openDocker({ exec, host: registry.host, credentials, secretFolder, log: deps.log });
  const ports = { registry, docker, clock: deps.clock, random: deps.random, log: deps.log };
  return { plan, deps: tools, docker, ports, folder, exported, made: [] };
}

/** Puts in place what Packer reads, and the plugins that it needs. */
async function exportSource(plan: Plan, deps: Ports, folder: string, isInitNeeded: Promise<boolean>): Promise<void> {
  const { template, inputs } = plan.ingredients;
  const paths = [...template, ...inputs].map((id) => id.path);
  await exportPaths({ exec: deps.exec, checkout: deps.checkout, commit: plan.source.commit, paths, folder });
  if (await isInitNeeded) await initPacker(deps.toolExec, folder, pluginsPath(plan.image.template), deps.log);
}

async function buildAndPublish(context: BuildContext): Promise<BuiltLayers> {
  const { plan, folder } = context;
  const { dependenciesHash } = plan.ingredients;
  const isLayered = dependenciesHash !== undefined && !plan.inputs.force;
  const layer = isLayered ? await obtainDependencies(context, dependenciesHash) : undefined;
  const below = layer ?? (await pinBase(context));
  const local = await buildImage(context, folder, below.reference, layer && 'app');
  const base = settled(layer === undefined ? Promise.resolve(below.digest) : readBase(context, layer.reference));
  const published = await publish(
    { local, repository: plan.image.name, tag: plan.tag, sourceTag: plan.sourceTag },
    context.ports,
  );
  return { published, dependencies: layer?.state ?? 'none', base: await base };
}

/** The base image is asked for only where a build starts from it: what its tag points to decides no skip. */
function pinBase({ plan, deps }: BuildContext): Promise<PinnedBase> {
  return pinBaseImage(plan.ingredients.base, async (host) =>
    plan.registry.host === host ? plan.registry : deps.openHost(host),
  );
}

/** The label by which an image names the digest of its base (OCI image specification, annotations). */
const BASE_LABEL = 'org.opencontainers.image.base.digest';

async function readBase({ docker }: BuildContext, reference: string): Promise<Digest | undefined> {
  const label = await docker.readLabel(reference, BASE_LABEL);
  return label !== undefined && isDigest(label) ? label : undefined;
}

/** A dependency layer in the engine. */
interface Layer {
  readonly reference: string;
  readonly digest: Digest;
  readonly state: 'reused' | 'built';
}

/** Returns the dependency layer by digest, in the engine; builds and pushes it where the registry has none. */
async function obtainDependencies(context: BuildContext, hash: string): Promise<Layer> {
  const { plan, docker, ports } = context;
  const repository = plan.image.name;
  const tag = `deps-${hash}`;
  const known = await ports.registry.findDigest(repository, tag);
  const digest = known ?? (await buildDependencies(context, tag));
  const reference = `${ports.registry.host}/${repository}@${digest}`;
  const isNew = await docker.ensureImage(reference);
  if (isNew || known === undefined) await keepOne(context, reference, tag);
  return { reference, digest, state: known === undefined ? 'built' : 'reused' };
}

/** Only the files that the layer is made of are there, so that nothing else can get into it. */
async function buildDependencies(context: BuildContext, tag: string): Promise<Digest> {
  const { plan, deps } = context;
  const { template, dependencies } = plan.ingredients;
  const folder = `${context.folder}-dependencies`;
  const paths = [...template, ...dependencies].map((id) => id.path);
  const [base] = await Promise.all([
    pinBase(context),
    exportPaths({ exec: deps.exec, checkout: deps.checkout, commit: plan.source.commit, paths, folder }),
  ]);
  const local = await buildImage(context, folder, base.reference, 'dependencies');
  const { digest } = await pushImage({ local, repository: plan.image.name, tag }, context.ports);
  return digest;
}

/** The newest dependency layer stays in the engine for the next build, like a base image; older ones go. */
async function keepOne(context: BuildContext, reference: string, tag: string): Promise<void> {
  const { plan, docker, ports } = context;
  const repository = `${ports.registry.host}/${plan.image.name}`;
  await docker.tag(reference, `${repository}:${tag}`);
  const names = await docker.listNames(repository);
  await docker.removeImages(
    names.filter((name) => name.startsWith(`${repository}:deps-`) && name !== `${repository}:${tag}`),
  );
}

/** Runs Packer once and returns the image's name in the engine, which no other build uses. */
async function buildImage(
  context: BuildContext,
  folder: string,
  base: string,
  layer: 'dependencies' | 'app' | undefined,
): Promise<string> {
  const { plan, deps } = context;
  const repository = `${plan.registry.host}/${plan.image.name}`;
  const tag = localTag(deps.mark, randomBytes(6).toString('hex'));
  const local = `${repository}:${tag}`;
  context.made.push(local);
  if (layer !== 'dependencies') context.made.push(`${repository}:${plan.tag}`);
  const variables = {
    ...plan.image.variables,
    image_repository: repository,
    image_tag: tag,
    base_image: base,
    source_sha: plan.source.commit,
    source_url: deps.repositoryUrl,
    ...(layer === undefined ? {} : { layer }),
  };
  await context.exported;
  await runPacker(
    { image: plan.image.name, template: plan.image.template, folder, variables },
    deps.toolExec,
    deps.log,
  );
  return local;
}
