import type { Config, EnvironmentConfig } from '#core/config/config.ts';
import { entriesOf } from '#core/overlay/overlay.ts';
import { nameEnvironments } from '#core/release/environments.ts';
import { readHead } from '#core/release/head.ts';
import type { Builds, DeployIntent, Intent } from '#core/release/intent.ts';
import { type LandPorts, type LandResult, land } from '#core/release/land.ts';
import { propose } from '#core/release/propose.ts';
import { refuseUnused, summarizeOutcomes } from '#core/release/rules.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What bringing an intent to its environments needs from the world. */
export interface DeliverPorts extends LandPorts {
  /** ULID, new at every call. */
  readonly newIntent: () => string;
}

/**
 * Brings an intent to each of its environments: by a push to the branch, and where slipway.yaml says `via: pull-request`
 * by the environment's pull request. What is pushed comes first.
 */
export async function deliver(intent: Intent, branch: string, ports: DeliverPorts): Promise<LandResult> {
  const head = await readHead(branch, ports);
  const config = await ports.readConfig(head);
  const environments = nameEnvironments(config, intent);
  const [pushed, proposed] = [
    environments.filter(({ via }) => via === 'push'),
    environments.filter(({ via }) => via === 'pull-request'),
  ];
  if (proposed.length === 0) return land(intent, branch, ports);
  if (intent.kind !== 'deploy') return propose(intent.environment, intent, branch, ports);
  const imagesOf = await readUse(intent, environments, head, config, ports);
  const results: LandResult[] = [];
  const direct = joinBuilds(pushed.map(imagesOf));
  if (direct.size > 0)
    results.push(await land({ ...intent, ...nameOf(intent, pushed), images: direct }, branch, ports));
  for (const environment of proposed) {
    const images = imagesOf(environment);
    if (images.size === 0) continue;
    const own: DeployIntent = { ...intent, id: ports.newIntent(), environments: [environment.name], images };
    results.push(await propose(environment.name, own, branch, ports));
  }
  return join(results);
}

/** Where no environment is named, the pushes go to all that take them at the head where they land. */
function nameOf(
  { environments }: DeployIntent,
  pushed: readonly EnvironmentConfig[],
): Pick<DeployIntent, 'environments'> {
  return { environments: environments === undefined ? undefined : pushed.map(({ name }) => name) };
}

/** Of an intent that names no environment, each takes the images that it uses; one that none uses is refused. */
async function readUse(
  { environments, images }: DeployIntent,
  chosen: readonly EnvironmentConfig[],
  head: CommitSha,
  config: Config,
  { editor }: LandPorts,
): Promise<(environment: EnvironmentConfig) => Builds> {
  if (environments !== undefined) return () => images;
  const used = new Map<string, Builds>();
  for (const environment of chosen) {
    const overlay = await editor.read(head, environment, config);
    const own: [string, Builds extends ReadonlyMap<string, infer Build> ? Build : never][] = [];
    for (const [image, build] of images)
      if (entriesOf(overlay, image).length > 0 || (await editor.uses(head, overlay, image))) own.push([image, build]);
    used.set(environment.name, new Map(own));
  }
  refuseUnused(images.keys(), new Set(joinBuilds([...used.values()]).keys()), chosen);
  return ({ name }) => used.get(name) ?? new Map();
}

function joinBuilds(all: readonly Builds[]): Builds {
  return new Map(all.flatMap((builds) => [...builds]));
}

function join(results: readonly LandResult[]): LandResult {
  return {
    outcome: summarizeOutcomes(results.map(({ outcome }) => outcome)),
    commit: results.find(({ commit }) => commit !== undefined)?.commit,
    images: results.flatMap(({ images }) => images),
    holds: results.flatMap(({ holds }) => holds),
    edits: results.flatMap(({ edits }) => edits),
    lostRaces: results.reduce((sum, { lostRaces }) => sum + lostRaces, 0),
    batch: results.find(({ batch }) => batch !== undefined)?.batch,
    proposals: results.flatMap(({ proposals = [] }) => proposals),
  };
}
