import { createHash } from 'node:crypto';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join, posix, relative, resolve, sep } from 'node:path';
import * as z from 'zod';
import { readConfig } from '#core/config/read.ts';
import type { SourceTree } from '#core/source/source-tree.ts';
import type { Exec } from '#core/system/exec.ts';
import { InputError, Refusal } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';
import { CODE, isInside, listNamedPaths, resolvePath } from './named-paths.ts';

/** A stack of slipway.yaml, as the checked-out commit has it. */
export interface Stack {
  readonly name: string;
  /** Its path in the repository. */
  readonly folder: string;
  readonly binary: 'terraform' | 'tofu';
  /** False where slipway.yaml has it planned from its state alone. */
  readonly isRefreshed: boolean;
  /** True where a merge leaves it to a person. */
  readonly isAppliedByHand: boolean;
  /** The folder of every stack, by name. */
  readonly stacks: Readonly<Record<string, string>>;
}

/** Returns the stack that slipway.yaml calls so; refuses a name that it does not have. */
export async function findStack(name: string, configPath: string, source: SourceTree): Promise<Stack> {
  const { terraform } = await readConfig(source, configPath);
  if (terraform === undefined) throw new Refusal(`${configPath} has no stacks: name them under terraform.stacks`);
  const found = terraform.stacks.get(name);
  if (found === undefined) {
    const names = [...terraform.stacks.keys()];
    throw new InputError('stack', name, `is not a stack of ${configPath}${suggestName(name, names)}`);
  }
  const sorted = [...terraform.stacks].sort(([a], [b]) => (a < b ? -1 : 1));
  const stacks = Object.fromEntries(sorted.map(([stack, { folder }]) => [stack, folder]));
  return {
    name,
    folder: posix.normalize(found.folder),
    binary: terraform.binary,
    isRefreshed: found.refresh,
    isAppliedByHand: found.applies === 'by-hand',
    stacks,
  };
}

const modulesFile = z.object({ Modules: z.array(z.object({ Dir: z.string() })) });

/** Where a stack's folder is on this machine, and what its program keeps its own files in. */
export interface StackPlace {
  /** The checkout. */
  readonly checkout: string;
  /** TF_DATA_DIR; `.terraform` unless it is set. */
  readonly dataDir: string;
}

/**
 * Returns what a plan is made from: the stack's folder, that of each local module that it uses, directly or through
 * another, and the files and folders that their code names, those that the checked-out commit has. A change there
 * reaches the stack (`reach.ts`), so it makes the plan another one.
 */
export async function listSources(stack: Stack, place: StackPlace, source: SourceTree): Promise<string[]> {
  const modules = await listModules(stack, place);
  const named = (await followNamed(modules, place.checkout)).filter((path) => !modules.includes(path));
  const trees = await readTrees(source, named);
  return [...modules, ...named.filter((path) => trees[path] !== undefined)].sort();
}

/** Returns all places that the code of folders leads to, these among them. A link leads to where it points. */
async function followNamed(folders: readonly string[], checkout: string): Promise<string[]> {
  const places = new Set(folders);
  for (const folder of places) {
    const entries = await readdir(join(checkout, folder), { withFileTypes: true }).catch(() => []); // of a file, none
    for (const entry of entries) {
      const path = join(checkout, folder, entry.name);
      const named = entry.isSymbolicLink()
        ? [resolvePath(folder, await readlink(path))]
        : entry.isFile() && CODE.test(entry.name)
          ? listNamedPaths(folder, await readFile(path, 'utf8'))
          : [];
      for (const one of named.filter(isInside)) places.add(one); // grows while it is read
    }
  }
  return [...places];
}

/**
 * Returns the stack's folder and that of each local module, as `init` found them. Refuses a module outside of the
 * repository: no commit says what it is.
 */
async function listModules({ folder }: Stack, { checkout, dataDir }: StackPlace): Promise<string[]> {
  const root = resolve(checkout, folder);
  const installed = resolve(root, dataDir, 'modules');
  const text = await readFile(join(installed, 'modules.json'), 'utf8').catch(() => undefined);
  const dirs =
    text === undefined ? [] : modulesFile.parse(JSON.parse(text)).Modules.map(({ Dir }) => resolve(root, Dir));
  const local = dirs.filter((dir) => !dir.startsWith(`${installed}${sep}`));
  const paths = [...new Set([root, ...local])].map((dir) => relative(resolve(checkout), dir) || '.').sort();
  const outside = paths.find((path) => path === '..' || path.startsWith(`..${sep}`));
  if (outside === undefined) return paths;
  throw new Refusal(
    `the module ${outside} is outside of the repository: move it in, or name it by a registry or a URL`,
  );
}

/** Returns git's tree of each path at the checked-out commit; undefined for a path that it does not have. */
export async function readTrees(
  source: SourceTree,
  paths: readonly string[],
): Promise<Record<string, string | undefined>> {
  const entries = await source.findEntries(paths.map((path) => (path === '.' ? '' : path)));
  return Object.fromEntries(paths.map((path, at) => [path, entries[at]?.oid]));
}

/** What Terraform reads in a folder whether or not git knows it. */
const READ_BY_NAME = /\.(tf|tofu|tfvars)(\.json)?$/;

/** Refuses sources that are not as the commit has them: what would be planned is not what is reviewed. */
export async function refuseUncommitted(exec: Exec, checkout: string, paths: readonly string[]): Promise<void> {
  const argv = [
    'git',
    '-C',
    checkout,
    'status',
    '--porcelain=v1',
    '-z',
    '--no-renames',
    '--untracked-files=all',
  ] as const;
  const { stdout } = await exec([...argv, '--ignored=matching', '--', ...paths.map((path) => `:(literal)${path}`)]);
  const changed = stdout
    .toString('utf8')
    .split('\0')
    .map((line) => ({ status: line.slice(0, 2), path: line.slice(3) }))
    .filter(({ status, path }) => (/[?!]/.test(status) ? isReadBy(path, paths) : status.trim() !== ''));
  const [first] = changed;
  if (first === undefined) return;
  throw new Refusal(
    `${first.path} is not as the checked-out commit has it, so the plan would not be the one that is reviewed: commit it, or remove what an earlier step wrote`,
  );
}

/** Untracked files count where Terraform reads them: in a source's own folder, not in its subfolders. */
function isReadBy(path: string, folders: readonly string[]): boolean {
  return READ_BY_NAME.test(path) && folders.includes(posix.dirname(path));
}

/** Returns the SHA-256 of the stack's .terraform.lock.hcl; empty where it has none. */
export async function hashLockFile({ folder }: Stack, { checkout }: Pick<StackPlace, 'checkout'>): Promise<string> {
  const bytes = await readFile(join(checkout, folder, '.terraform.lock.hcl')).catch(() => undefined);
  return bytes === undefined ? '' : createHash('sha256').update(bytes).digest('hex');
}
