import type { Digest } from '#core/values/reference.ts';
import type { TestRegistry } from '#tests/support/registry.ts';

/** The media types of an image and of an index, in OCI's and in Docker's words. */
export const OCI = {
  image: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
} as const;
export const DOCKER = {
  image: 'application/vnd.docker.distribution.manifest.v2+json',
  index: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const;

/** An image that a test registry has, whole. */
export interface TestImage {
  readonly digest: Digest;
  readonly config: Digest;
  readonly layers: readonly Digest[];
}

/** What {@link putImage} can be told; by default an OCI image of two layers for linux/amd64. */
export interface TestImageOptions {
  readonly tag?: string;
  readonly mediaType?: string;
  readonly config?: unknown;
  readonly layers?: readonly string[];
  /** More descriptors in `layers`, whose blobs the registry does not have. */
  readonly strangers?: readonly unknown[];
}

/** Pushes an image with its config and its layers, as a builder does. */
export function putImage(server: TestRegistry, repository: string, options: TestImageOptions = {}): TestImage {
  const { tag = 'v1', mediaType = OCI.image, strangers = [] } = options;
  const config = server.putBlob(repository, options.config ?? { os: 'linux', architecture: 'amd64', nonce: tag });
  const layers = (options.layers ?? ['the base', 'the app']).map((text) => server.putBlob(repository, text));
  const descriptors = [...layers.map((digest) => ({ digest, size: 1 })), ...strangers];
  const manifest = { schemaVersion: 2, mediaType, config: { digest: config, size: 1 }, layers: descriptors };
  return { digest: server.put(repository, tag, manifest), config, layers };
}

/** Returns a platform from `linux/arm64`, or from `linux/arm64/v8` with its variant. */
function parsePlatform(text: string): { os: string; architecture: string; variant?: string } {
  const [os = '', architecture = '', variant] = text.split('/');
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** A manifest's digest with its platform (`linux/amd64`) and its annotations. */
export type TestIndexEntry = readonly [
  digest: string,
  platform?: string | undefined,
  annotations?: Readonly<Record<string, string>> | undefined,
];

/** Pushes an index. */
export function putIndex(
  server: TestRegistry,
  repository: string,
  entries: readonly TestIndexEntry[],
  mediaType: string = OCI.index,
): Digest {
  const manifests = entries.map(([digest, platform, annotations]) => ({
    digest,
    size: 1,
    ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
    ...(annotations === undefined ? {} : { annotations }),
  }));
  return server.put(repository, 'index', { schemaVersion: 2, mediaType, manifests });
}
