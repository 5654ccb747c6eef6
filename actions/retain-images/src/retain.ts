import { type Endangered, findEndangered } from '#core/aws/ecr-lifecycle/endanger.ts';
import { type Expiry, expireImages } from '#core/aws/ecr-lifecycle/expire.ts';
import type { LifecycleImage } from '#core/aws/ecr-lifecycle/image.ts';
import { applyKeepPlan, type KeepPlan, planKeepTags, type TagOf } from '#core/aws/ecr-lifecycle/keep-tags.ts';
import type { LifecyclePolicy } from '#core/aws/ecr-lifecycle/policy.ts';
import type { RepositoryImages } from '#core/registry/repository-images.ts';
import { Refusal } from '#core/values/errors.ts';
import { type Digest, isDigest } from '#core/values/reference.ts';
import type { Need } from './needs.ts';

/** An image that git can still ask for. `gone` and `archived` cannot be pulled; `endangered` can, but not for long. */
export interface ProtectedImage {
  readonly digest: Digest;
  readonly needs: readonly Need[];
  readonly state: 'kept' | 'endangered' | 'archived' | 'gone';
}

/** One tag that was or would be set or taken away, or that is left since it is the image's last. */
export interface Change {
  readonly digest: string;
  readonly tag: string;
  readonly change: 'added' | 'removed' | 'left';
}

/** What became of one repository. */
export interface RetainedRepository {
  readonly image: string;
  readonly protectedImages: readonly ProtectedImage[];
  readonly changes: readonly Change[];
  readonly endangered: readonly Endangered[];
  /** What the policy does to the images, and when: with the changes, where they are made. */
  readonly expiry: Expiry;
  readonly hasPolicy: boolean;
}

/** What retaining takes of the world. */
export interface RetainPorts {
  readonly images: RepositoryImages;
  readonly now: () => Date;
}

/**
 * Keeps what is needed of one repository: plans the keep tags, asks the policy what it would do to the images as they
 * would be, and writes only if it takes none of them. Tags that are not needed go first: they only make room, and a run
 * that is killed between the two leaves what is needed no worse than it was.
 */
export async function retainRepository(
  image: string,
  needs: ReadonlyMap<Digest, readonly Need[]>,
  isDryRun: boolean,
  ports: RetainPorts,
): Promise<RetainedRepository> {
  const [stored, policy] = await Promise.all([ports.images.list(image), ports.images.readPolicy(image)]);
  const all = withChildren(needs, stored);
  const plan = planKeepTags(stored, new Set(needs.keys()), new Set(all.keys()));
  const planned = applyKeepPlan(stored, plan);
  const archived = new Set(stored.filter(({ status }) => status === 'archived').map(({ digest }) => digest));
  const savable = new Set([...all.keys()].filter((digest) => !archived.has(digest))); // the audit tells of the others
  const endangered = policy === undefined ? [] : findEndangered(policy, planned, savable, ports.now());
  const isSafe = endangered.length === 0;
  const changes = !isSafe ? [] : isDryRun ? listChanges(plan) : await carryOut(image, plan, ports.images);
  return {
    image,
    protectedImages: await audit(image, all, stored, endangered, ports.images),
    changes,
    endangered,
    expiry: predictExpiry(policy, isSafe ? planned : stored, ports.now()),
    hasPolicy: policy !== undefined,
  };
}

/** Adds what the manifest lists among them refer to, step by step. */
function withChildren(
  needs: ReadonlyMap<Digest, readonly Need[]>,
  stored: readonly LifecycleImage[],
): Map<Digest, readonly Need[]> {
  const byDigest = new Map(stored.map((image) => [image.digest, image]));
  const all = new Map(needs);
  for (const list of all.keys()) {
    // a Map's iterator comes to what is added meanwhile
    for (const child of byDigest.get(list)?.children ?? []) {
      if (isDigest(child) && child !== list) all.set(child, [...(all.get(child) ?? []), { kind: 'child', list }]);
    }
  }
  return all;
}

async function carryOut(repository: string, plan: KeepPlan, images: RepositoryImages): Promise<Change[]> {
  const changes: Change[] = plan.left.map((left) => ({ ...left, change: 'left' }));
  for (const { digest, tag } of plan.remove) {
    const outcome = await images.removeTag(repository, asDigest(digest), tag);
    if (outcome !== 'absent') changes.push({ digest, tag, change: outcome === 'last' ? 'left' : 'removed' });
  }
  for (const { digest, tag } of plan.add) {
    const outcome = await images.addTag(repository, asDigest(digest), tag);
    if (outcome === 'tagged') changes.push({ digest, tag, change: 'added' });
    if (outcome === 'taken') throw takenMeanwhile(repository, tag);
  }
  return changes;
}

function takenMeanwhile(repository: string, tag: string): Refusal {
  return new Refusal(
    `the tag ${tag} of ${repository} was given to another image while this ran; run the job again, it takes a longer one`,
  );
}

function listChanges(plan: KeepPlan): Change[] {
  const mark = (tags: readonly TagOf[], change: Change['change']) => tags.map((tag) => ({ ...tag, change }));
  return [...mark(plan.left, 'left'), ...mark(plan.remove, 'removed'), ...mark(plan.add, 'added')];
}

/** Asks the registry for each protected image: what the list says and what can be pulled need not be the same. */
async function audit(
  repository: string,
  all: ReadonlyMap<Digest, readonly Need[]>,
  stored: readonly LifecycleImage[],
  endangered: readonly Endangered[],
  images: RepositoryImages,
): Promise<ProtectedImage[]> {
  const archived = new Set(stored.filter(({ status }) => status !== 'active').map(({ digest }) => digest));
  const threatened = new Set(endangered.map(({ digest }) => digest));
  const audited = [...all].map(async ([digest, needs]): Promise<ProtectedImage> => {
    const isThere = await images.hasManifest(repository, digest);
    const state = isThere ? 'kept' : archived.has(digest) ? 'archived' : 'gone';
    return { digest, needs, state: isThere && threatened.has(digest) ? 'endangered' : state };
  });
  return (await Promise.all(audited)).sort((one, other) => (one.digest < other.digest ? -1 : 1));
}

function predictExpiry(policy: LifecyclePolicy | undefined, images: readonly LifecycleImage[], now: Date): Expiry {
  return policy === undefined ? { expired: [], archived: [], upcoming: [] } : expireImages(policy, images, now);
}

/** ECR's own digests; anything else would be our bug. */
function asDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new Error(`ECR gave ${JSON.stringify(text)} as a digest`);
}
