import { expireImages } from '#core/aws/ecr-lifecycle/expire.ts';
import type { LifecycleImage } from '#core/aws/ecr-lifecycle/image.ts';
import { type LifecyclePolicy, parsePolicy } from '#core/aws/ecr-lifecycle/policy.ts';
import type { RepositoryImages } from '#core/registry/repository-images.ts';
import type { Digest } from '#core/values/reference.ts';

/** ECR in memory (a stand-in): tags do not move, an image without tags is deleted, archived ones cannot be pulled. */
export interface MemoryImages extends RepositoryImages {
  /** Every call that changed something, or was to. */
  readonly writes: string[];
  setPolicy(repository: string, rules: readonly object[]): void;
  put(repository: string, image: LifecycleImage): void;
  delete(repository: string, digest: string): void;
  tags(repository: string): Record<string, readonly string[]>;
  /** Applies the policy as ECR does, and returns what it took. */
  applyPolicy(repository: string, now: Date): string[];
  /** The next write but `after` dies, before or after it has its effect. */
  kill(after: number, when: 'before' | 'after'): void;
}

/** What a killed run ends with. */
export class Killed extends Error {}

/** Returns an ECR without repositories; they come with their first image. */
export function createMemoryImages(): MemoryImages {
  const of = createShelves();
  const policies = new Map<string, LifecyclePolicy>();
  const writes: string[] = [];
  let death: { left: number; when: 'before' | 'after' } | undefined;
  const write = <T>(words: string, work: () => T): T => {
    const isLast = death !== undefined && death.left-- === 0;
    if (isLast && death?.when === 'before') throw new Killed(words);
    writes.push(words);
    const result = work();
    if (isLast) throw new Killed(words);
    return result;
  };
  const change = (repository: string, digest: string, edit: (tags: readonly string[]) => string[]): void => {
    const image = of(repository).get(digest);
    if (image !== undefined) of(repository).set(digest, { ...image, tags: edit(image.tags) });
  };
  return {
    writes,
    setPolicy: (repository, rules) => policies.set(repository, parsePolicy('policy', JSON.stringify({ rules }))),
    put: (repository, image) => of(repository).set(image.digest, image),
    delete: (repository, digest) => of(repository).delete(digest),
    tags: (repository) => Object.fromEntries([...of(repository)].map(([digest, { tags }]) => [digest, tags])),
    applyPolicy: (repository, now) => {
      const policy = policies.get(repository);
      if (policy === undefined) return [];
      const { expired, archived } = expireImages(policy, [...of(repository).values()], now);
      for (const { digest } of expired) of(repository).delete(digest);
      for (const { digest } of archived) {
        const image = of(repository).get(digest);
        if (image !== undefined) of(repository).set(digest, { ...image, status: 'archived', archivedAt: now });
      }
      return [...expired, ...archived].map(({ digest }) => digest);
    },
    kill: (after, when) => {
      death = { left: after, when };
    },
    list: (repository) => Promise.resolve([...of(repository).values()]),
    readPolicy: (repository) => Promise.resolve(policies.get(repository)),
    addTag: async (repository, digest, tag) => {
      const holder = [...of(repository).values()].find(({ tags }) => tags.includes(tag));
      if (holder !== undefined) return holder.digest === digest ? 'tagged' : 'taken';
      if (of(repository).get(digest)?.status !== 'active') return 'missing';
      return write(`${repository} + ${tag}`, () => {
        change(repository, digest, (tags) => [...tags, tag]);
        return 'tagged';
      });
    },
    removeTag: async (repository, digest, tag) => {
      const tags = of(repository).get(digest)?.tags ?? [];
      if (!tags.includes(tag)) return 'absent';
      if (tags.length === 1) return 'last';
      return write(`${repository} - ${tag}`, () => {
        change(repository, digest, (own) => own.filter((one) => one !== tag));
        return 'removed';
      });
    },
    hasManifest: (repository, digest: Digest) => Promise.resolve(of(repository).get(digest)?.status === 'active'),
  };
}

/** Returns the images of a repository, by digest. */
function createShelves(): (repository: string) => Map<string, LifecycleImage> {
  const stored = new Map<string, Map<string, LifecycleImage>>();
  return (repository) => {
    const images = stored.get(repository) ?? new Map<string, LifecycleImage>();
    stored.set(repository, images);
    return images;
  };
}
