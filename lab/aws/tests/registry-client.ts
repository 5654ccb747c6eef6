import { digestOf } from '#lab/aws/images.ts';

const MANIFEST_TYPE = 'application/vnd.docker.distribution.manifest.v2+json';

/** A client that speaks to the front as docker does, with a token. */
export function openRegistryClient(host: string, token: string) {
  const headers = { authorization: `Basic ${token}` };
  const call = (path: string, options: RequestInit = {}) =>
    fetch(`http://${host}/v2/${path}`, { ...options, headers: { ...headers, ...options.headers } });
  return {
    call,
    /** Uploads a blob and returns its descriptor. */
    pushBlob: async (repository: string, bytes: Uint8Array<ArrayBuffer>) => {
      const opened = await call(`${repository}/blobs/uploads/`, { method: 'POST' });
      const target = new URL(opened.headers.get('location') ?? '');
      target.searchParams.set('digest', digestOf(bytes));
      const answer = await fetch(target, { method: 'PUT', headers, body: bytes });
      if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
      return { digest: digestOf(bytes), size: bytes.length };
    },
    putManifest: (repository: string, reference: string, manifest: string) =>
      call(`${repository}/manifests/${reference}`, {
        method: 'PUT',
        headers: { 'content-type': MANIFEST_TYPE },
        body: manifest,
      }),
    /** Returns the digest of a tag, or the status where there is none. */
    head: async (repository: string, reference: string) => {
      const answer = await call(`${repository}/manifests/${reference}`, {
        method: 'HEAD',
        headers: { accept: MANIFEST_TYPE },
      });
      return answer.headers.get('docker-content-digest') ?? answer.status;
    },
  };
}

/** Uploads what an image is made of and returns its manifest; the content makes the digest. */
export async function pushLayers(
  client: ReturnType<typeof openRegistryClient>,
  repository: string,
  content: string,
): Promise<string> {
  const config = await client.pushBlob(repository, new TextEncoder().encode(JSON.stringify({ content })));
  const layer = await client.pushBlob(repository, new TextEncoder().encode(content));
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: { mediaType: 'application/vnd.docker.container.image.v1+json', ...config },
    layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar', ...layer }],
  });
}
