import type { PushRegistry } from '#core/registry/registry.ts';
import type { Clock } from '#core/system/clock.ts';
import type { Log } from '#core/system/log.ts';
import { retry } from '#core/system/retry.ts';
import { describeError, Refusal } from '#core/values/errors.ts';
import type { Digest } from '#core/values/reference.ts';
import type { Docker } from './engine/docker.ts';

/** What publishing needs of the world. */
export interface PublishPorts {
  readonly registry: PushRegistry;
  readonly docker: Docker;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** An image that this run built and where it belongs. */
export interface Built {
  /** Name of the image in the engine. */
  readonly local: string;
  readonly repository: string;
  /** The inputs' tag, `in-<input hash>`. */
  readonly tag: string;
  /** The source commit's tag, `git-<sha>`. */
  readonly sourceTag: string;
}

/** The digest of both tags in the end; `adopted` when a simultaneous build of the same inputs was first. */
export interface Published {
  readonly digest: Digest;
  readonly adopted: boolean;
}

const PUSH_DEADLINE_MS = 60_000;
/** Longer than the moment between "the tag is free" and the tag, much shorter than a build. */
const SETTLE_MS = 250;

/**
 * Pushes an image under `tag` and returns the digest that the tag has afterwards: that of another build where one was
 * first at a registry with immutable tags. A push that fails is tried again, unless the registry says that this login may
 * not push: the layers that arrived are not sent twice.
 */
export async function pushImage(
  built: Pick<Built, 'local' | 'repository' | 'tag'>,
  ports: PublishPorts,
): Promise<Published> {
  const { registry, docker, log } = ports;
  const before = await registry.findDigest(built.repository, built.tag);
  if (before !== undefined) return { digest: before, adopted: true };
  const remote = `${registry.host}/${built.repository}:${built.tag}`;
  let failure: unknown;
  const tried = await retry<Published>({ ...ports, deadlineMs: PUSH_DEADLINE_MS, firstPauseMs: 1_000 }, async () => {
    failure = await docker.push(built.local, remote).then(
      () => undefined,
      (error: unknown) => error,
    );
    const digest = await registry.findDigest(built.repository, built.tag);
    if (digest !== undefined) return { done: true, value: { digest, adopted: failure !== undefined } };
    const reason = failure === undefined ? `${remote} is not there after the push` : describeError(failure);
    const denial = failure === undefined ? undefined : await registry.findDenial(built.repository);
    if (denial !== undefined) throw denial; // the client has no exit code for it, the registry has a status
    log.info(`The push did not arrive, trying again: ${reason}`);
    return { done: false, reason };
  });
  if (tried.done) return tried.value;
  throw new Refusal(
    `${remote} could not be pushed in ${tried.attempts} attempts; see whether the registry is up, then run the job again`,
    {
      cause: failure ?? new Error(tried.reason),
    },
  );
}

/**
 * Pushes an image and gives both its tags one digest. Of two simultaneous builds of one commit the first
 * one's digest stays and both runs return it: the registry decides by refusing to move the tag, or, where tags can
 * move, the source tag does, because it is set by one short request and never by the long push.
 */
export async function publish(built: Built, ports: PublishPorts): Promise<Published> {
  const pushed = await pushImage(built, ports);
  const { registry } = ports;
  const marked = await registry.addTag(built.repository, pushed.digest, built.sourceTag);
  if (await registry.hasImmutableTags(built.repository, [built.tag, built.sourceTag])) {
    if (marked === 'tagged') return pushed;
    const other = await registry.findDigest(built.repository, built.sourceTag);
    throw twoDigests(built, built.sourceTag, other ?? 'nothing', pushed.digest);
  }
  await ports.clock.sleep(SETTLE_MS);
  return settle(built, pushed, ports);
}

async function settle(built: Built, pushed: Published, ports: PublishPorts): Promise<Published> {
  const { registry } = ports;
  for (let round = 0; round < 5; round++) {
    const [first, current] = await Promise.all([
      registry.findDigest(built.repository, built.sourceTag),
      registry.findDigest(built.repository, built.tag),
    ]);
    if (first === undefined || current === undefined)
      throw new Refusal(`${built.repository} lost a tag while it was being pushed; run the job again`);
    if (first === current) return { digest: first, adopted: pushed.adopted || first !== pushed.digest };
    const moved = await registry.moveTag(built.repository, first, built.tag);
    if (moved === 'refused') throw twoDigests(built, built.sourceTag, first, current);
    await ports.clock.sleep(SETTLE_MS);
  }
  throw new Refusal(
    `the tags ${built.tag} and ${built.sourceTag} of ${built.repository} keep moving; let one build end before the next one begins`,
  );
}

/** Returns the refusal of a tag that has another digest than it must. */
export function twoDigests(built: Pick<Built, 'repository'>, tag: string, there: string, wanted: string): Refusal {
  return new Refusal(
    `the tag ${tag} of ${built.repository} has the digest ${there} and not ${wanted}, and tags do not move; an older version of this action built it from the same commit, or somebody pushed it by hand: push a new commit`,
  );
}
