import { type Batch, type Decided, decide } from '#core/release/decide.ts';
import { findHold, type Hold, isActive } from '#core/release/holds.ts';
import type { Build, Intent } from '#core/release/intent.ts';
import { type Branch, type ImageHistory, placeBuild } from '#core/release/order.ts';
import type { Binding, ImageState, Order, Place, PlaceQuestion, State } from '#core/release/state.ts';
import type { LandedRelease } from '#core/release/trailer.ts';
import type { Digest } from '#core/values/reference.ts';
import type { Inputs } from './model-types.ts';
import { commitOf, configOf, heldAs, indexOf } from './state-builder.ts';

/** The images of the world, in each of its environments. */
export const IMAGES = ['a', 'b'];
const MINUTE = 60_000;
/** The environment edge is frozen for the last 20 minutes of each 100. */
const FREEZE = { every: 100, from: 80 };

/** One image of one environment: what its overlay says, and its releases, newest first. */
interface Spot {
  current: Digest | undefined;
  readonly releases: LandedRelease[];
}

/** A repository in memory: a straight branch of sources, overlays, hold files, a clock; and the writers' one step. */
export class World {
  /** Minutes since 1970. */
  minutes = 0;
  /** The inputs of each image at each source. */
  readonly sources: Readonly<Record<string, string>>[] = [{ a: 'v', b: 'v' }];
  readonly holds = new Map<string, readonly Hold[]>();
  readonly #spots = new Map<string, Spot>();
  readonly #config = configOf();
  readonly #landed = new Set<string>();
  /** The oldest source that may be deployed to a spot. */
  readonly #floors = new Map<string, number>();
  #commits = 1_000;

  get now(): Date {
    return new Date(this.minutes * MINUTE);
  }

  get head(): number {
    return this.sources.length - 1;
  }

  inputsAt = (image: string, source: number): string | undefined => this.sources[source]?.[image];

  /** The inputs of an image at each commit of the branch. */
  inputsOf(image: string): Inputs {
    return new Map(this.sources.map((source, index) => [commitOf(index), source[image]]));
  }

  isFrozen = (environment: string): boolean => environment === 'edge' && this.minutes % FREEZE.every >= FREEZE.from;

  at(environment: string, image: string): Spot {
    const spot = this.#spots.get(`${environment}/${image}`) ?? { current: undefined, releases: [] };
    this.#spots.set(`${environment}/${image}`, spot);
    return spot;
  }

  /** The holds of an environment that are not over. */
  holdsOf(environment: string): Hold[] {
    return (this.holds.get(environment) ?? []).filter((hold) => isActive(hold, this.now));
  }

  changeByHand(environment: string, image: string, digest: Digest | undefined): void {
    this.at(environment, image).current = digest;
    this.#floors.delete(`${environment}/${image}`);
  }

  /** What the readers of a head make of it. */
  readState(): State {
    const read = [...this.#config.environments.values()].map((config) => {
      const images = IMAGES.map((image) => [image, this.readImage(config.name, image)] as const);
      const freeze: Binding | undefined = this.isFrozen(config.name) ? heldAs('*', { kind: 'freeze' }) : undefined;
      const holds = this.holdsOf(config.name).map((hold) => ({ ...hold }));
      return [config.name, { config, fault: undefined, freeze, holds, images: new Map(images) }] as const;
    });
    return { now: this.now, config: this.#config, environments: new Map(read) };
  }

  readImage(environment: string, image: string): ImageState {
    const { current, releases } = this.at(environment, image);
    const [release] = releases;
    const state = { current, isUsed: true, release, hand: undefined };
    if (release === undefined || release.to === current) return state;
    const accepted = this.holdsOf(environment).find(
      (hold) => hold.kind === 'accepted' && hold.image === image && hold.digest === current,
    );
    if (accepted?.digest === undefined) return { ...state, hand: heldAs(image) };
    return { ...state, release: { ...release, to: accepted.digest, source: accepted.source ?? release.source } };
  }

