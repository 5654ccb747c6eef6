import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CommandError, type Exec } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';
import { label, lockFolder, type ToolFrom } from '#lab/toolbox/lock.ts';

type GoTool = ToolFrom<'go' | 'go-module'>;
type Note = (text: string) => void;

// GOTOOLCHAIN: a Go that is too old must say so, not fetch another one. CGO_ENABLED: no C compiler is needed, and the
// result does not depend on the machine's.
const ENVIRONMENT = { CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOWORK: 'off' };

/** Refuses when Go is missing or older than one of the tools needs. */
export async function checkGo(exec: Exec, tools: readonly GoTool[]): Promise<void> {
  const [most, ...others] = tools;
  if (most === undefined) return;
  const pickiest = others.reduce((a, b) => (compareVersions(a.go, b.go) < 0 ? b : a), most);
  const found = await goVersion(exec, label(pickiest), pickiest.go);
  if (compareVersions(found, pickiest.go) >= 0) return;
  throw new Refusal(
    `go: version ${found} is too old, ${label(pickiest)} needs ${pickiest.go}: install Go ${pickiest.go} or newer (https://go.dev/doc/install)`,
  );
}

async function goVersion(exec: Exec, what: string, needed: string): Promise<string> {
  try {
    const { stdout } = await exec(['go', 'env', 'GOVERSION'], { extraEnv: ENVIRONMENT });
    return stdout.toString('utf8').trim().replace(/^go/, '').split(/[ -]/)[0] ?? '';
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const reason = error.code === undefined ? 'not found on PATH' : error.message;
    throw new Refusal(
      `go: ${reason}. ${what} is built with it: install Go ${needed} or newer (https://go.dev/doc/install)`,
      {
        cause: error,
      },
    );
  }
}

/** Returns less than, equal to or more than 0, comparing `1.25.5` with `1.26` by their numbers. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map((part) => Number.parseInt(part, 10)));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Builds a tool into `<staging>/bin`, and copies the files of its module that are wanted at run time. */
export async function buildWithGo(exec: Exec, tool: GoTool, staging: string, note: Note): Promise<void> {
  const bin = join(staging, 'bin');
  const onLine = narrate(note);
  if (tool.from === 'go') {
    await exec(goInstallCommand(tool), { extraEnv: { ...ENVIRONMENT, GOBIN: bin }, onLine });
    return;
  }
  const ours = join(lockFolder, 'modules', tool.folder);
  const cwd = tool.overrides === undefined ? ours : await copyModule(exec, tool, ours, join(staging, 'source'));
  await exec(goBuildCommand(tool, bin), { cwd, extraEnv: ENVIRONMENT, onLine });
  await copyFiles(exec, tool, ours, staging);
  rmSync(join(staging, 'source'), { recursive: true, force: true });
}

/**
 * Returns a copy of the foreign module with our files in the places of some of its own; it is built there, by its own
 * go.mod and go.sum, which the checksum in ours covers. Go's -overlay refuses to replace files of its cache of modules.
 */
async function copyModule(exec: Exec, tool: ToolFrom<'go-module'>, ours: string, target: string): Promise<string> {
  copyTree(await findModule(exec, tool, ours), target);
  for (const [path, own] of Object.entries(tool.overrides ?? {}))
    writeFileSync(join(target, path), readFileSync(join(ours, own)));
  return target;
}

/** Returns the folder of the foreign module in Go's cache; downloads it, and checks it against our go.sum, first. */
async function findModule(exec: Exec, tool: ToolFrom<'go-module'>, ours: string): Promise<string> {
  const command = ['go', 'mod', 'download', '-json', tool.module] as const;
  const { stdout } = await exec(command, { cwd: ours, extraEnv: ENVIRONMENT });
  return z.looseObject({ Dir: z.string() }).parse(JSON.parse(stdout.toString('utf8'))).Dir;
}

/** Returns the command that builds a tool whose own go.mod says all; the environment variable GOBIN says where to. */
export function goInstallCommand(tool: ToolFrom<'go'>): [string, ...string[]] {
  const [mainPackage] = Object.values(tool.binaries);
  return ['go', 'install', '-v', '-trimpath', '-ldflags', linkerFlags(tool), `${mainPackage}@v${tool.version}`];
}

/** Returns the command that builds a tool by our module. Several binaries at once are named by their import paths. */
export function goBuildCommand(tool: ToolFrom<'go-module'>, bin: string): [string, ...string[]] {
  const [first] = Object.keys(tool.binaries);
  const packages = Object.values(tool.binaries);
  const target = packages.length === 1 ? join(bin, first ?? '') : `${bin}/`;
  const flags = ['-v', '-trimpath', '-buildvcs=false', '-mod=readonly', '-ldflags', linkerFlags(tool)];
  const compiler = tool.gcflags === undefined ? [] : [`-gcflags=all=${tool.gcflags}`];
  return ['go', 'build', ...flags, ...compiler, '-o', target, ...packages];
}

function linkerFlags(tool: GoTool): string {
  return `-s -w ${tool.ldflags}`.trim();
}

/** A copy, so that Go's cache of modules, which is the machine's and may be cleaned, is not needed at run time. */
async function copyFiles(exec: Exec, tool: ToolFrom<'go-module'>, cwd: string, staging: string): Promise<void> {
  const wanted = Object.entries(tool.files);
  if (wanted.length === 0) return;
  const module = await findModule(exec, tool, cwd);
  for (const [name, folders] of wanted) {
    for (const folder of folders)
      copyTree(join(module, folder), join(staging, 'files', name, shorten(folder, folders)));
  }
}

/** `manifests/crds` beside `manifests/base/config` is called `crds`: the first name, which they share, says nothing. */
function shorten(folder: string, folders: readonly string[]): string {
  const [first = '', ...rest] = folder.split('/');
  return folders.every((other) => other.startsWith(`${first}/`)) ? rest.join('/') : folder;
}

/** Modes are not copied: the module cache is read-only, and a folder without the right to write cannot be removed. */
function copyTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyTree(source, target);
    else writeFileSync(target, readFileSync(source));
  }
}

/** Go prints one line per download and, with -v, one per package that it compiles. */
function narrate(note: Note): (line: string) => void {
  let compiled = 0;
  return (line) => {
    const download = /^go: downloading (\S+)/.exec(line);
    if (download !== null) note(`downloading ${download[1]}`);
    else if (/^[\w.~-]+(\/[\w.~+-]+)*$/.test(line)) note(`${++compiled} packages compiled, latest ${line}`);
  };
}
