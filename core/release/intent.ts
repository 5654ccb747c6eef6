import type { ReleaseKind } from '#core/release/trailer.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

/** A wish to bring digests into environments, all that land in one commit. */
export interface Intent {
  readonly kind: ReleaseKind;
  /** Names in slipway.yaml; undefined for every environment that deploys on push. */
  readonly environments: readonly string[] | undefined;
  readonly images: ReadonlyMap<string, Digest>;
  /** The commit that the images were built from. */
  readonly source: CommitSha;
  /** ULID, a new one for every run of a writer: it is how the writer finds its own commit again. */
  readonly id: string;
  /** Page of the workflow run. */
  readonly run: string;
  readonly actor: string;
  /** True when a person started the run (workflow_dispatch), which `deploys: by-hand` asks for. */
  readonly isByHand: boolean;
}
