import type { Config, EnvironmentConfig } from '#core/config/config.ts';
import type { FileChange } from '#core/git/commit.ts';
import { refuseOverridden } from '#core/overlay/argocd-source.ts';
import { refuseBuiltOn } from '#core/overlay/built-on.ts';
import { findOverride, listRepositories, type SourceFile } from '#core/overlay/kustomization/explain.ts';
import { type DigestChange, setDigests } from '#core/overlay/kustomization/images.ts';
import { type ChangedContainer, proveChange, UnmatchedEntry } from '#core/overlay/kustomization/proof.ts';
import { findKustomize, type Kustomize, type Rendered } from '#core/overlay/kustomization/render.ts';
import { namesOf } from '#core/overlay/names.ts';
import { type OverlayState, readOverlay, repositoryOf } from '#core/overlay/overlay.ts';
import { listSources, type Rendering, type RenderPorts, renderAt } from '#core/overlay/render-at.ts';
import type { Registry, RegistryLocation } from '#core/registry/registry.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

/** A new kustomization file, proven by rendering to change exactly the wanted containers. */
export interface OverlayEdit {
  readonly file: FileChange;
  readonly containers: readonly ChangedContainer[];
  readonly kustomize: Kustomize;
}

/** Reads and edits overlays at a commit. */
export interface OverlayEditor {
  read(commit: CommitSha, environment: EnvironmentConfig, config: Config): Promise<OverlayState>;
  /** True when a container of the rendered overlay has an image of this name. */
  uses(commit: CommitSha, overlay: OverlayState, image: string): Promise<boolean>;
  /** Refuses unless the registry has every digest, but for those of `unchecked` images, and the proof holds. */
  edit(
    commit: CommitSha,
    overlay: OverlayState,
    wanted: ReadonlyMap<string, Digest>,
    registry: RegistryLocation,
    unchecked?: ReadonlySet<string>,
  ): Promise<OverlayEdit>;
}

/** What {@link createOverlayEditor} needs. */
export interface OverlayEditorPorts extends RenderPorts {
  readonly openRegistry: (registry: RegistryLocation) => Promise<Registry>;
}

/** Makes the editor that reads through git, asks the registry and renders with kustomize. */
export function createOverlayEditor(ports: OverlayEditorPorts): OverlayEditor {
  let found: Promise<Kustomize> | undefined;
  const kustomizeOf = (): Promise<Kustomize> => {
    found ??= findKustomize(ports.exec);
    return found;
  };
  return {
    read: (commit, environment, config) => readOverlay(ports.git, commit, environment, config),
    uses: async (commit, overlay, image) => {
      const { rendered } = await render(commit, overlay, overlay.file.content, await kustomizeOf(), ports);
      const names = namesOf(overlay.names, image);
      return listRepositories(rendered).some((used) =>
        names.some((name) => used === name || used.endsWith(`/${name}`)),
      );
    },
    edit: async (commit, overlay, wanted, registry, unchecked = new Set()) => {
      const host = registry.type === 'oci' ? { host: registry.host } : {};
      const { text, changes } = setDigests(overlay.text, overlay.file.path, wanted, { names: overlay.names, ...host });
      const content = Buffer.from(text, 'utf8');
      const checked = new Map([...wanted].filter(([image]) => !unchecked.has(image)));
      const [kustomize] = await Promise.all([
        kustomizeOf(),
        ensureDigests(overlay, checked, registry, ports),
        refuseOverridden(ports.git, commit, overlay, changes),
        refuseBuiltOn(ports.git, commit, overlay),
      ]);
      const containers = await prove({ commit, overlay, content, changes, kustomize }, ports);
      return { file: { path: overlay.file.path, mode: overlay.file.mode, content }, containers, kustomize };
    },
  };
}

/** A change that is to be proven. */
interface Change {
  readonly commit: CommitSha;
  readonly overlay: OverlayState;
  readonly content: Buffer;
  readonly changes: readonly DigestChange[];
  readonly kustomize: Kustomize;
}

async function prove(change: Change, ports: OverlayEditorPorts): Promise<ChangedContainer[]> {
  const { commit, overlay, content, changes, kustomize } = change;
  const [before, after] = await Promise.all([
    render(commit, overlay, overlay.file.content, kustomize, ports),
    render(commit, overlay, content, kustomize, ports),
  ]);
  try {
    const containers = proveChange(before.rendered, after.rendered, changes, overlay.folder);
    await proveAlone(change, before.rendered, ports);
    return containers;
  } catch (error) {
    if (!(error instanceof UnmatchedEntry)) throw error;
    const own: SourceFile = { path: overlay.file.path, text: content.toString('utf8') };
    throw findOverride(error.change, own, listSources(before.made, own.path)) ?? error;
  }
}

/** Of entries that pull one image from one place each must change a container of its own: the others would hide it. */
async function proveAlone(
  { commit, overlay, changes, kustomize }: Change,
  before: Rendered,
  ports: OverlayEditorPorts,
): Promise<void> {
  for (const change of changes) {
    if (changes.filter(({ repository }) => repository === change.repository).length === 1) continue;
    const { text } = setDigests(overlay.text, overlay.file.path, new Map([[change.image, change.to]]), {
      names: new Map([[change.image, [change.entry]]]),
    });
    const { rendered } = await render(commit, overlay, Buffer.from(text, 'utf8'), kustomize, ports);
    proveChange(before, rendered, [change], overlay.folder);
  }
}

async function ensureDigests(
  overlay: OverlayState,
  wanted: ReadonlyMap<string, Digest>,
  config: RegistryLocation,
  ports: OverlayEditorPorts,
): Promise<void> {
  if (wanted.size === 0) return;
  const registry = await ports.openRegistry(config);
  const { host } = registry;
  await Promise.all(
    [...wanted].map(async ([image, digest]) => {
      const repository = repositoryOf(overlay, image, host);
      if ((await registry.findDigest(repository, digest)) !== undefined) return;
      const isElsewhere = repository !== image && (await registry.findDigest(image, digest)) !== undefined;
      throw new Refusal(
        isElsewhere
          ? `${overlay.file.path}: ${image} is pulled from ${host}/${repository}, and ${digest} is in ${host}/${image}; set newName to ${host}/${image}`
          : `images: ${host}/${repository} has no ${digest}; build and push ${image} first, or give a digest that the registry has`,
      );
    }),
  );
}

function render(
  commit: CommitSha,
  { folder, options, file }: OverlayState,
  content: Uint8Array,
  kustomize: Kustomize,
  ports: OverlayEditorPorts,
): Promise<Rendering> {
  return renderAt({ commit, folder, options, replaced: { path: file.path, content } }, kustomize, ports);
}
