import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Runner } from '#core/action/runner.ts';
import type { Merge } from '#core/github/pulls.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { commitFiles, git, openRepositories } from '#tests/support/repositories.ts';
import { readInputs } from '../src/inputs.ts';
import { describeOutputs } from '../src/outputs.ts';
import { openPorts } from '../src/ports.ts';
import { run } from '../src/run.ts';
import { renderSummary } from '../src/summary.ts';

const SLIPWAY = `registry: {type: oci, host: registry.example}
images: {}
environments: {}
terraform:
  stacks:
    base: {folder: terraform/base, applies: by-hand}
    web: {folder: terraform/web}
    secrets: {folder: terraform/secrets, refresh: false}
`;
const FILES = {
  'slipway.yaml': SLIPWAY,
  'terraform/base/main.tf': 'locals {\n  text = file("${path.module}/../../texts/e${var.a}.txt")\n}\n',
  'terraform/web/main.tf': 'module "a" {\n  source = "../modules/a"\n}\n',
  'terraform/web/.terraform.lock.hcl': '# none\n',
  'terraform/modules/a/main.tf': 'module "b" {\n  source = "./../b/"\n}\n',
  'terraform/modules/b/main.tf': 'locals {\n  policy = file("${path.module}/../../../docker/policy.json")\n}\n',
  'terraform/modules/c/main.tf': '# called by none\n',
  'terraform/secrets/main.tf.json': '{"module": {"b": {"source": "../modules/b"}}}\n',
  'docker/policy.json': '{}\n',
  'README.md': 'words\n',
};

const root = mkdtempSync(join(tmpdir(), 'slipway-stacks-'));
const [remote, clone] = [join(root, 'remote.git'), join(root, 'clone')];
let first: string;
beforeAll(() => {
  openRepositories(remote, clone);
  first = commitFiles(clone, FILES, 'the tenant');
});
beforeEach(() => {
  git(clone, 'reset', '-q', '--hard', first);
  if (git(remote, 'rev-parse', 'main') !== first) git(clone, 'push', '-q', '--force', 'origin', 'main');
});
afterAll(() => rmSync(root, { recursive: true }));

/** What GitHub knows of merges. */
interface Known {
  readonly merge?: Merge;
}

async function find(inputs: Record<string, string>, { merge }: Known = {}) {
  const given: Record<string, string> = {
    ...{ stage: 'plan', base: first, head: git(clone, 'rev-parse', 'HEAD'), branch: 'main', config: 'slipway.yaml' },
    ...inputs,
  };
  const environment = { workspace: clone, temp: root, repository: 'acme/tenant', serverUrl: 'https://github.example' };
  const runner: Runner = {
    environment: {
      ...environment,
      runUrl: '',
      actor: 'octocat',
      sha: first,
      eventName: '',
      all: { PATH: process.env['PATH'] },
    },
    log: { debug: () => {}, info: () => {}, warn: () => {} },
    input: (name) => given[name] ?? '',
    setOutputs: () => {},
    mask: () => {},
    addSummary: async () => {},
    annotate: () => {},
  };
  const checked = readInputs(runner);
  const { ports, close } = await openPorts(runner, checked);
  const openPulls = () => ({
    read: async () => merge ?? Promise.reject(new Error('not there')),
    listOpen: async () => [],
    readMerge: async () => merge,
    findMerge: async (commit: string) => (merge?.commit === commit ? merge : undefined),
  });
  try {
    const found = await run(checked, { ...ports, openPulls });
    const stacks: unknown = JSON.parse(describeOutputs(found).stacks);
    return { ...found, stacks, outputs: describeOutputs(found), summary: renderSummary(found, checked) };
  } finally {
    await close();
  }
}

const stacksOf = async (files: Record<string, string>): Promise<unknown> => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    writeFileSync(join(clone, path), text);
  }
  git(clone, 'add', '-A');
  git(clone, 'commit', '-q', '-m', 'a change');
  return (await find({})).stacks;
};

