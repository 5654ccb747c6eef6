import type { Config, EnvironmentConfig } from '#core/config/config.ts';
import type { Git } from '#core/git/repository.ts';
import type { Target } from '#core/images/report.ts';
import { FILE_NAMES } from '#core/overlay/kustomization/references.ts';
import { entriesOf, type OverlayState, readOverlay } from '#core/overlay/overlay.ts';
import { findFreeze } from '#core/release/freezes.ts';
import { findHold, type Hold, parseHolds } from '#core/release/holds.ts';
import { describeBinding } from '#core/release/rules.ts';
import { createLimit } from '#core/system/limit.ts';
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

const HOLDS = 'holds.yaml';

interface Read {
  readonly environment: EnvironmentConfig;
  readonly overlay: OverlayState | undefined;
  readonly holds: readonly Hold[];
  readonly fault: string;
}

/** Overlays that are read at the same time. */
const AT_A_TIME = 8;

/**
 * Reads the overlays and hold files of a commit, and the freezes of its slipway.yaml as they are at `now`. Only overlays
 * with one of the names in their text are looked at: of a thousand environments most have nothing to do with a change.
 */
export async function openEnvironments(
  git: Git,
  commit: CommitSha,
  config: Config,
  { now, names }: { readonly now: Date; readonly names: readonly string[] },
): Promise<Environments> {
  const found = names.length === 0 ? [] : await findEnvironments(git, commit, config, names);
  const limit = createLimit(AT_A_TIME);
  const all = await Promise.all(found.map((one) => limit(() => readOne(git, commit, one, config))));
  const onPush = all.filter(({ environment }) => environment.deploys === 'on-push');
  return {
    findTargets: (image, digest) => onPush.flatMap((one) => findTarget(one, image, digest, now)),
    findNaming: (gone) =>
      all
        .filter(({ overlay }) => overlay?.entries.some(({ name }) => gone.includes(name)))
        .map(({ environment: { name } }) => ({ environment: name, outcome: 'left', why: '' })),
  };
}

interface Found {
  readonly environment: EnvironmentConfig;
  /** The text of its hold file. */
  readonly holds: string | undefined;
}

/** Returns the environments whose overlay may name one of the images, all texts read by one process. */
async function findEnvironments(
  git: Git,
  commit: CommitSha,
  { environments }: Config,
  names: readonly string[],
): Promise<Found[]> {
  const files = [...FILE_NAMES, HOLDS];
  const all = [...environments.values()];
  const paths = all.flatMap(({ overlay }) => files.map((file) => `${commit}:${overlay}/${file}`));
  const texts = await git.findTexts(paths);
  return all.flatMap((environment, at) => {
    const own = texts.slice(at * files.length, (at + 1) * files.length);
    const overlay = own.slice(0, -1).join('\n');
    return names.some((name) => overlay.includes(name)) ? [{ environment, holds: own.at(-1) }] : [];
  });
}

async function readOne(git: Git, commit: CommitSha, { environment, holds }: Found, config: Config): Promise<Read> {
  const path = `${environment.overlay}/${HOLDS}`;
  try {
    const overlay = await readOverlay(git, commit, environment, config);
    return { environment, overlay, holds: holds === undefined ? [] : parseHolds(path, holds), fault: '' };
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
