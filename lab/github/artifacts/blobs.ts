import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { ArtifactRecord } from '#lab/github/artifacts/store.ts';

/** Addresses that need no token, as those of Azure's blob storage, where GitHub keeps artifacts. */
export interface Blobs {
  /** Returns where the artifact's bytes go. */
  openUpload(artifact: ArtifactRecord): string;
  /** Returns where the artifact's bytes are, for a minute: "This URL expires after 1 minute." */
  openDownload(artifact: ArtifactRecord): string;
  /** Answers a request to one of the addresses; false where it is none. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

const LIVES_MS = 60_000;
/** The client of Azure reads account, container and name of the blob from the path. */
const PATH = /^\/_blobs\/(uploads|downloads)\/([0-9a-f]{32})/;

interface Upload {
  readonly artifact: ArtifactRecord;
  readonly blocks: Map<string, Buffer>;
}

/** Starts without any. */
export function createBlobs(url: string, now: () => Date): Blobs {
  const uploads = new Map<string, Upload>();
  const downloads = new Map<string, { readonly artifact: ArtifactRecord; readonly until: number }>();
  const open = (kind: 'uploads' | 'downloads', name: string): [string, string] => {
    const key = randomBytes(16).toString('hex');
    return [key, `${url}/_blobs/${kind}/${key}/${encodeURIComponent(name)}?sig=${randomBytes(16).toString('hex')}`];
  };
  return {
    openUpload: (artifact) => {
      const [key, address] = open('uploads', artifact.name);
      uploads.set(key, { artifact, blocks: new Map() });
      return address;
    },
    openDownload: (artifact) => {
      const [key, address] = open('downloads', artifact.name);
      downloads.set(key, { artifact, until: now().getTime() + LIVES_MS });
      return address;
    },
    answer: async (request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', url);
      const [, kind, key = ''] = PATH.exec(pathname) ?? [];
      if (kind === undefined) return false;
      const upload = kind === 'uploads' && request.method === 'PUT' ? uploads.get(key) : undefined;
      const download = kind === 'downloads' && request.method === 'GET' ? downloads.get(key) : undefined;
      const isOpen = download !== undefined && download.until > now().getTime();
      if (upload !== undefined) take(upload, searchParams, await buffer(request), response);
      else if (download !== undefined && isOpen) give(download.artifact, response);
      else
        response
          .writeHead(403, { 'content-type': 'application/xml' })
          .end('<Error><Code>AuthenticationFailed</Code></Error>');
      return true;
    },
  };
}

/** A blob arrives in blocks, then the list of them; a small one may come whole. https://learn.microsoft.com/rest/api/storageservices/put-block */
function take({ artifact, blocks }: Upload, query: URLSearchParams, bytes: Buffer, response: ServerResponse): void {
  const part = query.get('comp');
  if (part === 'block') blocks.set(query.get('blockid') ?? '', bytes);
  else if (part === 'blocklist') {
    const ids = [...bytes.toString('utf8').matchAll(/<(?:Latest|Uncommitted|Committed)>([^<]*)</g)];
    artifact.bytes = Buffer.concat(ids.map(([, id = '']) => blocks.get(id) ?? Buffer.alloc(0)));
  } else artifact.bytes = bytes;
  const headers = { etag: '"0"', 'last-modified': new Date(0).toUTCString(), 'x-ms-version': '2020-10-02' };
  response.writeHead(201, { 'x-ms-request-server-encrypted': 'true', ...headers }).end();
}

function give({ name, mimeType, bytes }: ArtifactRecord, response: ServerResponse): void {
  const file = mimeType === 'application/zip' ? `${name}.zip` : name;
  response
    .writeHead(200, {
      'content-type': mimeType,
      'content-length': bytes.length,
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(file)}`,
    })
    .end(bytes);
}
