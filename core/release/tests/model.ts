import type { Build, Intent } from '#core/release/intent.ts';
import { indexOf } from './state-builder.ts';

/** What the model knows of the world: time in milliseconds, the sources of the branch by their numbers, and freezes. */
export interface Facts {
  readonly now: () => number;
  /** Number of the newest source. */
  readonly head: () => number;
  readonly inputsAt: (image: string, source: number) => string | undefined;
  readonly isFrozen: (environment: string) => boolean;
}

type Answer = 'landed' | 'held' | 'superseded' | 'unchanged' | 'refused';
interface Made {
  readonly digest: string | undefined;
  readonly source: number;
}
type Release = Made & { readonly from: string | undefined };
/** One image of one environment: what its overlay says, its releases (newest first), and what a person accepted. */
interface Spot {
  now: string | undefined;
  made: Release[];
  accepted: Made | undefined;
}
interface Held {
  readonly environment: string;
  readonly image: string;
  readonly kind: 'manual' | 'rollback';
  readonly reason: string;
  readonly until: number | undefined;
}
interface Step {
  readonly environment: string;
  readonly image: string;
  readonly build: Build;
}

const IMAGES = ['a', 'b'];
const ON_PUSH = ['staging', 'edge'];
const RANK: readonly Answer[] = ['refused', 'landed', 'held', 'superseded', 'unchanged'];
const covers = (scope: string, image: string): boolean => scope === '*' || scope === image;
const newest = ({ now, made: [last], accepted }: Spot): Release | undefined =>
  last && last.digest !== now && accepted?.digest === now ? { ...last, ...accepted } : last;
const isByHand = (spot: Spot): boolean => spot.made.length > 0 && newest(spot)?.digest !== spot.now;

/** What intents come to, one after the other: the design's sections 6 and 7 in few words, for a straight branch. */
export class Model {
  readonly #facts: Facts;
  readonly #spots = new Map<string, Spot>();
  #holds: Held[] = [];

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  at(environment: string, image: string): Spot {
    const spot = this.#spots.get(`${environment}/${image}`) ?? { now: undefined, made: [], accepted: undefined };
    this.#spots.set(`${environment}/${image}`, spot);
    return spot;
  }

  holds(): Held[] {
    return this.#holds.filter(({ until }) => until === undefined || this.#facts.now() < until);
  }

  apply(intent: Intent): Answer {
    if (intent.kind === 'hold') return this.#hold(intent);
    const { kind } = intent;
    const steps = listSteps(intent);
    if (kind === 'release' && intent.image !== '*' && this.#isHeldAsWhole(intent.environment)) return 'refused';
    const answers = steps.map((step) => this.#judge(kind, step));
    const answer = RANK.find((one) => answers.includes(one)) ?? 'unchanged';
    const landing = steps.filter((_step, index) => answers[index] === 'landed');
    const stays = kind === 'release' ? this.#listByHand(intent, landing) : [];
    // a part of the set beside newer releases is a set that ran nowhere
    if (kind === 'promotion' && landing.length > 0 && answers.includes('superseded')) return 'refused';
    if (answer === 'refused' || stays.some(({ now }) => now === undefined)) return 'refused';
    for (const step of landing) this.#land(step);
    if (kind === 'rollback' && landing.length > 0) this.#holdRolledBack(intent);
    return kind === 'release' && this.#letGo(intent, stays) ? 'landed' : answer;
  }

  #isHeldAsWhole(environment: string): boolean {
    return this.holds().some((hold) => hold.environment === environment && hold.image === '*');
  }

  #isHeld({ environment, image }: Step): boolean {
    const isOn = (hold: Held): boolean => hold.environment === environment && covers(hold.image, image);
    return this.#facts.isFrozen(environment) || isByHand(this.at(environment, image)) || this.holds().some(isOn);
  }

