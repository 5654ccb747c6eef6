import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileChange } from '#core/git/commit.ts';
import type { Git } from '#core/git/repository.ts';
import { type ImageEntry, readImageEntries, setDigests } from '#core/overlay/kustomization/images.ts';
import { type ChangedContainer, listRepositories, proveChange } from '#core/overlay/kustomization/proof.ts';
import { findKustomize, type Kustomize, type Rendered, renderOverlay } from '#core/overlay/kustomization/render.ts';
import { materializeOverlay, materializeTree, type OverlayFile, readOverlayFile } from '#core/overlay/tree.ts';
import type { Registry, RegistryLocation } from '#core/registry/registry.ts';
import type { Exec } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

/** What an overlay says about images at one commit. */
export interface OverlayState {
  readonly folder: string;
  readonly file: OverlayFile;
  readonly text: string;
  readonly entries: readonly ImageEntry[];
  /** The digest of each image that has one. */
  readonly digests: ReadonlyMap<string, Digest>;
}

/** A new kustomization file, proven by rendering to change exactly the wanted containers. */
export interface OverlayEdit {
  readonly file: FileChange;
  readonly containers: readonly ChangedContainer[];
  readonly kustomize: Kustomize;
}

/** Reads and edits overlays at a commit. */
export interface OverlayEditor {
  read(commit: CommitSha, folder: string): Promise<OverlayState>;
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
export interface OverlayEditorPorts {
  readonly git: Git;
  readonly exec: Exec;
  /** Returns a new empty folder, gone at the end of the run. */
  readonly folder: () => Promise<string>;
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
    read: async (commit, folder) => {
      const file = await readOverlayFile(ports.git, commit, folder);
      const text = decodeUtf8(file);
      const entries = readImageEntries(text, file.path);
      const digests = entries.flatMap((entry) =>
        entry.digest === undefined ? [] : [[entry.name, entry.digest] as const],
      );
      return { folder, file, text, entries, digests: new Map(digests) };
    },
    uses: async (commit, overlay, image) => {
      const rendered = await render(commit, overlay, overlay.file.content, await kustomizeOf(), ports);
      return listRepositories(rendered).some((name) => name === image || name.endsWith(`/${image}`));
    },
    edit: async (commit, overlay, wanted, registry, unchecked = new Set()) => {
      const { text, changes } = setDigests(overlay.text, overlay.file.path, wanted);
      const content = Buffer.from(text, 'utf8');
      const checked = new Map([...wanted].filter(([image]) => !unchecked.has(image)));
      const [kustomize] = await Promise.all([kustomizeOf(), ensureDigests(overlay, checked, registry, ports)]);
      const [before, after] = await Promise.all([
        render(commit, overlay, overlay.file.content, kustomize, ports),
        render(commit, overlay, content, kustomize, ports),
      ]);
      const containers = proveChange(before, after, changes, overlay.entries, overlay.folder);
      return { file: { path: overlay.file.path, mode: overlay.file.mode, content }, containers, kustomize };
    },
  };
}

async function ensureDigests(
  overlay: OverlayState,
  wanted: ReadonlyMap<string, Digest>,
  config: RegistryLocation,
  ports: OverlayEditorPorts,
): Promise<void> {
  if (wanted.size === 0) return;
  const registry = await ports.openRegistry(config);
  await Promise.all(
    [...wanted].map(async ([image, digest]) => {
      const repository = repositoryOf(overlay, image, registry.host);
      if ((await registry.findDigest(repository, digest)) !== undefined) return;
      throw new Refusal(
        `images: ${registry.host}/${repository} has no ${digest}; build and push ${image} first, or give a digest that the registry has`,
      );
    }),
  );
}

/**
 * Returns the repository that the cluster pulls an image from, as the overlay says. It must be of the registry of
 * slipway.yaml, or a check there proves nothing.
 */
export function repositoryOf(overlay: OverlayState, image: string, host: string): string {
  const name = overlay.entries.find((entry) => entry.name === image)?.newName ?? image;
  if (name.startsWith(`${host}/`)) return name.slice(host.length + 1);
  throw new Refusal(
    `${overlay.file.path}: ${image} is pulled from ${JSON.stringify(name)}, but slipway.yaml's registry is ${host}; set newName to ${host}/${image}`,
  );
}

/**
 * Renders the overlay with `content` as its kustomization file, in a folder that holds what it refers to. A reference
 * that cannot be read from the kustomizations makes kustomize miss a file: then it gets the whole tree.
 */
async function render(
  commit: CommitSha,
  overlay: OverlayState,
  content: Uint8Array,
  kustomize: Kustomize,
  ports: OverlayEditorPorts,
): Promise<Rendered> {
  const renderIn = async (target: string): Promise<Rendered> => {
    await writeFile(join(target, overlay.file.path), content);
    return renderOverlay({ exec: ports.exec, kustomize }, join(target, overlay.folder), overlay.folder);
  };
  const narrow = await ports.folder();
  await materializeOverlay(ports.git, commit, overlay.folder, narrow);
  try {
    return await renderIn(narrow);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const whole = await ports.folder();
    await materializeTree(ports.git, commit, whole);
    return renderIn(whole);
  }
}

function decodeUtf8(file: OverlayFile): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file.content);
  } catch {
    throw new Refusal(`${file.path} is not valid UTF-8; save it as UTF-8`);
  }
}
