import type { Config } from '#core/config/config.ts';
import { readHead } from '#core/release/head.ts';
import { GOES_BACK_WITHIN_MS } from '#core/release/roll-back-failed.ts';
import { type CommitSha, digitsOf } from '#core/values/reference.ts';
import { judgeReleases } from '#core/verdict/decide.ts';
import { type FactPorts, type FoundImage, readFacts } from '#core/verdict/facts.ts';
import { knownOf, pair, type Recorded, type RecordPorts, readRecords, recordVerdicts } from '#core/verdict/record.ts';

/** What verdicts are settled with. */
export interface SettlePorts extends FactPorts, RecordPorts {
  readonly readConfig: (commit: CommitSha) => Promise<Config>;
  readonly now: () => Date;
}

/** Whose word counts, where, and until when. */
export interface SettleOptions {
  /** The branch that Argo CD follows. */
  readonly branch: string;
  /** Login of the App that reports, such as `acme-slipway[bot]`. */
  readonly app: string;
  /** The commit that is reported on; undefined looks at the newest releases, for what was lost and what is late. */
  readonly revision: CommitSha | undefined;
  readonly deadlineMs: number;
}

/** A release with what is recorded of it, and whether it still goes back by itself where it failed. */
export interface Settled extends Recorded {
  readonly goesBack: boolean;
}

/**
 * Reads the facts again, judges the newest releases of every environment, and writes what changed. A release that
 * GitHub cannot take does not keep the others from their verdicts.
 */
export async function settleVerdicts(options: SettleOptions, ports: SettlePorts): Promise<Settled[]> {
  const head = await readHead(options.branch, ports);
  const config = await ports.readConfig(head);
  const environments = await readFacts({ head, config, app: options.app, revision: options.revision }, ports);
  const settled: Settled[] = [];
  const faults: Error[] = [];
  for (const { environment, images } of environments) {
    const since = ports.now().getTime() - GOES_BACK_WITHIN_MS;
    const isAsked = environment['on-failure'] === 'rollback';
    for (const found of images.values()) {
      const image = await settleImage(found, options, ports);
      for (const one of image.recorded)
        settled.push({ ...one, goesBack: isAsked && one.release.landedAt.getTime() >= since });
      for (const fault of image.faults) ports.log.warn(`${environment.name}: ${fault.message}; the others go on`);
      faults.push(...image.faults);
    }
  }
  const [fault] = faults;
  if (fault !== undefined && faults.length === settled.length) throw fault; // nothing could be recorded
  return settled;
}

async function settleImage(
  found: FoundImage,
  { deadlineMs }: SettleOptions,
  ports: SettlePorts,
): ReturnType<typeof recordVerdicts> {
  const records = await readRecords(found.releases, ports);
  const facts = await found.look(records.map(knownOf));
  const judgements = judgeReleases({ ...facts, now: ports.now(), deadlineMs });
  const written = await recordVerdicts(pair(facts.releases, judgements, records), ports);
  for (const { release, judgement } of written.recorded.filter(({ isNew }) => isNew)) {
    const { environment, image, to } = release;
    ports.log.info(`${environment}/${image} ${digitsOf(to)}: ${judgement.verdict}, ${judgement.said}`);
  }
  return written;
}
