import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ExecResult } from '#core/system/exec.ts';
import type { Lab, LabProcess } from '#lab/supervisor/lab.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { findProviderMirror } from '#lab/terraform/mirror.ts';
import { startProvider } from '#lab/terraform/provider.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/** Options of {@link openStack}. */
export interface StackOptions {
  /** Folder below terraform/. */
  readonly stack: string;
  /** What differs from the stack's terraform.tfvars. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** Where AWS is, and credentials for it. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the copy of the code is; by default in the lab, one for each bucket. */
  readonly copy?: string;
  /** The bucket of the S3 backend; without one the state is a file. */
  readonly bucket?: string;
  /** Gets what each run prints, also a failing one that is accepted. */
  readonly said?: string[];
  /** One provider serves all runs of the stack that reach AWS as it does: for who runs Terraform often. */
  readonly keepsProvider?: boolean;
}

/** A stack of this repository in a copy of its own, ready to be planned and applied. */
export interface Stack {
  /** Its folder in the copy: the other stacks are beside it. */
  readonly folder: string;
  /** The environment by which Terraform finds the provider that is kept; empty where none is. */
  readonly provider: Readonly<{ TF_REATTACH_PROVIDERS?: string }>;
  /** Runs Terraform there: `stack.run(['plan'])`. Throws unless `accept` takes the exit code. */
  run(
    args: readonly string[],
    options?: { env?: Readonly<Record<string, string>>; accept?: 'any' },
  ): Promise<ExecResult>;
  /** Starts Terraform and does not wait for it. */
  start(name: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<LabProcess>;
  /** Returns the outputs, checked against `schema`. */
  outputs<T>(schema: z.ZodType<T>): Promise<T>;
  /** Returns what a plan would do as `terraform show -json` writes it. */
  planJson(env?: Readonly<Record<string, string>>): Promise<unknown>;
}

/** Copies the Terraform code, once for each place, and initialises one stack of it. */
export async function openStack(lab: Lab, toolbox: Toolbox, options: StackOptions): Promise<Stack> {
  const copy = options.copy ?? join(lab.folder('terraform'), options.bucket ?? 'local');
  if (!existsSync(copy))
    cpSync(join(repositoryRoot, 'terraform'), copy, {
      recursive: true,
      filter: (path) => !/\.terraform$|tfstate/.test(path),
    });
  const folder = join(copy, options.stack);
  const usesBackend = options.bucket !== undefined;
  // bootstrap has no backend: it makes the bucket of the others
  if (!usesBackend && options.stack !== 'bootstrap')
    writeFileSync(join(folder, 'backend_override.tf'), 'terraform {\n  backend "local" {}\n}\n');
  // not by TF_VAR_…: terraform.tfvars comes after them, and this file after terraform.tfvars
  writeFileSync(join(folder, 'lab.auto.tfvars.json'), JSON.stringify(options.variables));
  const base = {
    ...options.env,
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    CHECKPOINT_DISABLE: '1',
  };
  const argvOf = (args: readonly string[]): [string, ...string[]] => [
    toolbox.tool('terraform'),
    `-chdir=${folder}`,
    ...args,
  ];
  let provider: Stack['provider'] = {};
  const run: Stack['run'] = async (args, { env = {}, accept } = {}) => {
    const extraEnv = { ...base, ...(isForProvider(env) ? {} : provider), ...env };
    const result = await lab.exec(argvOf(args), { extraEnv, ...(accept === undefined ? {} : { accept }) });
    options.said?.push(`${result.stdout.toString('utf8')}${result.stderr}`);
    return result;
  };
  const mirror = findProviderMirror();
  await run([
    'init',
    '-no-color',
    ...(mirror === undefined ? [] : [`-plugin-dir=${mirror}`]),
    ...(usesBackend ? backendArguments(options) : []),
  ]);
  if (options.keepsProvider === true) provider = await startProvider(lab, folder, options.env);
  return {
    folder,
    provider,
    run,
    start: (name, args, env = {}) =>
      lab.start({ name, argv: argvOf(args), env: { ...base, ...env }, ready: async () => true }),
    outputs: async (schema) => {
      const { stdout } = await run(['output', '-json']);
      const written = z.record(z.string(), z.object({ value: z.unknown() })).parse(JSON.parse(stdout.toString('utf8')));
      return schema.parse(Object.fromEntries(Object.entries(written).map(([name, { value }]) => [name, value])));
    },
    planJson: async (env = {}) => {
      const file = join(folder, 'planned');
      await run(['plan', '-no-color', `-out=${file}`], { env });
      if (!existsSync(file)) throw new Error('terraform plan wrote no plan');
      const { stdout } = await run(['show', '-json', file]);
      return JSON.parse(stdout.toString('utf8'));
    },
  };
}

/** Whether a run's environment is also for its provider, which then cannot be the one that runs already. */
function isForProvider(env: Readonly<Record<string, string>>): boolean {
  return Object.keys(env).some((name) => /^(?:AWS|TF_LOG)/.test(name));
}

/** The S3 backend reaches the lab's AWS by the same variables as the provider; buckets are paths there, not host names. */
function backendArguments({ bucket, env }: StackOptions): string[] {
  const settings = { bucket, region: env['AWS_REGION'], use_path_style: 'true', skip_s3_checksum: 'true' };
  return Object.entries(settings).map(([name, value]) => `-backend-config=${name}=${value}`);
}
