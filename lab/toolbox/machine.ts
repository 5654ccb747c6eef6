import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ToolFrom } from '#lab/toolbox/lock.ts';

/** What is installed on the machine itself. */
export interface Machine {
  /** Returns the absolute path of a program, undefined when there is none. */
  find(program: string): string | undefined;
  /** Returns what is missing of a tool: programs by name, files by path. */
  missing(tool: ToolFrom<'apt' | 'machine'>): string[];
}

// Debian puts daemons where the PATH of a person who is not root does not look
const FOR_ROOT = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Returns the machine as seen through a PATH. */
export function lookAtMachine(path: string): Machine {
  const folders = [...new Set([...path.split(':').filter((folder) => folder.startsWith('/')), ...FOR_ROOT])];
  const find = (program: string) => folders.map((folder) => join(folder, program)).find(isProgram);
  return {
    find,
    missing: (tool) => [
      ...tool.binaries.filter((name) => find(name) === undefined),
      ...(tool.from === 'apt' ? Object.values(tool.files).filter((file) => !existsSync(file)) : []),
    ],
  };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
