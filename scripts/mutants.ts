import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listMutants, type Mutant, mutate } from '#tests/mutants/mutants.ts';

/**
 * Takes each protection out, one at a time, in a copy of the checkout, and runs the test that must fail without it. A
 * mutant that its test lets pass is a survivor: the protection is not tested. `npm run mutants -- NAME…` runs those
 * whose names begin so.
 */
const root = join(import.meta.dirname, '..');

/** What is not copied: git's own folder, built tools, packages (they are linked). */
const LEFT_OUT = new Set(['.git', '.lab', 'node_modules']);

function copyCheckout(): string {
  const copy = mkdtempSync(join(tmpdir(), 'slipway-mutants-'));
  cpSync(root, copy, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) =>
      !path
        .slice(root.length)
        .split('/')
        .some((part) => LEFT_OUT.has(part)),
  });
  for (const name of ['.git', '.lab', 'node_modules', 'app/node_modules'])
    symlinkSync(join(root, name), join(copy, name));
  return copy;
}

/** Returns the exit code of one test file. */
function runTest(copy: string, test: string): Promise<number | null> {
  const jest = ['--experimental-vm-modules', join(root, 'node_modules/jest/bin/jest.js'), '--selectProjects', 'unit'];
  // a test that is only slow, on a machine with other work, must not count as one that fails
  const stop = ['--testEnvironment', join(root, 'scripts/first-failure.mjs'), '--testTimeout=60000'];
  const child = spawn(process.execPath, [...jest, ...stop, '--runInBand', '--runTestsByPath', join(copy, test)], {
    cwd: copy,
    stdio: 'ignore',
    env: { ...process.env, CI: '' },
  });
  return new Promise((resolve) => child.once('close', resolve));
}

/** Returns true when the mutant's test fails with it. */
async function isKilled(copy: string, mutant: Mutant): Promise<boolean> {
  const path = join(copy, mutant.file);
  const before = readFileSync(path, 'utf8');
  writeFileSync(path, mutate(before, mutant));
  try {
    return (await runTest(copy, mutant.test)) !== 0;
  } finally {
    writeFileSync(path, before);
  }
}

/** Runs the mutants two at a time, each worker in a copy of its own, and returns the names of the survivors. */
async function run(mutants: readonly Mutant[]): Promise<string[]> {
  const queue = [...mutants];
  const survivors: string[] = [];
  let done = 0;
  const work = async (): Promise<void> => {
    const copy = copyCheckout();
    try {
      for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
        const killed = await isKilled(copy, mutant);
        if (!killed) survivors.push(mutant.name);
        done += 1;
        console.log(`${String(done).padStart(3)}/${mutants.length} ${killed ? 'killed  ' : 'SURVIVED'} ${mutant.name}`);
      }
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  };
  await Promise.all([work(), work()]);
  return survivors;
}

/** A test that fails without a mutant would kill everything: each must pass first, at the second try at the latest. */
async function findRed(mutants: readonly Mutant[]): Promise<string[]> {
  const copy = copyCheckout();
  try {
    const tests = [...new Set(mutants.map(({ test }) => test))];
    const red: string[] = [];
    for (const test of tests)
      if ((await runTest(copy, test)) !== 0 && (await runTest(copy, test)) !== 0) red.push(test);
    return red;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const prefixes = process.argv.slice(2);
  const all = listMutants(join(root, 'tests/mutants'));
  const chosen =
    prefixes.length === 0 ? all : all.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)));
  console.log(`Running the tests of ${chosen.length} mutants without them first …`);
  const red = await findRed(chosen);
  for (const test of red) console.error(`${test} fails already without a mutant: make it pass first`);
  const fair = chosen.filter(({ test }) => !red.includes(test));
  const survivors = await run(fair);
  console.log(
    `${fair.length} mutants, ${survivors.length} survivors${survivors.length === 0 ? '' : `: ${survivors.join(', ')}`}`,
  );
  process.exitCode = red.length > 0 || survivors.length > 0 ? 1 : 0;
}
