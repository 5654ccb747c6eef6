import type { EnvironmentConfig } from '#core/config/config.ts';
import type { BranchHistory } from '#core/release/history.ts';
import { describeVerdict, hadVerdict, openProof, type VerdictPorts } from '#core/release/proven-sets.ts';
import type { LandedRelease } from '#core/release/trailer.ts';
import { Refusal } from '#core/values/errors.ts';
import type { Verdict } from '#core/verdict/proven.ts';

/** What a promotion would bring on, and whether a person wants it unproven. */
export interface Promoted {
  /** The environment that receives. */
  readonly target: Pick<EnvironmentConfig, 'name' | 'verdict'>;
  /** The environment that runs it now. */
  readonly source: Pick<EnvironmentConfig, 'name' | 'overlay'>;
  /** The newest believed release of each image, with the digest that is to be promoted. */
  readonly releases: readonly LandedRelease[];
  readonly override: boolean;
}

/**
 * Refuses to bring on what was not seen running where it is now. Verdicts count from the first one of an image on: where
 * neither this release nor the three before it ever had one, nothing is asked, unless slipway.yaml says
 * `verdict: required`. Returns what a person overrode, for the commit; undefined where nothing was.
 */
export async function refuseUnproven(
  promoted: Promoted,
  branch: BranchHistory,
  ports: VerdictPorts,
): Promise<string | undefined> {
  const { target, source, releases, override } = promoted;
  const proof = openProof(ports);
  const faults: string[] = [];
  if (ports.verdicts === undefined && releases.length > 0)
    ports.log.info(`Whether ${source.name} runs it was not asked: ${proof.silence()}`);
  for (const release of releases) {
    const verdict = await proof.of(release);
    if (verdict === undefined) break;
    const isMissing =
      verdict.word === 'none' &&
      (target.verdict === 'required' || (await hadVerdict(release, source.overlay, branch, proof)));
    if (isMissing || !['running', 'none'].includes(verdict.word))
      faults.push(`${source.name}/${release.image} was not seen running: ${sayMissing(verdict)}`);
  }
  const isAsked = releases.length > 0 && (ports.verdicts !== undefined || target.verdict === 'required');
  const silence = isAsked ? proof.silence() : undefined;
  if (silence !== undefined) faults.push(`whether ${source.name} runs it is not known (${silence})`);
  if (faults.length === 0) return undefined;
  if (!override) throw new Refusal(`environment: ${faults.join('; ')}; nothing was written: ${advise(silence, ports)}`);
  for (const fault of faults) ports.log.warn(`Promoting all the same, as override asks: ${fault}`);
  return 'override: not seen running';
}

function sayMissing(verdict: Verdict): string {
  return verdict.word === 'none' ? 'it has no verdict yet' : describeVerdict(verdict);
}

function advise(silence: string | undefined, { verdicts }: VerdictPorts): string {
  const asked = verdicts === undefined ? 'with a token' : 'when GitHub answers';
  return `promote again ${silence === undefined ? 'once it runs' : asked}; in an emergency, override: true with a reason, or --override at a terminal, brings it on unproven`;
}
