import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Permissions } from '#lab/github/identity/permissions.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { type HostileJob, type Issuer, openJob, pullRequestWorkflow, SECRETS } from '#tests/support/hostile-job.ts';
import { sourceOf, startStep } from '#tests/support/step-process.ts';
import type { Ground } from '#tests/support/terraform.ts';

/** The program of whoever attacks: it writes down what it finds. */
export const PROBE = join(repositoryRoot, 'tests/support/hostile-probe.cjs');

const variables = z.record(z.string(), z.string());
const found = z.object({ own: variables, above: variables, token: z.string() });

/** What hostile code found: its own variables, those of the processes above it, and the token that names the job. */
export type Found = z.output<typeof found>;

/** Where the program writes it. */
export function outOf(ground: Ground): string {
  return join(ground.root, '..', 'found.json');
}

/** Reads what the program wrote, once. */
export function takeFound(ground: Ground): Found {
  const read = found.parse(JSON.parse(readFileSync(outOf(ground), 'utf8')));
  rmSync(outOf(ground));
  return read;
}

/** Runs a program as a step of the job, and returns what it printed. */
export async function runIn(
  job: HostileJob,
  program: string,
  ground: Ground,
  issuer: Issuer,
  given: Readonly<Record<string, string>>,
): Promise<string> {
  const head = ground.git('rev-parse', 'HEAD');
  const runner = { GITHUB_REPOSITORY: 'acme/tenant', ACTIONS_RUNTIME_TOKEN: 'runtime', GITHUB_ENV: 'file' };
  const step = startStep(program, { root: ground.root, head }, { ...runner, ...issuer.give(job), ...given });
  return (await step.ended).text;
}

/** Plans the ground's head as the job `plan` does, with our own action; the sealed plan is `app.sealed`. */
export function planIn(ground: Ground, issuer: Issuer, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const job = openJob(pullRequestWorkflow, 'plan');
  const head = ground.git('rev-parse', 'HEAD');
  const ours = { INPUT_HEAD: head, INPUT_BASE: '', INPUT_ARTIFACTS: 'false', 'INPUT_SAVED-PLAN': 'app.sealed' };
  const given = { ...job.stepVariables('plan-terraform'), ...ours, 'INPUT_BACKEND-CONFIG': '', ...env };
  return runIn(job, sourceOf('plan-terraform'), ground, issuer, given);
}

const SECURITY = readFileSync(join(repositoryRoot, 'docs/security.md'), 'utf8').split('\n');

/** Returns the rows of docs/security.md about an attack. */
export function rowsOf(attack: string): string[] {
  return SECURITY.filter((line) => line.startsWith(`| ${attack} |`));
}

/** Returns the row of docs/security.md that says what an attack reaches. */
export async function describeReach(
  attack: string,
  { own, above, token }: Found,
  rights: Permissions,
  issuer: Issuer,
): Promise<string> {
  const roles = await issuer.rolesOf(token);
  const values = Object.values({ ...above, ...own });
  const secrets = [...SECRETS].flatMap(([value, name]) => (values.some((text) => text.includes(value)) ? [name] : []));
  const may = secrets.includes('GITHUB_TOKEN') ? describeRights(rights) : 'no token';
  return `| ${attack} | ${list(roles)} | ${list(secrets)} | ${may} |`;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `\`${name}\``).join(', ');
}

function describeRights(rights: Permissions): string {
  const given = Object.entries(rights).filter(([, access]) => access !== 'none');
  if (given.length === Object.keys(rights).length && given.every(([, access]) => access === 'write'))
    return 'what it asks for';
  const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return given.map(([name, access]) => `\`${kebab(name)}: ${access}\``).join(', ');
}

/** Returns the credentials among a program's own variables, by name. */
export function credentialsIn(names: Readonly<Record<string, string>>): string[] {
  return Object.keys(names)
    .filter((name) => /^(AWS_|ACTIONS_|INPUT_|TF_VAR_|GITHUB_(TOKEN|ENV|OUTPUT|PATH|STATE|STEP_SUMMARY)$)/.test(name))
    .sort();
}
