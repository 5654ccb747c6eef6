import { posix } from 'node:path';
import { parseDocument } from 'yaml';
import * as z from 'zod';
import type { Git } from '#core/git/repository.ts';
import type { DigestChange } from '#core/overlay/kustomization/images.ts';
import { withoutTag } from '#core/overlay/kustomization/reference.ts';
import type { OverlayState } from '#core/overlay/overlay.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** The part of an Application's source that Argo CD lets a file override, as its documentation on parameter overrides has it. */
const override = z.object({
  kustomize: z.object({ images: z.array(z.string()).nullish() }).nullish(),
});

/**
 * Refuses a change of images that Argo CD takes from a file beside the overlay: `.argocd-source.yaml`, or one for a single
 * application. The cluster would go on with what is there.
 */
export async function refuseOverridden(
  git: Git,
  commit: CommitSha,
  { folder, file }: OverlayState,
  changes: readonly DigestChange[],
): Promise<void> {
  for (const name of file.beside.filter((one) => /^\.argocd-source(-.+)?\.yaml$/.test(one))) {
    const path = posix.join(folder, name);
    const images = readImages((await git.readText(commit, path)) ?? '', path);
    const taken = changes.find(({ entry, repository }) => images.some((image) => overrides(image, entry, repository)));
    if (taken === undefined) continue;
    throw new Refusal(
      `${path} makes Argo CD run another ${taken.entry} than the overlay says; take its line out of kustomize.images there, or delete the file`,
    );
  }
}

function readImages(text: string, path: string): readonly string[] {
  const document = parseDocument(text, { logLevel: 'silent', prettyErrors: false });
  const read = override.safeParse(document.errors.length > 0 ? text : (document.toJS() ?? {}));
  if (read.success) return read.data.kustomize?.images ?? [];
  throw new Refusal(
    `${path} cannot be read as Argo CD's override of the overlay, so it is not known which images would run; correct or delete it`,
  );
}

/** `name=newName:tag`, `name:tag` or `name@digest`: Argo CD gives it to `kustomize edit set image`. */
function overrides(image: string, entry: string, repository: string): boolean {
  const name = image.includes('=') ? image.slice(0, image.indexOf('=')) : withoutTag(image);
  return name === entry || name === repository;
}
