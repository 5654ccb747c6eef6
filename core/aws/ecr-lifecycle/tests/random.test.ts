import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Endangered, findEndangered } from '#core/aws/ecr-lifecycle/endanger.ts';
import { expireImages } from '#core/aws/ecr-lifecycle/expire.ts';
import type { LifecycleImage } from '#core/aws/ecr-lifecycle/image.ts';
import { applyKeepPlan, planKeepTags } from '#core/aws/ecr-lifecycle/keep-tags.ts';
import { type LifecyclePolicy, parsePolicy } from '#core/aws/ecr-lifecycle/policy.ts';
import { NOW } from '#core/aws/ecr-lifecycle/tests/case-parts.ts';

const RUNS = 1_000;
const DAY = 86_400_000;

const tag = fc.constantFrom('in-1', 'in-2', 'git-1', 'v1', 'v2', 'v1-rc', 'keepsake', 'latest');
const tags = fc.uniqueArray(tag, { maxLength: 3 });
const list = fc.oneof(
  fc
    .uniqueArray(fc.constantFrom('in-*', 'git-*', 'v*', '*-rc', '*1*', '*', 'keep-*', 'keep*', 'keep-*1*'), {
      minLength: 1,
      maxLength: 2,
    })
    .map((tagPatternList) => ({ tagPatternList })),
  fc
    .uniqueArray(fc.constantFrom('in-', 'git-', 'v', 'keep-', 'k'), { minLength: 1, maxLength: 2 })
    .map((tagPrefixList) => ({ tagPrefixList })),
);
const who = fc.oneof(
  { weight: 3, arbitrary: list.map((lists) => ({ tagStatus: 'tagged', ...lists })) },
  { weight: 1, arbitrary: fc.constantFrom({ tagStatus: 'untagged' }, { tagStatus: 'any' }) },
);
const small = fc.integer({ min: 1, max: 12 });
const archive = { type: 'transition', targetStorageClass: 'archive' };
const expire = { type: 'expire' };
const what = fc.oneof(
  fc.record({
    counting: small.map((countNumber) => ({ countType: 'imageCountMoreThan', countNumber })),
    action: fc.constantFrom(expire, archive),
  }),
  fc.record({
    counting: small.map((countNumber) => ({ countType: 'sinceImagePushed', countUnit: 'days', countNumber })),
    action: fc.constantFrom(expire, archive),
  }),
  fc.record({
    counting: small.map((countNumber) => ({ countType: 'sinceImagePulled', countUnit: 'days', countNumber })),
    action: fc.constant(archive),
  }),
  fc.record({
    counting: small.map((more) => ({
      storageClass: 'archive',
      countType: 'sinceImageTransitioned',
      countUnit: 'days',
      countNumber: 89 + more,
    })),
    action: fc.constant(expire),
  }),
);
const anyRule = fc
  .record({ who, what })
  .map((rule) => ({ selection: { ...rule.who, ...rule.what.counting }, action: rule.what.action }));
const keepRule = fc
  .record({ most: fc.integer({ min: 1, max: 40 }), action: fc.constantFrom(expire, archive) })
  .map(({ most, action }) => ({
    selection: { tagStatus: 'tagged', tagPatternList: ['keep-*'], countType: 'imageCountMoreThan', countNumber: most },
    action,
  }));

/** Any policy that ECR takes: the rule for all images comes last, and half of the policies begin with a keep rule. */
const policies = fc
  .record({ first: fc.option(keepRule), rest: fc.array(anyRule, { minLength: 1, maxLength: 5 }) })
  .map(({ first, rest }) => {
    const last = (rule: { selection: { tagStatus: string } }): number => (rule.selection.tagStatus === 'any' ? 1 : 0);
    const rules = [...(first === null ? [] : [first]), ...rest.toSorted((one, other) => last(one) - last(other))];
    return JSON.stringify({ rules: rules.map((rule, index) => ({ rulePriority: index + 1, ...rule })) });
  })
  .map(readPolicy)
  .filter((policy) => policy !== undefined);

function readPolicy(text: string): LifecyclePolicy | undefined {
  try {
    return parsePolicy('policy', text);
  } catch {
    return undefined; // ECR would not take it either
  }
}

/** Few different instants, so that some are equal. */
const days = fc.integer({ min: 0, max: 30 });
const at = (ago: number): Date => new Date(NOW.getTime() - ago * DAY);

interface Seed {
  readonly tags: readonly string[];
  readonly ago: number;
  readonly pulled: number | null;
  readonly restored: number | null;
  readonly archived: boolean;
  readonly isProtected: boolean;
  readonly isList: boolean;
  readonly kept: boolean;
}

const seeds: fc.Arbitrary<Seed[]> = fc.array(
  fc.record({
    tags,
    ago: days,
    pulled: fc.option(days),
    restored: fc.option(days, { freq: 8 }),
    archived: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
    isProtected: fc.boolean(),
    isList: fc.integer({ min: 0, max: 4 }).map((number) => number === 0),
    kept: fc.boolean(),
  }),
  { maxLength: 14 },
);

const hex = (index: number): string => `sha256:${(index + 1).toString(16).padStart(2, '0').repeat(32)}`;

/** A list refers to the two images behind it, so nothing refers to itself. */
function grow(all: readonly Seed[]): LifecycleImage[] {
  return all.map((seed, index) => ({
    digest: hex(index),
    tags: [...seed.tags, ...(seed.kept ? [`keep-${hex(index).slice(7, 19)}`] : [])],
    pushedAt: at(seed.ago),
    pulledAt: seed.pulled === null ? undefined : at(Math.min(seed.pulled, seed.ago)),
    activatedAt: seed.restored === null || seed.archived ? undefined : at(Math.min(seed.restored, seed.ago)),
    archivedAt: seed.archived ? at(seed.ago) : undefined,
    status: seed.archived ? 'archived' : 'active',
    children: seed.isList ? [index + 1, index + 2].filter((child) => child < all.length).map(hex) : [],
  }));
}

