import { posix } from 'node:path';
import type { Config } from '#core/config/config.ts';
import { readConfig } from '#core/config/read.ts';
import { fetchTrees, findCommonCommit, type Repositories } from '#core/git/common-commit.ts';
import { compareImages, type ImageChange } from '#core/images/compare.ts';
import { type Environments, openEnvironments } from '#core/images/environments.ts';
import { createImagesReport, type ImageEntry, type ImagesReport } from '#core/images/report.ts';
import { findUnpinned } from '#core/images/unpinned.ts';
import type { Registry, RegistryLocation } from '#core/registry/registry.ts';
import { openCommit, type SourceTree } from '#core/source/source-tree.ts';
import type { Clock } from '#core/system/clock.ts';
import { createLimit } from '#core/system/limit.ts';
import type { Log } from '#core/system/log.ts';
import { isExpected, Refusal } from '#core/values/errors.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

/** What is compared. */
export interface ImagesRequest {
  /** The commit that the change goes to; undefined for the first parent of the head, which is the merge itself then. */
  readonly base: CommitSha | undefined;
  readonly head: CommitSha;
  /** slipway.yaml's path. */
  readonly config: string;
}

/** Opens the registry that slipway.yaml names, to look only. */
export type OpenRegistry = (location: RegistryLocation) => Promise<Pick<Registry, 'findDigest'>>;

/** What a preview of images needs from the world. */
export interface ImagesPorts extends Repositories {
  /** Opens the registry; or why it is not to be asked, as the end of a sentence. */
  readonly registry: OpenRegistry | string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Returns what merging a change would do to the images: what is built, what is found, and who gets it. Nothing is written. */
export async function previewImages(request: ImagesRequest, ports: ImagesPorts): Promise<ImagesReport> {
  const { git, clock, log } = ports;
  const { head } = request;
  const config = posix.normalize(request.config);
  const base = await findBase(request, ports);
  await fetchTrees(git, [base, head]);
  const [was, is] = [rememberTexts(openCommit(git, base)), rememberTexts(openCommit(git, head))];
  const [paths, after] = await Promise.all([git.listChangedPaths(base, head), readConfig(is, config)]);
  const before = paths.includes(config) ? await readBefore(was, config, after) : { images: after.images, fault: '' };
  const sides = [
    { source: was, images: before.images },
    { source: is, images: after.images },
  ] as const;
  const changes = await compareImages(...sides, paths);
  const names = [...changes.values()].flatMap((change) => (change.is === 'gone' ? change.before : change.after).names);
  const environments = await openEnvironments(git, head, after, { now: clock.now(), names });
  const known = await askRegistry(changes, after.registry, ports);
  const context = { source: is, config, environments, known };
  const entries = await Promise.all([...changes].map(([name, change]) => describeChange(name, change, context)));
  log.info(
    `images that change between ${base.slice(0, 7)} and ${head.slice(0, 7)}: ${[...changes.keys()].join(', ') || 'none'}`,
  );
  const unchanged = [...after.images.keys()].filter((name) => !changes.has(name)).length;
  const notAsked = 'why' in known ? known.why : '';
  return createImagesReport({ base, head, unchanged, notAsked, baseFault: before.fault }, entries);
}

/** Many images may have one template: each text is read once. */
function rememberTexts(source: SourceTree): SourceTree {
  const read = new Map<string, Promise<string | undefined>>();
  const readText = (path: string): Promise<string | undefined> => {
    const reading = read.get(path) ?? source.readText(path);
    read.set(path, reading);
    return reading;
  };
  return { ...source, readText };
}

async function findBase({ base, head }: ImagesRequest, ports: ImagesPorts): Promise<CommitSha> {
  if (base !== undefined) return findCommonCommit(base, head, ports);
  await fetchTrees(ports.git, [head]);
  const [parent] = (await ports.git.readCommit(head)).parents;
  if (parent !== undefined) return parent;
  throw new Refusal(`${head} has no parent to compare it with: give the branch that the change goes to as base`);
}

/** Where slipway.yaml cannot be read, the images are those of the head, by what the commit holds of them. */
async function readBefore(
  source: SourceTree,
  config: string,
  after: Config,
): Promise<{ readonly images: Config['images']; readonly fault: string }> {
  try {
    return { images: (await readConfig(source, config)).images, fault: '' };
  } catch (error) {
    if (!isExpected(error)) throw error;
    return { images: after.images, fault: error.message };
  }
}

/** What the registry has, by image; or why that is not known. */
type Known = { readonly digests: ReadonlyMap<string, Digest | undefined> } | { readonly why: string };

const AT_A_TIME = 8;

/** One question that is not answered leaves all open: which of them would be built is then said of none. */
async function askRegistry(
  changes: ReadonlyMap<string, ImageChange>,
  location: RegistryLocation,
  { registry: open }: ImagesPorts,
): Promise<Known> {
  const wanted = [...changes].flatMap(([name, change]) =>
    change.is === 'changed' ? [{ name, tag: `in-${change.ingredients.inputHash}` }] : [],
  );
  if (wanted.length === 0) return { digests: new Map() };
  if (typeof open === 'string') return { why: open };
  const limit = createLimit(AT_A_TIME);
  try {
    const registry = await open(location);
    const found = wanted.map(({ name, tag }) =>
      limit(async () => [name, await registry.findDigest(name, tag)] as const),
    );
    return { digests: new Map(await Promise.all(found)) };
  } catch (error) {
    if (!isExpected(error)) throw error;
    return { why: error.message };
  }
}

interface Context {
  readonly source: SourceTree;
  readonly config: string;
  readonly environments: Environments;
  readonly known: Known;
}

async function describeChange(image: string, change: ImageChange, context: Context): Promise<ImageEntry> {
  const { source, config, environments, known } = context;
  const nothing = { image, isNew: false, why: '', inputHash: '', digest: '' } as const;
  const rest = { causes: [], rebuildsDependencies: false, unpinned: null, environments: [] };
  if (change.is === 'gone') {
    return { ...nothing, ...rest, group: 'remove', environments: environments.findNaming(change.before.names) };
  }
  if (change.is === 'broken') return { ...nothing, ...rest, group: 'error', isNew: change.isNew, why: change.why };
  const { after, isNew, ingredients, causes, rebuildsDependencies } = change;
  const digest = 'digests' in known ? known.digests.get(image) : undefined;
  return {
    group: groupOf(known, digest),
    image,
    isNew,
    causes: [...causes],
    why: '',
    inputHash: ingredients.inputHash,
    digest: digest ?? '',
    rebuildsDependencies: rebuildsDependencies && digest === undefined,
    unpinned: await findUnpinned(after, ingredients, source, config),
    environments: environments.findTargets(image, digest ?? ''),
  };
}

function groupOf(known: Known, digest: Digest | undefined): ImageEntry['group'] {
  if ('why' in known) return 'change';
  return digest === undefined ? 'build' : 'found';
}
