import type { Config, EnvironmentConfig, Via } from '#core/config/config.ts';
import type { Git } from '#core/git/repository.ts';
import type { OverlayEditor } from '#core/overlay/edit.ts';
import { entriesOf, type OverlayState } from '#core/overlay/overlay.ts';
import { releaseKey } from '#core/release/believe.ts';
import { findFreeze } from '#core/release/freezes.ts';
import { findHand } from '#core/release/hand.ts';
import type { BranchHistory, History } from '#core/release/history.ts';
import { type Hold, isActive, parseHolds } from '#core/release/holds.ts';
import { openImageHistory, openInputReader } from '#core/release/images.ts';
import type { Intent } from '#core/release/intent.ts';
import { placeBuild } from '#core/release/order.ts';
import type {
  Binding,
  DeployedRelease,
  EnvironmentState,
  ImageState,
  Order,
  Place,
  PlaceQuestion,
  State,
} from '#core/release/state.ts';
import type { Clock } from '#core/system/clock.ts';
import { type ExpectedError, isExpected, quote, Refusal } from '#core/values/errors.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';
import { suggestName } from '#core/values/suggest.ts';

/** What reading a state needs from the world. */
export interface StatePorts {
  /** The branch's newest commit with its tree. */
  readonly git: Git;
  readonly history: History;
  readonly editor: OverlayEditor;
  /** Reads slipway.yaml at the head. */
  readonly readConfig: (head: CommitSha) => Promise<Config>;
  /** slipway.yaml's path. */
  readonly configPath: string;
  readonly clock: Clock;
  /** How what is decided reaches the branch; by a push where it is not given. */
  readonly via?: Via;
  /** Digests that a person turned down. */
  readonly turnedDown?: ReadonlyMap<Digest, Binding>;
}

/** What one head of the branch says: the state to decide on, and what it was read from. */
export interface ReadState {
  readonly state: State;
  readonly branch: BranchHistory;
  /** The overlay of each environment in question, where it can be read. */
  readonly overlays: ReadonlyMap<string, OverlayState>;
  /** The text of each environment's hold file; undefined where there is none. */
  readonly holdFiles: ReadonlyMap<string, HoldFile>;
  readonly order: Order;
  /** Reads what the order did not know yet. */
  answer(questions: readonly PlaceQuestion[]): Promise<void>;
}

/** An environment's hold file. */
export interface HoldFile {
  readonly path: string;
  readonly text: string | undefined;
}

/** Reads, at one head, what the intents are decided on. */
export async function readState(head: CommitSha, intents: readonly Intent[], ports: StatePorts): Promise<ReadState> {
  const config = await ports.readConfig(head);
  const branch = await ports.history.at(head);
  const environments = involvedEnvironments(config, intents);
  const images = involvedImages(config, intents);
  const places = environments.map(({ name, overlay }) => ({ environment: name, overlay }));
  const [releases, read] = await Promise.all([
    branch.findReleases({ places, images, count: 1 }),
    Promise.all(environments.map((environment) => readEnvironment(head, environment, config, ports))),
  ]);
  const now = ports.clock.now();
  const states = await Promise.all(
    read.map(async (one): Promise<[string, EnvironmentState]> => {
      const { environment, overlay, fault } = one;
      const holds = one.holds.filter((hold) => isActive(hold, now));
      const readOne = async (image: string): Promise<[string, ImageState]> => {
        const release = releases.get(releaseKey(environment.name, image))?.[0];
        const isUsed = overlay !== undefined && (await isUsedBy(overlay, image, head, intents, ports));
        return [image, await readImage({ environment, overlay, image, holds, release, isUsed }, branch)];
      };
      const own = new Map(await Promise.all(images.map(readOne)));
      const frozen = findFreeze(environment.freezes, now);
      const freeze: Binding | undefined = frozen && { kind: 'freeze', by: 'slipway.yaml', ...frozen };
      return [environment.name, { config: environment, fault, freeze, holds, images: own }];
    }),
  );
  const overlays = read.flatMap(({ environment, overlay }): [string, OverlayState][] =>
    overlay === undefined ? [] : [[environment.name, overlay]],
  );
  return {
    state: { now, config, environments: new Map(states), ...passOn(ports) },
    branch,
    overlays: new Map(overlays),
    holdFiles: new Map(read.map(({ environment, holdFile }) => [environment.name, holdFile])),
    ...(await openOrder(branch, intents, config, ports)),
  };
}

function passOn({ via, turnedDown }: StatePorts): Pick<State, 'via' | 'turnedDown'> {
  return { ...(via && { via }), ...(turnedDown && { turnedDown }) };
}

function involvedEnvironments(config: Config, intents: readonly Intent[]): EnvironmentConfig[] {
  const onPush = [...config.environments.values()].filter(({ deploys }) => deploys === 'on-push');
  const names = intents.flatMap((intent) => {
    if (intent.kind === 'deploy') return intent.environments ?? onPush.map(({ name }) => name);
    const from = intent.kind === 'promotion' ? config.environments.get(intent.environment)?.from : undefined;
    return from === undefined ? [intent.environment] : [intent.environment, from];
  });
  return [...new Set(names)].flatMap((name) => config.environments.get(name) ?? []);
}

