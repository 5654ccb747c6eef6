import type { Planned } from './run.ts';

/** Returns the job summary: what the comment says, with its own, larger limit. */
export function renderSummary({ report }: Planned): string {
  return report.summaryMarkdown;
}
