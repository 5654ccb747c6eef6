import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, type Exec } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';
import { compareVersions } from '#lab/toolbox/go.ts';
import { label, lockFolder, type ToolFrom } from '#lab/toolbox/lock.ts';

type PythonTool = ToolFrom<'python'>;

/** Refuses when Python is missing, too old, or cannot make virtual environments. */
export async function checkPython(exec: Exec, tools: readonly PythonTool[]): Promise<void> {
  for (const tool of tools) {
    const script = 'import sys, ensurepip, venv; print("%d.%d" % sys.version_info[:2])';
    let found: string;
    try {
      found = (await exec(['python3', '-c', script])).stdout.toString('utf8').trim();
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const [reason, remedy] = /No module named '?(ensurepip|venv)/.test(error.stderr)
        ? ['cannot make virtual environments', 'apt-get install python3-venv']
        : [error.code === undefined ? 'not found on PATH' : error.message, 'apt-get install python3 python3-venv'];
      throw new Refusal(`python3: ${reason}. ${label(tool)} runs on it: ${remedy} (as root)`, { cause: error });
    }
    if (compareVersions(found, tool.python) < 0)
      throw new Refusal(
        `python3: version ${found} is too old, ${label(tool)} needs Python ${tool.python} or newer on PATH`,
      );
  }
}

/** Installs the pinned packages into a virtual environment at `<staging>/venv`, with links to its programs in `bin`. */
export async function buildWithPython(
  exec: Exec,
  tool: PythonTool,
  folders: { readonly staging: string; readonly target: string },
  note: (text: string) => void,
): Promise<void> {
  const venv = join(folders.staging, 'venv');
  note('making the virtual environment');
  await exec(['python3', '-m', 'venv', venv]);
  const pip = [
    join(venv, 'bin', 'python3'),
    '-m',
    'pip',
    'install',
    '--disable-pip-version-check',
    '--no-input',
  ] as const;
  await exec([...pip, '-r', join(lockFolder, tool.requirements)], {
    onLine: (line) => note(/^(Collecting|Downloading|Installing)\b.{0,60}/.exec(line.trim())?.[0] ?? 'installing'),
  });
  retarget(join(venv, 'bin'), folders.staging, folders.target);
  for (const name of tool.binaries) symlinkSync(join('..', 'venv', 'bin', name), join(folders.staging, 'bin', name));
}

/** The programs' first lines name their interpreter by its absolute path, and the folder is about to be renamed. */
function retarget(bin: string, from: string, to: string): void {
  for (const entry of readdirSync(bin, { withFileTypes: true })) {
    const path = join(bin, entry.name);
    if (!entry.isFile()) continue;
    const text = readFileSync(path, 'utf8');
    if (text.includes(from)) writeFileSync(path, text.replaceAll(from, to));
  }
}
