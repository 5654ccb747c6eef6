import type { LifecycleImage } from '#core/aws/ecr-lifecycle/image.ts';
import type { LifecyclePolicy, Rule } from '#core/aws/ecr-lifecycle/policy.ts';
import { isSelected, storageClassOf } from '#core/aws/ecr-lifecycle/selection.ts';
import { Refusal } from '#core/values/errors.ts';

/** What becomes of an image, and by which rule. */
export type Fate =
  /** The rule takes it in this evaluation. */
  | { readonly kind: 'taken'; readonly rule: Rule }
  /** The rule would take it, were it not referred to by a manifest list. */
  | { readonly kind: 'shielded'; readonly rule: Rule; readonly by: string }
  /** The rule takes it by its age, in the first evaluation after `at`. */
  | { readonly kind: 'ageing'; readonly rule: Rule; readonly at: Date }
  /** The rule takes it when `pushes` more images that it identifies are there. */
  | { readonly kind: 'counted'; readonly rule: Rule; readonly pushes: number }
  /** No rule identifies it. */
  | { readonly kind: 'free' };

const DAY_MS = 86_400_000;

/**
 * Returns the fate of each image, in the images' order, by "Lifecycle policy evaluation rules" of ECR's user guide: all
 * rules mark what they identify as if no other rule were there; then each image belongs to the rule of the lowest
 * rulePriority that identifies it, and only that rule may take it. Equal times: the one later in the list counts as
 * younger, as in the guide's own example ("Filtering on all images", B).
 */
export function evaluate(policy: LifecyclePolicy, images: readonly LifecycleImage[], now: Date): Fate[] {
  const claims = images.map<Fate>(() => ({ kind: 'free' }));
  for (const rule of [...policy.rules].reverse()) {
    const verdicts = judge(rule, images, now);
    for (const [index, fate] of verdicts) claims[index] = fate;
  }
  const lists = findLists(images);
  const fates = claims.map<Fate>((fate, index) => {
    const by = lists.get(images[index]?.digest ?? '');
    return fate.kind === 'taken' && by !== undefined ? { kind: 'shielded', rule: fate.rule, by } : fate;
  });
  return followSubjects(images, fates);
}

/** Returns the fate of every image that a rule identifies, by its index. */
function judge(rule: Rule, images: readonly LifecycleImage[], now: Date): Map<number, Fate> {
  const { selection } = rule;
  const found = [...images.entries()].filter(([, image]) => isSelected(selection, image));
  if (selection.countType === 'imageCountMoreThan') {
    const youngestFirst = found.sort(
      ([one, image], [other, rival]) => ageTime(rule, rival, now) - ageTime(rule, image, now) || other - one,
    );
    return new Map(
      youngestFirst.map(([index], rank): [number, Fate] => {
        const pushes = selection.countNumber - rank;
        return [index, pushes > 0 ? { kind: 'counted', rule, pushes } : { kind: 'taken', rule }];
      }),
    );
  }
  return new Map(
    found.map(([index, image]): [number, Fate] => {
      const at = new Date(ageTime(rule, image, now) + selection.countNumber * DAY_MS);
      return [index, at < now ? { kind: 'taken', rule } : { kind: 'ageing', rule, at }];
    }),
  );
}

/** The time from which a rule counts, in milliseconds; what came back from the archive is as young as its return. */
function ageTime(rule: Rule, image: LifecycleImage, now: Date): number {
  if (image.status === 'activating') return now.getTime();
  const pushed = image.activatedAt ?? image.pushedAt;
  switch (rule.selection.countType) {
    case 'imageCountMoreThan':
    case 'sinceImagePushed':
      return pushed.getTime();
    case 'sinceImagePulled':
      return Math.max((image.pulledAt ?? pushed).getTime(), image.activatedAt?.getTime() ?? 0);
    case 'sinceImageTransitioned':
      if (image.archivedAt !== undefined) return image.archivedAt.getTime();
      throw new Refusal(
        `${image.digest} is archived, but since when? Give its lastArchivedAt, which rule ${rule.priority} counts from`,
      );
  }
}

/** The manifest list that shields each child: one that is neither deleted nor archived. */
function findLists(images: readonly LifecycleImage[]): Map<string, string> {
  const shielding = images.filter((image) => storageClassOf(image) === 'standard');
  return new Map(shielding.flatMap((image) => image.children.map((child): [string, string] => [child, image.digest])));
}

/** "Lifecycle policies automatically expire or archive [reference] artifacts" with their subject. */
function followSubjects(images: readonly LifecycleImage[], fates: readonly Fate[]): Fate[] {
  const taken = new Map<string, Fate>();
  for (const [index, fate] of fates.entries()) if (fate.kind === 'taken') taken.set(images[index]?.digest ?? '', fate);
  return fates.map((fate, index) => {
    const subject = images[index]?.subject;
    return fate.kind === 'taken' || subject === undefined ? fate : (taken.get(subject) ?? fate);
  });
}