describe('a change reaches', () => {
  test.each([
    ['none by a page of words', { 'README.md': 'more words\n' }, []],
    ['none by a module that no stack calls', { 'terraform/modules/c/main.tf': '# still\n' }, []],
    ['none by a folder whose name begins like one of a stack', { 'terraform/web-old/main.tf': '# old\n' }, []],
    ['a stack by its folder', { 'terraform/base/main.tf': '# something\n' }, ['base']],
    ['a stack by its lock file', { 'terraform/web/.terraform.lock.hcl': '# one\n' }, ['web']],
    ['a stack by its variables', { 'terraform/web/terraform.tfvars': 'a = 1\n' }, ['web']],
    ['a stack by a module', { 'terraform/modules/a/variables.tf': '# a\n' }, ['web']],
    ['stacks by a module of a module, in their order', { 'terraform/modules/b/x.tf': '# b\n' }, ['web', 'secrets']],
    ['a stack by a folder that a path of its code begins with', { 'texts/en.txt': 'new\n' }, ['base']],
    ['stacks by a file that their code reads', { 'docker/policy.json': '[]\n' }, ['web', 'secrets']],
    [
      'a stack by what slipway.yaml says of it',
      { 'slipway.yaml': SLIPWAY.replace(', refresh: false', '') },
      ['secrets'],
    ],
    [
      'none by a stack above it, nor by when it is applied: no plan is another one for it',
      { 'slipway.yaml': SLIPWAY.replace('    web:', '    new: {folder: terraform/modules/c}\n    web:') },
      ['new'],
    ],
    [
      'all by the program',
      { 'slipway.yaml': SLIPWAY.replace('terraform:\n', 'terraform:\n  binary: tofu\n') },
      ['base', 'web', 'secrets'],
    ],
    ['a stack that is new', { 'slipway.yaml': `${SLIPWAY}    new: {folder: terraform/modules/c}\n` }, ['new']],
  ] as const)('%s', async (_name, files, expected) => {
    expect(await stacksOf(files)).toEqual(expected);
  });

  test('a stack by a module whose call it takes out, and by where a link leads', async () => {
    expect(await stacksOf({ 'terraform/web/main.tf': '# none\n', 'terraform/modules/a/main.tf': '# none\n' })).toEqual([
      'web',
    ]);
    symlinkSync('../../docker/policy.json', join(clone, 'terraform/web/policy.auto.tfvars.json'));
    const base = commitFiles(clone, {}, 'a link');
    commitFiles(clone, { 'docker/policy.json': '{"a": 1}\n' }, 'where it leads');
    expect((await find({ base })).stacks).toEqual(['web', 'secrets']);
  });
});

/** Two stacks that are independent of each other, two that wait for them, and one that a person applies in between. */
const ORDERED = SLIPWAY.replace(/ {2}stacks:[\s\S]*/, '  binary: tofu\n  stacks:\n').concat(
  '    web: {folder: terraform/web}\n',
  '    secrets: {folder: terraform/secrets, after: []}\n',
  '    base: {folder: terraform/base, applies: by-hand, after: [web]}\n',
  '    alarms: {folder: terraform/modules/a, after: [base, secrets]}\n',
  '    last: {folder: terraform/modules/b}\n',
);

