import { benchActionStart } from '#bench/action-start.ts';
import { benchBump } from '#bench/bump.ts';
import { benchDelivery, benchRollback, benchVerdicts } from '#bench/delivery.ts';
import { benchHistory } from '#bench/history.ts';
import { benchImage } from '#bench/image.ts';
import { printRows } from '#bench/measure.ts';
import { benchPlan } from '#bench/plan.ts';
import { benchPreview } from '#bench/preview.ts';
import { benchRace } from '#bench/race.ts';

/** Ratios against peers in the same run, then the one time that people feel. `npm run bench -- bump` runs a part. */
const parts: Record<string, () => Promise<void>> = {
  start: async () => printRows(await benchActionStart()),
  image: benchImage,
  bump: async () => printRows(await benchBump()),
  preview: benchPreview,
  history: benchHistory,
  race: async () => printRows(await benchRace()),
  plan: benchPlan,
  delivery: benchDelivery,
  rollback: benchRollback,
  verdict: benchVerdicts,
};

const chosen = process.argv.slice(2);
for (const [name, run] of Object.entries(parts)) if (chosen.length === 0 || chosen.includes(name)) await run();
