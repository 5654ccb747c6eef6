import { createReadStream } from 'node:fs';
import { request } from 'node:http';
import type { Digest } from '#core/values/reference.ts';

/** One blob of an image: the bytes, or the file that has them. */
export interface Blob {
  readonly digest: Digest;
  readonly size: number;
  readonly content: Buffer | { readonly file: string };
}

/** Uploads a blob to a plain-HTTP registry without login, unless it has it: HEAD, POST, PUT. */
export async function pushBlob(host: string, repository: string, blob: Blob): Promise<void> {
  const base = `http://${host}/v2/${repository}/blobs`;
  const known = await fetch(`${base}/${blob.digest}`, { method: 'HEAD' });
  if (known.ok) return;
  const opened = await fetch(`${base}/uploads/`, { method: 'POST' });
  const location = opened.headers.get('location');
  if (opened.status !== 202 || location === null) throw new Error(`${host} opens no upload: HTTP ${opened.status}`);
  const target = new URL(location, `http://${host}`);
  target.searchParams.set('digest', blob.digest);
  await upload(target, blob);
}

/** Puts a manifest under a tag. */
export async function pushManifest(
  host: string,
  repository: string,
  tag: string,
  manifest: Buffer,
  mediaType: string,
): Promise<void> {
  const answer = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    headers: { 'content-type': mediaType },
    body: new Uint8Array(manifest),
  });
  if (!answer.ok)
    throw new Error(`${host} takes no manifest ${repository}:${tag}: HTTP ${answer.status} ${await answer.text()}`);
}

function upload(target: URL, blob: Blob): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(target, { method: 'PUT', headers: { 'content-length': blob.size } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
      });
      answer.once('end', () => {
        if (answer.statusCode === 201) resolve();
        else reject(new Error(`${target.host} takes no blob ${blob.digest}: HTTP ${answer.statusCode} ${text}`));
      });
    });
    call.once('error', reject);
    if (Buffer.isBuffer(blob.content)) call.end(blob.content);
    else createReadStream(blob.content.file).once('error', reject).pipe(call);
  });
}
