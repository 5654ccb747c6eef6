import { NEW, OLD } from '#core/overlay/kustomization/tests/cases.ts';

/** What a peer leaves behind for the same input. */
export type PeerResult =
  /** The arguments of `kustomize edit set image`, which is run for real. */
  | { readonly sets: readonly string[] }
  /** The kustomization's text. */
  | { readonly text: string }
  /** The images that are rendered, in order. */
  | { readonly images: readonly string[] }
  | 'refuses';

/** One input of a peer's tests, in our own words: an overlay, what is wanted of it, and what both sides make of it. */
export interface PeerCase {
  readonly name: string;
  /** The overlay's kustomization. */
  readonly overlay: string;
  /** The base's manifests; default a Deployment whose one container runs `ferry:3`. */
  readonly base?: string;
  /** The names of the files that hold the overlay's kustomization; default kustomization.yaml. */
  readonly files?: readonly string[];
  /** Files beside the overlay's kustomization. */
  readonly beside?: Readonly<Record<string, string>>;
  /** By the image's key in slipway.yaml, as the input names it; default `ferry` with {@link NEW}. */
  readonly wanted?: Readonly<Record<string, string>>;
  /** `names` of the images in slipway.yaml. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
  readonly peer: PeerResult;
  /** What the new text has in place of the old one's pieces, each of which is there once; unchanged without any. */
  readonly changes?: readonly (readonly [from: string, to: string])[];
  /** The images that are rendered from the new text, in order; default `harbour.example/ferry` at {@link NEW}. */
  readonly images?: readonly string[];
  /** What the refusal says, where there is one. */
  readonly refuses?: RegExp;
  /** Why the result is not the peer's. */
  readonly differs?: string;
}

/** The cases of one peer and what of both results is compared. */
export interface Peer {
  readonly name: string;
  /** `images`: what is rendered. `values`: what the kustomization says as YAML. `text`: each character of it. */
  readonly compares: 'images' | 'values' | 'text';
  readonly cases: readonly PeerCase[];
}

export const FERRY = `harbour.example/ferry@${NEW}`;
/** The one change of most cases. */
export const BUMPED = [[OLD, NEW]] as const;

/** Reasons that hold for many cases. */
export const NO_TAGS = 'Slipway writes digests alone: a tag can come to mean another build';
export const NO_ADDING = 'Slipway adds no entry: it names the lines, and a person writes them once';
export const NO_STAR = 'Slipway has no sign for "keep this": what is not the digest stays anyway';

/** Returns a kustomization of the base with these lines below `images:`. */
export function overlayOf(...lines: readonly string[]): string {
  return `resources:\n  - ../base\nimages:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** The entry that most overlays have. */
export const ENTRY = ['- name: ferry', '  newName: harbour.example/ferry', `  digest: ${OLD}`] as const;
export const PLAIN = overlayOf(...ENTRY);

/** Returns a Deployment with a container for each image. */
export function shipOf(...images: readonly string[]): string {
  const containers = images.map((image, index) => `        - name: deck-${index}\n          image: ${image}\n`);
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ship\nspec:\n  template:\n    spec:\n      containers:\n${containers.join('')}`;
}

/** Returns a resource of its own kind with these lines below `spec:`. */
export function resourceOf(kind: string, ...lines: readonly string[]): string {
  return `apiVersion: fleet.example/v1\nkind: ${kind}\nmetadata:\n  name: ship\nspec:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}
