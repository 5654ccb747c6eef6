import * as z from 'zod';
import { type ImagesReport, imagesReportSchema } from '#core/images/report.ts';
import { type Report, reportsSchema } from '#core/manifests/report.ts';
import { type ApplyReport, readApplyReport } from '#core/terraform/comment/apply-report.ts';
import { type PlanReport, parseReport } from '#core/terraform/comment/report.ts';
import { InputError } from '#core/values/errors.ts';
import type { Reports } from './compose.ts';

const ofTerraform = z.looseObject({ kind: z.literal('terraform') });

/** Returns the reports of the actions in texts of files, by path; refuses any other text. */
export function readReports(
  texts: ReadonlyMap<string, string>,
): Reports & { readonly applies: readonly ApplyReport[] } {
  const all = [...texts].map(([path, text]) => parse(path, text));
  return {
    images: all.flatMap((report) => ('kind' in report && report.kind === 'images' ? [report] : [])),
    manifests: all.flatMap((report) => ('kind' in report ? [] : report)),
    plans: all.flatMap((report) => ('kind' in report && report.kind === 'terraform' ? [report] : [])),
    applies: all.flatMap((report) => ('kind' in report && report.kind === 'terraform-apply' ? [report] : [])),
  };
}

function parse(path: string, text: string): readonly Report[] | ImagesReport | PlanReport | ApplyReport {
  const json = readJson(text);
  if (ofTerraform.safeParse(json).success) return parseReport(path, text);
  const applied = readApplyReport(text);
  if (applied !== undefined) return applied;
  const images = imagesReportSchema.safeParse(json);
  if (images.success) return images.data;
  const parsed = reportsSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new InputError(
    'reports',
    path,
    'is not a report of preview-images, preview-overlays or plan-terraform of this version: name the file that their input report names',
  );
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
