import type { LifecycleImage } from '#core/aws/ecr-lifecycle/image.ts';

/** Tags that begin so are for the first rule of a lifecycle policy: an image with one stays. */
export const KEEP = 'keep-';

/** Hex digits of the digest in a keep tag; more where another image has the same ones. */
const SHORTEST = 12;

/** One tag of one image. */
export interface TagOf {
  readonly digest: string;
  readonly tag: string;
}

/** What is to be done about the keep tags of a repository. */
export interface KeepPlan {
  readonly add: readonly TagOf[];
  readonly remove: readonly TagOf[];
  /** No longer needed, but the image's last tag: without it the image would be deleted. */
  readonly left: readonly TagOf[];
}

/**
 * Returns the keep tags that are missing and those that are no longer needed. `wanted` get one each; those in `spared`
 * (the children of a wanted manifest list) get none, but lose none either. An image that is not there or archived
 * cannot be tagged: the audit tells of it.
 */
export function planKeepTags(
  images: readonly LifecycleImage[],
  wanted: ReadonlySet<string>,
  spared: ReadonlySet<string>,
): KeepPlan {
  const owners = new Map(images.flatMap(({ digest, tags }) => tags.map((tag): [string, string] => [tag, digest])));
  const add: TagOf[] = [];
  const remove: TagOf[] = [];
  const left: TagOf[] = [];
  for (const image of [...images].sort(byDigest)) {
    const own = image.tags.filter((tag) => isOwnKeepTag(image.digest, tag));
    if (wanted.has(image.digest)) {
      if (own.length > 0 || image.status !== 'active') continue;
      const tag = chooseTag(image.digest, owners);
      owners.set(tag, image.digest);
      add.push({ digest: image.digest, tag });
    } else if (!spared.has(image.digest)) {
      const isAll = own.length === image.tags.length;
      const going = isAll ? own.slice(1) : own;
      remove.push(...going.map((tag) => ({ digest: image.digest, tag })));
      left.push(...own.slice(0, own.length - going.length).map((tag) => ({ digest: image.digest, tag })));
    }
  }
  return { add, remove, left };
}

/** Returns the images as they are when the plan is carried out. */
export function applyKeepPlan(images: readonly LifecycleImage[], plan: KeepPlan): LifecycleImage[] {
  return images.map((image) => {
    const removed = plan.remove.filter(({ digest }) => digest === image.digest).map(({ tag }) => tag);
    const added = plan.add.filter(({ digest }) => digest === image.digest).map(({ tag }) => tag);
    return { ...image, tags: [...image.tags.filter((tag) => !removed.includes(tag)), ...added] };
  });
}

/** True for a tag that this pipeline set on this image: `keep-` and the beginning of its digest. A person's own are not. */
export function isOwnKeepTag(digest: string, tag: string): boolean {
  if (!tag.startsWith(KEEP) || tag.length < KEEP.length + SHORTEST) return false;
  return hexOf(digest).startsWith(tag.slice(KEEP.length));
}

function chooseTag(digest: string, owners: ReadonlyMap<string, string>): string {
  const hex = hexOf(digest);
  for (let length = SHORTEST; length < hex.length; length++) {
    const tag = `${KEEP}${hex.slice(0, length)}`;
    if (!owners.has(tag)) return tag;
  }
  return `${KEEP}${hex}`;
}

function hexOf(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1);
}

function byDigest(one: LifecycleImage, other: LifecycleImage): number {
  return one.digest < other.digest ? -1 : one.digest > other.digest ? 1 : 0;
}
