import type { Digest } from '#core/reference.ts';

/** A user name and a password (or token) for one registry host. */
export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

/** An OCI registry as the actions need it; `repository` is the path behind the host, `discord-bot`. */
export interface Registry {
  /** Host and, where it has one, port: what stands before the first slash of a reference. */
  readonly host: string;
  /** True when the registry itself refuses to move a tag (ECR with IMMUTABLE). */
  hasImmutableTags(repository: string): Promise<boolean>;
  /** Returns the digest that a tag or digest stands for, or undefined where the registry has none: one HEAD. */
  findDigest(repository: string, reference: string): Promise<Digest | undefined>;
  /** Puts one more tag on a manifest that the registry has. `taken`: the tag is there already, with another digest. */
  addTag(repository: string, digest: Digest, tag: string): Promise<'tagged' | 'taken'>;
  /** Refuses, with the remedy, when the repository does not exist. */
  ensureRepository(repository: string): Promise<void>;
  /** What a Docker client must present; undefined for anonymous. The password is masked already. */
  credentials(): Promise<RegistryCredentials | undefined>;
}
