import * as z from 'zod';
import { isManifestList } from '#core/aws/ecr-lifecycle/image.ts';
import type { Manifest, Registry, Withheld } from '#core/registry/registry.ts';
import { createLimit } from '#core/system/limit.ts';
import { quote } from '#core/values/errors.ts';
import { type Digest, isDigest } from '#core/values/reference.ts';

/**
 * Why a cluster could not pull an image. `missing` and `child-missing`: the manifest, or one that its index names, is
 * not there or not usable; `layer-missing`: a layer or the config is not there; `platform`: built for other platforms.
 */
export interface PullFault {
  readonly kind: 'missing' | 'child-missing' | 'platform' | 'layer-missing';
  /** The image, the fault and the remedy, without a full stop. */
  readonly sentence: string;
}

/** What a node runs, in the words of Go: `linux`, `amd64`. Variants are not looked at. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
}

/** Requests for one image at a time. */
const AT_ONCE = 8;
/** Indexes in an index that are followed. */
const NESTED_INDEXES = 1;
/** Names that a sentence lists. */
const LISTED = 5;
const OTHERWISE = 'push the image again, or deploy another release';

/** One image with the questions that may be asked about it. */
interface Pull {
  readonly name: string;
  readonly digest: Digest;
  readonly platform: Platform;
  getManifest(digest: Digest): Promise<Manifest | Withheld>;
  getBlob(digest: Digest): Promise<Buffer | Withheld>;
  checkBlob(digest: Digest): Promise<Withheld | undefined>;
}

/**
 * Returns why a node of this platform could not pull an image, or undefined when its manifests, its config and all of
 * its layers are there. Throws a Refusal where that cannot be known: the registry is not reachable, answers 401, 403 or
 * 5xx, or gives bytes that its digest does not name, more than 4 MiB of them, or of another type than an image's.
 */
export function checkPullable(
  registry: Registry,
  image: { readonly repository: string; readonly digest: Digest },
  platform: Platform,
): Promise<PullFault | undefined> {
  const run = createLimit(AT_ONCE);
  const { repository, digest } = image;
  const pull: Pull = {
    name: `${registry.host}/${repository}@${digest}`,
    digest,
    platform,
    getManifest: (of) => run(() => registry.getManifest(repository, of)),
    getBlob: (of) => run(() => registry.getBlob(repository, of)),
    checkBlob: (of) => run(() => registry.checkBlob(repository, of)),
  };
  return checkManifest(pull, digest, 0);
}

/** `depth` counts the indexes above. */
async function checkManifest(pull: Pull, digest: Digest, depth: number): Promise<PullFault | undefined> {
  const manifest = await pull.getManifest(digest);
  const kind = depth === 0 ? 'missing' : 'child-missing';
  const who = describePart(pull, digest);
  if ('answered' in manifest) return fault(pull, kind, `${who} is not there: ${manifest.answered}`, manifest.remedy);
  const isIndex = isManifestList(manifest.mediaType);
  if (isIndex && depth > NESTED_INDEXES)
    return fault(pull, kind, `${who} is an index in an index in an index, which is not followed`);
  const parsed = isIndex ? parse(indexManifest, manifest.bytes) : parse(imageManifest, manifest.bytes);
  if (typeof parsed === 'string') return fault(pull, kind, `${who} is not a usable manifest: ${parsed}`);
  return 'manifests' in parsed ? checkIndex(pull, digest, parsed.manifests, depth) : checkImage(pull, digest, parsed);
}

const descriptor = z.object({ digest: z.string() });
const platformNames = z.object({ os: z.string(), architecture: z.string() });
const imageManifest = z.object({
  config: descriptor,
  layers: z.array(descriptor.extend({ urls: z.array(z.string()).nullish() })),
});
const indexManifest = z.object({
  manifests: z.array(
    descriptor.extend({
      platform: platformNames.nullish(),
      annotations: z.record(z.string(), z.unknown()).nullish(),
    }),
  ),
});
type ImageManifest = z.infer<typeof imageManifest>;
type IndexEntry = z.infer<typeof indexManifest>['manifests'][number];

/** A node takes one of the entries of its platform, and we do not know which: each must hold. */
async function checkIndex(
  pull: Pull,
  digest: Digest,
  entries: readonly IndexEntry[],
  depth: number,
): Promise<PullFault | undefined> {
  const who = describePart(pull, digest);
  const images = entries.filter((entry) => !isAttestation(entry));
  const chosen = [...new Set(chooseEntries(images, pull.platform).map((entry) => entry.digest))];
  if (chosen.length === 0) {
    const others = [...new Set(images.flatMap((entry) => (entry.platform ? [describePlatform(entry.platform)] : [])))];
    const listed = others.length === 0 ? 'no platform' : `only ${list(others)}`;
    return platformFault(pull, `${who} lists ${listed}, not ${describePlatform(pull.platform)}`);
  }
  const stranger = chosen.find((text) => !isDigest(text));
  if (stranger !== undefined)
    return fault(pull, 'child-missing', `${who} lists the manifest ${quote(stranger)}, which is not a sha256 digest`);
  const faults = await Promise.all(chosen.filter(isDigest).map((child) => checkManifest(pull, child, depth + 1)));
  return faults.find((found) => found !== undefined);
}

