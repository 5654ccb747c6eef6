import type { Config } from '#core/config/config.ts';
import type { Refusal } from '#core/values/errors.ts';
import type { Digest } from '#core/values/reference.ts';

/** The `registry` of slipway.yaml: where images are pushed to and pulled from. */
export type RegistryLocation = Config['registry'];

/** A user name and a password (or token) for one registry host. */
export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

/** An OCI registry as the actions need it; `repository` is the path behind the host, `discord-bot`. */
export interface Registry {
  /** Host and, where it has one, port: the part before the first slash of a reference. */
  readonly host: string;
  /** True when the registry itself refuses to move a tag (ECR with IMMUTABLE). */
  hasImmutableTags(repository: string): Promise<boolean>;
  /** Returns the digest of a tag (or of itself), or undefined where the registry has none: one HEAD. */
  findDigest(repository: string, reference: string): Promise<Digest | undefined>;
  /** Puts one more tag on a manifest that the registry has. `taken`: the tag is there already, with another digest. */
  addTag(repository: string, digest: Digest, tag: string): Promise<'tagged' | 'taken'>;
  /** Refuses, with the remedy, when the repository does not exist. */
  ensureRepository(repository: string): Promise<void>;
  /** What a Docker client must present; undefined for anonymous. The password is masked already. */
  credentials(): Promise<RegistryCredentials | undefined>;
}

/** A registry that images are pushed to. */
export interface PushRegistry extends Registry {
  /**
   * Points a tag at a manifest that the registry has, wherever the tag pointed before. Only for a registry without
   * immutable tags, to give the tag of a build back to the one of two simultaneous builds that was first.
   */
  moveTag(repository: string, digest: Digest, tag: string): Promise<void>;
  /** Returns why this login may not push to a repository, with the remedy; undefined where it may. */
  findDenial(repository: string): Promise<Refusal | undefined>;
  /** Returns the compressed size of an image's layers in bytes; undefined for an index of several platforms. */
  findSize(repository: string, digest: Digest): Promise<number | undefined>;
}
