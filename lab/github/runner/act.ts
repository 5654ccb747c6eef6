import { readdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Exec } from '#core/system/exec.ts';
import { describeError } from '#core/values/errors.ts';
import { runActProcess } from '#lab/github/runner/act-process.ts';
import { type LastWords, openLastWords } from '#lab/github/runner/last-words.ts';

/** A step of a job as it happened. */
export interface StepRecord {
  readonly name: string;
  status: 'in_progress' | 'success' | 'failure' | 'skipped' | 'cancelled';
  readonly startedAt: Date;
  milliseconds: number | undefined;
  readonly log: string[];
  summary: string;
}

/** What act is told about one job. */
export interface ActRequest {
  readonly exec: Exec;
  readonly act: string;
  /** Folder of this job alone; gone afterwards. */
  readonly dir: string;
  readonly event: 'push' | 'workflow_dispatch' | 'pull_request' | 'status';
  readonly payload: unknown;
  readonly workflowText: string;
  readonly bareRepository: string;
  readonly sha: string;
  readonly actor: string;
  readonly env: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly path: string;
  /** Temporary folder of the job's programs. */
  readonly temp: string;
  /** Cancels the job. */
  readonly signal: AbortSignal;
  /** Kills the job. */
  readonly ending: AbortSignal;
}

/** What act printed about one job. */
export interface ActResult {
  readonly succeeded: boolean;
  /** `<step id>.<output>` → value. */
  readonly outputs: ReadonlyMap<string, string>;
}

const line = z.looseObject({
  msg: z.string().optional(),
  level: z.string().optional(),
  stage: z.string().optional(),
  step: z.string().optional(),
  stepID: z.array(z.string()).optional(),
  raw_output: z.boolean().optional(),
  command: z.string().optional(),
  name: z.string().optional(),
  arg: z.string().optional(),
  content: z.string().optional(),
  stepResult: z.string().optional(),
  executionTime: z.number().optional(),
  jobResult: z.string().optional(),
  raw: z.string().optional(),
});

const standIns = join(import.meta.dirname, '..', 'actions');

