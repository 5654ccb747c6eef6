import { type AskPorts, describeAsker } from '#core/release/ask.ts';
import type { LiftIntent } from '#core/release/intent.ts';
import { hadVerdict, openProof, type Proof } from '#core/release/proven-sets.ts';
import { readState } from '#core/release/read-state.ts';
import type { LandedRelease } from '#core/release/trailer.ts';
import type { CommitSha } from '#core/values/reference.ts';
import type { Verdict } from '#core/verdict/proven.ts';

/** A release that git promises, and the cluster is not seen to run. */
export interface Unseen {
  readonly release: LandedRelease;
  readonly verdict: Verdict;
}

/** What git promises and the cluster does not show. */
export interface UnseenReport {
  readonly unseen: readonly Unseen[];
  /** Why it is not known, where GitHub did not answer; undefined where it did, and where there is none. */
  readonly silence: string | undefined;
}

/** So long a release may be on its way before it is missed. In milliseconds. */
const ON_ITS_WAY_MS = 15 * 60_000;

/**
 * Returns the releases that an overlay says and that were not seen running: failed, unknown, or without a word for 15
 * minutes. An image that never had a verdict is not missed: its repository has none.
 */
export async function findUnseen(head: CommitSha, ports: AskPorts): Promise<UnseenReport> {
  if (ports.verdicts === undefined) return { unseen: [], silence: undefined };
  const proof = openProof(ports);
  const unseen: Unseen[] = [];
  for (const release of await listPromised(head, ports)) {
    const verdict = await proof.of(release);
    if (verdict !== undefined && (await isMissed(release, verdict, head, proof, ports)))
      unseen.push({ release, verdict });
  }
  return { unseen, silence: proof.silence() };
}

/** The newest believed release of each image whose overlay says the same. */
async function listPromised(head: CommitSha, ports: AskPorts): Promise<LandedRelease[]> {
  const config = await ports.readConfig(head);
  const everything = [...config.environments.keys()].map((environment): LiftIntent => {
    return { kind: 'release', environment, image: '*', images: new Map(), ...describeAsker(ports, '') };
  });
  const { state } = await readState(head, everything, ports);
  return [...state.environments.values()].flatMap(({ images }) =>
    [...images.values()].flatMap(({ current, release }): LandedRelease[] => {
      if (release === undefined || release.to !== current) return [];
      const { commit, ...said } = release;
      return commit === undefined ? [] : [{ ...said, commit }];
    }),
  );
}

async function isMissed(
  release: LandedRelease,
  { word }: Verdict,
  head: CommitSha,
  proof: Proof,
  ports: AskPorts,
): Promise<boolean> {
  if (word === 'running') return false;
  if (word === 'failed' || word === 'unknown') return true;
  const branch = await ports.history.at(head);
  const page = (await branch.line.describeAll([release.commit])).get(release.commit);
  const isOld = page === undefined || ports.clock.now().getTime() - page.date.getTime() > ON_ITS_WAY_MS;
  if (!isOld || word === 'pending') return isOld;
  const overlay = (await ports.readConfig(head)).environments.get(release.environment)?.overlay ?? '';
  return hadVerdict(release, overlay, branch, proof);
}
