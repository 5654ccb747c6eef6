import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { People } from '#core/github/people.ts';
import { packPlan, type SavedPlan, unpackPlan } from '#core/terraform/saved-plan/binding.ts';
import type { RefusalKind } from '#core/terraform/saved-plan/check.ts';
import { seal, unseal } from '#core/terraform/saved-plan/seal.ts';
import { FOLDER, type Ground, KEY, openGround } from '#tests/support/terraform.ts';
import { type Asked, accept, apply, plan } from '#tests/support/terraform-runs.ts';

const MAIN = `module "inner" {
  source = "../inner"
}

resource "terraform_data" "app" {
  input = "one"
}
`;
const INNER = 'resource "terraform_data" "inner" {\n  input = "in"\n}\n';

/** A repository without runs. */
const NOTHING_LEFT: Omit<NonNullable<Asked['github']>, 'people'> = {
  runs: { newestOfPull: async () => undefined },
  artifacts: { list: async () => [], read: async () => undefined },
  pulls: {
    read: async (number) => ({ number, head: '', base: 'main', isFork: false }),
    listOpen: async () => [],
    readMerge: async () => undefined,
    findMerge: async () => undefined,
  },
};

describe('a saved plan', () => {
  let ground: Ground;
  let sealed: Buffer;
  let head: string;
  beforeAll(async () => {
    ground = openGround(MAIN, { 'terraform/inner/main.tf': INNER });
    head = ground.git('rev-parse', 'HEAD');
    await plan(ground);
    sealed = readFileSync(join(ground.root, 'app.sealed'));
  });
  beforeEach(() => {
    ground.git('reset', '-q', '--hard', head);
    writeFileSync(join(ground.root, 'app.sealed'), sealed);
  });
  afterAll(() => ground.remove());

  function resave(change: (saved: SavedPlan) => SavedPlan): undefined {
    sealAgain(ground, change);
  }
  function rebind(binding: Partial<SavedPlan['binding']>): undefined {
    resave((saved) => ({ ...saved, binding: { ...saved.binding, ...binding } }));
  }
  /** Merges another change; what was reviewed is still `head`. */
  function changeModule(): Readonly<Record<string, string>> {
    ground.commit({ 'terraform/inner/main.tf': INNER.replace('in"', 'out"') });
    return { head };
  }

  const refusals: [RefusalKind, () => Readonly<Record<string, string>> | undefined][] = [
    ['none-saved', () => ({ 'saved-plan': 'nothing.sealed' })],
    ['damaged', () => ({ key: `${KEY}!` })],
    ['other-stack', () => rebind({ stack: 'web' })],
    ['from-fork', () => rebind({ isFromFork: true })],
    [
      'incomplete',
      () => resave((saved) => ({ ...saved, json: saved.json.replace('"complete":true', '"complete":false') })),
    ],
    ['head-moved', () => ({ head: 'e'.repeat(40) })],
    ['stacks-changed', () => rebind({ stacks: { app: FOLDER, web: 'terraform/web' } })],
    ['tree-differs', () => changeModule()],
    ['too-old', () => rebind({ plannedAt: new Date(Date.now() - 25 * 3_600_000).toISOString() })],
    ['lock-file-differs', () => rebind({ lockFile: 'f'.repeat(64) })],
    ['tool-differs', () => rebind({ tool: { binary: 'terraform', version: '0.0.1' } })],
    ['state-moved', () => rebind({ state: { lineage: 'another', serial: 1 } })],
    ['file-differs', () => rebind({ fingerprint: 'a'.repeat(64) })],
    ['file-differs', () => resave((saved) => ({ ...saved, plan: Buffer.from('no plan of Terraform') }))],
  ];
  test.each(refusals)('is refused: %s', async (kind, prepare) => {
    const accepted = await accept(ground, prepare() ?? {});
    if (accepted.kind !== 'refused') throw new Error('it is refused');
    expect(accepted.refusal.kind).toBe(kind);
    expect(accepted.refusal.sentence).toMatch(/plan it again, in a pull request|give that of app/);
  });

  test('that is refused is planned again, and only the difference is shown', async () => {
    const { outputs, result } = await apply(ground, changeModule());
    expect(outputs).toMatchObject({ outcome: 'refused', refusal: 'tree-differs', applied: '[]' });
    expect(outputs['reason']).toMatch(/^nothing was applied: terraform\/inner is not what was planned/);
    expect(result.summaryMarkdown).toMatch(/^### ⛔ Plan not applied/);
    expect(() => ground.read(`${FOLDER}/terraform.tfstate`)).toThrow(/ENOENT/);
    expect(result.fresh?.deviation).toEqual({ added: 0, altered: 1, gone: 0 });
    expect(result.summaryMarkdown).toContain('Terraform plan is not the approved one: 1 not as approved');
    expect(result.summaryMarkdown).toContain('- input = "in"\n+ input = "out"');
    expect(result.summaryMarkdown).not.toContain('terraform_data.app');
  });

  test('whose file is that of another plan is not applied', async () => {
    const own = ground.git('rev-parse', 'HEAD');
    ground.commit({ 'terraform/inner/main.tf': INNER.replace('in"', 'evil"') });
    await plan(ground);
    const evil = readSaved(ground);
    ground.git('reset', '-q', '--hard', own);
    writeFileSync(join(ground.root, 'app.sealed'), sealed);
    sealAgain(ground, (saved) => ({ ...saved, plan: evil.plan }));
    const { outputs } = await apply(ground);
    expect(outputs).toMatchObject({ outcome: 'refused', refusal: 'file-differs', applied: '[]' });
    expect(outputs['reason']).toContain(
      `its fingerprint is ${evil.binding.fingerprint.slice(0, 12)}, and ${readSaved(ground).binding.fingerprint.slice(0, 12)} was reviewed`,
    );
    expect(() => ground.read(`${FOLDER}/terraform.tfstate`)).toThrow(/ENOENT/);
  });

  test('is applied once: the second time its state has moved', async () => {
    const first = await apply(ground);
    expect(first.outputs).toMatchObject({
      outcome: 'applied',
      refusal: '',
      reason: '',
      failed: '[]',
      'not-reached': '[]',
    });
    expect(JSON.parse(first.outputs['applied'] ?? '')).toEqual(
      ['terraform_data.app', 'module.inner.terraform_data.inner'].sort().reverse(),
    );
    const second = await apply(ground);
    expect(second.outputs).toMatchObject({ outcome: 'refused', refusal: 'state-moved' });
    expect(second.result.fresh?.counts.create).toBe(0);
  });
});

/** Saves a plan again with another binding, JSON or file, as anyone can who has the key. */
function sealAgain(ground: Ground, change: (saved: SavedPlan) => SavedPlan): void {
  writeFileSync(join(ground.root, 'app.sealed'), seal(packPlan(change(readSaved(ground))), KEY));
}

function readSaved(ground: Ground): SavedPlan {
  const saved = unpackPlan(unseal(readFileSync(join(ground.root, 'app.sealed')), KEY) ?? Buffer.alloc(0));
  if (saved === undefined) throw new Error('the plan was saved');
  return saved;
}

describe('what cannot be undone', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = openGround('resource "terraform_data" "table" {\n  input = "rows"\n}\n');
    await plan(ground);
    await apply(ground);
    ground.commit({ [`${FOLDER}/main.tf`]: '# nothing\n' });
  });
  afterAll(() => ground.remove());

  const stateful = 'terraform_data';
  /** A pull request of octocat, with a commit of hubot; everyone but a guest may write. */
  const people: People = {
    mayWrite: async (login) => login !== 'guest',
    authorsOf: async () => ({ opener: 'octocat', commits: [{ sha: 'c'.repeat(40), logins: ['hubot'] }] }),
  };
  const askedBy = (...actors: string[]): Asked => ({ actors, github: { ...NOTHING_LEFT, people } });

  test('is held by what the plan’s file does, whatever is said beside it', async () => {
    await plan(ground, { stateful });
    sealAgain(ground, (saved) => {
      const { resource_changes: _changes, ...silent } = JSON.parse(saved.json);
      return { ...saved, json: JSON.stringify(silent) };
    });
    const accepted = await accept(ground, { stateful });
    expect(accepted).toMatchObject({ kind: 'refused', refusal: { kind: 'guard' } });
  });

  test('blocks the plan and its apply, until someone else runs the command that the comment shows', async () => {
    const planned = await plan(ground, { stateful, 'pull-request': '7' });
    const { blocked, reason, fingerprint = '' } = planned.outputs;
    expect([blocked, planned.outputs['has-destroy'], planned.outputs['saved']]).toEqual(['true', 'true', 'true']);
    expect(reason?.endsWith(`: terraform_data.table ${fingerprint}`)).toBe(true);
    const { summaryMarkdown } = planned.result.report;
    expect(summaryMarkdown).toContain('**The destroy guard holds this plan**');
    const command = readCommand(summaryMarkdown);
    expect(command).toMatchObject({ 'pull-request': '7', stack: 'app' });
    const other = { ...command, stateful, allow: `terraform_data.table ${'0'.repeat(64)}` };
    const refused = await apply(ground, other, {}, askedBy('mona'));
    expect(refused.outputs).toMatchObject({ outcome: 'refused', refusal: 'guard' });
    expect(refused.outputs['reason']).toContain(reason);
    expect(readCommand(refused.result.summaryMarkdown)).toEqual(command);
    const allowed = await apply(ground, { ...command, stateful }, {}, askedBy('mona', 'mona'));
    expect(allowed.outputs).toMatchObject({ outcome: 'applied', applied: '["terraform_data.table"]' });
  });

  test.each([
    ['guest', 'guest has no write access'],
    ['octocat', 'octocat opened the pull request'],
    ['Hubot', 'Hubot wrote its commit ccccccc'],
  ])('%s may allow nothing, nor start it again for someone who may', async (login, sentence) => {
    const given = { stateful, 'pull-request': '7', allow: `terraform_data.table ${'0'.repeat(64)}` };
    const refused = await apply(ground, given, {}, askedBy('mona', login));
    expect(refused.outputs).toMatchObject({ outcome: 'refused', refusal: 'not-allowed' });
    expect(refused.outputs['reason']).toBe(
      `nothing was applied: ${sentence} and so may not override the destroy guard: ask someone with write access who wrote none of it`,
    );
  });
});

