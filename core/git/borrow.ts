import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Exec } from '#core/system/exec.ts';

/**
 * Lets `dir` read the checkout's objects, so that a fetch brings only what changed since. A partial clone lends
 * nothing: git would count on objects that it never fetched. Returns the checkout's commit.
 */
export async function borrowObjects(exec: Exec, dir: string, checkout: string): Promise<string | undefined> {
  const ask = (...args: string[]) => exec(['git', '-C', checkout, ...args], { accept: 'any' });
  const partial = await ask('config', '--get-regexp', '^remote\\..*\\.(promisor|partialclonefilter)$');
  if (partial.code === 0) return undefined;
  const { code, stdout } = await ask('rev-parse', '--git-path', 'objects', '--git-path', 'shallow', '--verify', 'HEAD');
  const [objects, shallow, head] = stdout.toString('utf8').trim().split('\n');
  if (code !== 0 || objects === undefined || shallow === undefined || head === undefined) return undefined;
  await writeFile(join(dir, 'objects', 'info', 'alternates'), `${resolve(checkout, objects)}\n`);
  const boundary = await readFile(resolve(checkout, shallow)).catch(() => undefined);
  if (boundary !== undefined) await writeFile(join(dir, 'shallow'), boundary);
  return head;
}
