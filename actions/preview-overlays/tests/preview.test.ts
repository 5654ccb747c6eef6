import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openPreviewPorts } from '#core/manifests/open-ports.ts';
import { reportsSchema } from '#core/manifests/report.ts';
import { parseCommitSha } from '#core/values/reference.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { obtainTools } from '#lab/toolbox/toolbox.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { normalizeText } from '#tests/support/normalize.ts';
import { git, gitEnv } from '#tests/support/repositories.ts';
import { describeOutputs } from '../src/outputs.ts';
import { run } from '../src/run.ts';
import { renderSummary } from '../src/summary.ts';

/** This repository's own overlays, with commits of their own. */
let root = '';
let environment: Record<string, string> = {};
let kubeconform = '';
const schemas = [
  '{{ .ResourceKind }}{{ .KindSuffix }}',
  '{{ .ResourceKind }}-{{ .Group }}-{{ .ResourceAPIVersion }}',
].map((name) => join(repositoryRoot, 'schemas', `${name}.json`));

beforeAll(async () => {
  const toolbox = await obtainTools(['kustomize', 'kubeconform'], silentProgress);
  kubeconform = toolbox.tool('kubeconform');
  environment = { PATH: [...toolbox.path, process.env['PATH'] ?? ''].join(':'), HOME: tmpdir() };
  root = mkdtempSync(join(tmpdir(), 'slipway-preview-action-'));
  const files = [
    'slipway.yaml',
    'base',
    'overlays',
    'argocd',
    'docker',
    'terraform/aws',
    'terraform/bootstrap',
    'terraform/secrets',
    'app/package.json',
    'app/package-lock.json',
  ];
  execFileSync('cp', ['-r', '--parents', ...files.filter((file) => existsSync(join(repositoryRoot, file))), root], {
    cwd: repositoryRoot,
  });
  git(root, 'init', '-q', '-b', 'main');
  git(root, 'remote', 'add', 'origin', `file://${root}`);
  commit();
}, 600_000);

afterAll(() => rmSync(root, { recursive: true, force: true }));

function commit(): string {
  execFileSync('git', ['add', '-A', '-f'], { cwd: root, env: gitEnv });
  git(root, 'commit', '-q', '-m', 'a change');
  return git(root, 'rev-parse', 'HEAD');
}

function edit(path: string, change: (text: string) => string): void {
  const text = readFileSync(join(root, path), 'utf8');
  const changed = change(text);
  expect([path, changed]).not.toEqual([path, text]);
  writeFileSync(join(root, path), changed);
}

/** Runs the action on the newest commit and the one before it. */
async function preview(program = kubeconform) {
  const [base, head] = [git(root, 'rev-parse', 'HEAD^'), git(root, 'rev-parse', 'HEAD')];
  const inputs = {
    base: parseCommitSha('base', base),
    head: parseCommitSha('head', head),
    config: 'slipway.yaml',
    report: 'report.json',
    artifacts: false,
    kubeconform: program,
    schemas,
    token: '',
  };
  const log = { debug: () => {}, info: () => {}, warn: () => {} };
  const place = { checkout: root, temp: tmpdir(), environment, log, mask: () => {}, token: '', serverUrl: '' };
  const { ports, close } = await openPreviewPorts(place, inputs);
  let written = '';
  try {
    const write = async (_path: string, text: string): Promise<void> => {
      written = text;
    };
    const result = await run(inputs, { ...ports, write, leave: undefined });
    const summary = renderSummary(result, { repositoryUrl: 'https://github.example/acme/tenant' });
    return { outputs: describeOutputs(result, inputs), reports: reportsSchema.parse(JSON.parse(written)), summary };
  } finally {
    await close();
  }
}

test("a memory limit, a wrong field and an unknown kind, in this repository's own overlays", async () => {
  edit('base/discord-bot/deployment.yaml', (text) =>
    text.replace(/memory: 512Mi/, 'memory: 768Mi').replace(/^( +)replicas:/m, '$1minReadySecs: 1\n$1replicas:'),
  );
  writeFileSync(
    join(root, 'overlays/production/thing.yaml'),
    'apiVersion: acme.example/v1\nkind: Thing\nmetadata: {name: x}\n',
  );
  edit('overlays/production/kustomization.yaml', (text) =>
    text.replace('resources:\n', 'resources:\n  - thing.yaml\n'),
  );
  edit('argocd/production.yaml', (text) => text.replace('targetRevision: main', 'targetRevision: release'));
  commit();
  const { outputs, reports, summary } = await preview();
  expect(outputs).toEqual({
    changed: 'true',
    report: 'report.json',
    counts: JSON.stringify({ error: 2, remove: 0, restart: 0, change: 0, add: 1, application: 1 }),
  });
  expect(reports.map(({ name }) => name)).toEqual(['production', 'staging']);
  expectGolden(join(import.meta.dirname, 'golden/changed.md'), normalizeText(summary));
});

test('nothing that a change of documents reaches: an empty report, and a summary that says so', async () => {
  writeFileSync(join(root, 'README.md'), 'words\n');
  commit();
  const { outputs, reports, summary } = await preview('');
  expect([outputs['changed'], reports]).toEqual(['false', []]);
  expectGolden(join(import.meta.dirname, 'golden/unchanged.md'), normalizeText(summary));
});

test('a kubeconform that cannot be run is refused with the remedy', async () => {
  edit('base/discord-bot/deployment.yaml', (text) => text.replace('768Mi', '1Gi'));
  commit();
  await expect(preview('/nowhere/kubeconform')).rejects.toThrow(/^kubeconform cannot be run: give its path, or leave/);
});
