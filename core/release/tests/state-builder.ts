import type { Config, EnvironmentConfig, ImageConfig } from '#core/config/config.ts';
import { DEFAULT_OPTIONS } from '#core/overlay/kustomization/render.ts';
import { type Batch, decide } from '#core/release/decide.ts';
import type { Hold } from '#core/release/holds.ts';
import type {
  DeployIntent,
  HoldIntent,
  Intent,
  LiftIntent,
  PromotionIntent,
  RollbackIntent,
} from '#core/release/intent.ts';
import type { DeployedRelease, EnvironmentState, ImageState, Order, State } from '#core/release/state.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

/** The moment of most tests. */
export const NOW = new Date('2026-01-02T12:00:00Z');

/** Returns the commit of a number: the larger is the newer. */
export const commitOf = (index: number): CommitSha => String(index).padStart(40, '0') as CommitSha; // forty digits

/** Returns the number of such a commit. */
export const indexOf = (commit: CommitSha): number => Number(commit);

/** Returns a digest that is told by one hex digit. */
export const digestOf = (letter: string): Digest => `sha256:${letter.repeat(64)}`;

/** Returns the ULID of a number, in the order of numbers. */
export const ulidOf = (index: number): string => String(index).padStart(26, '0');

const ENVIRONMENTS: readonly Pick<EnvironmentConfig, 'name' | 'deploys' | 'from'>[] = [
  { name: 'staging', deploys: 'on-push' },
  { name: 'edge', deploys: 'on-push' },
  { name: 'canary', deploys: 'by-hand' },
  { name: 'production', deploys: 'on-promotion', from: 'staging' },
];

/** Returns slipway.yaml with the images a, b and c, and an environment for each way to deploy. */
export function configOf(): Config {
  const image = (name: string): ImageConfig => ({
    name,
    names: [name],
    template: 'docker/build.pkr.hcl',
    inputs: [name],
    dependencies: [],
    variables: {},
    keep: 5,
  });
  const environments = ENVIRONMENTS.map((one) => ({
    ...one,
    overlay: `overlays/${one.name}`,
    kustomize: DEFAULT_OPTIONS,
    freezes: [],
    via: 'push' as const,
    'auto-merge': false,
    verdict: 'when-written' as const,
    'on-failure': 'rollback' as const,
  }));
  return {
    registry: { type: 'oci', host: 'registry.example' },
    images: new Map(['a', 'b', 'c'].map((name) => [name, image(name)])),
    environments: new Map(environments.map((one) => [one.name, one])),
    terraform: undefined,
  };
}

/** What a test says of an image: its newest release's source and digest, and what the overlay says where it differs. */
export interface WrittenImage extends Partial<ImageState> {
  readonly source?: number;
  readonly digest?: string;
}

type WrittenEnvironment = Partial<Omit<EnvironmentState, 'images' | 'config'>> & {
  readonly images?: Readonly<Record<string, WrittenImage>>;
};

/** Returns a state; an environment that is not given has no images, no holds and no fault. */
export function stateOf(environments: Readonly<Record<string, WrittenEnvironment>>, now = NOW): State {
  const config = configOf();
  const states = [...config.environments.values()].map((own): [string, EnvironmentState] => {
    const { images = {}, ...written } = environments[own.name] ?? {};
    const read = Object.entries(images).map(([name, image]) => [name, imageOf(own.name, name, image)] as const);
    return [
      own.name,
      { config: own, fault: undefined, freeze: undefined, holds: [], ...written, images: new Map(read) },
    ];
  });
  return { now, config, environments: new Map(states) };
}

function imageOf(environment: string, image: string, { source, digest, ...written }: WrittenImage): ImageState {
  const release: DeployedRelease | undefined =
    source === undefined
      ? undefined
      : {
          environment,
          image,
          to: digestOf(digest ?? 'a'),
          from: undefined,
          kind: 'deploy',
          source: commitOf(source),
          intent: ulidOf(0),
          run: '',
          actor: 'octocat',
          commit: commitOf(source),
        };
  return { current: release?.to, isUsed: true, release, hand: undefined, ...written };
}

