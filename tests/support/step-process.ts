import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { plainEnvironment } from '#tests/support/terraform.ts';

/** A step that runs as on a runner: a process of its own. */
export interface StepProcess {
  readonly pid: number;
  /** What it printed so far. */
  readonly text: () => string;
  /** How it ended, and what it printed and wrote into the job's summary. */
  readonly ended: Promise<{ readonly code: number | null; readonly text: string }>;
}

/** Returns the program of an action, as it is written: the tests of bundles look at what is built of it. */
export function sourceOf(action: string): string {
  return join(repositoryRoot, 'actions', action, 'src/main.ts');
}

/** Starts a program of Node.js as the runner does, with its inputs in the environment. */
export function startStep(
  program: string,
  { root, head }: { readonly root: string; readonly head: string },
  variables: Readonly<Record<string, string>>,
): StepProcess {
  const temp = join(root, '..');
  const summary = join(temp, 'summary');
  writeFileSync(summary, '');
  const env = {
    ...plainEnvironment(),
    GITHUB_WORKSPACE: root,
    RUNNER_TEMP: temp,
    GITHUB_REPOSITORY: 'acme/shop',
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_RUN_ID: '7',
    GITHUB_ACTOR: 'octocat',
    GITHUB_SHA: head,
    GITHUB_STEP_SUMMARY: summary,
    ...variables,
  };
  const child = spawn(process.execPath, [program], { env });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  const ended = new Promise<{ code: number | null; text: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, text: text + readFileSync(summary, 'utf8') }));
  });
  return { pid: child.pid ?? 0, text: () => text, ended };
}

/** Returns inputs as the runner hands them to a step. */
export function writeInputs(inputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]));
}
