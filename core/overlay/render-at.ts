import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KustomizeOptions } from '#core/config/config.ts';
import type { Git } from '#core/git/repository.ts';
import { findBrokenPattern, type SourceFile } from '#core/overlay/kustomization/explain.ts';
import {
  type Kustomize,
  KustomizeCrash,
  type Rendered,
  renderOverlay,
  SlowRendering,
} from '#core/overlay/kustomization/render.ts';
import { type Materialized, materializeOverlay, materializeTree, refuseAbsent } from '#core/overlay/tree.ts';
import type { Exec } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** An overlay that is rendered as a commit has it, but for one file where `replaced` is given. */
export interface Wanted {
  readonly commit: CommitSha;
  readonly folder: string;
  readonly options: KustomizeOptions;
  readonly replaced?: { readonly path: string; readonly content: Uint8Array };
}

/** What {@link renderAt} needs. */
export interface RenderPorts {
  readonly git: Git;
  readonly exec: Exec;
  /** Returns a new empty folder, gone at the end of the run. */
  readonly folder: () => Promise<string>;
}

/** A rendering, and the files that it was made from. */
export interface Rendering {
  readonly rendered: Rendered;
  readonly made: Materialized;
}

/**
 * Renders an overlay in a folder that holds what it refers to; refuses with kustomize's cause. A reference that cannot be
 * read from the kustomizations makes kustomize miss a file: then it gets the whole tree.
 */
export async function renderAt(wanted: Wanted, kustomize: Kustomize, ports: RenderPorts): Promise<Rendering> {
  const { commit, folder, options, replaced } = wanted;
  const renderIn = async (target: string): Promise<Rendered> => {
    if (replaced !== undefined) await writeFile(join(target, replaced.path), replaced.content);
    return renderOverlay({ exec: ports.exec, kustomize }, join(target, folder), folder, options);
  };
  const narrow = await ports.folder();
  const made = await materializeOverlay(ports.git, commit, folder, narrow);
  try {
    return { rendered: await renderIn(narrow), made };
  } catch (error) {
    if (!(error instanceof Refusal) || error instanceof SlowRendering) throw error;
    if (error instanceof KustomizeCrash) throw nameBroken(error, made);
    await refuseAbsent(ports.git, commit, made);
    const whole = await ports.folder();
    await materializeTree(ports.git, commit, whole);
    return { rendered: await renderIn(whole), made };
  }
}

/** Returns the manifests and kustomizations among the files of a rendering, but for one. */
export function listSources({ files }: Materialized, own: string): SourceFile[] {
  const manifests = [...files].filter(([path]) => path !== own && /\.ya?ml$|(^|\/)Kustomization$/.test(path));
  return manifests.map(([path, content]) => ({ path, text: content.toString('utf8') }));
}

/** kustomize crashes on an entry whose name is not a valid pattern, and does not say which. */
function nameBroken(crash: KustomizeCrash, made: Materialized): Refusal {
  for (const file of listSources(made, '')) {
    const broken = findBrokenPattern(file);
    if (broken === undefined) continue;
    return new Refusal(
      `${crash.message}; ${file.path}:${broken.line}: kustomize reads the name ${JSON.stringify(broken.name)} as a pattern, and it is not a valid one; correct it`,
    );
  }
  return crash;
}