/** Returns the inputs of the command that a comment shows. */
function readCommand(markdown: string): Record<string, string> {
  const [command = ''] = /gh workflow run apply\.yml [^`]*/.exec(markdown) ?? [];
  const argv = execFileSync('bash', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' }).split('\0');
  const inputs = argv.filter((_word, at) => argv[at - 1] === '-f').map((word) => word.split(/=(.*)/s));
  return Object.fromEntries(inputs.map(([name = '', value = '']) => [name, value]));
}

describe('an apply that fails', () => {
  let ground: Ground | undefined;
  afterEach(() => ground?.remove());

  test('says what was applied, what failed and what was not reached, on its line of code', async () => {
    ground = openGround(`resource "terraform_data" "first" {}

resource "terraform_data" "broken" {
  provisioner "local-exec" {
    command = "exit 3"
  }
  depends_on = [terraform_data.first]
}

resource "terraform_data" "last" {
  depends_on = [terraform_data.broken]
}
`);
    await plan(ground);
    const { outputs, annotations, result } = await apply(ground);
    expect(outputs).toMatchObject({
      outcome: 'failed',
      applied: '["terraform_data.first"]',
      failed: '["terraform_data.broken"]',
      'not-reached': '["terraform_data.last"]',
      rescued: '',
    });
    expect(annotations).toMatchObject([{ file: `${FOLDER}/main.tf`, line: 4, title: 'local-exec provisioner error' }]);
    expect(result.summaryMarkdown).toMatch(/^### ❌ Apply failed: `app` · `\w{7}`, 1 applied, 1 failed, 1 not reached/);
  });
});
