import type { Config } from '#core/config/config.ts';
import type { Refusal } from '#core/values/errors.ts';
import type { Digest } from '#core/values/reference.ts';

/** The `registry` of slipway.yaml: where images are pushed to and pulled from. */
export type RegistryLocation = Config['registry'];

/** A user name and a password (or token) for one registry host. */
export interface RegistryCredentials {
  readonly username: string;
  /** Empty where there is an identity token. */
  readonly password: string;
  /** What `docker login` keeps in place of a password where the registry gives one (Azure): OAuth2's refresh token. */
  readonly identityToken?: string;
}

/** Why a request has no login, or not the one that is known. */
export interface LoginNote {
  /** Without a capital and without a full stop. */
  readonly said: string;
  /** What a person does, where that is not to log in. */
  readonly remedy?: string;
}

/** The login for a registry; where there is none, and something should have given one, why. */
export interface RegistryLogin {
  readonly credentials: RegistryCredentials | undefined;
  readonly note?: LoginNote;
}

/** A manifest as the registry holds it; the bytes hash to the digest. */
export interface Manifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/** What a registry says instead of giving a manifest or a blob: a 404, or another 4xx that is not about the login. */
export interface Withheld {
  /** The status and, where the body has them, the code and the words: `the registry answers 404 and says "…"`. */
  readonly answered: string;
  /** What a person does, without a capital and without a full stop. */
  readonly remedy: string;
}

/** An OCI registry as the actions need it; `repository` is the path behind the host, `discord-bot`. */
export interface Registry {
  /** Host and, where it has one, port: the part before the first slash of a reference. */
  readonly host: string;
  /** True when the registry is known to refuse to move each of these tags (ECR). */
  hasImmutableTags(repository: string, tags: readonly string[]): Promise<boolean>;
  /** Returns the digest of a tag (or of itself), or undefined where the registry has none: one HEAD. */
  findDigest(repository: string, reference: string): Promise<Digest | undefined>;
  /** Returns a manifest, proven by its digest; refuses other bytes, more than 4 MiB and what is not an image's. */
  getManifest(repository: string, digest: Digest): Promise<Manifest | Withheld>;
  /** Returns a small blob (an image's config), proven by its digest; refuses other bytes and more than 4 MiB. */
  getBlob(repository: string, digest: Digest): Promise<Buffer | Withheld>;
  /** Returns what the registry says when it does not have a blob; undefined where it has it: one HEAD. */
  checkBlob(repository: string, digest: Digest): Promise<Withheld | undefined>;
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
   * immutable tags, to give the tag of a build back to the one of two simultaneous builds that was first. `refused`: the
   * registry does not move it after all.
   */
  moveTag(repository: string, digest: Digest, tag: string): Promise<'moved' | 'refused'>;
  /** Returns why this login may not push to a repository, with the remedy; undefined where it may. */
  findDenial(repository: string): Promise<Refusal | undefined>;
  /** Returns the compressed size of an image's layers in bytes; undefined for an index of several platforms. */
  findSize(repository: string, digest: Digest): Promise<number | undefined>;
}
