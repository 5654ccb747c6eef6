import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Aws, startAws } from '#lab/aws/aws.ts';
import { type OciRegistry, startRegistry } from '#lab/aws/registry.ts';
import { type BaseImage, makeBaseImage } from '#lab/docker/base-image.ts';
import { type Docker, startDocker } from '#lab/docker/docker.ts';
import { startNpmMirror } from '#lab/docker/npm-mirror.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { obtainTools } from '#lab/toolbox/toolbox.ts';

/** What one run of the action left behind. */
export interface ActionRun {
  readonly code: number;
  readonly outputs: Record<string, string>;
  readonly summary: string;
  /** Everything that was printed. */
  readonly log: string;
  readonly seconds: number;
}

/** Real Packer, Docker, registry and AWS stand-in, and a git repository with a small app. */
export interface BuildWorld {
  readonly lab: Lab;
  readonly docker: Docker;
  readonly registry: OciRegistry;
  readonly aws: Aws;
  readonly base: BaseImage;
  /** The checkout. */
  readonly checkout: string;
  /** Writes files (undefined removes one) and commits them; returns the commit. */
  commit(files: Record<string, string | undefined>): Promise<string>;
  /** Runs the action as a runner would. */
  build(inputs: Record<string, string>, env?: Record<string, string>): Promise<ActionRun>;
  git(...args: string[]): Promise<string>;
}

/** Starts it all; `registry` says which of the two kinds slipway.yaml names. */
export async function openBuildWorld(kind: 'ecr' | 'oci'): Promise<BuildWorld> {
  const toolbox = await obtainTools(['docker', 'registry', 'network', 'busybox', 'packer', 'moto'], silentProgress);
  const lab = await openLab({ progress: silentProgress, path: toolbox.path });
  const docker = await startDocker(lab, toolbox);
  const registry = await startRegistry(lab, toolbox);
  const aws = await startAws(lab, toolbox, registry);
  const base = await makeBaseImage(lab, toolbox, registry, docker);
  const mirror = await startNpmMirror(lab, docker.bridgeAddress);
  const checkout = lab.folder('checkout');
  const git = async (...args: string[]) =>
    (await lab.exec(['git', '-C', checkout, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args])).stdout
      .toString('utf8')
      .trim();
  await git('init', '--quiet', '--initial-branch=main');
  const location =
    kind === 'ecr'
      ? `{type: ecr, region: ${aws.region}, account: "${aws.account}"}`
      : `{type: oci, host: "${registry.host}"}`;
  const world: BuildWorld = {
    lab,
    docker,
    registry,
    aws,
    base,
    checkout,
    git,
    commit: async (files) => {
      for (const [path, content] of Object.entries(files)) writeOrRemove(join(checkout, path), content);
      await git('add', '--all');
      await git('commit', '--quiet', '--message', 'change');
      return git('rev-parse', 'HEAD');
    },
    build: (inputs, env = {}) => runMain(lab, { ...docker.env, ...aws.adminEnv, ...env }, checkout, inputs),
  };
  await world.commit({
    'slipway.yaml': slipwayYaml(location, base.reference, mirror.url),
    ...templates(),
    ...appFiles(),
  });
  return world;
}

/** The labels of an image: its source, and the base image that it was really built on. */
export function labelsOf(revision: string, base: string): Readonly<Record<string, string>> {
  return {
    'org.opencontainers.image.revision': revision,
    'org.opencontainers.image.source': 'https://github.example/acme/bot',
    'org.opencontainers.image.base.digest': base,
  };
}

function slipwayYaml(location: string, base: string, npm: string): string {
  return `registry: ${location}
images:
  discord-bot:
    template: docker/build.pkr.hcl
    inputs: [app]
    dependencies: [app/package.json, app/package-lock.json]
    variables: {base_image: "${base}", npm_registry: "${npm}"}
    keep: 10
  dev-sandbox:
    template: docker/dev-sandbox.pkr.hcl
    inputs: [docker/dev-sandbox]
    variables: {base_image: "${base}"}
    keep: 5
environments:
  production: {overlay: overlays/production, deploys: on-push}
`;
}

function templates(): Record<string, string> {
  const paths = globSync(['docker/*.pkr.hcl', 'docker/dev-sandbox/usr/local/{bin,lib/sandbox}/*'], {
    cwd: repositoryRoot,
  });
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(repositoryRoot, path), 'utf8')]));
}

/** One small dependency, so that installing it is seen. */
function appFiles(): Record<string, string> {
  const root = { name: 'bot', version: '1.0.0', dependencies: { ulid: '3.0.2' } };
  const installed = readFileSync(join(repositoryRoot, 'package-lock.json'), 'utf8');
  const ulid = (JSON.parse(installed) as { packages: Record<string, unknown> }).packages['node_modules/ulid'];
  const lock = {
    name: 'bot',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: { '': root, 'node_modules/ulid': ulid },
  };
  return {
    'app/package.json': JSON.stringify({ ...root, type: 'module', private: true }),
    'app/package-lock.json': JSON.stringify(lock),
    'overlays/production/kustomization.yaml': 'resources: []\n',
    'app/src/main.ts': "import { ulid } from 'ulid';\nconsole.log(ulid().length, process.getuid?.(), process.cwd());\n",
  };
}

function writeOrRemove(path: string, content: string | undefined): void {
  if (content === undefined) {
    rmSync(path);
  } else {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

async function runMain(
  lab: Lab,
  env: Record<string, string>,
  checkout: string,
  inputs: Record<string, string>,
): Promise<ActionRun> {
  const folder = lab.folder(`run-${Math.random().toString(36).slice(2)}`);
  const files = { GITHUB_OUTPUT: join(folder, 'output'), GITHUB_STEP_SUMMARY: join(folder, 'summary') };
  for (const path of Object.values(files)) writeFileSync(path, '');
  const given = { config: 'slipway.yaml', force: 'false', ...inputs };
  const main = process.env['BUILD_IMAGE_MAIN'] ?? join(repositoryRoot, 'actions/build-image/src/main.ts');
  const started = performance.now();
  const { code, stdout, stderr } = await lab.exec([join(repositoryRoot, 'node_modules/.bin/node'), main], {
    accept: 'any',
    extraEnv: {
      ...env,
      ...files,
      ...Object.fromEntries(Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
      GITHUB_WORKSPACE: checkout,
      RUNNER_TEMP: lab.folder('temp'),
      GITHUB_REPOSITORY: 'acme/bot',
      GITHUB_SERVER_URL: 'https://github.example',
      GITHUB_RUN_ID: '77',
      GITHUB_RUN_ATTEMPT: '1',
      GITHUB_ACTOR: 'someone',
      GITHUB_SHA: '0'.repeat(40),
    },
  });
  return {
    code,
    seconds: (performance.now() - started) / 1000,
    log: stdout.toString('utf8') + stderr,
    outputs: parseOutputs(readFileSync(files.GITHUB_OUTPUT, 'utf8')),
    summary: readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8'),
  };
}

/** The runner's file form: `name<<delimiter`, lines, delimiter. */
function parseOutputs(text: string): Record<string, string> {
  const matches = text.matchAll(/^([\w-]+)<<(\S+)\n([\s\S]*?)\n\2$/gm);
  return Object.fromEntries([...matches].map((match) => [match[1] ?? '', match[3] ?? '']));
}
