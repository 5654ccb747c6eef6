import { type Preview, previewOverlays } from '#core/manifests/preview.ts';
import { reportsSchema } from '#core/manifests/report.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** Compares what the overlays render before and after the change, and writes the report. */
export async function run(inputs: Inputs, ports: Ports): Promise<Preview> {
  const preview = await previewOverlays(inputs, ports);
  const reports = reportsSchema.parse(preview.reports);
  await ports.write(inputs.report, `${JSON.stringify(reports, undefined, 2)}\n`);
  return preview;
}
