import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { namePlanReport, nameSavedPlan, PLAN_FILE, REPORT_FILE } from '#core/action/artifact-names.ts';
import { unpackPlan } from '#core/terraform/saved-plan/binding.ts';
import { unseal } from '#core/terraform/saved-plan/seal.ts';
import { readZipFile } from '#core/values/zip.ts';
import { type Api, openApi } from '#lab/github/tests/open-api.ts';
import { type Gate, openGate, type Passing } from '#tests/support/gate.ts';
import { endAtCommand, endAtRequest, momentsOf, type Signal, until } from '#tests/support/kill-points.ts';
import { type StateServer, startStateServer } from '#tests/support/state-server.ts';
import { type StepProcess, sourceOf, startStep, writeInputs } from '#tests/support/step-process.ts';
import { FOLDER, type Ground, KEY, openGround, readDefaults } from '#tests/support/terraform.ts';
import { apply, plan } from '#tests/support/terraform-runs.ts';

const CODE = `terraform {
  backend "http" {}
}
resource "terraform_data" "a" {
  input = "one"
}
`;

let api: Api;
let server: StateServer;
let ground: Ground;
let states: Gate;
let uploads: Gate;
let before: string;
let run = 0;

beforeAll(async () => {
  [api, server] = [await openApi(), await startStateServer()];
  states = await openGate(new URL(server.settings.address).origin);
  uploads = await openGate(api.url);
  ground = openGround(CODE);
  await plan(ground, settings());
  await apply(ground, settings());
  ground.commit({ [`${FOLDER}/main.tf`]: CODE.replace('one', 'two') });
  before = server.state;
});
afterEach(() => {
  states.set();
  uploads.set();
});
afterAll(async () => {
  await Promise.all([states.close(), uploads.close(), api.close(), server.close()]);
  ground.remove();
});

function settings(): { 'backend-config': string } {
  const { origin } = new URL(server.settings.address);
  const all = Object.entries({ ...server.settings, retry_max: '0' });
  return { 'backend-config': all.map(([name, value]) => `${name}=${value.replace(origin, states.url)}`).join('\n') };
}

/** Starts plan-terraform as a job of the run: it holds the state's lock, and leaves artifacts. */
function start(path = process.env['PATH'] ?? ''): StepProcess {
  const head = ground.git('rev-parse', 'HEAD');
  const own = { stack: 'app', head, key: KEY, 'head-repository': 'acme/shop', lock: 'true', ...settings() };
  const inputs = writeInputs({ ...readDefaults('plan-terraform'), ...own });
  const job = { ...api.artifacts.openJob(run, 'plan', () => true), ACTIONS_RESULTS_URL: `${uploads.url}/` };
  const where = { PATH: path, GITHUB_SERVER_URL: 'http://github.localhost' }; // a name that the client of artifacts takes for GitHub's
  return startStep(sourceOf('plan-terraform'), { root: ground.root, head }, { ...inputs, ...job, ...where });
}

