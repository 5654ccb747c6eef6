// Installs the locked packages, the bot's too, where they are missing. npm runs it before every script, so it prints
// nothing and takes milliseconds when all is there. Plain JavaScript for Node 20, with no package: it runs first.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Not `npm ci`: it refuses our lock where a registry does not serve the packages of other platforms. */
const install = ['install', '--no-save', '--no-audit', '--no-fund'];

/** The packages in a lock file, by their folder; npm writes the second one when an install has succeeded. */
function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return {};
  }
}

/** True when every package of the lock is installed in the locked version; an optional one may be for another platform. */
function isInstalled(folder) {
  const installed = readLock(join(folder, 'node_modules/.package-lock.json'));
  return Object.entries(readLock(join(folder, 'package-lock.json'))).every(
    ([path, { version, optional }]) => path === '' || optional === true || installed[path]?.version === version,
  );
}

/** Returns the exit code of the install. Its words go to standard error: a command's output may be piped on. */
function installPackages(folder, name) {
  console.error(`Installing the packages of ${name} (once, from the lock) …`);
  return spawnSync('npm', install, { cwd: folder, stdio: ['ignore', 2, 2] }).status ?? 1;
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
for (const [folder, name] of [
  [root, 'Slipway'],
  [join(root, 'app'), 'the bot'],
]) {
  if (process.exitCode || isInstalled(folder)) continue;
  process.exitCode = installPackages(folder, name);
  if (process.exitCode) console.error(`npm could not install the packages of ${name}: see its reason above.`);
}