interface Step {
  readonly days: number;
  readonly pushes: string[][];
  readonly pulls: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  days: fc.integer({ min: 0, max: 40 }),
  pushes: fc.array(tags, { maxLength: 6 }),
  pulls: fc.integer(),
});

/** Lets time pass, images be pushed and pulled, and the policy be applied; calls `look` with what each evaluation takes. */
function live(
  policy: LifecyclePolicy,
  images: readonly LifecycleImage[],
  steps: readonly Step[],
  look: (taken: string[]) => void,
): void {
  let now = NOW;
  let here = [...images];
  for (const [index, { days: passed, pushes, pulls }] of [{ days: 0, pushes: [], pulls: -1 }, ...steps].entries()) {
    now = new Date(now.getTime() + passed * DAY);
    const fresh = pushes.map(
      (own, number): LifecycleImage => ({
        digest: `new-${index}-${number}`,
        tags: own,
        pushedAt: now,
        status: 'active',
        children: [],
      }),
    );
    here = [...here, ...fresh].map((image, number) =>
      number === pulls % 20 && image.status === 'active' ? { ...image, pulledAt: now } : image,
    );
    const { expired, archived } = expireImages(policy, here, now);
    look([...expired, ...archived].map(({ digest }) => digest));
    const gone = new Set(expired.map(({ digest }) => digest));
    const stored = new Set(archived.map(({ digest }) => digest));
    here = here
      .filter(({ digest }) => !gone.has(digest))
      .map((image) => (stored.has(image.digest) ? { ...image, status: 'archived', archivedAt: now } : image));
  }
}

/** What the action makes of a repository: tags on what is protected for its own sake, their children with them. */
function protect(all: readonly Seed[]): { images: LifecycleImage[]; safe: Set<string> } {
  const images = grow(all);
  const own = new Set(images.filter((_image, index) => all[index]?.isProtected).map(({ digest }) => digest));
  const children = images.filter(({ digest }) => own.has(digest)).flatMap((image) => image.children);
  const isHere = (digest: string): boolean => images.some((image) => image.digest === digest);
  const plan = planKeepTags(images, own, new Set(children));
  return { images: applyKeepPlan(images, plan), safe: new Set([...own, ...children.filter(isHere)]) };
}

test(`protected and expired never meet: ${RUNS} histories and policies`, () => {
  let [accepted, refused] = [0, 0];
  fc.assert(
    fc.property(policies, seeds, fc.array(step, { maxLength: 8 }), (policy, all, steps) => {
      const { images, safe } = protect(all);
      if (findEndangered(policy, images, safe, NOW).length > 0) {
        refused += 1;
        return;
      }
      if (safe.size > 0) accepted += 1;
      live(policy, images, steps, (taken) => expect(taken.filter((digest) => safe.has(digest))).toEqual([]));
    }),
    { numRuns: RUNS },
  );
  expect(accepted).toBeGreaterThan(RUNS / 20);
  expect(refused).toBeGreaterThan(RUNS / 20);
});

/** The shortest future in which the threat comes true, with the lists that may shield the image out of the way. */
function comeTrue(policy: LifecyclePolicy, images: readonly LifecycleImage[], threat: Endangered): string[] {
  const victim = images.find(({ digest }) => digest === threat.digest);
  if (victim === undefined) return [];
  const { when } = threat;
  const later = new Date((when.kind === 'age' ? when.at : NOW).getTime() + 1);
  const pushes = when.kind === 'pushes' ? when.pushes : 0;
  const rivals = Array.from(
    { length: pushes },
    (_, index): LifecycleImage => ({
      digest: `rival-${index}`,
      tags: victim.tags,
      pushedAt: later,
      status: 'active',
      children: [],
    }),
  );
  const alone = images.map((image) => ({ ...image, children: [] }));
  const { expired, archived } = expireImages(
    policy,
    [victim, ...alone.filter(({ digest }) => digest !== victim.digest), ...rivals],
    later,
  );
  return [...expired, ...archived].map(({ digest }) => digest);
}

test(`a refusal is never idle: what it names would be taken, ${RUNS} times`, () => {
  fc.assert(
    fc.property(policies, seeds, (policy, all) => {
      const { images, safe } = protect(all);
      const first = images.toSorted((one, other) => Number(safe.has(other.digest)) - Number(safe.has(one.digest)));
      for (const threat of findEndangered(policy, images, safe, NOW)) {
        expect(comeTrue(policy, first, threat)).toContain(threat.digest);
      }
    }),
    { numRuns: RUNS },
  );
});

test(`the evaluator keeps its own rules: ${RUNS} repositories`, () => {
  fc.assert(
    fc.property(policies, seeds, (policy, all) => {
      const images = grow(all);
      const expiry = expireImages(policy, images, NOW);
      const taken = [...expiry.expired, ...expiry.archived].map(({ digest }) => digest);
      expect(new Set(taken).size).toBe(taken.length); // exactly one or zero rules
      expect(expireImages(policy, images, NOW)).toEqual(expiry);
      const soon = expiry.upcoming.map(({ digest }) => digest);
      expect(soon.filter((digest) => taken.includes(digest))).toEqual([]);
      const standing = images.filter((image) => image.status === 'active').flatMap(({ children }) => children);
      expect(taken.filter((digest) => standing.includes(digest))).toEqual([]);
      for (const { at: moment } of expiry.upcoming) expect(moment.getTime()).toBeGreaterThanOrEqual(NOW.getTime());
    }),
    { numRuns: RUNS },
  );
});
