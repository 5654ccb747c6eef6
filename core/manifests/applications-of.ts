import { posix } from 'node:path';
import { APPLICATION_LINE, readFollowed } from '#core/action/applications.ts';
import type { Git } from '#core/git/repository.ts';
import { isApplication } from '#core/manifests/applications.ts';
import { type KubeObject, readObjects } from '#core/manifests/objects.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** An Argo CD Application or ApplicationSet in a file of the repository. */
export interface ApplicationFile {
  readonly file: string;
  readonly object: KubeObject;
  /** How the cluster calls it; undefined for an ApplicationSet and for what a chart fills in: they may be several. */
  readonly name: string | undefined;
  /** Returns whether it deploys an overlay; in doubt (a template) it does. */
  readonly follows: (overlay: string) => boolean;
}

const NAMES = ['*.yaml', '*.yml', '*.json'];

/** Returns the Applications in files of a commit. */
export async function readApplications(
  git: Git,
  commit: CommitSha,
  paths: readonly string[],
): Promise<ApplicationFile[]> {
  const isManifest = (path: string): boolean => NAMES.some((name) => path.endsWith(name.slice(1)));
  const files = paths.filter((path) => isManifest(path) && !/(^|\/)kustomization\.ya?ml$/.test(path));
  const texts = await readTexts(git, commit, files);
  return files.flatMap((file, at) => parseApplications(file, texts[at] ?? ''));
}

/**
 * Returns a function that finds the Application of a commit that follows an overlay: one that names it, else an
 * ApplicationSet, whose template may. A file is parsed when it may be it.
 */
export async function openFollowers(
  git: Pick<Git, 'grep' | 'findObjects' | 'findTexts'>,
  commit: CommitSha,
): Promise<(overlay: string) => ApplicationFile | undefined> {
  const files = await git.grep(commit, APPLICATION_LINE, NAMES);
  const texts = await readTexts(git, commit, files);
  const parsed = new Map<string, ApplicationFile[]>();
  return (overlay) => {
    let doubtful: ApplicationFile | undefined;
    for (const [at, file] of files.entries()) {
      const text = texts[at] ?? '';
      if (!text.includes(posix.basename(overlay)) && !/[*\\]|\{\{/.test(text)) continue;
      const applications = parsed.get(file) ?? parseApplications(file, text);
      parsed.set(file, applications);
      const following = applications.filter(({ follows }) => follows(overlay));
      const sure = following.find(({ name }) => name !== undefined);
      if (sure !== undefined) return sure;
      doubtful ??= following[0];
    }
    return doubtful;
  };
}

async function readTexts(
  git: Pick<Git, 'findObjects' | 'findTexts'>,
  commit: CommitSha,
  files: readonly string[],
): Promise<(string | undefined)[]> {
  const oids = await git.findObjects(files.map((file) => `${commit}:${file}`));
  return git.findTexts(oids.map((oid) => oid ?? '0'.repeat(40)));
}

function parseApplications(file: string, text: string): ApplicationFile[] {
  if (!text.includes('Application')) return [];
  return readObjects([text])
    .filter(isApplication)
    .map((object) => ({ file, object, name: nameOf(object), follows: readFollowed(object.text) }));
}

function nameOf({ kind, name }: KubeObject): string | undefined {
  return kind === 'Application' && !name.includes('{{') ? name : undefined;
}
