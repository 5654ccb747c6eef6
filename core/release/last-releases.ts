import type { Git } from '#core/git/repository.ts';
import { type LandedRelease, parseReleases } from '#core/release/trailer.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** Commits to fetch, step by step; the last is git's own number for "all". */
const DEPTHS = [256, 4_096, 2_147_483_647] as const;

/**
 * Returns the newest `count` releases of each of `images` in each of `environments`, newest first. The history of
 * `head` is fetched into `git` without trees and files, as far as it takes to find them.
 */
export async function findLastReleases(
  git: Git,
  head: CommitSha,
  environments: readonly string[],
  images: readonly string[],
  count: number,
): Promise<LandedRelease[]> {
  for (const depth of DEPTHS) {
    const isThere = await git.fetch({ refspecs: [`+${head}:refs/slipway/history`], depth, filter: 'tree:0' });
    if (!isThere) throw new Refusal(`the branch was moved away from ${head} while this ran; run the job again`);
    const found = collect(await git.log(head), environments, images, count);
    if (found.length === environments.length * images.length * count || !git.isShallow()) return found;
  }
  return collect(await git.log(head), environments, images, count);
}

function collect(
  log: readonly { commit: CommitSha; message: string }[],
  environments: readonly string[],
  images: readonly string[],
  count: number,
): LandedRelease[] {
  const left = new Map<string, number>(
    environments.flatMap((one) => images.map((image): [string, number] => [`${one}/${image}`, count])),
  );
  return log.flatMap(({ commit, message }) =>
    parseReleases(message).flatMap((release) => {
      const key = `${release.environment}/${release.image}`;
      const places = left.get(key) ?? 0;
      left.set(key, places - 1);
      return places > 0 ? [{ ...release, commit }] : [];
    }),
  );
}
