import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureInTurn, median, printBound, printRows, rowOf, timed } from '#bench/measure.ts';
import { openPreviewPorts } from '#core/manifests/open-ports.ts';
import { type PreviewRequest, previewOverlays } from '#core/manifests/preview.ts';
import { findKustomize, renderOverlay } from '#core/overlay/kustomization/render.ts';
import { createExec } from '#core/system/exec.ts';
import { parseCommitSha } from '#core/values/reference.ts';
import { git, gitEnv } from '#tests/support/repositories.ts';
import { kustomizeFolder, runAction } from '#tests/support/tenant.ts';
import { readDefaults } from '#tests/support/terraform.ts';

const OVERLAYS = 1_000;
const RUNS = 7;

/** Seconds that the step may take, its start included. */
const LONGEST = 1;

/**
 * A preview of a change of one overlay of 1,000 against rendering that overlay twice, at both commits, by kustomize
 * alone; and the whole step preview-overlays, in seconds.
 */
export async function benchPreview(): Promise<void> {
  const temp = mkdtempSync(join(tmpdir(), 'slipway-bench-preview-'));
  try {
    const clone = join(temp, 'clone');
    git(temp, 'init', '-q', '-b', 'main', clone);
    execFileSync('git', ['fast-import', '--quiet'], { cwd: clone, env: gitEnv, input: writeHistory() });
    git(clone, 'checkout', '-q', '--force', 'main');
    git(clone, 'remote', 'add', 'origin', `file://${clone}`);
    const environment = { PATH: `${kustomizeFolder}:${process.env['PATH'] ?? ''}`, HOME: temp };
    const [base, head] = [git(clone, 'rev-parse', 'main^'), git(clone, 'rev-parse', 'main')];
    const commits = { base: parseCommitSha('base', base), head: parseCommitSha('head', head) };
    const ours = () => preview(clone, temp, environment, commits);
    const paired = await measureInTurn(RUNS, ours, await renderer(clone, environment));
    printRows([rowOf(`preview, 1 of ${OVERLAYS} overlays changed`, paired, 15)]);
    const times: number[] = [];
    for (let run = -1; run < RUNS; run++) {
      const time = await timed(() => runStep(clone, temp, commits));
      if (run >= 0) times.push(time);
    }
    const value = Number((median(times) / 1000).toFixed(2));
    printBound({ what: 'the step, from its start to its end', value, limit: LONGEST, unit: 's' });
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

async function preview(
  clone: string,
  temp: string,
  environment: Record<string, string>,
  commits: Pick<PreviewRequest, 'base' | 'head'>,
): Promise<void> {
  const log = { debug: () => {}, info: () => {}, warn: () => {} };
  const place = { checkout: clone, temp, environment, log, mask: () => {}, token: '', serverUrl: '' };
  const { ports, close } = await openPreviewPorts(place, { kubeconform: '', schemas: [] });
  try {
    const { reports } = await previewOverlays({ ...commits, config: 'slipway.yaml' }, ports);
    if (reports.length !== 1 || reports[0]?.entries.length !== 1) throw new Error('not one overlay with one object');
  } finally {
    await close();
  }
}

/** The action as a runner starts it. */
async function runStep(
  clone: string,
  temp: string,
  { base, head }: Pick<PreviewRequest, 'base' | 'head'>,
): Promise<void> {
  process.env['SLIPWAY_BUNDLE'] = '1';
  const inputs = { ...readDefaults('preview-overlays'), base, head };
  const env = { GITHUB_SERVER_URL: 'https://github.example' };
  const { code, outputs, log } = await runAction('preview-overlays', inputs, {
    checkout: clone,
    temp,
    root: temp,
    env,
  });
  if (code !== 0 || outputs['changed'] !== 'true') throw new Error(`the step did not end well: ${log}`);
}

/** Both commits have the overlay in the work tree: as it is, and beside it as it was. */
async function renderer(clone: string, environment: Record<string, string>): Promise<() => Promise<unknown>> {
  const exec = createExec(environment);
  const kustomize = await findKustomize(exec);
  const render = () => renderOverlay({ exec, kustomize }, join(clone, 'overlays/e0500'), 'overlays/e0500');
  return () => Promise.all([render(), render()]);
}

function writeHistory(): string {
  const names = Array.from({ length: OVERLAYS }, (_, at) => `e${String(at).padStart(4, '0')}`);
  const files: Record<string, string> = {
    'slipway.yaml': `registry: {type: oci, host: registry.example}\nimages:\n  bot: {template: docker/b.hcl, inputs: [app], keep: 10}\nenvironments:\n${names
      .map((name) => `  ${name}: {overlay: overlays/${name}, deploys: on-push}\n`)
      .join('')}`,
    'docker/b.hcl': '# a template\n',
    'app/main.js': '// 0\n',
    'base/kustomization.yaml': 'resources: [bot.yaml, web.yaml]\n',
    'base/bot.yaml': deployment('bot'),
    'base/web.yaml': deployment('web'),
    ...Object.fromEntries(names.map((name) => [`overlays/${name}/kustomization.yaml`, overlay(name, 1)])),
    ...Object.fromEntries(names.map((name) => [`argocd/${name}.yaml`, application(name)])),
  };
  const change = { 'overlays/e0500/kustomization.yaml': overlay('e0500', 2) };
  return [files, change].map(writeCommit).join('');
}

function writeCommit(files: Readonly<Record<string, string>>, at: number): string {
  const head = `commit refs/heads/main\ncommitter P <p@example.com> ${1_700_000_000 + at} +0000\ndata 1\nx\n`;
  const lines = Object.entries(files).map(([path, text]) => `M 644 inline ${path}\ndata ${text.length}\n${text}\n`);
  return `${head}${lines.join('')}\n`;
}

function overlay(name: string, replicas: number): string {
  return `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: ${name}\nresources:\n  - ../../base\nimages:\n  - name: bot\n    newName: registry.example/bot\n    digest: sha256:${'1'.repeat(64)}\nreplicas:\n  - name: bot\n    count: ${replicas}\n`;
}

function deployment(name: string): string {
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}}\nspec:\n  replicas: 1\n  selector: {matchLabels: {app: ${name}}}\n  template:\n    metadata: {labels: {app: ${name}}}\n    spec: {containers: [{name: main, image: ${name}}]}\n`;
}

function application(name: string): string {
  return `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: ${name}, namespace: argocd}\nspec:\n  project: default\n  source: {repoURL: https://github.com/acme/tenant.git, targetRevision: main, path: overlays/${name}}\n  destination: {server: https://kubernetes.default.svc, namespace: ${name}}\n  syncPolicy: {automated: {prune: true}}\n`;
}