/** The images that a hold or its end may touch are all of the environment. */
function involvedImages(config: Config, intents: readonly Intent[]): string[] {
  const named = intents.flatMap((intent) => {
    if (intent.kind === 'hold') return intent.image === '*' ? [] : [intent.image];
    if (intent.kind === 'release') return intent.image === '*' ? [...config.images.keys()] : [intent.image];
    const newest = intent.kind === 'rollback' ? [...(intent.failed?.newest.keys() ?? [])] : [];
    return [...intent.images.keys(), ...newest];
  });
  return [...new Set(named)].filter((image) => config.images.has(image));
}

interface ReadEnvironment {
  readonly environment: EnvironmentConfig;
  readonly overlay: OverlayState | undefined;
  readonly holdFile: HoldFile;
  readonly holds: readonly Hold[];
  readonly fault: ExpectedError | undefined;
}

async function readEnvironment(
  head: CommitSha,
  environment: EnvironmentConfig,
  config: Config,
  { git, editor, clock }: StatePorts,
): Promise<ReadEnvironment> {
  const path = `${environment.overlay}/holds.yaml`;
  const text = await git.readText(head, path);
  const holdFile = { path, text };
  try {
    const overlay = await editor.read(head, environment, config);
    const holds = text === undefined ? [] : parseHolds(path, text);
    refuseMisspelt(
      path,
      holds.filter((hold) => isActive(hold, clock.now())),
      config,
    );
    return { environment, overlay, holdFile, holds, fault: undefined };
  } catch (error) {
    if (!isExpected(error)) throw error;
    return { environment, overlay: undefined, holdFile, holds: [], fault: error as ExpectedError }; // isExpected says so
  }
}

/** A hold of a misspelt image would hold nothing. */
function refuseMisspelt(path: string, holds: readonly Hold[], { images }: Config): void {
  const stray = holds.find(({ image }) => image !== '*' && !images.has(image));
  if (stray === undefined) return;
  const near = suggestName(stray.image, [...images.keys()]);
  throw new Refusal(
    `${path}: nothing is written to the environment until this hold is corrected or taken out: ${quote(stray.image)} is not an image of slipway.yaml${near}`,
  );
}

/** Rendering tells whether an overlay uses an image that it does not list; it is asked only where that decides. */
async function isUsedBy(
  overlay: OverlayState,
  image: string,
  head: CommitSha,
  intents: readonly Intent[],
  { editor }: StatePorts,
): Promise<boolean> {
  if (entriesOf(overlay, image).length > 0) return true;
  const isAsked = intents.some(
    (intent) => intent.kind === 'deploy' && intent.environments === undefined && intent.images.has(image),
  );
  return isAsked && editor.uses(head, overlay, image);
}

async function readImage(
  what: {
    readonly environment: EnvironmentConfig;
    readonly overlay: OverlayState | undefined;
    readonly image: string;
    readonly holds: readonly Hold[];
    readonly release: DeployedRelease | undefined;
    readonly isUsed: boolean;
  },
  branch: BranchHistory,
): Promise<ImageState> {
  const { environment, overlay, image, holds, release, isUsed } = what;
  const current = overlay?.digests.get(image);
  const state = { current, isUsed, release, hand: undefined };
  if (release === undefined || overlay === undefined || current === release.to) return state;
  // an entry that was taken out holds nothing: what would write it is refused by name
  if (entriesOf(overlay, image).length === 0) return state;
  const accepted = holds.find((hold) => hold.kind === 'accepted' && hold.image === image && hold.digest === current);
  if (accepted?.digest !== undefined) {
    return { ...state, release: { ...release, to: accepted.digest, source: accepted.source ?? release.source } };
  }
  const place = { environment: environment.name, overlay: environment.overlay };
  return { ...state, hand: await findHand({ place, image, release, current }, branch) };
}

async function openOrder(
  branch: BranchHistory,
  intents: readonly Intent[],
  config: Config,
  ports: StatePorts,
): Promise<Pick<ReadState, 'order' | 'answer'>> {
  const answers = new Map<string, Place>();
  const inputs = openInputReader(branch, ports.configPath);
  const depths = await readDepths(branch, intents);
  const answer = async (question: PlaceQuestion): Promise<void> => {
    const { environment, image, build, deployed } = question;
    const overlay = config.environments.get(environment)?.overlay ?? '';
    const history = openImageHistory(branch, inputs, { environment, overlay }, image, ports.configPath);
    const isThere = await branch.line.contains(build.source);
    const place: Place = isThere
      ? await placeBuild(build, deployed, branch.line, history)
      : { is: 'absent', exists: await ports.history.exists(build.source) };
    answers.set(keyOf(question), place);
  };
  return {
    order: { place: (question) => answers.get(keyOf(question)), depth: (source) => depths.get(source) ?? 0 },
    answer: async (questions) => {
      const unique = new Map(questions.map((question) => [keyOf(question), question]));
      await Promise.all([...unique.values()].map(answer));
    },
  };
}

function keyOf({ environment, image, build, deployed }: PlaceQuestion): string {
  return [environment, image, build.digest, build.source, deployed?.to, deployed?.source, deployed?.commit].join(' ');
}

/** Only several deploys need to be sorted. */
async function readDepths(branch: BranchHistory, intents: readonly Intent[]): Promise<ReadonlyMap<CommitSha, number>> {
  const deploys = intents.filter(({ kind }) => kind === 'deploy');
  if (deploys.length < 2) return new Map();
  const sources = deploys.flatMap((intent) =>
    intent.kind === 'deploy' ? [...intent.images.values()].map(({ source }) => source) : [],
  );
  const depths = new Map<CommitSha, number>();
  for (const source of new Set(sources)) depths.set(source, await branch.line.findEntry(source));
  return depths;
}