/** Orders builds by the numbers of their sources; one of 900 and more is not on the branch. */
export const byNumber: Order = {
  depth: (source) => 1_000 - indexOf(source),
  place: ({ build, deployed }) => {
    if (indexOf(build.source) >= 900) return { is: 'absent', exists: true };
    if (deployed === undefined) return { is: 'first' };
    if (build.source < deployed.source) return { is: 'older', winner: deployed };
    const isRebuilt = build.source === deployed.source && build.digest !== deployed.to;
    return { is: isRebuilt ? 'rebuilt' : 'newer' };
  },
};

/** Builds as tests write them: `{ a: [5, 'c'] }` is image a's build of commit 5 with the digest of c. */
type WrittenBuilds = Readonly<Record<string, readonly [source: number, digest: string]>>;

function buildsOf(builds: WrittenBuilds): LiftIntent['images'] {
  const read = Object.entries(builds).map(
    ([image, [source, digest]]) => [image, { source: commitOf(source), digest: digestOf(digest) }] as const,
  );
  return new Map(read);
}

function asked(id: number, reason: string) {
  return { id: ulidOf(id), run: `https://github.example/runs/${id}`, actor: 'octocat', at: NOW, reason };
}

type More<T> = Partial<Omit<T, 'kind' | 'id'>>;

/** A deploy of builds, to every environment that deploys on push. */
export function deploy(id: number, images: WrittenBuilds, more: More<DeployIntent> = {}): DeployIntent {
  return {
    ...asked(id, ''),
    kind: 'deploy',
    environments: undefined,
    images: buildsOf(images),
    isByHand: false,
    ...more,
  };
}

/** A rollback of staging. */
export function rollback(id: number, images: WrittenBuilds, more: More<RollbackIntent> = {}): RollbackIntent {
  const own = { kind: 'rollback', environment: 'staging', images: buildsOf(images), isUnchecked: false } as const;
  return { ...asked(id, 'it answers 500'), ...own, ...more };
}

/** A promotion to production. */
export function promotion(id: number, images: WrittenBuilds, more: More<PromotionIntent> = {}): PromotionIntent {
  return {
    ...asked(id, 'it is good'),
    kind: 'promotion',
    environment: 'production',
    images: buildsOf(images),
    ...more,
  };
}

/** A hold of an image of staging. */
export function hold(id: number, image: string, more: More<HoldIntent> = {}): HoldIntent {
  return { ...asked(id, 'we look at it'), kind: 'hold', environment: 'staging', image, until: undefined, ...more };
}

/** Lets go of an image of staging, with what waits. */
export function lift(id: number, image: string, images: WrittenBuilds = {}, more: More<LiftIntent> = {}): LiftIntent {
  const own = { kind: 'release', environment: 'staging', image, images: buildsOf(images) } as const;
  return { ...asked(id, 'it is fine'), ...own, ...more };
}

/** An entry of a hold file. */
export function heldAs(image: string, more: Partial<Hold> = {}): Hold {
  const since = new Date('2026-01-01T00:00:00Z');
  return { image, kind: 'manual', reason: 'careful', by: 'hubot', since, until: undefined, digest: undefined, ...more };
}

/** The batch in words: what became of each intent by its number, and what moved. */
export function read(batch: Batch) {
  const outcomes = batch.decided.map(({ intent, outcome }) => `${Number(intent.id)} ${outcome}`);
  const moves = batch.releases.map(
    ({ environment, image, to, source }) => `${environment}/${image} ${to[7]} from ${Number(source)}`,
  );
  return { outcomes, moves };
}

/** Decides by {@link byNumber}. */
export const run = (state: State, ...intents: Intent[]): Batch => decide(state, intents, byNumber);

/** What became of the intent of a number. */
export const decidedOf = (batch: Batch, id: number) => batch.decided.find(({ intent }) => Number(intent.id) === id);

/** What became of its images, in words. */
export const imagesOf = (batch: Batch, id: number) =>
  decidedOf(batch, id)?.images.map(({ environment, image, outcome }) => `${environment}/${image} ${outcome}`);

/** Why it was refused. */
export const refusalOf = (batch: Batch, id: number) => decidedOf(batch, id)?.refusal?.message;

/** What one environment's hold file says after the batch. */
export function holdsAfter(state: State, batch: Batch, environment = 'staging'): Hold[] {
  const { add, remove } = batch.holds.get(environment) ?? { add: [], remove: () => false };
  return [...(state.environments.get(environment)?.holds ?? []).filter((one) => !remove(one)), ...add];
}
