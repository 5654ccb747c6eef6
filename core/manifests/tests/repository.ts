import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openPreviewPorts } from '#core/manifests/open-ports.ts';
import { type Preview, previewOverlays } from '#core/manifests/preview.ts';
import { reportsSchema } from '#core/manifests/report.ts';
import { parseCommitSha } from '#core/values/reference.ts';
import { commitFiles, git, openRepositories } from '#tests/support/repositories.ts';
import { kustomizeFolder } from '#tests/support/tenant.ts';

/** How a preview is asked for. */
export interface PreviewOptions {
  readonly base?: string;
  readonly head?: string;
  /** A folder whose origin is the remote; the clone that a person works in unless given. */
  readonly checkout?: string;
  readonly kubeconform?: string;
  readonly schemas?: readonly string[];
}

/** A repository with two environments, one base and Applications, and its remote. */
export interface OverlayRepository {
  readonly remote: string;
  readonly clone: string;
  /** Where scratch folders and further clones may be. */
  readonly temp: string;
  /** Commits files in the clone, without a push, and returns the commit. */
  commit(files: Record<string, string>, removed?: readonly string[]): string;
  /** Goes back to the first commit. */
  reset(): void;
  /** Compares a commit (the branch's newest) with another (the one before it). */
  preview(options?: PreviewOptions): Promise<Preview>;
  readonly log: readonly string[];
  close(): void;
}

/** A variable of the step that a pull request must not read. */
export const INPUT_TOKEN = 'a-token-of-the-step';

/** Opens the repository, with its first commit. */
export function openOverlayRepository(): OverlayRepository {
  const temp = mkdtempSync(join(tmpdir(), 'slipway-preview-'));
  const [remote, clone] = [join(temp, 'remote.git'), join(temp, 'clone')];
  openRepositories(remote, clone);
  const first = commitFiles(clone, FILES, 'the tenant');
  const log: string[] = [];
  // the token first: of a long line the beginning is shown
  const environment = { INPUT_TOKEN, HOME: temp, PATH: `${kustomizeFolder}:${process.env['PATH'] ?? ''}` };
  const record = { debug: () => {}, info: (line: string) => void log.push(line), warn: () => {} };
  return {
    remote,
    clone,
    temp,
    log,
    commit: (files, removed = []) => {
      for (const path of removed) rmSync(join(clone, path), { recursive: true });
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(clone, path)), { recursive: true });
        writeFileSync(join(clone, path), content);
      }
      git(clone, 'add', '-A');
      git(clone, 'commit', '-q', '-m', 'a change');
      return git(clone, 'rev-parse', 'HEAD');
    },
    reset: () => {
      log.length = 0;
      git(clone, 'checkout', '-q', '--force', '-B', 'main', first);
    },
    preview: async ({ base, head, checkout = clone, kubeconform = '', schemas = [] } = {}) => {
      const place = { checkout, temp, environment, log: record, mask: () => {}, token: '', serverUrl: '' };
      const { ports, close } = await openPreviewPorts(place, { kubeconform, schemas });
      const [one, other] = [base ?? git(clone, 'rev-parse', 'main^'), head ?? git(clone, 'rev-parse', 'main')];
      const commits = { base: parseCommitSha('base', one), head: parseCommitSha('head', other) };
      try {
        const preview = await previewOverlays({ ...commits, config: 'slipway.yaml' }, ports);
        expectForm(preview);
        return preview;
      } finally {
        await close();
      }
    },
    close: () => rmSync(temp, { recursive: true, force: true }),
  };
}

function expectForm({ reports }: Preview): void {
  reportsSchema.parse(reports);
}

/** What slipway.yaml says, with environments. */
export function slipwayYaml(...environments: readonly string[]): string {
  return [
    'registry: {type: oci, host: registry.example}',
    'images:',
    '  bot: {template: docker/build.pkr.hcl, inputs: [app], keep: 10}',
    'environments:',
    ...environments.map((line) => `  ${line}`),
    '',
  ].join('\n');
}

const PRODUCTION = 'production: {overlay: overlays/production, deploys: on-push}';
/** A line of slipway.yaml with an environment. */
export const STAGING = 'staging: {overlay: overlays/staging, deploys: on-push}';

/** A Deployment with this memory limit. */
export function botWith(memory: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: bot}
spec:
  replicas: 1
  selector: {matchLabels: {app: bot}}
  template:
    metadata: {labels: {app: bot}}
    spec: {containers: [{name: main, image: bot, resources: {limits: {memory: ${memory}}}}]}
`;
}

/** An Application that follows an overlay. */
export function applicationOf(
  name: string,
  syncPolicy = 'automated: {prune: true}',
  path = `overlays/${name}`,
): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: ${name}, namespace: argocd}
spec:
  project: default
  source: {repoURL: https://github.com/acme/tenant.git, targetRevision: main, path: ${path}}
  destination: {server: https://kubernetes.default.svc, namespace: ${name}}
  syncPolicy: {${syncPolicy}}
`;
}

const FILES = {
  'slipway.yaml': slipwayYaml(PRODUCTION, STAGING),
  'docker/build.pkr.hcl': '# a template\n',
  'app/main.js': '// 0\n',
  'base/kustomization.yaml': 'resources: [bot.yaml]\n',
  'base/bot.yaml': botWith('256Mi'),
  'overlays/production/kustomization.yaml': 'namespace: production\nresources: [../../base]\n',
  'overlays/staging/kustomization.yaml': 'namespace: staging\nresources: [../../base]\n',
  'argocd/production.yaml': applicationOf('production'),
  'argocd/staging.yaml': applicationOf('staging'),
};
