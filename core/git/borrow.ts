import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Exec } from '#core/system/exec.ts';

/** A checkout that lends its objects, so that a fetch brings only what changed since. */
export interface Lender {
  /** The folder of its objects. */
  readonly objects: string;
  /** Where its history ends, as `shallow` has it; undefined where it is whole. */
  readonly boundary: Buffer | undefined;
  /** Its commit. */
  readonly head: string;
}

/**
 * Returns what a checkout lends; undefined where it has no commit, and for a partial clone: git would count on objects
 * that it never fetched.
 */
export async function readLender(exec: Exec, checkout: string): Promise<Lender | undefined> {
  const ask = (...args: string[]) => exec(['git', '-C', checkout, ...args], { accept: 'any' });
  const [partial, paths] = await Promise.all([
    ask('config', '--get-regexp', '^remote\\..*\\.(promisor|partialclonefilter)$'),
    ask('rev-parse', '--git-path', 'objects', '--git-path', 'shallow', '--verify', 'HEAD'),
  ]);
  const [objects, shallow, head] = paths.stdout.toString('utf8').trim().split('\n');
  if (partial.code === 0 || paths.code !== 0) return undefined;
  if (objects === undefined || shallow === undefined || head === undefined) return undefined;
  const boundary = await readFile(resolve(checkout, shallow)).catch(() => undefined);
  return { objects: resolve(checkout, objects), boundary, head };
}

/** Lets the bare repository `dir` read the objects of a checkout. */
export async function borrowObjects(dir: string, { objects, boundary }: Lender): Promise<void> {
  await writeFile(join(dir, 'objects', 'info', 'alternates'), `${objects}\n`);
  if (boundary !== undefined) await writeFile(join(dir, 'shallow'), boundary);
}