  #judge(kind: Intent['kind'], step: Step): Answer {
    const { environment, image, build } = step;
    const before = this.at('staging', image);
    if (kind === 'rollback') return this.at(environment, image).now === build.digest ? 'unchanged' : 'landed';
    if (kind === 'deploy' && this.#isHeld(step)) return 'held';
    const isThere = before.made.length > 0 && !isByHand(before) && before.now === build.digest;
    if (kind === 'promotion' && (!isThere || this.#isHeld(step))) return 'refused';
    return this.#order(step);
  }

  #order({ environment, image, build: { digest, source: commit } }: Step): Answer {
    const { head, inputsAt } = this.#facts;
    const spot = this.at(environment, image);
    const [last, source] = [newest(spot), indexOf(commit)];
    if (source > head()) return 'refused';
    const answer = spot.now === digest ? 'unchanged' : 'landed';
    if (last === undefined || last.source > head()) return answer;
    if (source < last.source) return 'superseded';
    if (digest === last.digest) return answer;
    const isLike = (one: number): boolean => inputsAt(image, one) === inputsAt(image, last.source);
    const later = Array.from({ length: head() - source }, (_, index) => source + 1 + index);
    const isOlder = isLike(source) ? wasReplaced(digest, [last, ...spot.made.slice(1)], isLike) : later.some(isLike);
    return isOlder ? 'superseded' : answer;
  }

  #land({ environment, image, build: { digest, source } }: Step): void {
    const spot = this.at(environment, image);
    const made = [{ digest, source: indexOf(source), from: spot.now }, ...spot.made];
    Object.assign(spot, { now: digest, accepted: undefined, made });
  }

  #replaceHolds(isGone: (hold: Held) => boolean, add: readonly Held[]): void {
    this.#holds = [...this.holds().filter((hold) => !isGone(hold)), ...add];
  }

  #hold({ environment, image, reason, until: end }: Extract<Intent, { kind: 'hold' }>): Answer {
    const until = end?.getTime();
    const own = this.holds().filter(
      (hold) => hold.kind === 'manual' && hold.environment === environment && hold.image === image,
    );
    if (own.some((hold) => hold.reason === reason && hold.until === until)) return 'unchanged';
    this.#replaceHolds((hold) => own.includes(hold), [{ environment, image, kind: 'manual', reason, until }]);
    return 'landed';
  }

  #holdRolledBack({ environment, images, reason }: Extract<Intent, { kind: 'rollback' }>): void {
    const isOwn = (hold: Held) =>
      hold.kind === 'rollback' && hold.environment === environment && images.has(hold.image);
    const set = [...images.keys()].map(
      (image): Held => ({ environment, image, kind: 'rollback', reason, until: undefined }),
    );
    this.#replaceHolds(isOwn, set);
  }

  #listByHand({ environment, image: scope, images }: Extract<Intent, { kind: 'release' }>, landing: readonly Step[]) {
    const stays = IMAGES.filter((image) => covers(scope, image) && !landing.some((step) => step.image === image));
    return stays
      .map((image) => ({ spot: this.at(environment, image), build: images.get(image) }))
      .filter(({ spot }) => isByHand(spot))
      .map(({ spot, build }) => ({ spot, now: spot.now, build }));
  }

  /** Accepts what a hand did, and ends the holds; true where there was something to let go. */
  #letGo(
    { environment, image }: Extract<Intent, { kind: 'release' }>,
    stays: readonly { readonly spot: Spot; readonly build: Build | undefined }[],
  ): boolean {
    for (const { spot, build } of stays) {
      const source = build?.digest === spot.now && build ? indexOf(build.source) : spot.made[0]?.source;
      spot.accepted = { digest: spot.now, source: source ?? 0 };
    }
    const gone = this.holds().filter(
      (hold) => hold.environment === environment && (image === '*' || hold.image === image),
    );
    this.#replaceHolds((hold) => gone.includes(hold), []);
    return stays.length > 0 || gone.length > 0;
  }
}

function listSteps(intent: Exclude<Intent, { kind: 'hold' }>): Step[] {
  const environments = intent.kind === 'deploy' ? (intent.environments ?? ON_PUSH) : [intent.environment];
  const isMeant = (environment: string, image: string): boolean =>
    intent.kind !== 'release' || (ON_PUSH.includes(environment) && covers(intent.image, image));
  return environments.flatMap((environment) =>
    [...intent.images]
      .filter(([image]) => isMeant(environment, image))
      .map(([image, build]) => ({ environment, image, build })),
  );
}

/** True when this build ran, and another one of the same inputs came in its place. */
function wasReplaced(digest: string, row: readonly Release[], isLike: (source: number) => boolean): boolean {
  for (const { source, from } of row) {
    if (!isLike(source) || from === undefined) return false;
    if (from === digest) return true;
  }
  return false;
}
