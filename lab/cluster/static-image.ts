import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Digest } from '#core/values/reference.ts';
import type { OciRegistry } from '#lab/aws/registry.ts';
import { type Blob, pushBlob, pushManifest } from '#lab/docker/push.ts';
import type { Lab } from '#lab/supervisor/lab.ts';

const TYPES = 'application/vnd.docker';

/**
 * Pushes an image of one program that needs no other file, and returns its reference: images of the cluster's own parts
 * cannot be pulled here. `folder` holds the program alone, which is the image's entry point.
 */
export async function pushStaticImage(
  lab: Lab,
  registry: OciRegistry,
  { repository, folder, program }: { repository: string; folder: string; program: string },
): Promise<string> {
  const archive = ['tar', '--create', '--owner=0', '--group=0', '--mtime=@0', '--directory', folder, program] as const;
  const { stdout: layer } = await lab.exec(archive);
  const packed = gzipSync(layer, { level: 1 });
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: { Entrypoint: [`/${program}`] },
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${TYPES}.distribution.manifest.v2+json`,
      config: { mediaType: `${TYPES}.container.image.v1+json`, size: config.length, digest: digestOf(config) },
      layers: [{ mediaType: `${TYPES}.image.rootfs.diff.tar.gzip`, size: packed.length, digest: digestOf(packed) }],
    }),
  );
  for (const content of [packed, config]) await pushBlob(registry.host, repository, blobOf(content));
  await pushManifest(registry.host, repository, '1', manifest, `${TYPES}.distribution.manifest.v2+json`);
  return `${registry.host}/${repository}:1`;
}

function blobOf(content: Buffer): Blob {
  return { digest: digestOf(content), size: content.length, content };
}

function digestOf(content: Buffer): Digest {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
