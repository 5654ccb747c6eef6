import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createExec } from '#core/system/exec.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { until } from '#tests/support/kill-points.ts';
import { type StateServer, startStateServer } from '#tests/support/state-server.ts';
import { type StepProcess, sourceOf, startStep, writeInputs } from '#tests/support/step-process.ts';
import { FOLDER, type Ground, KEY, openGround, plainEnvironment, readDefaults } from '#tests/support/terraform.ts';
import { apply, plan } from '#tests/support/terraform-runs.ts';

let server: StateServer;
let ground: Ground;
beforeEach(async () => {
  server = await startStateServer();
});
afterEach(async () => {
  ground.remove();
  await server.close();
});

/** Code of a stack whose state is on the server. */
function stack(resources: string): string {
  return `terraform {\n  backend "http" {}\n}\n${resources}`;
}

const settings = (): Record<string, string> => ({
  'backend-config': Object.entries(server.settings)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n'),
});

/** Two resources, one after the other; the first takes as long as the file `go` is missing. */
function slow(folder: string): string {
  return stack(`resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command = "touch ${folder}/begun; while [ -e ${folder}/begun -a ! -e ${folder}/go ]; do sleep 0.05; done"
  }
}

resource "terraform_data" "next" {
  depends_on = [terraform_data.slow]
}
`);
}

/** Starts apply-terraform as the runner does: a process with its inputs in the environment. */
function startApply(): StepProcess {
  const head = ground.git('rev-parse', 'HEAD');
  const files = { 'saved-plan': 'app.sealed', rescue: 'errored.tfstate.sealed', report: 'apply-report.json' };
  const own = { stack: 'app', config: 'slipway.yaml', head, key: KEY, ...files, ...settings() };
  const inputs = writeInputs({ ...readDefaults('apply-terraform'), ...own });
  return startStep(sourceOf('apply-terraform'), { root: ground.root, head }, inputs);
}

/** Opens a stack whose apply is in the middle of its first resource. */
async function openHalfway(): Promise<{
  begun: () => boolean;
  go: () => void;
  process: StepProcess;
}> {
  ground = openGround('# later\n');
  const folder = join(ground.root, '..');
  ground.commit({ [`${FOLDER}/main.tf`]: slow(folder) });
  await plan(ground, settings());
  const begun = (): boolean => existsSync(join(folder, 'begun'));
  const started = startApply();
  await until(begun);
  return { begun, go: () => writeFileSync(join(folder, 'go'), ''), process: started };
}

/** Types a command that was printed. The server is in this process, which must not wait for it. */
async function type(command: string, cwd: string): Promise<void> {
  await createExec({ ...plainEnvironment(), SLIPWAY_KEY: KEY })(['sh', '-c', command], { cwd });
}

function listState(): string[] {
  const { resources = [] } = JSON.parse(server.state === '' ? '{}' : server.state) as {
    resources?: { name: string }[];
  };
  return resources.map(({ name }) => name).sort();
}

describe('an apply in the middle', () => {
  test('that is told to stop finishes what it began, writes the state and frees the lock', async () => {
    const { go, process: step } = await openHalfway();
    process.kill(step.pid, 'SIGTERM');
    process.kill(step.pid, 'SIGINT'); // a runner sends both; Terraform must hear of it once
    await new Promise((resolve) => setTimeout(resolve, 200));
    go();
    const { code, text } = await step.ended;
    expect(code).toBe(1);
    expect(text).toMatch(/terraform apply was told to stop, and stopped in order/);
    expect([listState(), server.lock]).toEqual([['slow'], '']);
  });

  test('whose step is killed goes on: state whole, lock free, and the next plan has nothing to do', async () => {
    const { go, process: step } = await openHalfway();
    expect(server.lock).not.toBe('');
    process.kill(step.pid, 'SIGKILL');
    await step.ended;
    go();
    await until(() => server.lock === '');
    expect(listState()).toEqual(['next', 'slow']);
    expect((await plan(ground, settings())).outputs).toMatchObject({ changed: 'false', reason: '' });
  });

  test('keeps its lock, which is told and not forced', async () => {
    const { go, process: step } = await openHalfway();
    const { ID } = JSON.parse(server.lock) as { ID: string };
    const { outputs } = await plan(ground, { ...settings(), lock: 'true' });
    expect(outputs['reason']).toMatch(/^terraform plan cannot have the state: it is locked by an unknown holder \(id /);
    const remedy = /: (terraform force-unlock \S+)$/.exec(outputs['reason'] ?? '')?.[1] ?? '';
    expect(remedy).toBe(`terraform force-unlock ${ID}`);
    expect(server.lock).not.toBe('');
    go();
    expect((await step.ended).code).toBe(0);
    server.lock = JSON.stringify({ ID }); // what a holder that is gone leaves
    await type(remedy.replace('unlock', 'unlock -force'), join(ground.root, FOLDER)); // without its question
    expect(server.lock).toBe('');
  });
});

test('the holder of a lock is told: who, for what, since when, and the id', async () => {
  ground = openGround('# later\n');
  const folder = join(ground.root, '..');
  ground.commit({ [`${FOLDER}/main.tf`]: slow(folder).replace('backend "http" {}', '') });
  await plan(ground);
  const holding = apply(ground);
  await until(() => existsSync(join(folder, 'begun')));
  const { outputs } = await plan(ground, { lock: 'true' });
  writeFileSync(join(folder, 'go'), '');
  expect(outputs['reason']).toMatch(
    /is locked by \S+@\S+ for apply since .* UTC, 0 minutes ago \(id [0-9a-f-]+\); wait/,
  );
  expect((await holding).outputs).toMatchObject({ outcome: 'applied' });
});

test('a state that cannot be written is rescued, encrypted, and the printed command puts it back', async () => {
  ground = openGround(stack('resource "terraform_data" "a" {\n  input = "hunter2hunter2"\n}\n'));
  await plan(ground, settings());
  server.writeStatus = 500;
  const { outputs } = await apply(ground, settings());
  expect(outputs).toMatchObject({ outcome: 'failed', rescued: 'errored.tfstate.sealed' });
  expect(existsSync(join(ground.root, FOLDER, 'errored.tfstate'))).toBe(false);
  expect(ground.read('errored.tfstate.sealed')).not.toContain('hunter2');
  server.writeStatus = 200;
  const command = /SLIPWAY_KEY: (.*)$/m.exec(outputs['reason'] ?? '')?.[1] ?? '';
  const typed = command.replace(
    'npm run -s slipway --',
    `"${process.execPath}" "${join(repositoryRoot, 'commands/slipway.ts')}"`,
  );
  await type(typed, ground.root);
  expect(server.state).toContain('hunter2hunter2');
  expect((await plan(ground, settings())).outputs).toMatchObject({ changed: 'false', reason: '' });
});

test('a backend that lets no one in is named', async () => {
  ground = openGround(stack(''));
  server.status = 401;
  expect((await plan(ground, settings())).outputs['reason']).toMatch(
    /was not let in: the credentials are missing, wrong or expired/,
  );
});