describe('after the merge', () => {
  /** Squashes a change of the stack web into main, beside another one. */
  function squash(changed: Record<string, string> = {}): Merge {
    git(clone, 'checkout', '-q', '-b', 'topic');
    const files = { 'terraform/web/main.tf': '# less\n', 'terraform/base/main.tf': '# more\n', ...changed };
    commitFiles(clone, files, 'a topic');
    git(clone, 'push', '-q', '--force', 'origin', 'topic');
    const head = git(clone, 'rev-parse', 'HEAD');
    git(clone, 'checkout', '-q', 'main');
    git(clone, 'branch', '-q', '-D', 'topic');
    const baseCommit = commitFiles(clone, { 'README.md': 'meanwhile\n' }, 'meanwhile');
    const commit = commitFiles(clone, files, 'a topic (#7)');
    return { number: 7, head, base: 'main', isFork: false, baseCommit, commit };
  }

  test('the stacks of its pull request are applied, without those that a person applies', async () => {
    const merge = squash();
    const { outputs, refusal, summary } = await find({ stage: 'apply', base: merge.baseCommit }, { merge });
    expect(outputs).toEqual({
      ...{ stacks: '["web"]', reached: '["web"]', 'pull-request': '7', head: merge.head },
      ...{ 'wave-1': '["web"]', 'wave-2': '[]', 'wave-3': '[]', 'wave-3-at-a-time': '1', after: '{}' },
      binary: 'terraform',
    });
    expect(refusal).toBeUndefined();
    expect(summary).toBe(`#7 at \`${merge.head.slice(0, 7)}\` reaches \`web\`: it is applied.\n`);
  });

  test('stacks in their order, independent ones at the same time, whatever a person applies in between', async () => {
    const merge = squash({ 'slipway.yaml': ORDERED });
    const { outputs, summary } = await find({ stage: 'apply', base: merge.baseCommit }, { merge });
    expect(outputs).toMatchObject({
      ...{ stacks: '["web","secrets","alarms","last"]', binary: 'tofu' },
      ...{ 'wave-1': '["web","secrets"]', 'wave-2': '["alarms"]', 'wave-3': '["last"]', 'wave-3-at-a-time': '1' },
      after: '{"alarms":["web","secrets"],"last":["alarms"]}',
    });
    expect(summary).toMatch(/they are applied, `web` and `secrets`, then `alarms`, then `last`\.\n$/);
    const alone = await find({ stage: 'apply', base: '', 'pull-request': '7', stack: 'last' }, { merge });
    expect(alone.outputs).toMatchObject({ 'wave-1': '["last"]', 'wave-2': '[]', after: '{}' });
  });

  test('a person names it again, whatever was pushed since, and one stack of it', async () => {
    const merge = squash();
    commitFiles(clone, { 'terraform/secrets/x.tf': '# later\n' }, 'later');
    const again = { stage: 'apply', base: '', 'pull-request': '7' };
    expect((await find(again, { merge })).stacks).toEqual(['web']);
    expect((await find({ ...again, stack: 'secrets' }, { merge })).outputs).toMatchObject({
      stacks: '[]',
      reached: '["web"]', // the comment tells of all
    });
    await expect(find(again)).rejects.toThrow('#7 is not merged, so nothing of it is applied: merge it first');
    await expect(find(again, { merge: { ...merge, base: 'next' } })).rejects.toThrow(
      '#7 was merged into next, not into main',
    );
  });

  test('a push without a pull request applies nothing, and says how to go on', async () => {
    commitFiles(clone, { 'terraform/web/main.tf': '# by hand\n' }, 'by hand');
    const { stacks, refusal, summary } = await find({ stage: 'apply' });
    expect(stacks).toEqual([]);
    expect(refusal).toMatch(
      /was pushed without a pull request and changes web: nothing was reviewed, so nothing is applied/,
    );
    expect(summary).toContain(refusal?.slice(0, 40));
    // the way on that it names: a comment in the folder reaches the stack
    const pushed = git(clone, 'rev-parse', 'HEAD');
    commitFiles(clone, { 'terraform/web/main.tf': '# by hand\n# reviewed\n' }, 'a pull request');
    expect((await find({ base: pushed })).stacks).toEqual(['web']);
  });

  test('a push that reaches no stack, or only one that a person applies, is green', async () => {
    commitFiles(clone, { 'terraform/base/main.tf': '# by hand\n', 'README.md': 'x\n' }, 'by hand');
    expect(await find({ stage: 'apply' })).toMatchObject({ stacks: [], refusal: undefined });
  });
});

test("apply.yml starts on everything that this repository's stacks read", () => {
  const all = globSync('terraform/**/*.tf', { cwd: repositoryRoot }).filter((path) => !path.includes('.terraform/'));
  const read = all.flatMap((path) =>
    [...readFileSync(join(repositoryRoot, path), 'utf8').matchAll(/"(?:\$\{path\.\w+\}\/)?(\.\.?\/[^"$]*)/g)].map(
      ([, named = '']) => join(dirname(path), named),
    ),
  );
  expect(read.length).toBeGreaterThan(0);
  expect(read.filter((path) => !path.startsWith('terraform/'))).toEqual([]);
  const workflow = readFileSync(join(repositoryRoot, '.github/workflows/apply.yml'), 'utf8');
  expect(workflow).toContain('paths: ["terraform/**", "slipway.yaml"]');
});
