import * as z from 'zod';
import type { OciClient } from '#core/registry/oci.ts';
import type { PushRegistry, RegistryCredentials } from '#core/registry/registry.ts';

/** Returns the operations that are the same at every registry, over its manifests. */
export function tagVerbs(
  host: string,
  client: OciClient,
): Omit<PushRegistry, 'hasImmutableTags' | 'ensureRepository' | 'credentials'> {
  return {
    host,
    findDigest: client.head,
    getManifest: client.find,
    getBlob: client.getBlob,
    checkBlob: client.headBlob,
    findDenial: client.findDenial,
    addTag: async (repository, digest, tag) => {
      const [before, manifest] = await Promise.all([client.head(repository, tag), client.get(repository, digest)]);
      if (before !== undefined) return before === digest ? 'tagged' : 'taken';
      const refused = await client.put(repository, tag, manifest);
      const after = await client.head(repository, tag);
      if (after === digest) return 'tagged';
      if (after === undefined && refused?.isImmutable === false) throw refused.refusal; // the tag is not why
      return 'taken'; // a rival put it there
    },
    moveTag: async (repository, digest, tag) => {
      const refused = await client.put(repository, tag, await client.get(repository, digest));
      if (refused === undefined) return 'moved';
      if (refused.isImmutable) return 'refused';
      throw refused.refusal;
    },
    findSize: async (repository, digest) => {
      const { bytes } = await client.get(repository, digest);
      const layers = imageManifest.safeParse(JSON.parse(bytes.toString('utf8'))).data?.layers;
      return layers?.reduce((sum, layer) => sum + layer.size, 0);
    },
  };
}

const imageManifest = z.object({ layers: z.array(z.object({ size: z.number() })) });

/** Hides a password in every form in which it travels. */
export function maskLogin(credentials: RegistryCredentials, mask: (secret: string) => void): void {
  const { username, password, identityToken } = credentials;
  const pair = Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
  for (const secret of identityToken === undefined ? [password, pair] : [identityToken]) mask(secret);
}

/** Returns a function that calls `work` the first time and gives the same answer ever after. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= work();
    return answer;
  };
}
