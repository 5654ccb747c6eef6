import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { nameManifests, namePlanReport, nameSavedPlan } from '#core/action/artifact-names.ts';
import { createExec } from '#core/system/exec.ts';
import type { PullRecord } from '#lab/github/pulls/records.ts';
import { WHERE } from '#lab/github/tests/open-api.ts';
import { openPlace, type Place, type Run } from '#tests/support/planted-world.ts';
import { RIGHTS } from '#tests/support/pull-requests.ts';
import { type StateServer, startStateServer } from '#tests/support/state-server.ts';
import type { ActionResult } from '#tests/support/tenant.ts';
import { FOLDER, plainEnvironment } from '#tests/support/terraform.ts';
import {
  AFTER,
  ALL,
  BEFORE,
  ENVIRONMENT,
  FAULT,
  findPlanted,
  INNER,
  manifestsOf,
  PLANTED,
  REACHABLE,
} from './planted-secrets.ts';

const SLIPWAY = `registry: {type: oci, host: registry.example}
images: {}
environments:
  production: {overlay: overlays/production, deploys: on-push}
terraform:
  stacks:
    app: {folder: ${FOLDER}}
`;
const IGNORED = '.terraform/\n*.tfstate*\n*-report.json\n*.sealed\n';

let place: Place;
let server: StateServer;
let pull: PullRecord;
let leaked: string;
beforeAll(async () => {
  server = await startStateServer();
  place = await openPlace({
    'slipway.yaml': SLIPWAY,
    '.gitignore': IGNORED,
    [`${FOLDER}/main.tf`]: BEFORE,
    'terraform/inner/main.tf': INNER,
    ...manifestsOf('before'),
  });
  leaked = join(place.world.root, 'leaked');
  const exec = createExec({ ...plainEnvironment(), ...ENVIRONMENT });
  const cwd = join(place.checkout, FOLDER);
  const settings = backend()
    .split('\n')
    .map((setting) => `-backend-config=${setting}`);
  await exec(['terraform', 'init', '-input=false', ...settings], { cwd });
  await exec(['terraform', 'apply', '-auto-approve'], { cwd });
});
afterAll(async () => {
  await place.close();
  await server.close();
});

const backend = (): string =>
  Object.entries({ ...server.settings, username: 'u', password: PLANTED.backend.text })
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
/** What the jobs of Terraform are given besides. */
const terraform = (): Record<string, string> => ({
  ...{ stack: 'app', key: PLANTED.planKey.text, 'backend-config': backend() },
});
const token = (more: Readonly<Record<string, string>> = {}): string =>
  place.world.tokenOf({ ...RIGHTS, actions: 'read', ...more });

/** The jobs of pull-request.yml on the head. */
async function check(): Promise<{ readonly planned: ActionResult; readonly run: Run }> {
  const run = place.start('pull-request.yml', pull);
  const { sha: head } = pull.head;
  const base = place.world.git('rev-parse', 'main');
  const about = { head, base, 'pull-request': String(pull.number) };
  const planned = await place.act(
    'plan-terraform',
    head,
    run,
    { ...terraform(), ...about, 'head-repository': 'acme/tenant' },
    ENVIRONMENT,
  );
  const previewed = await place.act('preview-overlays', head, run, { head, base });
  expect([previewed.code, previewed.outputs['changed']]).toEqual([0, 'true']);
  await comment(run, 'plan', planned.code === 0 ? 'success' : 'failure');
  return { planned, run };
}

async function comment(run: Run, stage: string, results: string): Promise<void> {
  const { sha: head } = pull.head;
  const inputs = { stage, stacks: '["app"]', results, head, 'pull-request': String(pull.number), token: token() };
  const { code, log } = await place.act('comment-pull-request', head, run, inputs);
  expect([code, log]).toEqual([0, expect.anything()]);
}

/** apply.yml on the merge. */
async function apply(): Promise<ActionResult> {
  const run = place.start('apply.yml');
  const merged = place.world.git('rev-parse', 'main');
  const about = { head: pull.head.sha, 'pull-request': String(pull.number), token: token() };
  const applied = await place.act('apply-terraform', merged, run, { ...terraform(), ...about }, ENVIRONMENT);
  await comment(run, 'apply', 'failure');
  return applied;
}

/** The two jobs of drift.yml. */
async function look(): Promise<ActionResult> {
  const run = place.start('drift.yml');
  const merged = place.world.git('rev-parse', 'main');
  await place.act('plan-terraform', merged, run, { ...terraform(), head: merged, refresh: 'true' }, ENVIRONMENT);
  const rights = { contents: 'read', issues: 'write', actions: 'read' };
  return place.act('report-drift', merged, run, { stacks: 'app', token: place.world.tokenOf(rights) });
}

