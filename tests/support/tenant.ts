import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { type GitServer, startGitServer } from '#tests/support/git-server.ts';
import { putImage } from '#tests/support/images.ts';
import { startTestRegistry, type TestRegistry } from '#tests/support/registry.ts';
import { commitFiles, git, gitEnv, openRepositories } from '#tests/support/repositories.ts';

/** What a run of an action left behind. */
export interface ActionResult {
  readonly code: number | null;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly log: string;
}

/** A repository with overlays, its remote over HTTP, and a registry: what a write to an environment meets. */
export interface Tenant {
  readonly remote: string;
  /** A clone that a person works in. */
  readonly clone: string;
  readonly server: GitServer;
  readonly registry: TestRegistry;
  /** RUNNER_TEMP of the runs. */
  readonly temp: string;
  /** Commits files on the branch, pushes them and returns the commit. */
  commit(files: Record<string, string>, message?: string): string;
  /** Runs git in a clone that a person works in. */
  git(...args: string[]): string;
  /** Runs git in the bare repository behind the remote. */
  remoteGit(...args: string[]): string;
  /** Pushes an image and returns its digest. */
  push(image: string, content: string): string;
  /** Runs bump-overlay as the runner does, on a fresh shallow checkout of `sha`. */
  bump(inputs: Record<string, string>, options?: RunOptions): Promise<ActionResult>;
  /** Runs an action as the runner does for a person who started it on the branch's head. */
  dispatch(action: string, inputs: Record<string, string>, options?: RunOptions): Promise<ActionResult>;
  readOverlay(environment?: string): string;
  /** Commits on the branch that carry a release. */
  releases(): string[];
  close(): Promise<void>;
}

/** Conditions of a run. */
export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly path?: string;
  /** Called with the process as soon as it runs. */
  readonly onStart?: (pid: number) => void;
  /** The commit that the fresh checkout is at, where it is not the source. */
  readonly checkoutAt?: string;
  /** A checkout to use instead of a fresh one. */
  readonly checkout?: string;
}

/** The folder of the kustomize that tests use; empty for the one on PATH. */
export const kustomizeFolder = findKustomize();

/** Options of {@link startTenant}. */
export interface TenantOptions {
  readonly images?: readonly string[];
  readonly environments?: readonly string[];
  /** Serves the bare repository `<…>/acme/tenant.git`; git's own server where it is not given. */
  readonly serve?: (remote: string) => Promise<GitServer>;
}

/** Starts a tenant whose images are all at "never released". */
export async function startTenant(options: TenantOptions = {}): Promise<Tenant> {
  const images = options.images ?? ['discord-bot', 'dev-sandbox'];
  const environments = options.environments ?? ['production'];
  const root = mkdtempSync(join(tmpdir(), 'slipway-tenant-'));
  const { serve = startGitServer } = options;
  const [remote, clone, temp] = [join(root, 'acme', 'tenant.git'), join(root, 'clone'), join(root, 'temp')];
  for (const folder of [dirname(remote), temp]) mkdirSync(folder);
  openRepositories(remote, clone);
  const registry = await startTestRegistry();
  const server = await serve(remote);
  let checkouts = 0;
  const runAt = (action: string, sha: string, inputs: Record<string, string>, run: RunOptions) => {
    const checkout = run.checkout ?? join(root, `checkout-${++checkouts}`);
    if (run.checkout === undefined) checkOut(checkout, server.url, remote, run.checkoutAt ?? sha);
    const env = { GITHUB_SERVER_URL: new URL(server.url).origin, ...run.env };
    return runAction(action, { ...INPUTS, ...inputs }, { checkout, temp, root, ...run, env });
  };
  const tenant: Tenant = {
    remote,
    clone,
    server,
    registry,
    temp,
    git: (...args) => git(clone, ...args),
    remoteGit: (...args) => git(remote, ...args),
    commit: (files, message = 'a change') => {
      git(clone, 'pull', '-q', '--rebase', 'origin', 'main');
      return commitFiles(clone, files, message);
    },
    push: (image, content) => {
      const config = { os: 'linux', architecture: 'amd64', content };
      return putImage(registry, image, { tag: `in-${content.replace(/\W/g, '')}`, config }).digest;
    },
    bump: async (inputs, run = {}) => {
      const sha = inputs['source-sha'] ?? git(remote, 'rev-parse', 'main');
      return runAt('bump-overlay', sha, { 'source-sha': sha, ...inputs }, run);
    },
    dispatch: async (action, inputs, run = {}) => {
      const sha = git(remote, 'rev-parse', 'main');
      const env = { GITHUB_EVENT_NAME: 'workflow_dispatch', GITHUB_SHA: sha, ...run.env };
      return runAt(action, sha, inputs, { ...run, env });
    },
    readOverlay: (environment = 'production') => git(remote, 'show', `main:overlays/${environment}/kustomization.yaml`),
    releases: () =>
      git(remote, 'log', 'main', '--format=%(trailers:key=Slipway-Release,valueonly)').split('\n').filter(Boolean),
    close: async () => {
      await Promise.all([server.close(), registry.close()]);
      rmSync(root, { recursive: true, force: true });
    },
  };
  commitFiles(clone, tenantFiles(images, environments, registry.host), 'the tenant');
  return tenant;
}

