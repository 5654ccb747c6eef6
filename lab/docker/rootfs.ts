import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Exec } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';

/** What the base image is made of, all from this machine. */
export interface Ingredients {
  /** A statically linked busybox. */
  readonly busybox: string;
  /** Where its applets belong, as busybox itself says: `bin/ls`, `usr/bin/env`. */
  readonly applets: readonly string[];
  /** The Node binary. */
  readonly node: string;
  /** The shared libraries that it loads and their loader, by absolute path. */
  readonly libraries: readonly string[];
  /** The folder of the npm package. */
  readonly npm: string;
}

const USERS = [
  ['root', 0, '/root', '/bin/sh'],
  ['node', 1000, '/home/node', '/bin/sh'],
  ['nobody', 65534, '/nonexistent', '/bin/false'],
] as const;

/** Finds what the base image needs; refuses when the machine has no npm or a busybox that needs libraries. */
export async function findIngredients(exec: Exec, busybox: string, node: string, path: string): Promise<Ingredients> {
  const npm = findNpm(path);
  const linked = await exec(['ldd', busybox], { accept: 'any' });
  if (linked.code === 0) {
    throw new Refusal(`${busybox} needs shared libraries; install Debian's busybox-static, which needs none`);
  }
  const applets = (await exec([busybox, '--list-full'])).stdout.toString('utf8').trim().split('\n');
  const libraries = parseLdd((await exec(['ldd', node])).stdout.toString('utf8'));
  return { busybox, applets: applets.filter((name) => !name.endsWith('/busybox')), node, libraries, npm };
}

/** Returns the files that ldd's output names: `libm.so.6 => /lib/libm.so.6 (0x…)` and the loader's bare path. */
export function parseLdd(output: string): string[] {
  return [...output.matchAll(/(\/\S+) \(0x[0-9a-f]+\)/g)].flatMap((match) => match[1] ?? []).sort();
}

/** Returns what changes when an ingredient does: paths with sizes and times of change. */
export function describeIngredients({ busybox, node, libraries, npm }: Ingredients): [string, number, number][] {
  return [busybox, node, ...libraries, join(npm, 'package.json')].map((path) => {
    const { size, mtimeMs } = statSync(path);
    return [path, size, mtimeMs];
  });
}

/** Lays the image's file tree into an empty folder. */
export function layRootfs(root: string, ingredients: Ingredients): void {
  for (const folder of ['proc', 'sys', 'dev', 'etc', 'root', 'home/node', 'var', 'usr/local/lib/node_modules']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  for (const folder of ['tmp', 'var/tmp']) {
    mkdirSync(join(root, folder));
    chmodSync(join(root, folder), 0o1777);
  }
  chownSync(join(root, 'home/node'), 1000, 1000);
  place(root, ingredients.busybox, '/bin/busybox');
  for (const applet of ingredients.applets) {
    mkdirSync(dirname(join(root, applet)), { recursive: true });
    symlinkSync('/bin/busybox', join(root, applet));
  }
  place(root, ingredients.node, '/usr/local/bin/node');
  for (const library of ingredients.libraries) place(root, library, library);
  layNpm(root, ingredients.npm);
  writeFileSync(
    join(root, 'etc/passwd'),
    lines(USERS.map(([name, id, home, shell]) => `${name}:x:${id}:${id}:${name}:${home}:${shell}`)),
  );
  writeFileSync(join(root, 'etc/group'), lines(USERS.map(([name, id]) => `${name}:x:${id}:`)));
}

/** Its manual is left out: a third of npm's files, of no use in a build container. */
function layNpm(root: string, npm: string): void {
  const target = join(root, 'usr/local/lib/node_modules/npm');
  const manual = [join(npm, 'docs'), join(npm, 'man')];
  cpSync(npm, target, { recursive: true, dereference: true, filter: (source) => !manual.includes(source) });
  // a container without a way out need not look for a newer npm, nor for funds
  mkdirSync(join(root, 'usr/local/etc'), { recursive: true });
  writeFileSync(join(root, 'usr/local/etc/npmrc'), 'update-notifier=false\naudit=false\nfund=false\n');
  for (const name of ['npm', 'npx']) {
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, 'usr/local/bin', name));
    chmodSync(join(target, 'bin', `${name}-cli.js`), 0o755);
  }
}

function place(root: string, source: string, target: string): void {
  mkdirSync(dirname(join(root, target)), { recursive: true });
  copyFileSync(realpathSync(source), join(root, target));
  chmodSync(join(root, target), 0o755);
}

/** npm's command is a link to `<its package>/bin/npm-cli.js`, however Node was installed. */
function findNpm(path: string): string {
  for (const folder of path.split(':')) {
    try {
      const command = realpathSync(join(folder, 'npm'));
      if (command.endsWith('/bin/npm-cli.js')) return dirname(dirname(command));
    } catch {
      // not in this folder
    }
  }
  throw new Refusal('npm is not on PATH; it comes with Node.js and is copied into the base image of the lab');
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
