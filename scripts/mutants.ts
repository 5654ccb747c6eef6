import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { listMutants, type Mutant, mutate } from '#tests/mutants/mutants.ts';

/**
 * Takes each protection out, one at a time, in a copy of the checkout, and runs the test that must fail without it. A
 * mutant that its test lets pass is a survivor: the protection is not tested. `npm run mutants -- NAME…` runs those
 * whose names begin so, `--since COMMIT` those whose file or test changed since a commit; `--green` leaves out the run
 * without them, where `npm test` has just passed.
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

/** How one test file ended: `slow` where nothing failed but by its time, which a machine with other work causes too. */
type Ending = { readonly result: 'passed' | 'slow' } | { readonly result: 'failed'; readonly by: string };

const report = z.object({
  success: z.boolean(),
  testResults: z.array(
    z.object({
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()) }),
      ),
    }),
  ),
});

/** Longer than any test file takes, with its mutant or without. */
const LONGEST_MS = 300_000;

/** Runs one test file, up to its first failure. */
async function runTest(copy: string, test: string): Promise<Ending> {
  const project = test.endsWith('.itg.test.ts') ? 'itg' : 'unit';
  const jest = ['--experimental-vm-modules', join(root, 'node_modules/jest/bin/jest.js'), '--selectProjects', project];
  const output = join(copy, 'mutant-report.json');
  // a mutant may leave a timer or a server behind, or never come to an end
  const stop = ['--testEnvironment', join(root, 'scripts/first-failure.mjs'), '--testTimeout=60000', '--forceExit'];
  const json = ['--json', '--outputFile', output];
  rmSync(output, { force: true });
  const child = spawn(
    process.execPath,
    [...jest, ...stop, ...json, '--runInBand', '--runTestsByPath', join(copy, test)],
    {
      cwd: copy,
      stdio: 'ignore',
      env: { ...process.env, CI: '' },
      timeout: LONGEST_MS,
      killSignal: 'SIGKILL',
    },
  );
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once('close', (...how) => resolve(how));
  });
  if (signal !== null) return { result: 'slow' };
  if (code === 0) return { result: 'passed' };
  if (!existsSync(output)) return { result: 'failed', by: 'the test file cannot be run' };
  return readEnding(readFileSync(output, 'utf8'));
}

/** Returns how a test file ended, by jest's own report. */
function readEnding(text: string): Ending {
  const tests = report.parse(JSON.parse(text)).testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return { result: 'failed', by: 'the test file cannot be run' };
  const real = failed.find(({ failureMessages }) => failureMessages.some((text) => !text.includes('Exceeded timeout')));
  return real === undefined ? { result: 'slow' } : { result: 'failed', by: real.fullName };
}

/** Returns the test that fails with the mutant; undefined where none does. */
async function findKiller(copy: string, mutant: Mutant): Promise<string | undefined> {
  const path = join(copy, mutant.file);
  const before = readFileSync(path, 'utf8');
  writeFileSync(path, mutate(before, mutant));
  try {
    let ending = await runTest(copy, mutant.test);
    if (ending.result === 'slow') ending = await runTest(copy, mutant.test);
    if (ending.result === 'slow') return 'its time, twice';
    return ending.result === 'failed' ? ending.by : undefined;
  } finally {
    writeFileSync(path, before);
  }
}

/** Does work on each item, two at a time, each worker in a copy of the checkout of its own. */
async function eachInCopy<T>(items: readonly T[], work: (copy: string, item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    const copy = copyCheckout();
    try {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(copy, item);
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  };
  await Promise.all([worker(), worker()]);
}

/** Runs the mutants, and returns the names of the survivors. */
async function run(mutants: readonly Mutant[]): Promise<string[]> {
  const survivors: string[] = [];
  let done = 0;
  await eachInCopy(mutants, async (copy, mutant) => {
    const killer = await findKiller(copy, mutant);
    if (killer === undefined) survivors.push(mutant.name);
    done += 1;
    const verdict = killer === undefined ? 'SURVIVED' : 'killed  ';
    console.log(`${String(done).padStart(4)}/${mutants.length} ${verdict} ${mutant.name}`);
    if (killer !== undefined) console.log(`             by ${killer}`);
  });
  return survivors;
}

/** A test that fails without a mutant would kill everything: each must pass first, at the second try at the latest. */
async function findRed(mutants: readonly Mutant[]): Promise<string[]> {
  const red: string[] = [];
  await eachInCopy([...new Set(mutants.map(({ test }) => test))], async (copy, test) => {
    const passes = async () => (await runTest(copy, test)).result === 'passed';
    if (!(await passes()) && !(await passes())) red.push(test);
  });
  return red;
}

/** Returns the paths that changed since a commit, what is not committed yet too. */
function listChanged(commit: string): Set<string> {
  const options = { cwd: root, encoding: 'utf8' } as const;
  return new Set(execFileSync('git', ['diff', '--name-only', commit, '--'], options).split('\n'));
}

if (import.meta.main) {
  const { values, positionals: prefixes } = parseArgs({
    options: { green: { type: 'boolean', default: false }, since: { type: 'string' } },
    allowPositionals: true,
  });
  const changed = values.since === undefined ? undefined : listChanged(values.since);
  const chosen = listMutants(join(root, 'tests/mutants'))
    .filter(({ name }) => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix)))
    .filter(({ file, test }) => changed === undefined || changed.has(file) || changed.has(test));
  const isGreen = values.green;
  if (!isGreen) console.log(`Running the tests of ${chosen.length} mutants without them first …`);
  const red = isGreen ? [] : await findRed(chosen);
  for (const test of red) console.error(`${test} fails already without a mutant: make it pass first`);
  const fair = chosen.filter(({ test }) => !red.includes(test));
  const survivors = await run(fair);
  console.log(
    `${fair.length} mutants, ${survivors.length} survivors${survivors.length === 0 ? '' : `: ${survivors.join(', ')}`}`,
  );
  process.exitCode = red.length > 0 || survivors.length > 0 ? 1 : 0;
}
