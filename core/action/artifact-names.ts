/** What the names of all reports begin with: the one comment is written from every artifact of the run that has it. */
export const REPORT_PREFIX = 'slipway-report-';
/** The file in an artifact with a report. */
export const REPORT_FILE = 'report.json';
/** Bytes of a report at most. */
export const MOST_OF_REPORT = 32 << 20;
/** The file in an artifact with a saved plan. */
export const PLAN_FILE = 'plan.sealed';

/** Returns the artifact with the report of what becomes of the images. */
export function nameImages(): string {
  return `${REPORT_PREFIX}images`;
}

/** Returns the artifact with the report of what the overlays render. */
export function nameManifests(): string {
  return `${REPORT_PREFIX}manifests`;
}

/** Returns the artifact with the report of a stack's plan. */
export function namePlanReport(stack: string): string {
  return `${REPORT_PREFIX}plan-${stack}`;
}

/** Returns the artifact with the report of a stack's apply. */
export function nameApplyReport(stack: string): string {
  return `${REPORT_PREFIX}apply-${stack}`;
}

/** Returns the artifact with a stack's saved plan. */
export function nameSavedPlan(stack: string): string {
  return `slipway-plan-${stack}`;
}