  /** Decides what is open in one commit, and writes it; returns what is decided. */
  async fold(open: readonly Intent[]): Promise<readonly Decided[]> {
    const state = this.readState();
    const places = new Map<string, Place>();
    const keyOf = (question: PlaceQuestion): string => JSON.stringify(question);
    const order: Order = {
      depth: (source) => Math.max(0, this.head - indexOf(source)),
      place: (question) => places.get(keyOf(question)),
    };
    for (;;) {
      const batch = decide(state, open, order);
      if (batch.questions.length === 0) return this.#commit(batch);
      for (const question of batch.questions) places.set(keyOf(question), await this.#place(question));
    }
  }

  async #place({ environment, image, build, deployed }: PlaceQuestion): Promise<Place> {
    if (indexOf(build.source) > this.head) return { is: 'absent', exists: true };
    const branch: Branch = {
      contains: async (commit) => indexOf(commit) <= this.head,
      compare: async (one, other) => (one === other ? 'same' : one < other ? 'older' : 'newer'),
      broughtBy: async (commit) => commit,
    };
    const history: ImageHistory = {
      inputsAt: async (commit) => this.inputsAt(image, indexOf(commit)),
      changesAfter: async (source) =>
        this.sources
          .map((_source, index) => commitOf(index))
          .filter((commit) => commit > source)
          .reverse(),
      releases: async (count) => this.at(environment, image).releases.slice(0, count),
    };
    return placeBuild(build, deployed, branch, history);
  }

  #commit(batch: Batch): readonly Decided[] {
    const decided = batch.decided.filter(({ outcome }) => outcome !== 'waits');
    if (decided.length === 0) throw new Error('nothing is decided: the writers would wait for ever');
    const holdsBefore = new Map([...this.holds]);
    const isByHand = new Set(
      batch.releases.filter(({ environment, image }) => this.readImage(environment, image).hand).map(placeOf),
    );
    for (const [environment, { add, remove }] of batch.holds) {
      const kept = this.holdsOf(environment).filter((hold) => !remove({ ...hold }));
      this.holds.set(environment, [...kept, ...add]);
    }
    const commit = commitOf(++this.#commits);
    const moved = new Set<string>();
    for (const release of batch.releases) {
      const place = placeOf(release);
      if (moved.has(place)) throw new Error(`${place} moves twice in a commit`);
      moved.add(place);
      this.#checkRelease({ ...release, commit }, decided, isByHand.has(place));
      const spot = this.at(release.environment, release.image);
      spot.current = release.to;
      spot.releases.unshift({ ...release, commit });
    }
    const isChanged = (environment: string): boolean =>
      [...moved].some((place) => place.startsWith(`${environment}/`)) ||
      JSON.stringify(holdsBefore.get(environment) ?? []) !== JSON.stringify(this.holds.get(environment) ?? []);
    for (const one of decided) this.#checkDecided(one, isChanged);
    return decided;
  }

  /** What is true of every release that a commit makes, whatever the intents were. */
  #checkRelease(release: LandedRelease, decided: readonly Decided[], wasByHand: boolean): void {
    const { environment, image, from, to, kind, intent } = release;
    const place = placeOf(release);
    const { current } = this.at(environment, image);
    if (from !== current || to === current) throw new Error(`${place}: ${from} → ${to} where ${current} is`);
    const wanted = decided.find((one) => one.intent.id === intent)?.intent;
    if (wanted === undefined) throw new Error(`${place} moves by an intent that is not decided`);
    if (wanted.kind === 'deploy') {
      const isLetGo = decided.some(({ holds }) =>
        holds.some((hold) => hold.action === 'release' && hold.environment === environment && hold.image === image),
      );
      const isHeld = findHold(this.holdsOf(environment), image, this.now) !== undefined;
      if (isHeld || (wasByHand && !isLetGo) || this.isFrozen(environment))
        throw new Error(`a bump moves ${place}, which is held`);
    }
    const source = indexOf(release.source);
    if (kind !== 'rollback' && source < (this.#floors.get(place) ?? 0))
      throw new Error(`${place} goes to an older source`);
    // what was built from a source that the branch does not have is older than all that it has
    this.#floors.set(place, source > this.head ? 0 : source);
  }

  #checkDecided({ intent, outcome, holds }: Decided, isChanged: (environment: string) => boolean): void {
    if (this.#landed.has(intent.id)) throw new Error(`${intent.id} is decided twice`);
    this.#landed.add(intent.id);
    if (outcome !== 'landed') return;
    // a writer whose answer is lost finds its intent by the folders that the commit changes
    const unchanged = holds.find(({ environment }) => !isChanged(environment));
    if (unchanged !== undefined) throw new Error(`${intent.id} landed in ${unchanged.environment} and left no trace`);
  }
}

function placeOf({ environment, image }: { readonly environment: string; readonly image: string }): string {
  return `${environment}/${image}`;
}

/** Returns the build of a source: what its digest says is its inputs, and which build of them it is. */
export function buildOf(world: World, image: string, source: number, variant: number): Build {
  const digest: Digest = `sha256:${image}-${world.inputsAt(image, source) ?? 'v'}${variant}`;
  return { digest, source: commitOf(source) };
}
