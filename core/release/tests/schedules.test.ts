import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Builds, Intent } from '#core/release/intent.ts';
import type { Digest } from '#core/values/reference.ts';
import { apply, endHolds } from './model.ts';
import type { Answer, Model } from './model-types.ts';
import { indexOf, ulidOf } from './state-builder.ts';
import { buildOf, IMAGES, World } from './world.ts';

/** SLIPWAY_SCHEDULES=10000 runs as many: half a minute. */
const RUNS = Number(process.env['SLIPWAY_SCHEDULES'] ?? 2_000);
const ENVIRONMENTS = ['staging', 'edge', 'production'];
const ENDINGS = [
  ...['landed', 'held', 'superseded', 'unchanged', 'refused'].map((outcome) => `deploy ${outcome}`),
  ...['landed', 'unchanged'].flatMap((outcome) => [`rollback ${outcome}`, `hold ${outcome}`]),
  ...['landed', 'unchanged', 'refused'].flatMap((outcome) => [`release ${outcome}`, `promotion ${outcome}`]),
];

/** What happens next. `back` counts from the branch's newest source; -1 is a source that is not on the branch yet. */
type Event =
  | { readonly do: 'push'; readonly a: string; readonly b: string }
  | { readonly do: 'deploy'; readonly images: string; readonly back: number; readonly variant: number }
  | {
      readonly do: 'rollback';
      readonly in: string;
      readonly images: string;
      readonly back: number;
      readonly variant: number;
    }
  | { readonly do: 'promote'; readonly images: string }
  | {
      readonly do: 'hold';
      readonly in: string;
      readonly image: string;
      readonly reason: string;
      readonly minutes: number;
    }
  | { readonly do: 'release'; readonly in: string; readonly image: string; readonly back: number }
  | { readonly do: 'hand'; readonly in: string; readonly image: string; readonly digest: string }
  | { readonly do: 'wait'; readonly minutes: number }
  /** Folds those open intents whose place in the order of arrival has its bit set. */
  | { readonly do: 'fold'; readonly of: number };

const inputs = fc.constantFrom('x', 'y', 'z');
const images = fc.constantFrom('a', 'b', 'ab');
const environment = fc.constantFrom(...ENVIRONMENTS);
const scope = fc.constantFrom('a', 'b', '*');
const back = fc.integer({ min: -1, max: 3 });
const variant = fc.constantFrom(0, 0, 0, 1, 2);
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('push' as const), a: inputs, b: inputs }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('deploy' as const), images, back, variant }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rollback' as const), in: environment, images, back, variant }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('promote' as const), images }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('hold' as const),
      in: environment,
      image: scope,
      reason: fc.constantFrom('one', 'other'),
      minutes: fc.constantFrom(0, 0, 10, 30),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('release' as const), in: environment, image: scope, back }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('hand' as const),
      in: environment,
      image: fc.constantFrom(...IMAGES),
      digest: fc.constantFrom('v0', 'x0', 'y0', 'y1', 'unknown', ''),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), minutes: fc.constantFrom(5, 20, 60) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('fold' as const), of: fc.integer({ min: 1, max: 255 }) }) },
);
const schedules = fc
  .array(event, { maxLength: 40, size: 'max' })
  .map((events) => Object.assign(events, { [fc.toStringMethod]: () => `\n${events.map(describe).join('\n')}\n` }));

function describe({ do: verb, ...how }: Event): string {
  const words = Object.entries(how).map(([key, value]) => `${key} ${value === '' ? 'none' : value}`);
  return `  ${verb} ${words.join(', ')}`;
}

function describeHold(place: string, what: string, reason: string, until: Date | undefined): string {
  return `${place} holds ${what}: ${reason}, until ${until?.toISOString()}`;
}

/** A world and its model, with what is open in both. */
class Play {
  readonly world = new World();
  model: Model = ENVIRONMENTS.flatMap((place) =>
    IMAGES.map((image) => ({
      environment: place,
      image,
      now: undefined,
      last: undefined,
      accepted: undefined,
      holds: {},
    })),
  );
  open: Intent[] = [];
  /** Each kind of intent with each outcome that it had. */
  readonly endings = new Set<string>();
  #count = 0;

