import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { UpstreamAnswer } from '#lab/docker/npm-upstream.ts';

/** Answers kept as files. */
export interface FileCache {
  /**
   * Returns the file of this name when it is younger than `maxAgeMs`, else what `fetch` brings, which is kept when its
   * status is 200. When `fetch` fails an older file is better than none. One fetch at a time per name.
   */
  obtain(name: string, maxAgeMs: number, fetch: () => Promise<UpstreamAnswer>): Promise<UpstreamAnswer>;
}

/** Returns the cache in a folder; several labs may use one at once. */
export function createFileCache(folder: string): FileCache {
  const running = new Map<string, Promise<UpstreamAnswer>>();
  return {
    obtain: async (name, maxAgeMs, fetch) => {
      const path = join(folder, name);
      const age = await ageOf(path);
      if (age !== undefined && age < maxAgeMs) return { status: 200, body: await readFile(path) };
      let job = running.get(name);
      if (job === undefined) {
        job = fetchInto(path, fetch).finally(() => running.delete(name));
        running.set(name, job);
      }
      try {
        return await job;
      } catch (error) {
        if (age === undefined) throw error;
        return { status: 200, body: await readFile(path) };
      }
    },
  };
}

async function fetchInto(path: string, fetch: () => Promise<UpstreamAnswer>): Promise<UpstreamAnswer> {
  const answer = await fetch();
  if (answer.status >= 500) throw new Error(`it answered with HTTP ${answer.status}`);
  if (answer.status !== 200) return answer;
  await mkdir(dirname(path), { recursive: true });
  const staging = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(staging, answer.body);
  await rename(staging, path);
  return answer;
}

async function ageOf(path: string): Promise<number | undefined> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch {
    return undefined;
  }
}
