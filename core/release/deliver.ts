import type { Config, EnvironmentConfig } from '#core/config/config.ts';
import { BORROWED } from '#core/git/repository.ts';
import { entriesOf } from '#core/overlay/overlay.ts';
import { nameEnvironments } from '#core/release/environments.ts';
import { readHead } from '#core/release/head.ts';
import type { Builds, DeployIntent, Intent } from '#core/release/intent.ts';
import { type LandPorts, type LandResult, land } from '#core/release/land.ts';
import { HEAD } from '#core/release/open-intents.ts';
import { propose } from '#core/release/propose.ts';
import { refuseUnused, summarizeOutcomes } from '#core/release/rules.ts';
import { isExpected } from '#core/values/errors.ts';
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
  if (await isPushedByCheckout(intent, ports)) {
    const landed = await land(intent, branch, ports);
    const { head, environments } = await readProposed(intent, ports);
    if (head === undefined || environments.length === 0 || intent.kind !== 'deploy') return landed;
    return join([landed, ...(await proposeAll(intent, environments, head, branch, ports))]);
  }
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
  return join([...results, ...(await proposeEach(intent, proposed, imagesOf, branch, ports))]);
}

/**
 * True where slipway.yaml of the checkout has none of the intent's environments take pull requests: a guess that costs no
 * request, and most are right. What decides is the branch's head, which is read while landing.
 */
async function isPushedByCheckout(intent: Intent, { git, readConfig }: DeliverPorts): Promise<boolean> {
  const commit = await git.revParse(BORROWED);
  if (commit === undefined) return false;
  try {
    return nameEnvironments(await readConfig(commit), intent).every(({ via }) => via === 'push');
  } catch (error) {
    if (!isExpected(error)) throw error;
    return false;
  }
}

/** The environments that take the intent by pull request, at the head that was decided on last. */
async function readProposed(
  intent: Intent,
  { git, readConfig }: DeliverPorts,
): Promise<{ head: CommitSha | undefined; environments: readonly EnvironmentConfig[] }> {
  const head = (await git.revParse(HEAD)) ?? (await git.revParse(BORROWED));
  if (head === undefined) return { head, environments: [] };
  const named = nameEnvironments(await readConfig(head), intent);
  return { head, environments: named.filter(({ via }) => via === 'pull-request') };
}

/** slipway.yaml has changed since the checkout was made: what landed by a push is proposed to the others. */
async function proposeAll(
  intent: DeployIntent,
  environments: readonly EnvironmentConfig[],
  head: CommitSha,
  branch: string,
  ports: DeliverPorts,
): Promise<LandResult[]> {
  const imagesOf = await readUse(intent, environments, head, await ports.readConfig(head), ports);
  return proposeEach(intent, environments, imagesOf, branch, ports);
}

async function proposeEach(
  intent: DeployIntent,
  environments: readonly EnvironmentConfig[],
  imagesOf: (environment: EnvironmentConfig) => Builds,
  branch: string,
  ports: DeliverPorts,
): Promise<LandResult[]> {
  const results: LandResult[] = [];
  for (const environment of environments) {
    const images = imagesOf(environment);
    if (images.size === 0) continue;
    const own: DeployIntent = { ...intent, id: ports.newIntent(), environments: [environment.name], images };
    results.push(await propose(environment.name, own, branch, ports));
  }
  return results;
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