  async run(next: Event): Promise<void> {
    const { world } = this;
    if (next.do === 'push') world.sources.push({ a: next.a, b: next.b });
    else if (next.do === 'wait') world.minutes += next.minutes;
    else if (next.do === 'hand') this.#changeByHand(next);
    else if (next.do === 'fold') await this.fold(this.open.filter((_intent, index) => next.of & (1 << (index % 8))));
    else this.open.push(...this.#ask(next));
    expect(this.#seenInWorld()).toEqual(this.#seenInModel());
  }

  #changeByHand({ in: place, image, digest }: Extract<Event, { do: 'hand' }>): void {
    const written: Digest | undefined = digest === '' ? undefined : `sha256:${image}-${digest}`;
    this.world.changeByHand(place, image, written);
    this.model = this.model.map((spot) =>
      spot.environment === place && spot.image === image ? { ...spot, now: written } : spot,
    );
  }

  #ask(asked: Exclude<Event, { do: 'push' | 'wait' | 'hand' | 'fold' }>): Intent[] {
    const { world } = this;
    const id = ulidOf(++this.#count);
    const own = { id, run: '', actor: 'octocat', at: new Date(world.now.getTime() + this.#count), reason: 'why' };
    const builds = (names: string, steps: number, which = 0): Builds =>
      new Map([...names].map((image) => [image, buildOf(world, image, Math.max(0, world.head - steps), which)]));
    switch (asked.do) {
      case 'deploy': {
        const found = builds(asked.images, asked.back, asked.variant);
        return [{ ...own, kind: 'deploy', environments: undefined, images: found, isByHand: false }];
      }
      case 'rollback': {
        const found = builds(asked.images, asked.back, asked.variant);
        return [{ ...own, kind: 'rollback', environment: asked.in, images: found, isUnchecked: false }];
      }
      case 'promote': {
        const found = [...asked.images].flatMap((image) => {
          const { current, release } = world.readImage('staging', image);
          return release === undefined
            ? []
            : [[image, { digest: current ?? release.to, source: release.source }] as const];
        });
        const intent = { ...own, kind: 'promotion', environment: 'production', images: new Map(found) } as const;
        return found.length === 0 ? [] : [intent];
      }
      case 'hold': {
        const until = asked.minutes === 0 ? undefined : new Date(world.now.getTime() + asked.minutes * 60_000);
        return [{ ...own, kind: 'hold', environment: asked.in, image: asked.image, reason: asked.reason, until }];
      }
      case 'release': {
        const found = builds(asked.image === '*' ? 'ab' : asked.image, asked.back);
        return [{ ...own, kind: 'release', environment: asked.in, image: asked.image, images: found }];
      }
    }
  }

  /** Folds intents until none waits, in the world; applies them one by one, in the model. */
  async fold(intents: readonly Intent[]): Promise<void> {
    this.open = this.open.filter((intent) => !intents.includes(intent));
    const outcomes = new Map<string, string>();
    for (let waiting = intents; waiting.length > 0; ) {
      for (const { intent, outcome } of await this.world.fold(waiting)) outcomes.set(intent.id, outcome);
      waiting = waiting.filter(({ id }) => !outcomes.has(id));
    }
    for (const { kind, id } of intents) this.endings.add(`${kind} ${outcomes.get(id)}`);
    const expected = new Map([...intents].sort(this.#byTurn).map((intent) => [intent.id, this.#applyToModel(intent)]));
    expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries(expected));
    expect(this.#seenInWorld()).toEqual(this.#seenInModel());
  }

  #applyToModel(intent: Intent): Answer {
    const [answer, after] = apply(this.model, intent, this.world);
    this.model = after;
    return answer;
  }

  /** People in the order in which they asked, then deploys, the newest source first. */
  #byTurn = (one: Intent, other: Intent): number => {
    const turn = (intent: Intent): number => {
      if (intent.kind !== 'deploy') return -1;
      const sources = [...intent.images.values()].map(({ source }) => indexOf(source));
      return this.world.head - Math.min(this.world.head, ...sources);
    };
    return turn(one) - turn(other) || Number(one.id) - Number(other.id);
  };

  #seenInWorld(): string[] {
    const { world } = this;
    const overlays = ENVIRONMENTS.flatMap((place) =>
      IMAGES.map((image) => `${place}/${image} is at ${world.at(place, image).current}`),
    );
    const holds = ENVIRONMENTS.flatMap((place) =>
      world
        .holdsOf(place)
        .filter(({ kind }) => kind !== 'accepted')
        .map(({ image, kind, reason, until }) => describeHold(place, `${image} ${kind}`, reason, until)),
    );
    return [...overlays, ...holds].sort();
  }

  #seenInModel(): string[] {
    const spots = endHolds(this.model, this.world.now);
    const overlays = spots.map((spot) => `${spot.environment}/${spot.image} is at ${spot.now}`);
    const holds = spots.flatMap((spot) =>
      Object.entries(spot.holds).map(([what, { reason, until }]) =>
        describeHold(spot.environment, what, reason, until),
      ),
    );
    // both images of an environment know of the hold of all of it
    return [...overlays, ...new Set(holds)].sort();
  }
}

test(`${RUNS} random schedules end as the model says, and every commit on the way is valid`, async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(schedules, async (events) => {
      const play = new Play();
      for (const next of events) await play.run(next);
      await play.fold(play.open);
      expect(play.open).toEqual([]);
      for (const ending of play.endings) seen.add(ending);
    }),
    { numRuns: RUNS },
  );
  // what never comes up is not tested
  if (RUNS >= 2_000) expect([...seen]).toEqual(expect.arrayContaining(ENDINGS));
}, 600_000);