/** Files of the machine that are plans of Terraform, from its temporary folder. */
function listPlans(): string[] {
  const temp = join(ground.root, '..');
  const files = readdirSync(temp, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => !/\/(\.git|\.terraform)\//.test(path));
  return paths
    .filter((path) => readFileSync(path).subarray(0, 4).toString('latin1') === 'PK\x03\x04')
    .map((path) => path.slice(temp.length + 1));
}

const listScratch = (): string[] =>
  readdirSync(join(ground.root, '..')).filter((name) => name.startsWith('slipway-terraform-'));

/** The artifacts that the run has, by name; a plan must be one as a whole. */
function listLeft(): string[] {
  const own = api.artifacts.artifacts.complete.filter(({ runId }) => runId === run);
  for (const { name, bytes } of own.filter((one) => one.name === nameSavedPlan('app'))) {
    const sealed = readZipFile(bytes, PLAN_FILE, 1 << 20) ?? Buffer.alloc(0);
    expect([name, unpackPlan(unseal(sealed, KEY) ?? Buffer.alloc(0))?.binding.stack]).toEqual([name, 'app']);
  }
  return own.map(({ name }) => name).sort();
}

/** What the run's report says, where it left one. */
function readReport(): { isSaved?: boolean; isFailed: boolean } | undefined {
  const own = api.artifacts.artifacts.complete.find(
    ({ runId, name }) => runId === run && name === namePlanReport('app'),
  );
  const bytes = own && readZipFile(own.bytes, REPORT_FILE, 1 << 20);
  return bytes && JSON.parse(bytes.toString('utf8'));
}

const BOTH = [nameSavedPlan('app'), namePlanReport('app')].sort();

/** What holds after a step has ended, however: then a second run has all, or a second attempt where no upload was cut off. */
async function expectMended(
  signal: Signal,
  { code, text }: { code: number | null; text: string },
  isCutOff = false,
): Promise<void> {
  await until(() => server.lock === ''); // Terraform goes on where its step is killed
  expect(server.state).toBe(before);
  const left = listLeft();
  const report = readReport();
  if (report?.isSaved === true) expect(left).toEqual(BOTH);
  else if (report !== undefined) expect([left, report.isFailed]).toEqual([[namePlanReport('app')], true]);
  if (signal === 'SIGKILL')
    expect([code, listPlans().filter((path) => !path.startsWith('slipway-terraform-'))]).toEqual([null, []]);
  else {
    expect([listPlans(), listScratch()]).toEqual([[], []]);
    if (code === 0) expect(left).toEqual(BOTH);
    else
      expect(text).toMatch(
        /terraform \w+ was (told to stop, and stopped in order: nothing was changed|ended by SIGINT)/,
      );
  }
  states.set();
  uploads.set();
  if (isCutOff) {
    const again = await start().ended;
    expect([again.code, again.text]).toEqual([
      1,
      expect.stringMatching(/could not be left .* was cut off .* start a new run/),
    ]);
    run++;
  }
  const second = await start().ended;
  expect([second.code, second.code === 0 ? '' : second.text]).toEqual([0, '']);
  expect([listLeft(), listPlans(), listScratch(), server.state === before, server.lock]).toEqual([
    BOTH,
    [],
    [],
    true,
    '',
  ]);
}

describe.each<Signal>(['SIGKILL', 'SIGINT'])('%s', (signal) => {
  const commands = ['init', 'plan', 'show'].flatMap((command) => [
    [command, 'before'] as const,
    [command, 'after'] as const,
  ]);
  test.each(commands)('at terraform %s, %s it', async (command, when) => {
    run++;
    const step = start(endAtCommand(join(ground.root, '..'), [command, when], signal));
    await expectMended(signal, await step.ended);
  });

  async function endAt(gate: Gate, moment: Passing, isCutOff = false): Promise<void> {
    run++;
    let pid = 0;
    endAtRequest(gate, moment, () => pid, signal);
    const step = start();
    pid = step.pid;
    const ended = await step.ended;
    expect(gate.seen.length).toBeGreaterThan(moment.number);
    await expectMended(signal, ended, isCutOff);
  }

  test.each(momentsOf(4))('at a request to the state: $number, $when it is answered', (moment) =>
    endAt(states, moment),
  );

  // an upload goes on where the step is told to stop
  const moments = momentsOf(8).filter(({ number, when }) =>
    signal === 'SIGKILL' ? when === 'before' || number % 4 === 3 : when === 'before' && number % 4 === 1,
  );
  test.each(moments)('at a request of an upload: $number, $when it is answered', (moment) =>
    endAt(uploads, moment, signal === 'SIGKILL' && moment.number % 4 !== 3),
  );
});

test('a whole plan makes no more requests than these', async () => {
  run++;
  await start().ended;
  expect([states.seen.length, uploads.seen.length]).toEqual([4, 8]);
});
