import type { ImagesReport } from '#core/images/report.ts';
import type { Report } from '#core/manifests/report.ts';
import { outlineParts } from '#core/terraform/comment/render.ts';
import { fromReport, type PlanReport } from '#core/terraform/comment/report.ts';
import { fitPage } from './fit.ts';
import { COMMENT_LIMIT, type Outline, showHead } from './outline.ts';
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
 * the manifests and the plans, within one limit: what is riskiest is named last to go, wherever it is.
 */
export function composeComment({ images = [], manifests, plans }: Reports, options: ComposeOptions): string {
  const { limit = COMMENT_LIMIT, head, rest } = options;
  const areas: Outline[] = [
    ...(images.length === 0 ? [] : [outlineImages(images)]),
    ...(manifests.length === 0 ? [] : [outlineManifests(manifests)]),
    ...(plans.length === 0 ? [] : [outlinePlans(plans, { limit, rest })]),
  ];
  const verdict = areas.map((area) => area.verdict).join('; ') || 'this change reaches nothing that was looked at';
  const top = [`### ${capitalize(verdict)}${showHead(head)}`, ...areas.flatMap((area) => area.top)];
  return fitPage({ top, stacks: areas.flatMap(({ folds }) => folds), rest }, limit);
}

function outlinePlans(plans: readonly PlanReport[], options: { limit: number; rest: string }): Outline {
  const outline = outlineParts(plans.map(fromReport), options);
  return { ...outline, folds: outline.folds.map((fold) => ({ ...fold, heading: '### Terraform' })) };
}

function capitalize(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