/** Runs one job by act on this machine, as its runner, and records its steps while they happen. */
export async function runByAct(request: ActRequest, steps: StepRecord[]): Promise<ActResult> {
  const { exec, dir } = request;
  request.ending.throwIfAborted();
  const [checkout, home] = [join(dir, 'source'), join(dir, 'home')];
  await mkdir(checkout, { recursive: true });
  await mkdir(home, { recursive: true });
  try {
    await placeSource(exec, checkout, request);
    await writeFiles(request);
    const outputs = new Map<string, string>();
    let result: string | undefined;
    const words = await openLastWords(dir);
    const path = `${words.folder}:${request.path}`;
    const env = { PATH: path, HOME: home, TMPDIR: request.temp, LANG: 'C.UTF-8', ...marker(request.env) };
    const code = await runActProcess({
      argv: argvOf({ ...request, env: { ...request.env, ...words.env } }, checkout),
      cwd: checkout,
      env,
      signal: request.signal,
      ending: request.ending,
      onLine: (text) => {
        const entry = readLine(text);
        if (entry === undefined) return;
        if (entry.jobResult !== undefined) result = entry.jobResult;
        recordLine(entry, { steps, outputs, signal: request.signal, hear: words.hear });
      },
    });
    for (const step of steps) if (step.status === 'in_progress') step.status = 'cancelled'; // act is gone
    return { succeeded: code === 0 && result === 'success', outputs };
  } catch (error) {
    steps.push({
      name: 'Start the job',
      status: 'failure',
      startedAt: new Date(),
      milliseconds: 0,
      log: [describeError(error)],
      summary: '',
    });
    return { succeeded: false, outputs: new Map() };
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function writeFiles({ dir, payload, workflowText, secrets }: ActRequest): Promise<void> {
  await writeFile(join(dir, 'event.json'), JSON.stringify(payload));
  await writeFile(join(dir, 'job.yml'), workflowText);
  const lines = Object.entries(secrets).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`);
  await writeFile(join(dir, 'secrets'), lines.join(''), { mode: 0o600 });
}

/** The lab's marker must reach every process, or the sweep would not find it. */
function marker(env: Readonly<Record<string, string>>): Record<string, string> {
  return env['SLIPWAY_LAB'] === undefined ? {} : { SLIPWAY_LAB: env['SLIPWAY_LAB'] };
}

/** act reads the commit of the run from the git folder that it starts in. */
async function placeSource(exec: Exec, checkout: string, request: ActRequest): Promise<void> {
  const git = (...args: [string, ...string[]]) => exec(['git', ...args], { cwd: checkout });
  await git('init', '--quiet', '--initial-branch=main', '.');
  await git('fetch', '--quiet', '--depth=1', '--no-tags', `file://${request.bareRepository}`, request.sha);
  await git('update-ref', 'refs/heads/main', request.sha);
}

function argvOf(request: ActRequest, checkout: string): [string, ...string[]] {
  const pairs = (flag: string, values: Readonly<Record<string, string>>): string[] =>
    Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
  const replaced = listThirdParty(request.workflowText).flatMap((uses) => [
    '--local-repository',
    `${uses}=${standInOf(uses)}`,
  ]);
  const runners = ['ubuntu-24.04', 'ubuntu-latest'].flatMap((label) => ['-P', `${label}=-self-hosted`]);
  const files = ['-C', checkout, '-W', join(request.dir, 'job.yml'), '-e', join(request.dir, 'event.json')];
  return [
    request.act,
    request.event,
    '--actor',
    request.actor, // act's own name otherwise, whatever the environment says
    ...files,
    ...runners,
    '--no-skip-checkout',
    '--json',
    ...replaced,
    ...pairs('--env', request.env),
    ...pairs('--var', request.variables),
    '--secret-file',
    join(request.dir, 'secrets'),
  ];
}

function listThirdParty(text: string): string[] {
  return [...new Set([...text.matchAll(/uses:\s*["']?([\w.-]+\/[\w./-]+@[\w.-]+)/g)].map((match) => match[1] ?? ''))];
}

function standInOf(uses: string): string {
  const name = (uses.split('@')[0] ?? '').replace('/', '-');
  if (readdirSync(standIns).includes(name)) return join(standIns, name);
  throw new Error(
    `the lab has no stand-in for ${uses}: nothing can be fetched from outside; write lab/github/actions/${name}`,
  );
}

function readLine(text: string): z.output<typeof line> | undefined {
  try {
    const parsed = line.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined; // act itself speaks JSON; anything else is noise
  }
}

interface Recording {
  readonly steps: StepRecord[];
  readonly outputs: Map<string, string>;
  readonly signal: AbortSignal;
  readonly hear: LastWords['hear'];
}

function recordLine(entry: z.output<typeof line>, { steps, outputs, signal, hear }: Recording): void {
  const message = entry.msg ?? '';
  if (entry.step === undefined) return;
  if (message.startsWith('⭐ Run ')) {
    const name = message
      .slice('⭐ Run '.length)
      .replace(/^(Main|Pre|Post) /, (stage) => (stage === 'Main ' ? '' : stage));
    steps.push({
      name: name.split('\n')[0] ?? name,
      status: 'in_progress',
      startedAt: new Date(),
      milliseconds: undefined,
      log: [],
      summary: '',
    });
  }
  const current = steps.at(-1);
  if (current === undefined) return;
  if (entry.command === 'set-output' && entry.name !== undefined)
    outputs.set(`${entry.stepID?.[0] ?? ''}.${entry.name}`, entry.arg ?? '');
  if (entry.command === 'summary') current.summary += entry.content ?? '';
  if (entry.raw_output === true) current.log.push(...readOutput(hear(message)));
  else if (entry.command === 'error' || entry.command === 'warning')
    current.log.push(`${entry.command}: ${entry.arg ?? message}`);
  else if (entry.level === 'error' && !message.includes('git repository')) current.log.push(message);
  if (entry.stepResult === undefined) return;
  current.status = resultOf(entry.stepResult, signal.aborted);
  current.milliseconds = (entry.executionTime ?? 0) / 1_000_000;
}

/** Returns the lines of an output; none where nothing was said. */
function readOutput(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function resultOf(word: string, isCancelled: boolean): StepRecord['status'] {
  if (word === 'success' || word === 'skipped') return word;
  return isCancelled ? 'cancelled' : 'failure';
}
