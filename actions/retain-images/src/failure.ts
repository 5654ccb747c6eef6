import { describeEndangered, type Endangered } from '#core/aws/ecr-lifecycle/endanger.ts';
import { KEEP } from '#core/aws/ecr-lifecycle/keep-tags.ts';
import type { Need } from './needs.ts';
import type { ProtectedImage, RetainedRepository } from './retain.ts';
import type { Retention } from './run.ts';

/** The rule that a policy needs before all others, as its author writes it. */
export const KEEP_RULE = `{"rulePriority": 1, "selection": {"tagStatus": "tagged", "tagPatternList": ["${KEEP}*"], "countType": "imageCountMoreThan", "countNumber": 9999}, "action": {"type": "expire"}}`;

/** No one reads more sentences than this; the outputs and the summary have them all. */
const MOST = 10;

/** Returns why the step is red: every image that is gone or in danger, who needs it, and what to do. */
export function describeFailure({ outcome, repositories }: Retention): string | undefined {
  if (outcome !== 'endangered') return undefined;
  const sentences = repositories.flatMap((repository) => [...describeLost(repository), ...describeThreats(repository)]);
  const more = sentences.length > MOST ? [`and ${sentences.length - MOST} more, see the job's summary`] : [];
  return [...sentences.slice(0, MOST), ...more].join('; ');
}

/** Returns who needs an image, as a part of a sentence: `production (overlay, releases 1234567, 89abcde)`. */
function describeNeeds(needs: readonly Need[]): string {
  const environments = new Map<string, string[]>();
  const releases = new Map<string, string[]>();
  const lists: string[] = [];
  for (const need of needs) {
    if (need.kind === 'child') lists.push(`the manifest list ${need.list}`);
    else if (need.kind === 'release') push(releases, need.environment, need.commit.slice(0, 7));
    else push(environments, need.environment, need.kind);
  }
  for (const [environment, commits] of releases)
    push(environments, environment, `release${commits.length > 1 ? 's' : ''} ${commits.join(', ')}`);
  return [...[...environments].map(([name, reasons]) => `${name} (${reasons.join(', ')})`), ...lists].join(' and ');
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  map.set(key, [...(map.get(key) ?? []), value]);
}

function describeLost({ image, protectedImages }: RetainedRepository): string[] {
  const lost = protectedImages.filter(({ state }) => state === 'gone' || state === 'archived');
  return lost.map((one) => `${image}@${one.digest} ${describeState(one, image)}`);
}

function describeState({ digest, state, needs }: ProtectedImage, image: string): string {
  const who = `${describeNeeds(needs)} cannot get it`;
  return state === 'archived'
    ? `is archived and cannot be pulled, ${who}: restore it with aws ecr update-image-storage-class --repository-name ${image} --image-id imageDigest=${digest} --target-storage-class STANDARD`
    : `is not in the registry, ${who}: push it again if anybody still has it, else release another one there`;
}

function describeThreats(repository: RetainedRepository): string[] {
  const { image, endangered, protectedImages } = repository;
  if (endangered.length === 0) return [];
  const threats = endangered.map((threat) => describeThreat(threat, protectedImages));
  return [
    `${image}: ${threats.join(', ')}, so no tag was changed; put a rule before all others of its policy that has room for what is kept: ${KEEP_RULE}`,
  ];
}

function describeThreat(threat: Endangered, protectedImages: readonly ProtectedImage[]): string {
  const needs = protectedImages.find(({ digest }) => digest === threat.digest)?.needs ?? [];
  return `${describeEndangered(threat)}, but ${describeNeeds(needs)} may still ask for it`;
}
