import { APPLICATION_LINE, readFollowed } from '#core/action/applications.ts';
import type { Git } from '#core/git/repository.ts';
import { isApplication } from '#core/manifests/applications.ts';
import { type KubeObject, readObjects } from '#core/manifests/objects.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** An Argo CD Application or ApplicationSet in a file of the repository. */
export interface ApplicationFile {
  readonly file: string;
  readonly object: KubeObject;
  /** Returns whether it deploys an overlay; in doubt (a template) it does. */
  readonly follows: (overlay: string) => boolean;
}

/** Returns the Applications in the files of a commit. */
export async function readApplications(git: Git, commit: CommitSha): Promise<ApplicationFile[]> {
  const files = await git.grep(commit, APPLICATION_LINE, ['*.yaml', '*.yml', '*.json']);
  const oids = await git.findObjects(files.map((file) => `${commit}:${file}`));
  const texts = await git.findTexts(oids.map((oid) => oid ?? ''));
  return files.flatMap((file, at) =>
    readObjects([texts[at] ?? ''])
      .filter(isApplication)
      .map((object) => ({ file, object, follows: readFollowed(object.text) })),
  );
}
