import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';
import { createExec } from '#core/system/exec.ts';
import { describeError } from '#core/values/errors.ts';
import { answerJson } from '#lab/aws/proxy.ts';
import { createFileCache, type FileCache } from '#lab/docker/file-cache.ts';
import { createUpstream, type Upstream, type UpstreamAnswer } from '#lab/docker/npm-upstream.ts';
import { listen } from '#lab/supervisor/http.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import { labHome } from '#lab/supervisor/root.ts';

/** npm's registry as a build container sees it. */
export interface NpmMirror {
  /** `http://ADDRESS:PORT/`: for a Packer template's npm_registry. */
  readonly url: string;
}

/** What a request to a registry may ask for: nothing else has a path here. */
export type NpmRequest = { kind: 'packument'; name: string } | { kind: 'tarball'; name: string; file: string };

const PACKUMENT_LIFE_MS = 24 * 60 * 60 * 1000;
const NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-zA-Z0-9~-][a-zA-Z0-9._~-]*$/;
const FILE = /^[a-zA-Z0-9~_-][a-zA-Z0-9._~+-]*\.tgz$/;

const packument = z.looseObject({
  name: z.string(),
  versions: z.record(z.string(), z.looseObject({ dist: z.looseObject({ tarball: z.string() }) })),
});

/**
 * Serves npm packages on one of this machine's addresses out of a cache on disk, which it fills from the registry that
 * this machine's npm uses: so `npm ci` works in a container that reaches nothing but this address. Only reads.
 */
export async function startNpmMirror(lab: Lab, address: string): Promise<NpmMirror> {
  const cache = createFileCache(join(labHome, 'cache', 'npm'));
  const upstream = createUpstream(createExec(process.env));
  const server = await listen(createNpmMirror(cache, upstream), address);
  lab.onStop('npm mirror', server.close);
  return { url: `http://${server.host}/` };
}

/** Returns what answers npm's GETs from a cache and an upstream registry. */
export function createNpmMirror(cache: FileCache, upstream: Upstream) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    request.resume();
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!isRead) return answerJson(response, 405, { error: 'the npm mirror of the lab only reads' });
    const wanted = parseNpmPath(request.url ?? '/');
    if (wanted === undefined) return answerJson(response, 404, { error: `${request.url} names no package` });
    try {
      await answer(cache, upstream, wanted, request, response);
    } catch (error) {
      // npm waits and tries again after a 5xx; here that would only hide the reason for a minute
      const name = wanted.kind === 'packument' ? wanted.name : wanted.file;
      const reason = `${name} is not in the lab's npm cache, and this machine's npm registry is not reachable: ${describeError(error)}`;
      answerJson(response, 424, { error: reason });
    }
  };
}

/** Returns what a path asks for: `/name`, `/@scope%2fname`, `/name/-/name-1.0.0.tgz`; undefined for any other. */
export function parseNpmPath(url: string): NpmRequest | undefined {
  const path = decode(url.split('?')[0] ?? '');
  const [, name = '', file] = path?.match(/^\/((?:@[^/]+\/)?[^/]+)(?:\/-\/([^/]+))?$/) ?? [];
  if (!NAME.test(name)) return undefined;
  if (file === undefined) return { kind: 'packument', name };
  return FILE.test(file) ? { kind: 'tarball', name, file } : undefined;
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

async function answer(
  cache: FileCache,
  upstream: Upstream,
  wanted: NpmRequest,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (wanted.kind === 'tarball') {
    const tarball = await cache.obtain(`${wanted.name}/-/${wanted.file}`, Number.POSITIVE_INFINITY, async () =>
      upstream.fetchUrl(await tarballUrl(cache, upstream, wanted)),
    );
    return send(response, tarball, 'application/octet-stream');
  }
  // npm asks again with no-cache when its answer lacks the version that it looks for: one newer than our copy
  const isInsisting = request.headers['cache-control']?.includes('no-cache') ?? false;
  const found = await obtainPackument(cache, upstream, wanted.name, isInsisting ? 0 : PACKUMENT_LIFE_MS);
  const body = found.status === 200 ? rewriteTarballs(found.body, `http://${request.headers.host}`) : found.body;
  send(response, { status: found.status, body }, 'application/json');
}

function obtainPackument(
  cache: FileCache,
  upstream: Upstream,
  name: string,
  maxAgeMs: number,
): Promise<UpstreamAnswer> {
  return cache.obtain(`${name}/packument.json`, maxAgeMs, () => upstream.fetchPackument(name));
}

/** The registry's own address of a tarball, out of the package's document: a registry may keep them anywhere. */
async function tarballUrl(
  cache: FileCache,
  upstream: Upstream,
  { name, file }: { name: string; file: string },
): Promise<string> {
  for (const maxAgeMs of [PACKUMENT_LIFE_MS, 0]) {
    const { status, body } = await obtainPackument(cache, upstream, name, maxAgeMs);
    if (status !== 200) continue;
    const { versions } = packument.parse(JSON.parse(body.toString('utf8')));
    const url = Object.values(versions).find(({ dist }) => baseName(dist.tarball) === file)?.dist.tarball;
    if (url !== undefined) return url;
  }
  throw new Error(`no version of ${name} has a file ${file}`);
}

/** Returns a package's document with every tarball address leading back to us. */
function rewriteTarballs(body: Buffer, origin: string): Buffer {
  const document = packument.parse(JSON.parse(body.toString('utf8')));
  for (const { dist } of Object.values(document.versions)) {
    dist.tarball = `${origin}/${document.name}/-/${baseName(dist.tarball)}`;
  }
  return Buffer.from(JSON.stringify(document));
}

function baseName(url: string): string {
  const { pathname } = new URL(url);
  return decodeURIComponent(pathname.slice(pathname.lastIndexOf('/') + 1));
}

function send(response: ServerResponse, { status, body }: UpstreamAnswer, type: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': body.length });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
