import type { LifecycleImage } from '#core/aws/ecr-lifecycle/image.ts';
import type { LifecyclePolicy } from '#core/aws/ecr-lifecycle/policy.ts';
import type { Digest } from '#core/values/reference.ts';

/** The images of ECR's repositories with what their lifecycle policies look at. Nothing here deletes an image. */
export interface RepositoryImages {
  /** Returns all images of a repository, archived ones too, manifest lists with their children. */
  list(repository: string): Promise<LifecycleImage[]>;
  /** Returns the repository's lifecycle policy, or undefined where it has none. */
  readPolicy(repository: string): Promise<LifecyclePolicy | undefined>;
  /** Puts one more tag on an image. `taken`: another image has it; `missing`: the image cannot be pulled. */
  addTag(repository: string, digest: Digest, tag: string): Promise<'tagged' | 'taken' | 'missing'>;
  /** Takes a tag from an image, unless it is the image's last one: without it ECR deletes the image. */
  removeTag(repository: string, digest: Digest, tag: string): Promise<'removed' | 'absent' | 'last'>;
  /** True when an image can be pulled: one HEAD of its manifest. */
  hasManifest(repository: string, digest: Digest): Promise<boolean>;
}
