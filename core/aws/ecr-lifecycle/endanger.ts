import { evaluate, type Fate } from '#core/aws/ecr-lifecycle/evaluate.ts';
import type { LifecycleImage } from '#core/aws/ecr-lifecycle/image.ts';
import { KEEP } from '#core/aws/ecr-lifecycle/keep-tags.ts';
import type { LifecyclePolicy, Rule } from '#core/aws/ecr-lifecycle/policy.ts';
import { demandsPrefix, storageClassOf } from '#core/aws/ecr-lifecycle/selection.ts';

/** A protected image that a rule takes, sooner or later, unless something changes. */
export interface Endangered {
  readonly digest: string;
  readonly tags: readonly string[];
  readonly rule: Rule;
  /** Now, after a time, or after so many more pushes of images that the rule identifies. */
  readonly when:
    | { readonly kind: 'now' }
    | { readonly kind: 'age'; readonly at: Date }
    | { readonly kind: 'pushes'; readonly pushes: number };
}

/**
 * Returns the protected images that the policy takes: now, by their age, or as soon as enough others are pushed. Only
 * what no rule identifies is safe, what a rule identifies that counts nothing but kept images and has room, and what a
 * safe manifest list refers to. Protected ones count as the oldest of their instant: ECR does not say whom it prefers.
 */
export function findEndangered(
  policy: LifecyclePolicy,
  images: readonly LifecycleImage[],
  protectedDigests: ReadonlySet<string>,
  now: Date,
): Endangered[] {
  const isProtected = (image: LifecycleImage): boolean => protectedDigests.has(image.digest);
  const ordered = [...images.filter(isProtected), ...images.filter((image) => !isProtected(image))];
  const unshielded = ordered.map((image) => ({ ...image, children: [] }));
  const fates = evaluate(policy, unshielded, now);
  const threats = new Map<string, Endangered>();
  for (const [index, image] of ordered.entries()) {
    if (!isProtected(image)) continue;
    const threat = findThreat(image, fates[index] ?? { kind: 'free' });
    if (threat !== undefined) threats.set(image.digest, threat);
  }
  dropShielded(threats, ordered.filter(isProtected));
  return [...threats.values()].sort((one, other) => (one.digest < other.digest ? -1 : 1));
}

/** Returns what threatens an image, as a part of a sentence. */
export function describeEndangered({ digest, rule, when }: Endangered): string {
  const verb = rule.action === 'expire' ? 'expires' : 'archives';
  return `rule ${rule.priority} of the lifecycle policy ${verb} ${digest} ${describeWhen(when)}`;
}

function describeWhen(when: Endangered['when']): string {
  switch (when.kind) {
    case 'now':
      return 'now';
    case 'age':
      return `after ${when.at.toISOString()}`;
    case 'pushes':
      return `after ${when.pushes} more ${when.pushes === 1 ? 'push' : 'pushes'}`;
  }
}

function findThreat(image: LifecycleImage, fate: Fate): Endangered | undefined {
  const threat = (rule: Rule, when: Endangered['when']): Endangered => ({
    digest: image.digest,
    tags: image.tags,
    rule,
    when,
  });
  switch (fate.kind) {
    case 'free':
      return undefined;
    case 'taken':
    case 'shielded':
      return threat(fate.rule, { kind: 'now' });
    case 'ageing':
      return threat(fate.rule, { kind: 'age', at: fate.at });
    case 'counted':
      if (demandsPrefix(fate.rule.selection, KEEP)) return undefined;
      return threat(fate.rule, { kind: 'pushes', pushes: fate.pushes });
  }
}

/** "If an image is referenced by a manifest list, it cannot be expired or archived" before the list: a safe list saves. */
function dropShielded(threats: Map<string, Endangered>, protectedImages: readonly LifecycleImage[]): void {
  const lists = protectedImages.filter((image) => image.children.length > 0 && storageClassOf(image) === 'standard');
  for (let changed = true; changed; ) {
    changed = false;
    for (const list of lists.filter(({ digest }) => !threats.has(digest))) {
      for (const child of list.children) changed = threats.delete(child) || changed;
    }
  }
}
