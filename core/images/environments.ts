import type { Config, EnvironmentConfig } from '#core/config/config.ts';
import type { Git } from '#core/git/repository.ts';
import type { Target } from '#core/images/report.ts';
import { entriesOf, type OverlayState, readOverlay } from '#core/overlay/overlay.ts';
import { findFreeze } from '#core/release/freezes.ts';
import { findHold, type Hold, parseHolds } from '#core/release/holds.ts';
import { describeBinding } from '#core/release/rules.ts';
import { isExpected } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** Returns what a build of an image does to the environments that deploy on push and name it. */
export type FindTargets = (image: string, digest: string) => Target[];

/** What a commit's environments say: which get a build, and which name an image that slipway.yaml no longer has. */
export interface Environments {
  readonly findTargets: FindTargets;
  /** Returns the environments of any kind with an entry of one of these names. */
  readonly findNaming: (names: readonly string[]) => Target[];
}

interface Read {
  readonly environment: EnvironmentConfig;
  readonly overlay: OverlayState | undefined;
  readonly holds: readonly Hold[];
  readonly fault: string;
}

/** Reads the overlays and hold files of a commit, and the freezes of its slipway.yaml as they are at `now`. */
export async function openEnvironments(git: Git, commit: CommitSha, config: Config, now: Date): Promise<Environments> {
  const all = await Promise.all([...config.environments.values()].map((one) => readOne(git, commit, one, config)));
  const onPush = all.filter(({ environment }) => environment.deploys === 'on-push');
  return {
    findTargets: (image, digest) => onPush.flatMap((one) => findTarget(one, image, digest, now)),
    findNaming: (names) =>
      all
        .filter(({ overlay }) => overlay?.entries.some(({ name }) => names.includes(name)))
        .map(({ environment: { name } }) => ({ environment: name, outcome: 'left', why: '' })),
  };
}

async function readOne(git: Git, commit: CommitSha, environment: EnvironmentConfig, config: Config): Promise<Read> {
  const path = `${environment.overlay}/holds.yaml`;
  try {
    const [overlay, text] = await Promise.all([
      readOverlay(git, commit, environment, config),
      git.readText(commit, path),
    ]);
    return { environment, overlay, holds: text === undefined ? [] : parseHolds(path, text), fault: '' };
  } catch (error) {
    if (!isExpected(error)) throw error;
    return { environment, overlay: undefined, holds: [], fault: error.message };
  }
}

/** In the order of a bump: a freeze first, then a hold. */
function findTarget({ environment, overlay, holds, fault }: Read, image: string, digest: string, now: Date): Target[] {
  const { name, freezes } = environment;
  const to = (outcome: Target['outcome'], why = ''): Target[] => [{ environment: name, outcome, why }];
  if (overlay === undefined) return to('refused', fault);
  if (entriesOf(overlay, image).length === 0) return [];
  const freeze = findFreeze(freezes, now);
  if (freeze !== undefined) return to('frozen', describeBinding({ kind: 'freeze', by: 'slipway.yaml', ...freeze }));
  const hold = findHold(holds, image, now);
  if (hold !== undefined) return to('held', describeBinding(hold));
  return to(digest !== '' && overlay.digests.get(image) === digest ? 'there' : 'deploys');
}
