import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Refusal } from '#core/values/errors.ts';
import { identifyProcess, isAlive } from '#lab/supervisor/traces.ts';
import { type BuiltTool, binariesOf, folderName, label } from '#lab/toolbox/lock.ts';

const RECORD = 'made.json';

const record = z.object({ sizes: z.record(z.string(), z.number()), seconds: z.number() });

/** The folder of built tools, one folder each: `act-0.2.89-1a2b3c4d/bin/act`. */
export interface Shelf {
  readonly folder: string;
  /** Returns the folder of a tool, built or not. */
  pathOf(tool: BuiltTool): string;
  /** True when the tool is there, whole. Costs a few file system calls. */
  has(tool: BuiltTool): boolean;
  /** Gives `make` an empty folder and puts the result in place in one step, so that half a tool is never seen. */
  put(tool: BuiltTool, make: (staging: string) => Promise<void>): Promise<void>;
}

/** Returns the shelf in a folder. */
export function openShelf(folder: string): Shelf {
  const pathOf = (tool: BuiltTool) => join(folder, folderName(tool, folder));
  return {
    folder,
    pathOf,
    has: (tool) => isWhole(pathOf(tool)),
    put: async (tool, make) => {
      const target = pathOf(tool);
      const staging = openStaging(folder, folderName(tool, folder));
      try {
        const started = performance.now();
        await make(staging);
        writeRecord(tool, staging, performance.now() - started);
        moveIntoPlace(staging, target);
      } finally {
        rmSync(staging, { recursive: true, force: true });
      }
    },
  };
}

/** The staging folder's name tells its maker, so that what a killed one left is swept by the next. */
function openStaging(folder: string, name: string): string {
  const parent = join(folder, 'staging');
  mkdirSync(parent, { recursive: true });
  for (const left of readdirSync(parent)) {
    const [pid, startTime] = left.split('.').slice(-2);
    if (isAlive({ pid: Number(pid), startTime: startTime ?? '' })) continue;
    rmSync(join(parent, left), { recursive: true, force: true });
  }
  const staging = join(parent, `${name}.${process.pid}.${identifyProcess(process.pid)?.startTime ?? ''}`);
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(join(staging, 'bin'), { recursive: true });
  return staging;
}

function moveIntoPlace(staging: string, target: string): void {
  if (existsSync(target) && !isWhole(target)) rmSync(target, { recursive: true, force: true });
  try {
    renameSync(staging, target);
  } catch (error) {
    if (!isWhole(target)) throw error; // else another process was quicker: its result is as good
  }
}

function writeRecord(tool: BuiltTool, staging: string, milliseconds: number): void {
  const sizes: Record<string, number> = {};
  for (const name of binariesOf(tool)) {
    const path = join('bin', name);
    if (!existsSync(join(staging, path)))
      throw new Refusal(
        `${label(tool)}: its build ended well and left no ${path}: is its entry in tools.lock.json right?`,
      );
    sizes[path] = statSync(join(staging, path)).size;
  }
  writeFileSync(join(staging, RECORD), `${JSON.stringify({ sizes, seconds: Math.round(milliseconds / 1000) })}\n`);
}

/** A rename may reach the disk before the bytes do when the power fails: the sizes tell. */
function isWhole(target: string): boolean {
  try {
    const { sizes } = record.parse(JSON.parse(readFileSync(join(target, RECORD), 'utf8')));
    return Object.entries(sizes).every(([path, size]) => statSync(join(target, path)).size === size);
  } catch {
    return false;
  }
}
