import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { awsEnvironment } from '#lab/aws/aws.ts';
import { startMoto } from '#lab/aws/moto.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { openStack, type Stack } from '#lab/terraform/stack.ts';
import { initArguments, ON_MOTO } from '#lab/terraform/tenant.ts';
import { openSecond, SECOND_CANARIES, SECOND_STATES, type TenantStacks } from '#lab/terraform/tests/applied-stacks.ts';
import type { AskAws } from '#lab/terraform/tests/left.ts';
import { blockOf, writeShell } from '#lab/terraform/tests/runbook-shell.ts';
import { obtainTools, type Toolbox } from '#lab/toolbox/toolbox.ts';

/** What the runbooks are pasted into: a clone, in which the stacks are applied, and AWS. */
export interface RunbookStage {
  readonly lab: Lab;
  /** The clone that a person works in. */
  readonly folder: string;
  readonly bootstrap: Stack;
  readonly stack: Stack;
  readonly secrets: Stack;
  /** Another tenant of the account, in another region. */
  readonly second: TenantStacks;
  /** The plan of terraform/aws before it was applied. */
  readonly firstPlan: unknown;
  readonly aws: AskAws;
  /** Types a script in the clone, and returns what it printed: errors first. */
  bash(
    script: string,
    options?: { env?: Readonly<Record<string, string>> },
  ): Promise<{ stdout: string; stderr: string }>;
}

let current: RunbookStage | undefined;

/** The blocks that were pasted. */
export const pasted = new Set<string>();

/** Returns what {@link openRunbooks} opened; throws before. */
export function stage(): RunbookStage {
  if (current === undefined) throw new Error('no stack is applied yet');
  return current;
}

/** Pastes a block of a runbook, by its name, behind what the reader has done; returns what it printed. */
export async function paste(
  name: string,
  { given = '', env = {}, change = (block) => block }: PasteOptions = {},
): Promise<{ stdout: string; stderr: string }> {
  pasted.add(name);
  const said = await stage().bash(`${given}${change(blockOf(name))}`, { env });
  expect([name, said.stderr]).toEqual([name, expect.not.stringMatching(/error/i)]);
  return said;
}

interface PasteOptions {
  readonly given?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What the reader writes in place of what the block says. */
  readonly change?: (block: string) => string;
}

/** Pastes a block, and returns the JSON documents that it printed. */
export async function answersOf(name: string): Promise<unknown[]> {
  pasted.add(name);
  const { stdout } = await stage().bash(`{ ${blockOf(name)}} | jq -s .`);
  return JSON.parse(stdout);
}

/** Who makes the runbooks' commits. */
const gitEnv = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@b',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@b',
};

/** A clone of a repository with the tenant's code, in which the runbooks' commits are made. */
async function openClone(lab: Lab): Promise<string> {
  const [origin, clone] = [lab.folder('origin'), join(lab.folder('at-work'), 'clone')];
  const git = (...args: string[]) => lab.exec(['git', ...args], { extraEnv: gitEnv });
  await git('init', '--quiet', '--bare', '--initial-branch=main', origin);
  await git('clone', '--quiet', origin, clone);
  const filter = (path: string): boolean => !/\.terraform$|tfstate/.test(path);
  for (const name of ['overlays', 'base', 'terraform', '.gitignore'])
    cpSync(join(repositoryRoot, name), join(clone, name), { recursive: true, filter });
  await git('-C', clone, 'add', '--all');
  await git('-C', clone, 'commit', '--quiet', '--message=a');
  await git('-C', clone, 'push', '--quiet', 'origin', 'main');
  return clone;
}

/** Starts moto and applies the stacks of two tenants; those of the first are in a clone. */
export async function openRunbooks(): Promise<void> {
  const toolbox = await obtainTools(['terraform', 'moto'], silentProgress);
  const lab = await openLab({ progress: silentProgress, path: toolbox.path });
  const moto = await startMoto(lab, toolbox);
  const keys = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  const env: Record<string, string> = { ...gitEnv, ...awsEnvironment(`http://${moto}`), ...keys };
  const aws: AskAws = async (...args) => {
    const endpoint = ['--output', 'json', '--endpoint-url', env['AWS_ENDPOINT_URL'] ?? ''];
    const { stdout } = await lab.exec(['aws', ...endpoint, ...args], { extraEnv: env });
    return stdout.length === 0 ? null : JSON.parse(stdout.toString('utf8'));
  };
  const folder = await openClone(lab);
  const first = await openFirst(lab, toolbox, env, folder);
  const place = ['--create-bucket-configuration', 'LocationConstraint=ca-central-1'];
  await aws('s3api', 'create-bucket', '--bucket', SECOND_STATES, ...place);
  const second = await openSecond((stack, variables, bucket) =>
    openStack(lab, toolbox, { stack, variables, env, bucket, keepsProvider: true }),
  );
  const shell = writeShell(folder, [first.stack, first.bootstrap, first.secrets]);
  // the workflows' arguments of init: the mirror, and where moto has its buckets
  const typed = { ...env, TF_INPUT: '0', TF_CLI_ARGS_init: initArguments() };
  const bash: RunbookStage['bash'] = async (script, options) => {
    const extraEnv = { ...typed, ...options?.env };
    const { stdout, stderr } = await lab.exec(['bash', '-c', `${shell}\n${script}`], { extraEnv });
    return { stdout: stdout.toString('utf8'), stderr };
  };
  const firstPlan = await first.stack.planJson();
  current = { lab, folder, ...first, second, firstPlan, aws, bash };
  await applyAll(current);
}

async function openFirst(
  lab: Lab,
  toolbox: Toolbox,
  env: Readonly<Record<string, string>>,
  folder: string,
): Promise<TenantStacks> {
  const open = (stack: string, variables = {}): Promise<Stack> =>
    openStack(lab, toolbox, { stack, variables, env, copy: join(folder, 'terraform'), keepsProvider: true });
  return { bootstrap: await open('bootstrap'), stack: await open('aws', ON_MOTO), secrets: await open('secrets') };
}

async function applyAll({ bootstrap, stack, secrets, second, aws }: RunbookStage): Promise<void> {
  const apply = ['apply', '-no-color', '-auto-approve'];
  const provider = ['--url', 'https://token.actions.githubusercontent.com', '--client-id-list', 'sts.amazonaws.com'];
  await aws('iam', 'create-open-id-connect-provider', ...provider);
  await aws('sns', 'create-topic', '--name', 'discord-bot-alarms');
  await Promise.all([
    second.bootstrap.run(apply),
    second.stack.run(apply),
    second.secrets.run(apply, { env: SECOND_CANARIES }),
    bootstrap.run(apply),
    stack.run(apply),
    secrets.run(apply, {
      env: {
        TF_VAR_discord_token: tokenOf('a'),
        TF_VAR_litellm_api_key: 'sk-nothing',
        TF_VAR_environment_secrets: JSON.stringify({
          staging: { discord_token: tokenOf('d'), litellm_api_key: 'sk-nothing' },
        }),
      },
    }),
  ]);
}

/** A token of the form that Discord's have. */
export const tokenOf = (letter: string): string => [24, 6, 27].map((length) => letter.repeat(length)).join('.');