const after = (): Record<string, string> => ({ [`${FOLDER}/main.tf`]: AFTER(leaked), ...manifestsOf('after') });

function expectClean(): void {
  const found = [...place.seen].map(([where, text]) => [where, findPlanted(text)] as const);
  expect(Object.fromEntries(found.filter(([, cores]) => cores.length > 0))).toEqual({});
}

const textOf = (where: string): string => place.seen.get(where) ?? '';

test('forty secrets are planted: the state, the environment and the manifests have them', () => {
  expect(new Set(ALL.map(({ core }) => core)).size).toBe(40);
  const everything = [server.state, BEFORE, AFTER(''), JSON.stringify([manifestsOf('before'), manifestsOf('after')])];
  const given = JSON.stringify([ENVIRONMENT, terraform()]);
  expect(new Set(findPlanted([...everything, given].join('\n'))).size).toBe(40);
});

test('plan, output and preview: none is in what anyone can read', async () => {
  const head = await place.push('topic', after());
  pull = await place.openPull('topic');
  expect(pull.head.sha).toBe(head);
  const { planned } = await check();
  expect(planned.outputs).toMatchObject({ changed: 'true', saved: 'true', 'has-destroy': 'true' });
  for (const words of ['terraform_data.leak', 'terraform_data.old', 'module.inner', 'secret0', 'is (sensitive)'])
    expect(textOf('comments on #1')).toContain(words);
  expect(textOf('comments on #1')).toMatch(/Secret\/goes[\s\S]*Deployment\/bot[\s\S]*Secret\/held/);
  expect(textOf(`artifact ${nameManifests()} of run ${place.world.runs.at(-1)?.id}`)).toContain('Secret/goes');
  expectClean();
});

test('errors: of a plan that says all it knows, and of a backend that lets no one in', async () => {
  await place.push('topic', { [`${FOLDER}/main.tf`]: `${AFTER(leaked)}${FAULT}` });
  const { planned } = await check();
  expect(planned.code).toBe(1);
  expect(textOf('annotations')).toMatch(/file=terraform\/app\/main\.tf[^\n]*\(sensitive\), \(sensitive\)/);
  expect(textOf('comments on #1')).toContain('Terraform plan failed');
  server.status = 401;
  await check();
  server.status = 200;
  expect(textOf('annotations')).toContain('was not let in');
  expectClean();
});

test('apply: of a provisioner that prints its environment and the settings of the backend', async () => {
  await place.push('topic', after());
  expect((await check()).planned.outputs).toMatchObject({ saved: 'true', reason: '' });
  await place.world.person.rest.pulls.merge({ ...WHERE, pull_number: pull.number, merge_method: 'squash' });
  const applied = await apply();
  expect(applied.outputs).toMatchObject({ outcome: 'failed', failed: '["terraform_data.broken"]' });
  const printed = new Set(findPlanted(readFileSync(leaked, 'utf8')));
  expect(REACHABLE.filter(({ core }) => !printed.has(core))).toEqual([]);
  expect(textOf('annotations')).toMatch(/local-exec provisioner error[\s\S]*\(sensitive\)/);
  expect(textOf('comments on #1')).toContain('### ❌ Apply failed: `app`');
  const refused = await apply();
  expect(refused.outputs).toMatchObject({ outcome: 'refused', refusal: 'state-moved' });
  expect(textOf('comments on #1')).toContain('### ⛔ Plan not applied: `app`');
  expectClean();
});

test('drift: of code that is ahead, in the issue and in what it said before', async () => {
  expect((await look()).outputs['drifted']).toBe('["app"]');
  await place.push('main', { [`${FOLDER}/main.tf`]: BEFORE.replaceAll('was', 'has') });
  await look();
  expect(textOf(`issue #${pull.number + 1}`)).toMatch(/terraform_data\.broken[\s\S]*terraform_data\.leak/);
  expectClean();
});

test('each of these was read: the comment and its history, summaries, logs, artifacts, annotations', () => {
  const kinds = ['comments on #1', 'edit history on #1', 'annotations', 'outputs', 'commit statuses', 'issue #2'];
  const steps = ['plan-terraform', 'preview-overlays', 'comment-pull-request', 'apply-terraform', 'report-drift'];
  const places = [...kinds, ...steps.flatMap((step) => [`log of ${step}`, `summary of ${step}`])];
  expect(places.filter((where) => textOf(where).trim() === '')).toEqual([]);
  const names = [...place.seen.keys()].filter((where) => where.startsWith('artifact '));
  for (const name of [namePlanReport('app'), nameSavedPlan('app'), nameManifests(), 'slipway-report-apply-app'])
    expect(names.filter((where) => where.startsWith(`artifact ${name} `)).length).toBeGreaterThan(0);
  expect(place.world.pulls.comments[0]?.edits.length).toBeGreaterThan(4);
  expectClean();
});
