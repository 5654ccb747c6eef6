import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, realpath, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { NAME, Refused } from './request.ts';
import { LIMITS, type Settings } from './settings.ts';

/** What came back of a workspace. */
export interface Collected {
  /** Content in base64, by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly omitted: readonly { readonly path: string; readonly why: string }[];
}

/** The workspaces on the volume. No run is under way in one that is written or read here. */
export interface Workspaces {
  /** Makes the workspace where there is none, and returns its folder. Refuses one that is full. */
  open(name: string): Promise<string>;
  write(folder: string, files: readonly { readonly path: string; readonly content: Buffer }[]): Promise<void>;
  /** Ends early where whoever asked is gone. */
  collect(folder: string, paths: readonly string[], gone: AbortSignal): Promise<Collected>;
  /** Notes that it is in use now. */
  touch(name: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Removes what runs left beside the workspaces, where only workspaces belong: nothing else would ever remove it. */
  clearBeside(): Promise<void>;
  /** Removes those that were not used for long; returns their names, and those that could not be removed. What is not a workspace of ours stays. */
  sweep(): Promise<{ readonly removed: readonly string[]; readonly left: readonly string[] }>;
}

/** Opens the workspaces. */
export function openWorkspaces({ root, workspaceBytes, unusedMs }: Settings, now: () => number): Workspaces {
  const touch = async (name: string): Promise<void> => {
    const time = new Date(now());
    await utimes(join(root, name), time, time);
  };
  return {
    open: async (name) => {
      const folder = join(root, name);
      const before = await lstat(folder).catch(() => undefined);
      if (before !== undefined && !before.isDirectory())
        throw new Refused(409, `the workspace ${name} is not a folder: delete it (DELETE /workspaces/${name})`);
      await mkdir(folder, { recursive: true }).catch((error: unknown) => {
        throw isFull(error) ? new Refused(507, VOLUME_IS_FULL) : error;
      });
      const bytes = await measure(folder);
      if (bytes > workspaceBytes)
        throw new Refused(
          507,
          `the workspace ${name} holds ${bytes} bytes, more than ${workspaceBytes}: delete it (DELETE /workspaces/${name}), or use another one`,
        );
      await touch(name);
      return folder;
    },
    write: async (folder, files) => {
      for (const { path, content } of files) await writeInside(folder, path, content);
    },
    collect,
    touch,
    remove: (name) => remove(join(root, name)),
    clearBeside: async () => {
      for (const name of (await readdir(root)).filter((one) => !NAME.test(one))) {
        const path = join(root, name);
        // what is root's, such as lost+found, is the volume's own
        const isOurs = (await lstat(path).catch(() => undefined))?.uid === process.getuid?.();
        if (isOurs) await remove(path).catch(() => {});
      }
    },
    sweep: async () => {
      const [removed, left]: [string[], string[]] = [[], []];
      for (const name of (await readdir(root)).filter((one) => NAME.test(one))) {
        const path = join(root, name);
        const { mtimeMs } = await lstat(path);
        // a time in the future is no one's use: it would keep the workspace for ever
        if (mtimeMs > now()) await touch(name).catch(() => {});
        if (now() - mtimeMs <= unusedMs) continue;
        // one that cannot be removed must not keep the others
        if (
          await remove(path).then(
            () => true,
            () => false,
          )
        )
          removed.push(name);
        else left.push(name);
      }
      return { removed, left };
    },
  };
}

/** How long counting a workspace's bytes may take before it counts as full. Milliseconds. */
const MEASURE_MS = 10_000;

const inShell = promisify(execFile);

/**
 * Returns the bytes that a workspace takes on the volume; Infinity where counting takes too long. By `du`, which neither folders
 * without end nor folders without rights stop: they are given back to their owner first.
 */
async function measure(folder: string): Promise<number> {
  try {
    const script = 'du -sk -- "$1" 2>/dev/null || { chmod -R u+rwX -- "$1" 2>/dev/null; du -sk -- "$1"; }';
    const { stdout } = await inShell('/bin/sh', ['-c', script, 'measure', folder], {
      timeout: MEASURE_MS,
      killSignal: 'SIGKILL',
    });
    return Number.parseInt(stdout.trim().split('\n').at(-1) ?? '', 10) * 1_024;
  } catch {
    return Infinity;
  }
}

/** Removes a workspace, also where its code took its own rights away or nested folders deeper than a path may be long. */
async function remove(path: string): Promise<void> {
  const script =
    '[ -L "$1" ] || [ ! -e "$1" ] || rm -rf -- "$1" 2>/dev/null || chmod -R u+rwX -- "$1" 2>/dev/null; rm -rf -- "$1"';
  await inShell('/bin/sh', ['-c', script, 'remove', path]);
}

/** A link on the way, which an earlier run may have made, must not lead out of the workspace. */
async function refuseLinks(folder: string, path: string): Promise<void> {
  const [real, inside] = await Promise.all([realpath(folder), realpath(dirname(join(folder, path)))]);
  if (inside !== real && !inside.startsWith(`${real}/`))
    throw new Refused(409, `${path} is behind a link that leaves the workspace`);
}

async function writeInside(folder: string, path: string, content: Buffer): Promise<void> {
  let below = folder;
  for (const part of dirname(path)
    .split('/')
    .filter((one) => one !== '.')) {
    below = join(below, part);
    await mkdir(below).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw new Refused(409, `${path} cannot be written: ${error.code}`);
    });
    if (!(await lstat(below)).isDirectory()) throw new Refused(409, `${path} is behind something that is not a folder`);
  }
  await refuseLinks(folder, path);
  const { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_TRUNC, O_WRONLY } = constants;
  const file = await open(join(folder, path), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, 0o644).catch(
    (error: NodeJS.ErrnoException) => {
      throw new Refused(409, `${path} cannot be written: ${error.code === 'ELOOP' ? 'it is a link' : error.code}`);
    },
  );
  try {
    await file.writeFile(content).catch((error: unknown) => {
      throw isFull(error) ? new Refused(507, VOLUME_IS_FULL) : error;
    });
  } finally {
    await file.close();
  }
}

