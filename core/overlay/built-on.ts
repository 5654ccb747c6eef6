import { posix } from 'node:path';
import type { Git } from '#core/git/repository.ts';
import { FILE_NAMES, resolveReferences } from '#core/overlay/kustomization/references.ts';
import type { OverlayState } from '#core/overlay/overlay.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/**
 * Refuses an overlay that another environment's is built on: what is written to the one would change the other as well,
 * without a release of its own.
 */
export async function refuseBuiltOn(
  git: Git,
  commit: CommitSha,
  { folder, others }: Pick<OverlayState, 'folder' | 'others'>,
): Promise<void> {
  const seen = new Map<string, string>(); // folder → the environment that leads to it
  let wanted = [...others].map(([environment, overlay]) => ({ environment, path: posix.normalize(overlay) }));
  while (wanted.length > 0) {
    const fresh = wanted.filter(({ path }) => !seen.has(path));
    for (const { environment, path } of fresh) seen.set(path, environment);
    const user = seen.get(posix.normalize(folder));
    if (user !== undefined) {
      throw new Refusal(
        `${folder}: the overlay of ${user} (${others.get(user)}) is built on it, so ${user} would change as well; move what both share to a base, and let each overlay name its own images`,
      );
    }
    wanted = (await readKustomizations(git, commit, fresh)).flatMap(({ environment, path, text }) =>
      resolveReferences(text, path).map((reference) => ({ environment, path: reference })),
    );
  }
}

/** Returns the kustomizations of those paths that are folders with one, by two processes. */
async function readKustomizations(
  git: Git,
  commit: CommitSha,
  folders: readonly { readonly environment: string; readonly path: string }[],
): Promise<{ environment: string; path: string; text: string }[]> {
  const asked = folders.flatMap((one) => FILE_NAMES.map((name) => ({ ...one, name })));
  const found = await git.findObjects(asked.map(({ path, name }) => `${commit}:${posix.join(path, name)}`));
  const there = asked.flatMap((one, index) => {
    const oid = found[index];
    return oid === undefined ? [] : [{ ...one, oid }];
  });
  const texts = await git.findTexts(there.map(({ oid }) => oid));
  return there.map(({ environment, path }, index) => ({ environment, path, text: texts[index] ?? '' }));
}
