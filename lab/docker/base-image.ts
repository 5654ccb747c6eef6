import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { type Digest, parseDigest } from '#core/values/reference.ts';
import type { OciRegistry } from '#lab/aws/registry.ts';
import type { Docker } from '#lab/docker/docker.ts';
import { type Blob, pushBlob, pushManifest } from '#lab/docker/push.ts';
import { describeIngredients, findIngredients, type Ingredients, layRootfs } from '#lab/docker/rootfs.ts';
import { isLabAlive } from '#lab/supervisor/folder.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import { labHome, repositoryRoot } from '#lab/supervisor/root.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/** The image that the lab's builds start from, in the plain registry. */
export interface BaseImage {
  /** `127.0.0.1:PORT/lab/base@sha256:…`: a Packer template's base_image. */
  readonly reference: string;
  readonly digest: Digest;
}

const REPOSITORY = 'lab/base';
const MANIFEST_TYPE = 'application/vnd.docker.distribution.manifest.v2+json';
/** Part of the cache's key: count up when the recipe below changes. */
const RECIPE = 3;
const KEPT = 3;

const layerRecord = z.object({ digest: z.string(), size: z.number(), diffId: z.string() });
type LayerRecord = z.infer<typeof layerRecord>;

/**
 * Makes the base image out of what is on this machine (busybox, Node 24, npm), since nothing can be pulled: pushes it
 * into the plain registry and pulls it into the engine. The same ingredients give the same digest in every lab; the
 * layer is kept below .lab/cache.
 */
export async function makeBaseImage(
  lab: Lab,
  toolbox: Toolbox,
  registry: OciRegistry,
  docker?: Docker,
): Promise<BaseImage> {
  const node = join(repositoryRoot, 'node_modules', 'node', 'bin', 'node');
  const ingredients = await findIngredients(lab.exec, toolbox.tool('busybox'), node, process.env['PATH'] ?? '');
  const folder = await obtainLayer(lab, ingredients);
  const layer = layerRecord.parse(JSON.parse(readFileSync(join(folder, 'layer.json'), 'utf8')));
  const config = blobOf(imageConfig(layer));
  const manifest = Buffer.from(JSON.stringify(imageManifest(config, layer)));
  const digest = parseDigest('layer', layer.digest);
  const file = join(folder, 'layer.tar.gz');
  await pushBlob(registry.host, REPOSITORY, { digest, size: layer.size, content: { file } }).catch((cause: unknown) => {
    rmSync(folder, { recursive: true, force: true });
    throw new Error('the base image was not taken; its kept layer is removed and built again at the next start', {
      cause,
    });
  });
  await pushBlob(registry.host, REPOSITORY, config);
  await pushManifest(registry.host, REPOSITORY, 'node24', manifest, MANIFEST_TYPE);
  const reference = `${registry.host}/${REPOSITORY}@${blobDigest(manifest)}`;
  await docker?.exec(['pull', '--quiet', reference]);
  return { reference, digest: blobDigest(manifest) };
}

async function obtainLayer(lab: Lab, ingredients: Ingredients): Promise<string> {
  const key = createHash('sha256').update(JSON.stringify([RECIPE, process.arch, describeIngredients(ingredients)]));
  const folder = join(labHome, 'cache', 'base', key.digest('hex').slice(0, 16));
  if (existsSync(join(folder, 'layer.json'))) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  forgetAbandoned(dirname(folder), dirname(lab.dir));
  await lab.progress.step('base image: busybox, Node 24 and npm, once', () => buildLayer(lab, ingredients, folder));
  forgetOldest(dirname(folder));
  return folder;
}

/** Into a folder of its own, moved when whole: two labs at once may both build it, and the first one's stays. */
async function buildLayer(lab: Lab, ingredients: Ingredients, folder: string): Promise<void> {
  const staging = `${folder}.${lab.id}`;
  mkdirSync(staging);
  try {
    const root = join(staging, 'root');
    mkdirSync(root);
    layRootfs(root, ingredients);
    const tar = join(staging, 'layer.tar');
    // nothing of the moment goes in, or every machine and minute would give another digest
    const fixed = ['--sort=name', '--mtime=@0', '--numeric-owner', '--format=gnu'];
    await lab.exec(['tar', ...fixed, '--directory', root, '--create', '--file', tar, '.']);
    rmSync(root, { recursive: true });
    const diffId = await fileDigest(tar);
    await lab.exec(['gzip', '--no-name', '-6', tar]);
    const file = `${tar}.gz`;
    const record: LayerRecord = { digest: await fileDigest(file), size: statSync(file).size, diffId };
    writeFileSync(join(staging, 'layer.json'), JSON.stringify(record));
    if (!existsSync(folder)) renameSync(staging, folder);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** A lab that was killed while it built leaves its folder, which ends in its id. */
function forgetAbandoned(parent: string, labs: string): void {
  for (const name of readdirSync(parent)) {
    const id = name.split('.')[1];
    if (id !== undefined && !isLabAlive(join(labs, `slipway-lab-${id}`)))
      rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function forgetOldest(parent: string): void {
  const byAge = readdirSync(parent)
    .map((name) => join(parent, name))
    .filter((path) => existsSync(join(path, 'layer.json')))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const path of byAge.slice(KEPT)) rmSync(path, { recursive: true, force: true });
}

/** Returns the image's configuration; its one layer is all that it says of its history. */
function imageConfig(layer: LayerRecord): Record<string, unknown> {
  return {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      Cmd: ['/bin/sh'],
      WorkingDir: '/',
    },
    rootfs: { type: 'layers', diff_ids: [layer.diffId] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'the lab: busybox, Node.js and npm of this machine' }],
  };
}

function imageManifest(config: Blob, layer: LayerRecord): Record<string, unknown> {
  return {
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: { mediaType: 'application/vnd.docker.container.image.v1+json', size: config.size, digest: config.digest },
    layers: [
      { mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', size: layer.size, digest: layer.digest },
    ],
  };
}

function blobOf(content: unknown): Blob {
  const bytes = Buffer.from(JSON.stringify(content));
  return { digest: blobDigest(bytes), size: bytes.length, content: bytes };
}

function blobDigest(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function fileDigest(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return `sha256:${hash.digest('hex')}`;
}
