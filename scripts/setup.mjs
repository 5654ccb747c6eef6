// Installs the locked packages when they are not there yet; plain JavaScript without imports from packages, since it runs first.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const stamp = 'node_modules/.slipway-setup';
const wanted = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
// not `npm ci`: it refuses a lock without the packages of platforms that the registry at hand does not serve
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  console.log('Installing packages (npm install, from the lock) …');
  execFileSync('npm', ['install', '--no-save', '--no-audit', '--no-fund'], { stdio: 'inherit' });
  writeFileSync(stamp, wanted);
}