const INPUTS = { environment: 'production', branch: 'main', config: 'slipway.yaml', token: 'a-secret-token' };

/** Makes a checkout as actions/checkout does, by path: the server lives in this process and could not answer while we wait. */
export function checkOut(dir: string, url: string, remote: string, sha: string): void {
  mkdirSync(dir, { recursive: true });
  const git = (...args: string[]): void => {
    execFileSync('git', args, { cwd: dir, env: gitEnv, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  git('init', '-q');
  git('remote', 'add', 'origin', url);
  git('fetch', '-q', '--depth=1', `file://${remote}`, sha);
  git('checkout', '-q', '--detach', sha);
}

function tenantFiles(images: readonly string[], environments: readonly string[], host: string): Record<string, string> {
  const overlay = (environment: string): string =>
    [
      'apiVersion: kustomize.config.k8s.io/v1beta1',
      'kind: Kustomization',
      `namespace: ${environment}`,
      'resources:',
      '  - ../../base',
      'images:',
      ...images.flatMap((image) => [
        `  # ${image}`,
        `  - name: ${image}`,
        `    newName: ${host}/${image}`,
        `    digest: sha256:${'0'.repeat(64)} # set by Slipway`,
      ]),
      '',
    ].join('\n');
  return {
    'slipway.yaml': [
      `registry: {type: oci, host: "${host}"}`,
      'images:',
      ...images.map((image) => `  ${image}: {template: docker/build.pkr.hcl, inputs: [app], keep: 10}`),
      'environments:',
      ...environments.map((environment) => `  ${environment}: {overlay: overlays/${environment}, deploys: on-push}`),
      '',
    ].join('\n'),
    'docker/build.pkr.hcl': '# a template\n',
    'app/main.js': '// 0\n',
    'base/kustomization.yaml': `resources: [${images.map((image) => `${image}.yaml`).join(', ')}]\n`,
    ...Object.fromEntries(images.map((image) => [`base/${image}.yaml`, deployment(image)])),
    ...Object.fromEntries(
      environments.map((environment) => [`overlays/${environment}/kustomization.yaml`, overlay(environment)]),
    ),
  };
}

function deployment(image: string): string {
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${image}}\nspec:\n  selector: {matchLabels: {app: ${image}}}\n  template:\n    metadata: {labels: {app: ${image}}}\n    spec: {containers: [{name: main, image: ${image}}]}\n`;
}

/** What the runner starts: the source on a developer's machine, the committed bundle in CI or with SLIPWAY_BUNDLE=1. */
function entryOf(action: string): string {
  const isBundle = process.env['CI'] === 'true' || process.env['SLIPWAY_BUNDLE'] === '1';
  return join(repositoryRoot, 'actions', action, isBundle ? 'dist/index.cjs' : 'src/main.ts');
}

/** Runs an action with the runner's environment contract and nothing else. */
export async function runAction(
  name: string,
  inputs: Record<string, string>,
  context: RunOptions & { checkout: string; temp: string; root: string },
): Promise<ActionResult> {
  const files = mkdtempSync(join(context.root, 'files-'));
  const [outputFile, summaryFile] = [join(files, 'output'), join(files, 'summary')];
  for (const file of [outputFile, summaryFile]) writeFileSync(file, '');
  const child = spawn(process.execPath, [entryOf(name)], {
    cwd: context.checkout,
    env: {
      PATH: context.path ?? `${kustomizeFolder}:${process.env['PATH'] ?? ''}`,
      HOME: context.temp,
      GITHUB_WORKSPACE: context.checkout,
      GITHUB_REPOSITORY: 'acme/tenant',
      GITHUB_RUN_ID: '42',
      GITHUB_ACTOR: 'octocat',
      GITHUB_SHA: '0'.repeat(40),
      GITHUB_OUTPUT: outputFile,
      GITHUB_STEP_SUMMARY: summaryFile,
      RUNNER_TEMP: context.temp,
      ...Object.fromEntries(Object.entries(inputs).map(([input, value]) => [`INPUT_${input.toUpperCase()}`, value])),
      ...context.env,
    },
  });
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  context.onStart?.(child.pid ?? -1);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    code,
    outputs: parseOutputs(readFileSync(outputFile, 'utf8')),
    summary: readFileSync(summaryFile, 'utf8'),
    log,
  };
}

/** Reads the runner's output file as the runner does: `name<<delimiter`, lines, delimiter. */
function parseOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index++) {
    const match = lines[index]?.match(/^(.*?)<<(.+)$/);
    if (match?.[1] === undefined) continue;
    const end = lines.indexOf(match[2] ?? '', index + 1);
    outputs[match[1]] = lines.slice(index + 1, end).join('\n');
    index = end;
  }
  return outputs;
}

/** The toolbox's kustomize where it is built; the one on PATH otherwise. */
function findKustomize(): string {
  const tools = join(repositoryRoot, '.lab', 'tools');
  const built = existsSync(tools) ? readdirSync(tools).find((name) => name.startsWith('kustomize-')) : undefined;
  return built === undefined ? '' : join(tools, built, 'bin');
}
