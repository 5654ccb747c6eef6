import { posix } from 'node:path';
import type { Config, EnvironmentConfig } from '#core/config/config.ts';
import { readConfig } from '#core/config/read.ts';
import type { Git } from '#core/git/repository.ts';
import { type ApplicationFile, openFollowers, readApplications } from '#core/manifests/applications-of.ts';
import { normalizeFolder, type Reach, readReach } from '#core/overlay/reach.ts';
import { openCommit } from '#core/source/source-tree.ts';
import { isExpected } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What a commit says about environments. */
export interface Side {
  readonly commit: CommitSha;
  readonly environments: Config['environments'];
  /** The Applications in the files that differ between the two sides. */
  readonly applications: readonly ApplicationFile[];
  readonly reach: Reach;
  /** Why its slipway.yaml was not read, and the other side's counts. */
  readonly fault: string | undefined;
}

/** Both commits, and which Application of the head follows an overlay. */
export interface Sides {
  readonly base: Side;
  readonly head: Side;
  readonly findFollower: (overlay: string) => ApplicationFile | undefined;
  /** The paths at which they differ. */
  readonly paths: readonly string[];
}

/** An environment, as each side has it. */
export interface Compared {
  readonly name: string;
  readonly before: EnvironmentConfig | undefined;
  readonly after: EnvironmentConfig | undefined;
}

/** What the two sides are read from. */
export interface SidesRequest {
  readonly base: CommitSha;
  readonly head: CommitSha;
  /** slipway.yaml's path. */
  readonly config: string;
}

/** Reads both sides; refuses a head whose slipway.yaml cannot be read. A base without one has the environments of the head. */
export async function readSides(git: Git, { base, head, config }: SidesRequest): Promise<Sides> {
  const paths = await git.listChangedPaths(base, head);
  const read = async (commit: CommitSha) => {
    const [reach, applications] = await Promise.all([readReach(git, commit), readApplications(git, commit, paths)]);
    return { commit, reach, applications };
  };
  const [before, after, { environments }, findFollower] = await Promise.all([
    read(base),
    read(head),
    readConfig(openCommit(git, head), config),
    openFollowers(git, head),
  ]);
  const isSame = !paths.includes(posix.normalize(config));
  const known = isSame ? { environments, fault: undefined } : await readBase(git, base, config, environments);
  return { base: { ...before, ...known }, head: { ...after, environments, fault: undefined }, findFollower, paths };
}

async function readBase(
  git: Git,
  base: CommitSha,
  config: string,
  others: Config['environments'],
): Promise<Pick<Side, 'environments' | 'fault'>> {
  try {
    const { environments } = await readConfig(openCommit(git, base), config);
    return { environments, fault: undefined };
  } catch (error) {
    if (!isExpected(error)) throw error;
    return { environments: await keepExisting(git, base, others), fault: error.message };
  }
}

/** Those whose overlay the commit has. */
async function keepExisting(
  git: Git,
  commit: CommitSha,
  environments: Config['environments'],
): Promise<Config['environments']> {
  const all = [...environments];
  const entries = await git.findEntries(
    commit,
    all.map(([, { overlay }]) => overlay),
  );
  return new Map(all.filter((_one, at) => entries[at] !== undefined));
}

/** Returns the environments whose rendering the change can alter, by what either side reads. */
export function findReached({ base, head, paths }: Sides): Compared[] {
  const reached = [base, head].map(({ reach }) => reach.reachedFrom(paths));
  const names = new Set([...base.environments.keys(), ...head.environments.keys()]);
  return [...names].flatMap((name) => {
    const both = [base, head].map(({ environments }) => environments.get(name));
    const [before, after] = both;
    const isOther =
      before?.overlay !== after?.overlay || JSON.stringify(before?.kustomize) !== JSON.stringify(after?.kustomize);
    const isReached = both.some((one, at) => one !== undefined && reached[at]?.has(normalizeFolder(one.overlay)));
    return isOther || isReached ? [{ name, before, after }] : [];
  });
}