const VOLUME_IS_FULL =
  'the volume of the workspaces is full: delete one that is not needed (DELETE /workspaces/<name>)';

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT'].includes(String(error.code));
}

async function collect(folder: string, paths: readonly string[], gone: AbortSignal): Promise<Collected> {
  // without a prototype: a file may be called __proto__
  const files: Record<string, string> = Object.create(null);
  const omitted: { path: string; why: string }[] = [];
  let left: number = LIMITS.filesBytes;
  const queue = [...paths];
  for (let at = 0; at < queue.length && !gone.aborted; at++) {
    const path = queue[at] ?? '';
    if (at === LIMITS.entries) {
      omitted.push({ path, why: `more than ${LIMITS.entries} files and folders` });
      break;
    }
    if (Object.keys(files).length === LIMITS.files || omitted.length === LIMITS.files) {
      omitted.push({ path, why: `more than ${LIMITS.files} files` });
      break;
    }
    const found = await readInside(folder, path, left);
    if ('children' in found) queue.push(...found.children.slice(0, LIMITS.entries));
    else if ('why' in found) omitted.push({ path, why: found.why });
    else {
      files[path] = found.content.toString('base64');
      left -= found.content.length;
    }
  }
  return { files, omitted };
}

type Found = { readonly content: Buffer } | { readonly children: readonly string[] } | { readonly why: string };

async function readInside(folder: string, path: string, most: number): Promise<Found> {
  try {
    await refuseLinks(folder, path);
    const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
    const file = await open(join(folder, path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (stat.isDirectory()) return { children: (await readdir(join(folder, path))).map((name) => `${path}/${name}`) };
      if (!stat.isFile()) return { why: 'it is neither a file nor a folder' };
      if (stat.size > most) return { why: `it has ${stat.size} bytes, and ${most} are left of ${LIMITS.filesBytes}` };
      return { content: await file.readFile() };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof Refused) return { why: error.message };
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return { why: ({ ENOENT: 'there is none', ELOOP: 'it is a link' } as Record<string, string>)[code] ?? code };
  }
}
