import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseReleases, type Release } from '#core/release/trailer.ts';
import { createExec } from '#core/system/exec.ts';
import { type Aws, startAws } from '#lab/aws/aws.ts';
import { type OciRegistry, startRegistry } from '#lab/aws/registry.ts';
import { API_PORT } from '#lab/cluster/control-plane.ts';
import { type Delivery, startDelivery } from '#lab/cluster/delivery.ts';
import { createPodNetwork } from '#lab/cluster/network.ts';
import { makeBaseImage } from '#lab/docker/base-image.ts';
import { type Docker, startDocker } from '#lab/docker/docker.ts';
import { startNpmMirror } from '#lab/docker/npm-mirror.ts';
import { describeMissingApplications, type LabEnvironment, readImageNames } from '#lab/environments.ts';
import { type GitHub, startGitHub } from '#lab/github/github.ts';
import type { RunRecord } from '#lab/github/runner/run-record.ts';
import { seedRepository } from '#lab/seed.ts';
import { endWith } from '#lab/supervisor/interruption.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import type { Progress } from '#lab/supervisor/progress.ts';
import { type AppliedTenant, applyTenant, initArguments } from '#lab/terraform/tenant.ts';
import { clusterTools, lightTools, obtainTools, type Toolbox } from '#lab/toolbox/toolbox.ts';

/** A commit to push: files by path, each its new text or a change of the old one. */
export interface Change {
  readonly files: Readonly<Record<string, string | ((before: string) => string)>>;
  readonly message?: string;
}

/** A push and the deploys that it started; what else it starts (apply.yml) is in the server's runs. */
export interface Pushed {
  readonly sha: string;
  readonly runs: readonly RunRecord[];
}

/** The whole way from a push to a commit, on this machine. */
export interface World {
  readonly lab: Lab;
  readonly github: GitHub;
  readonly aws: Aws;
  readonly registry: OciRegistry;
  readonly docker: Docker;
  /** What Terraform made. */
  readonly tenant: AppliedTenant;
  /** The tenant's environments, as its repository names them. */
  readonly environments: ReadonlyMap<string, LabEnvironment>;
  /** The cluster and Argo CD; undefined in the light world. */
  readonly delivery: Delivery | undefined;
  /** A person's clone, at the branch's head. */
  readonly clone: string;
  /** Pushes a change as a person does; resolves when GitHub has taken it. */
  push(change: Change): Promise<Pushed>;
  dispatch(workflow: string, inputs?: Readonly<Record<string, string>>): Promise<RunRecord>;
  /** Resolves with what `question` finds, asked every 200 ms; throws with `what` when time is up. */
  until<T>(what: string, question: () => Promise<T | undefined> | T | undefined, withinMs?: number): Promise<T>;
  /** Resolves when all runs have ended. */
  settled(): Promise<void>;
  /** Returns a file at the branch's head. */
  read(path: string): Promise<string>;
  /** Returns every release of the branch, newest first. */
  releases(): Promise<Release[]>;
  stop(): Promise<void>;
}

const REPOSITORY = 'acme/tenant';
/** The App in whose name Argo CD writes statuses; its account is `acme-slipway[bot]`. */
const APP = 'acme-slipway';

/** Options of {@link openWorld}. */
export interface WorldOptions {
  /** True for the way up to the pods; false ends at the commit. */
  readonly cluster: boolean;
  /** True for all of AWS without the cluster; with it, it is there always. */
  readonly whole?: boolean;
  /** The checkout that the tenant is a copy of; this one by default. */
  readonly source?: string;
  /** Changes the tenant's files before the lab reads them. */
  readonly edit?: (clone: string) => void;
  /** Takes everything down when it aborts, at any moment of the start as well. */
  readonly signal?: AbortSignal;
}

/** Opens a world: everything real up to the commit, and with `cluster` up to the pods. */
export async function openWorld(progress: Progress, options: WorldOptions): Promise<World> {
  const { signal } = options;
  const toolbox = await endWith(signal, () =>
    obtainTools(options.cluster ? [...lightTools, ...clusterTools] : lightTools, progress),
  );
  const lab = await openLab({ progress, path: toolbox.path, ...(signal === undefined ? {} : { signal }) });
  try {
    return await lab.build(() => buildWorld(lab, toolbox, options));
  } catch (error) {
    await lab.stop();
    throw error;
  }
}

