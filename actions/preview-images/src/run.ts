import { nameImages, REPORT_FILE } from '#core/action/artifact-names.ts';
import { previewImages } from '#core/images/preview.ts';
import { type ImagesReport, imagesReportSchema } from '#core/images/report.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** Compares the images before and after the change, and writes the report. */
export async function run(inputs: Inputs, ports: Ports): Promise<ImagesReport> {
  const report = imagesReportSchema.parse(await previewImages(inputs, ports));
  const content = `${JSON.stringify(report, undefined, 2)}\n`;
  await ports.write(inputs.report, content);
  await ports.leave?.({ name: nameImages(), file: REPORT_FILE, content, days: 7 });
  return report;
}
