import { nameManifests, REPORT_FILE } from '#core/action/artifact-names.ts';
import { type Preview, previewOverlays } from '#core/manifests/preview.ts';
import { reportsSchema } from '#core/manifests/report.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** Compares what the overlays render before and after the change, and writes the report. */
export async function run(inputs: Inputs, ports: Ports): Promise<Preview> {
  const preview = await previewOverlays(inputs, ports);
  const reports = reportsSchema.parse(preview.reports);
  const content = `${JSON.stringify(reports, undefined, 2)}\n`;
  await ports.write(inputs.report, content);
  await ports.leave?.({ name: nameManifests(), file: REPORT_FILE, content, days: 7 });
  return preview;
}