/** Returns the entries of a platform; where there are none, those that name no platform (an index may be below them). */
function chooseEntries(images: readonly IndexEntry[], wanted: Platform): IndexEntry[] {
  const listed = images.filter(({ platform }) => platform && isSame(platform, wanted));
  return listed.length > 0 ? listed : images.filter(({ platform }) => !platform);
}

/** BuildKit lists its attestations as images that no node can run. */
function isAttestation({ platform, annotations }: IndexEntry): boolean {
  const isUnknown = platform?.os === 'unknown' && platform.architecture === 'unknown';
  return isUnknown || annotations?.['vnd.docker.reference.type'] !== undefined;
}

async function checkImage(pull: Pull, digest: Digest, image: ImageManifest): Promise<PullFault | undefined> {
  const who = describePart(pull, digest);
  const hosted = image.layers.filter(({ urls }) => !urls?.length); // the others come from their URLs
  const layers = [...new Set(hosted.map((layer) => layer.digest))];
  const stranger = [image.config.digest, ...layers].find((text) => !isDigest(text));
  if (!isDigest(image.config.digest) || stranger !== undefined)
    return fault(pull, 'layer-missing', `${who} refers to ${quote(stranger ?? '')}, which is not a sha256 digest`);
  const [config, missing] = await Promise.all([
    checkConfig(pull, who, image.config.digest),
    checkLayers(pull, who, layers.filter(isDigest)),
  ]);
  return config ?? missing;
}

async function checkConfig(pull: Pull, who: string, digest: Digest): Promise<PullFault | undefined> {
  const bytes = await pull.getBlob(digest);
  if ('answered' in bytes)
    return fault(pull, 'layer-missing', `${who} lacks its config ${digest}: ${bytes.answered}`, bytes.remedy);
  const built = parse(platformNames, bytes);
  if (typeof built === 'string') return platformFault(pull, `${who} has a config that names no platform: ${built}`);
  if (isSame(built, pull.platform)) return undefined;
  return platformFault(
    pull,
    `${who} is built for ${describePlatform(built)}, not for ${describePlatform(pull.platform)}`,
  );
}

async function checkLayers(pull: Pull, who: string, layers: readonly Digest[]): Promise<PullFault | undefined> {
  const answers = await Promise.all(layers.map(async (digest) => ({ digest, withheld: await pull.checkBlob(digest) })));
  const missing = answers.flatMap(({ digest, withheld }) => (withheld === undefined ? [] : [{ digest, ...withheld }]));
  const [first] = missing;
  if (first === undefined) return undefined;
  const names = list(missing.map(({ digest }) => digest));
  const what = `${who} lacks ${missing.length} of its ${layers.length} layers (${names}): ${first.answered}`;
  return fault(pull, 'layer-missing', what, first.remedy);
}

/** Returns what a document says, or what is wrong with it. */
function parse<T>(schema: z.ZodType<T>, bytes: Buffer): T | string {
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString('utf8'));
  } catch {
    return 'it is not JSON';
  }
  const { data, error } = schema.safeParse(document);
  const [issue] = error?.issues ?? [];
  return data ?? `${issue?.path.join('.') || 'it'}: ${issue?.message}`;
}

function fault(pull: Pull, kind: PullFault['kind'], what: string, remedy = OTHERWISE): PullFault {
  return { kind, sentence: `${pull.name} cannot be pulled: ${what}; ${remedy}` };
}

function platformFault(pull: Pull, what: string): PullFault {
  const remedy = `build it for ${describePlatform(pull.platform)}, or deploy another release`;
  return fault(pull, 'platform', what, remedy);
}

function describePart(pull: Pull, digest: Digest): string {
  return digest === pull.digest ? 'it' : `its manifest ${digest}`;
}

function isSame(one: Platform, other: Platform): boolean {
  return one.os === other.os && one.architecture === other.architecture;
}

/** A registry's words may hold anything; those of a real platform stay as they are. */
function describePlatform({ os, architecture }: Platform): string {
  const text = `${os}/${architecture}`;
  return /^[\w.-]{1,40}\/[\w.-]{1,40}$/.test(text) ? text : quote(text);
}

function list(names: readonly string[]): string {
  const more = names.length - LISTED;
  return [...names.slice(0, LISTED), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