async function buildWorld(lab: Lab, toolbox: Toolbox, options: WorldOptions): Promise<World> {
  const { progress } = lab;
  const [docker, registry] = await together(lab, [
    progress.step('Docker engine', () => startDocker(lab, toolbox)),
    progress.step('Registry', () => startRegistry(lab, toolbox)),
  ]);
  const aws = await progress.step('AWS (stand-in: moto, ECR before the registry)', () =>
    startAws(lab, toolbox, registry),
  );
  const [tenant, base, mirror] = await together(lab, [
    progress.step('Terraform: roles, repositories', () =>
      applyTenant(lab, toolbox, aws, { repository: REPOSITORY, whole: options.whole ?? options.cluster }),
    ),
    progress.step('Base image', () => makeBaseImage(lab, toolbox, registry, docker)),
    startNpmMirror(lab, docker.bridgeAddress),
  ]);
  const { variables } = tenant;
  const github = await progress.step('GitHub (stand-in)', () =>
    startGitHub(lab, toolbox, {
      repository: REPOSITORY,
      env: { ...aws.env, ...docker.env, TF_CLI_ARGS_init: initArguments(), CHECKPOINT_DISABLE: '1' },
      variables: { ...variables, SLIPWAY_APP: `${APP}[bot]` },
      secrets: { TERRAFORM_PLAN_KEY: randomBytes(32).toString('base64') },
    }),
  );
  for (const role of tenant.roles) aws.trust({ ...role, issuer: github.issuer });
  const network = options.cluster ? await createPodNetwork(lab) : undefined;
  const app = github.registerApp(APP, { statuses: 'write' });
  const clone = lab.folder('clone');
  const awsEndpoint = await aws.serve(docker.bridgeAddress);
  const seed = {
    reports: { api: `${github.url}/api/v3`, app: app.id, installation: app.installation },
    registryHost: aws.registryHost,
    baseImage: base.reference,
    npmRegistry: mirror.url,
    repositoryUrl: github.cloneUrl,
    awsEndpoint,
    ...(network === undefined
      ? {}
      : { reach: { apiServer: `https://${network.gateway}:${API_PORT}`, bot: [awsEndpoint] } }),
  };
  const environments = await seedRepository(createExec(process.env), clone, seed, options);
  await aws.createMissingRepositories(readImageNames(clone));
  for (const sentence of describeMissingApplications(environments)) progress.say(`  ! ${sentence}`);
  const parts = { aws, registry, github, environments, checkout: clone, app };
  const delivery = network === undefined ? undefined : await startDelivery(lab, toolbox, { ...parts, network });
  return composeWorld({ lab, github, aws, registry, docker, clone, environments, delivery, tenant });
}

/** Waits for all. Where one fails the lab begins to end at once, so that the others end too; then its error is thrown. */
async function together<T extends readonly unknown[]>(lab: Lab, work: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  for (const one of work as readonly Promise<unknown>[]) one.catch(() => lab.stop().catch(() => {}));
  await Promise.allSettled(work);
  return (await Promise.all(work)) as unknown as T; // of the same length and order
}

/** Writes the files of a change into a clone. */
export function writeChange(clone: string, { files }: Pick<Change, 'files'>): void {
  for (const [path, content] of Object.entries(files)) {
    const file = join(clone, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : content(readFileSync(file, 'utf8')));
  }
}

function composeWorld(
  parts: Pick<
    World,
    'lab' | 'github' | 'aws' | 'registry' | 'docker' | 'clone' | 'environments' | 'delivery' | 'tenant'
  >,
): World {
  const { lab, github, clone } = parts;
  const identity = ['-c', 'user.name=A Person', '-c', 'user.email=person@example.com'];
  const git = async (...args: string[]): Promise<string> =>
    (await lab.exec(['git', '-C', clone, ...identity, ...args])).stdout.toString('utf8').trim();
  const bare = async (...args: string[]): Promise<string> =>
    (await lab.exec(['git', '-C', github.bareRepository, ...args])).stdout.toString('utf8');
  const isNew = async (): Promise<boolean> =>
    (await lab.exec(['git', '-C', clone, 'rev-parse', '--git-dir'], { accept: 'any' })).stdout
      .toString('utf8')
      .trim() !== '.git';
  return {
    ...parts,
    push: async (change) => {
      if (await isNew()) {
        await git('init', '--quiet', '--initial-branch=main');
        await git('remote', 'add', 'origin', github.remote);
      } else await git('pull', '--quiet', '--rebase', 'origin', 'main');
      writeChange(clone, change);
      await git('add', '--all');
      await git('commit', '--quiet', '--allow-empty', '--message', change.message ?? 'a change');
      await git('push', '--quiet', 'origin', 'HEAD:main');
      const sha = await git('rev-parse', 'HEAD');
      return { sha, runs: github.runs.filter((run) => run.sha === sha && run.path.endsWith('/deploy.yml')) };
    },
    dispatch: (workflow, inputs) => github.dispatch(workflow, inputs),
    until: async (what, question, withinMs = 60_000) => {
      const limit = performance.now() + withinMs;
      for (;;) {
        lab.ending.throwIfAborted();
        const answer = await question();
        if (answer !== undefined) return answer;
        if (performance.now() > limit) throw new Error(`not seen within ${withinMs / 1000} s: ${what}`);
        await sleep(200);
      }
    },
    settled: github.idle,
    read: (path) => bare('show', `main:${path}`),
    releases: async () => {
      const entries = (await bare('log', '--branches', '-z', '--format=%B')).split('\0');
      return entries.flatMap(parseReleases);
    },
    stop: lab.stop,
  };
}
