import type { LifecycleImage } from '#core/aws/ecr-lifecycle/image.ts';

/** A case worked out by hand from ECR's user guide. */
export interface DocumentedCase {
  readonly name: string;
  /** Page of https://docs.aws.amazon.com/AmazonECR/latest/userguide/ and the heading or sentence on it. */
  readonly page: string;
  readonly rules: readonly object[];
  readonly images: readonly LifecycleImage[];
  /** Image → rulePriority. */
  readonly expired: Readonly<Record<string, number>>;
  readonly archived?: Readonly<Record<string, number>>;
  /** Image → days from now on which a rule takes it by its age. */
  readonly upcoming?: Readonly<Record<string, number>>;
}

/** The instant of every case. */
export const NOW = new Date('2026-03-01T12:00:00Z');

/** Returns the instant so many days before {@link NOW}. */
export const daysAgo = (days: number): Date => new Date(NOW.getTime() - days * 86_400_000);

/** Returns an image by name, tags and age in days. */
export function image(
  name: string,
  tags: readonly string[],
  pushedDaysAgo: number,
  more: Partial<LifecycleImage> = {},
): LifecycleImage {
  return { digest: name, tags, pushedAt: daysAgo(pushedDaysAgo), status: 'active', children: [], ...more };
}

/** Returns a rule as it is written in a policy. */
export const rule = (rulePriority: number, selection: object, action: object = { type: 'expire' }): object => ({
  rulePriority,
  selection,
  action,
});
export const ARCHIVE = { type: 'transition', targetStorageClass: 'archive' };
export const count = (countNumber: number): object => ({ countType: 'imageCountMoreThan', countNumber });
export const pushed = (countNumber: number): object => ({
  countType: 'sinceImagePushed',
  countUnit: 'days',
  countNumber,
});
export const pulled = (countNumber: number): object => ({
  countType: 'sinceImagePulled',
  countUnit: 'days',
  countNumber,
});
export const transitioned = (countNumber: number): object => ({
  storageClass: 'archive',
  countType: 'sinceImageTransitioned',
  countUnit: 'days',
  countNumber,
});
export const patterns = (...tagPatternList: string[]): object => ({ tagStatus: 'tagged', tagPatternList });
export const prefixes = (...tagPrefixList: string[]): object => ({ tagStatus: 'tagged', tagPrefixList });
export const untagged = { tagStatus: 'untagged' };
export const any = { tagStatus: 'any' };

export const betaAndProd = [
  image('A', ['beta-1', 'prod-1'], 10),
  image('B', ['beta-2', 'prod-2'], 9),
  image('C', ['beta-3'], 8),
];
