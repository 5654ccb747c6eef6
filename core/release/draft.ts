import { findHold, type Hold, type HoldChange, isActive } from '#core/release/holds.ts';
import type { Build, Intent } from '#core/release/intent.ts';
import type { Binding, DeployedRelease, ImageState, Order, Place, PlaceQuestion, State } from '#core/release/state.ts';
import type { Release } from '#core/release/trailer.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

/** What one environment's hold file loses and gains. */
export type HoldMove = Omit<HoldChange, 'now'>;

/** An image as the commit that is being decided on leaves it. */
export interface DraftImage extends ImageState {
  /** True when an intent of this commit moved it already. */
  readonly isChanged: boolean;
}

/** The state as the intents that were decided so far change it. */
export interface Draft {
  readonly state: State;
  readonly releases: readonly Release[];
  readonly questions: readonly PlaceQuestion[];
  image(environment: string, image: string): DraftImage;
  /** Returns why automatic bumps leave the image alone. */
  findBinding(environment: string, image: string): Binding | undefined;
  holds(environment: string): readonly Hold[];
  /** Returns where a build comes beside what is there; notes the question where the answer is not known yet. */
  place(environment: string, image: string, build: Build): Place;
  land(intent: Intent, environment: string, image: string, build: Build): void;
  /** Ends a change by hand: from now on its digest counts as released. */
  accept(environment: string, image: string, build: { digest: Digest; source: CommitSha | undefined }): void;
  /** Notes where an intent waits: what comes behind it there waits as well. */
  waitFor(places: readonly ImagePlace[]): void;
  isWaitedFor(places: readonly ImagePlace[]): boolean;
  addHold(environment: string, hold: Hold): void;
  /** True for a hold that this commit sets. */
  isAdded(environment: string, hold: Hold): boolean;
  removeHolds(environment: string, isGone: (hold: Hold) => boolean): void;
  /** What the hold files lose and gain, by environment; only where something changes. */
  holdChanges(): ReadonlyMap<string, HoldMove>;
}

/** An image of an environment; `*` for all of its images. */
export interface ImagePlace {
  readonly environment: string;
  readonly image: string;
}

const UNUSED: ImageState = { current: undefined, isUsed: false, release: undefined, hand: undefined };

/** Opens a draft of one commit. */
export function openDraft(state: State, order: Order): Draft {
  const releases: Release[] = [];
  const questions: PlaceQuestion[] = [];
  const changed = new Map<string, DraftImage>();
  const waiting: ImagePlace[] = [];
  const holds = openHoldDraft(state);
  const read = (environment: string, image: string): DraftImage =>
    changed.get(`${environment}/${image}`) ?? {
      ...(state.environments.get(environment)?.images.get(image) ?? UNUSED),
      isChanged: false,
    };
  return {
    state,
    releases,
    questions,
    image: read,
    ...holds,
    findBinding: (environment, image) =>
      state.environments.get(environment)?.freeze ??
      findHold(holds.holds(environment), image, state.now) ??
      read(environment, image).hand,
    place: (environment, image, build) => {
      const question = { environment, image, build, deployed: read(environment, image).release };
      const place = order.place(question);
      if (place === undefined) questions.push(question);
      return place ?? { is: 'first' };
    },
    land: (intent, environment, image, build) => {
      const before = read(environment, image);
      const release = toRelease(intent, { environment, image, from: before.current }, build);
      releases.push(release);
      const landed: DeployedRelease = { ...release, commit: undefined };
      const after = { current: build.digest, isUsed: true, release: landed, hand: undefined, isChanged: true };
      changed.set(`${environment}/${image}`, after);
      const wasAccepted = (hold: Hold) => hold.kind === 'accepted' && hold.image === image;
      if (holds.holds(environment).some(wasAccepted)) holds.removeHolds(environment, wasAccepted);
    },
    accept: (environment, image, { digest, source }) => {
      const before = read(environment, image);
      const release = before.release && { ...before.release, to: digest, source: source ?? before.release.source };
      changed.set(`${environment}/${image}`, { ...before, release, hand: undefined });
    },
    waitFor: (places) => void waiting.push(...places),
    isWaitedFor: (places) => places.some((place) => waiting.some((one) => isShared(one, place))),
  };
}

function isShared(one: ImagePlace, other: ImagePlace): boolean {
  const isSame = one.image === other.image || one.image === '*' || other.image === '*';
  return one.environment === other.environment && isSame;
}

type HoldDraft = Pick<Draft, 'holds' | 'addHold' | 'isAdded' | 'removeHolds' | 'holdChanges'>;

function openHoldDraft(state: State): HoldDraft {
  const current = new Map<string, readonly Hold[]>();
  const added = new Map<string, Hold[]>();
  const removed = new Map<string, ((hold: Hold) => boolean)[]>();
  // an intent may wait past the end of its own hold
  const read = (environment: string): readonly Hold[] =>
    (current.get(environment) ?? state.environments.get(environment)?.holds ?? []).filter((hold) =>
      isActive(hold, state.now),
    );
  return {
    holds: read,
    addHold: (environment, hold) => {
      current.set(environment, [...read(environment), hold]);
      added.set(environment, [...(added.get(environment) ?? []), hold]);
    },
    isAdded: (environment, hold) => added.get(environment)?.includes(hold) ?? false,
    removeHolds: (environment, isGone) => {
      current.set(
        environment,
        read(environment).filter((hold) => !isGone(hold)),
      );
      added.set(
        environment,
        (added.get(environment) ?? []).filter((hold) => !isGone(hold)),
      );
      removed.set(environment, [...(removed.get(environment) ?? []), isGone]);
    },
    holdChanges: () =>
      new Map(
        [...current.keys()].map((environment) => [
          environment,
          {
            add: added.get(environment) ?? [],
            remove: (hold: Hold) => (removed.get(environment) ?? []).some((isGone) => isGone(hold)),
          },
        ]),
      ),
  };
}

function toRelease(
  { id, run, actor, reason, kind }: Intent,
  place: Pick<Release, 'environment' | 'image' | 'from'>,
  build: Build,
): Release {
  return {
    ...place,
    to: build.digest,
    source: build.source,
    kind: kind === 'rollback' || kind === 'promotion' ? kind : 'deploy',
    intent: id,
    run,
    actor,
    ...(reason === '' ? {} : { reason }),
  };
}
