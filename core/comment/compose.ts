import type { PlanFault } from '#core/github/marker.ts';
import type { ImagesReport } from '#core/images/report.ts';
import type { Report } from '#core/manifests/report.ts';
import { outlineParts, type Part } from '#core/terraform/comment/render.ts';
import { fromReport, type PlanReport } from '#core/terraform/comment/report.ts';
import { escapeMarkdown } from '#core/values/markdown.ts';
import { fitPage } from './fit.ts';
import { describeLostManifests, describeLostPlan, type Lost } from './lost.ts';
import { COMMENT_LIMIT, type Outline, showHead } from './outline.ts';
import { type Applied, outlineApplies } from './outline-applies.ts';
import { outlineImages } from './outline-images.ts';
import { outlineManifests } from './outline-manifests.ts';

/** What the jobs of a pull request found. */
export interface Reports {
  /** One for each slipway.yaml whose images were looked at. */
  readonly images?: readonly ImagesReport[];
  /** One for each environment that was looked at. */
  readonly manifests: readonly Report[];
  /** One for each stack that was planned. */
  readonly plans: readonly PlanReport[];
  /** After the merge, what became of each stack. */
  readonly applies?: readonly Applied[];
  /** Jobs whose result is not known. */
  readonly lost?: readonly Lost[];
  /** What a reader must know besides, as plain sentences. */
  readonly notes?: readonly string[];
}

/** How the comment is written. */
export interface ComposeOptions {
  /** Bytes of UTF-8 at most. */
  readonly limit?: number;
  /** The commit that the reports are about. */
  readonly head: string;
  /** Where what is left out can be seen, as the end of a sentence. */
  readonly rest: string;
}

/**
 * Returns the one comment of a pull request as Markdown: the verdict of everything in the first line, then the images,
 * the manifests and the plans, within one limit: what is riskiest is named last to go, wherever it is. After the merge,
 * what became of it comes first.
 */
export function composeComment(reports: Reports, options: ComposeOptions): string {
  const { limit = COMMENT_LIMIT, head, rest } = options;
  const { images = [], applies = [], notes = [] } = reports;
  const { manifests, parts } = addLost(reports, head);
  const after = applies.length === 0 ? [] : [outlineApplies(applies, { limit, rest })];
  const reviewed: Outline[] = [
    ...(images.length === 0 ? [] : [outlineImages(images)]),
    ...(manifests.length === 0 ? [] : [outlineManifests(manifests)]),
    ...(parts.length === 0 ? [] : [outlinePlans(parts, { limit, rest })]),
  ];
  const said = after.length > 0 ? after : reviewed;
  const verdict = said.map((area) => area.verdict).join('; ') || 'this change reaches nothing that was looked at';
  const areas = [...after, ...(after.length === 0 ? reviewed : reviewed.map(asReviewed))];
  const top = [
    `### ${capitalize(verdict)}${showHead(head)}`,
    ...notes.map(escapeMarkdown),
    ...areas.flatMap((area) => area.top),
  ];
  return fitPage({ top, stacks: areas.flatMap(({ folds }) => folds), rest }, limit);
}

/**
 * Returns why a merge would not do what is shown: `failed` where a job failed or left nothing, so that not all is shown;
 * `unsaved` or `held` where the apply is going to refuse a plan. Undefined where it would.
 */
export function findFault({ images = [], manifests, plans, lost = [] }: Reports): PlanFault | undefined {
  const isError = ({ group }: { readonly group: string }): boolean => group === 'error';
  const isFailed =
    lost.length > 0 ||
    plans.some((plan) => plan.isFailed) ||
    [...images, ...manifests].some(({ entries }) => entries.some(isError));
  if (isFailed) return 'failed';
  if (plans.some(({ isSaved }) => isSaved === false)) return 'unsaved';
  // a merge does not apply what was not meant to be saved
  const isHeld = plans.some(({ isSaved, guard }) => isSaved === true && guard.some(({ isAllowed }) => !isAllowed));
  return isHeld ? 'held' : undefined;
}

function addLost(
  { manifests, plans, lost = [] }: Reports,
  head: string,
): { manifests: readonly Report[]; parts: readonly Part[] } {
  const parts = plans.map(fromReport);
  const gone = lost.flatMap(({ stack, why }) => (stack === undefined ? [] : [describeLostPlan(stack, why)]));
  const unseen = lost.flatMap(({ stack, why }) => (stack === undefined ? [describeLostManifests(why, head)] : []));
  return { manifests: [...manifests, ...unseen], parts: [...parts, ...gone] };
}

function outlinePlans(parts: readonly Part[], options: { limit: number; rest: string }): Outline {
  const outline = outlineParts(parts, options);
  return { ...outline, folds: outline.folds.map((fold) => ({ ...fold, heading: '### Terraform' })) };
}

function capitalize(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

/** After the merge, what was reviewed is history: its notes are not repeated. */
function asReviewed(area: Outline): Outline {
  const folds = area.folds.map((fold) => ({ ...fold, heading: `${fold.heading ?? '###'}, as it was reviewed` }));
  return { ...area, top: [], folds };
}
