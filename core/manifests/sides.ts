import type { Config, EnvironmentConfig } from '#core/config/config.ts';
import { readConfig } from '#core/config/read.ts';
import type { Git } from '#core/git/repository.ts';
import { type ApplicationFile, readApplications } from '#core/manifests/applications-of.ts';
import { createTouch, type Reach, readReach } from '#core/overlay/reach.ts';
import { openCommit } from '#core/source/source-tree.ts';
import { isExpected } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What a commit says about environments. */
export interface Side {
  readonly commit: CommitSha;
  readonly environments: Config['environments'];
  readonly applications: readonly ApplicationFile[];
  readonly reach: Reach;
  /** Why its slipway.yaml was not read, and the other side's counts. */
  readonly fault: string | undefined;
}

/** An environment, as each side has it. */
export interface Compared {
  readonly name: string;
  readonly before: EnvironmentConfig | undefined;
  readonly after: EnvironmentConfig | undefined;
}

/** Reads both sides; refuses a head whose slipway.yaml cannot be read. A base without one has the environments of the head. */
export async function readSides(
  git: Git,
  { base, head, config }: { readonly base: CommitSha; readonly head: CommitSha; readonly config: string },
): Promise<readonly [Side, Side]> {
  const read = async (commit: CommitSha) => {
    const [reach, applications] = await Promise.all([readReach(git, commit), readApplications(git, commit)]);
    return { commit, reach, applications };
  };
  const [before, after, { environments }, old] = await Promise.all([
    read(base),
    read(head),
    readConfig(openCommit(git, head), config),
    readConfig(openCommit(git, base), config).catch((error: unknown) => {
      if (!isExpected(error)) throw error;
      return { environments: undefined, fault: error.message };
    }),
  ]);
  const fault = 'fault' in old ? old.fault : undefined;
  const known = old.environments ?? (await keepExisting(git, base, environments));
  return [
    { ...before, environments: known, fault },
    { ...after, environments, fault: undefined },
  ];
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

/** Returns the environments whose rendering a change of these paths can alter, by what either side reads. */
export function findReached([base, head]: readonly [Side, Side], paths: readonly string[]): Compared[] {
  const touches = createTouch(paths);
  const names = new Set([...base.environments.keys(), ...head.environments.keys()]);
  return [...names].flatMap((name) => {
    const [before, after] = [base, head].map(({ environments }) => environments.get(name));
    const isOther =
      before?.overlay !== after?.overlay || JSON.stringify(before?.kustomize) !== JSON.stringify(after?.kustomize);
    const isTouched = [
      { side: base, one: before },
      { side: head, one: after },
    ].some(({ side, one }) => one !== undefined && touches(side.reach.rootsOf(one.overlay)));
    return isOther || isTouched ? [{ name, before, after }] : [];
  });
}
