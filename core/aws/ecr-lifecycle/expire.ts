import { evaluate, type Fate } from '#core/aws/ecr-lifecycle/evaluate.ts';
import type { LifecycleImage } from '#core/aws/ecr-lifecycle/image.ts';
import type { LifecyclePolicy } from '#core/aws/ecr-lifecycle/policy.ts';

/** An image that a rule takes. */
export interface TakenImage {
  readonly digest: string;
  /** The rule's rulePriority. */
  readonly rule: number;
  readonly tags: readonly string[];
}

/** An image that a rule takes later, by its age. */
export interface AgeingImage extends TakenImage {
  /** In the first evaluation after this. ECR needs up to 24 hours for it. */
  readonly at: Date;
  readonly action: 'expire' | 'archive';
}

/** What one evaluation of a policy does. */
export interface Expiry {
  readonly expired: readonly TakenImage[];
  /** They stay, but cannot be pulled any more. */
  readonly archived: readonly TakenImage[];
  /** Soonest first. */
  readonly upcoming: readonly AgeingImage[];
}

/** Returns what a policy expires and archives among the images now, and what it will take when by age alone. */
export function expireImages(policy: LifecyclePolicy, images: readonly LifecycleImage[], now: Date): Expiry {
  const fates = evaluate(policy, images, now);
  const taken = images.flatMap((image, index) => describeTaken(image, fates[index]));
  const upcoming = images.flatMap((image, index): AgeingImage[] => {
    const fate = fates[index];
    if (fate?.kind !== 'ageing') return [];
    return [{ ...describe(image, fate.rule.priority), at: fate.at, action: fate.rule.action }];
  });
  return {
    expired: taken
      .filter(({ action }) => action === 'expire')
      .map(({ image }) => image)
      .sort(byRule),
    archived: taken
      .filter(({ action }) => action === 'archive')
      .map(({ image }) => image)
      .sort(byRule),
    upcoming: upcoming.sort((one, other) => one.at.getTime() - other.at.getTime() || byRule(one, other)),
  };
}

function describeTaken(
  image: LifecycleImage,
  fate: Fate | undefined,
): { image: TakenImage; action: 'expire' | 'archive' }[] {
  if (fate?.kind !== 'taken') return [];
  return [{ image: describe(image, fate.rule.priority), action: fate.rule.action }];
}

function describe({ digest, tags }: LifecycleImage, rule: number): TakenImage {
  return { digest, rule, tags };
}

/** By code units, so that the order is the same on every machine. */
function byRule(one: TakenImage, other: TakenImage): number {
  return one.rule - other.rule || (one.digest < other.digest ? -1 : one.digest > other.digest ? 1 : 0);
}
