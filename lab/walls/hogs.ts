/** What runs wild in the sandbox: a script for `node -`, and what it must print; exit code 137 is an end by force. */
export interface Hog {
  readonly name: string;
  readonly script: string;
  readonly prints: RegExp;
}

/** What one pod may take of its node, the manifests and the kubelet's settings say. */
export const HOGS: readonly Hog[] = [
  {
    name: 'ten thousand open files',
    script: `import { openSync } from 'node:fs';
let count = 0;
try { for (; count < 10_000; count++) openSync('/tmp/open', 'a'); } catch (error) { console.log(error.code); }
console.log('open: ' + count);`,
    prints: /open: (10000|[1-9]\d{3})$/m,
  },
  {
    name: 'a busy loop on every core',
    script: `import { Worker } from 'node:worker_threads';
for (let i = 0; i < 4; i++) new Worker('for (;;);', { eval: true });
setTimeout(() => { console.log('done'); process.exit(); }, 5_000);`,
    prints: /done/,
  },
  {
    name: 'a memory hog',
    script: `import { spawnSync } from 'node:child_process';
const eat = 'const kept = []; for (;;) kept.push(Buffer.alloc(64 * 1024 * 1024, 1));';
console.log('ended by ' + spawnSync(process.execPath, ['-e', eat]).signal);`,
    prints: /ended by SIGKILL|^ended: [\s\S]*\b137\b/,
  },
  {
    name: 'a fork bomb',
    script: `import { spawn } from 'node:child_process';
import { once } from 'node:events';
const children = [];
for (let refused = 0; refused < 20 && children.length < 5_000; ) {
  const child = spawn('/bin/sh', ['-c', 'sleep 120'], { stdio: 'ignore' });
  const started = await new Promise((resolve) => {
    child.once('spawn', () => resolve(true)).once('error', () => resolve(false));
  });
  if (started) children.push(child); else refused++;
}
console.log('alive: ' + children.length);
await Promise.all(children.map((child) => { child.kill('SIGKILL'); return once(child, 'exit'); }));
process.exit();`,
    prints: /alive: ([1-9]\d{0,2}|10[01]\d|102[0-4])$/m,
  },
  {
    name: 'a disk filler',
    script: `import { closeSync, openSync, writeSync } from 'node:fs';
const file = openSync('/tmp/full', 'w');
const piece = Buffer.alloc(16 * 1024 * 1024, 1);
try { for (let i = 0; i < 40; i++) writeSync(file, piece); } catch (error) { console.log(error.code); }
console.log('written');
setInterval(() => {}, 1_000);`,
    prints: /ENOSPC|written|^ended: [\s\S]*\b137\b/,
  },
];
