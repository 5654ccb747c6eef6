import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import type { Exec } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';
import { type LabEnvironment, listArgoFiles, readArgoObjects, readEnvironments } from '#lab/environments.ts';
import { type Reach, writeReach } from '#lab/reach.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { ON_MOTO } from '#lab/terraform/tenant.ts';

/** What the lab's copy of the repository must know of the lab. */
export interface Seed {
  /** The registry that overlays pull from. */
  readonly registryHost: string;
  /** Base image of every image, by digest. */
  readonly baseImage: string;
  readonly npmRegistry: string;
  /** Where Argo CD finds the copy. */
  readonly repositoryUrl: string;
  /** Where pods find the lab's AWS. */
  readonly awsEndpoint: string;
  /** What pods reach of the lab; undefined without a cluster. */
  readonly reach?: Reach;
  /** Where Argo CD's notifications controller finds GitHub's API, and the App that it writes statuses by. */
  readonly reports?: { readonly api: string; readonly app: number; readonly installation: number };
}

/** Options of {@link seedRepository}. */
export interface SeedOptions {
  /** The checkout that is copied; this one by default. */
  readonly source?: string;
  /** Changes the copy before the lab reads it, as a person would in their clone. */
  readonly edit?: (target: string) => void;
}

/** Settings of Argo CD's notifications controller. */
export const NOTIFICATIONS = 'argocd/platform/notifications.yaml';

/** Left out of the tenant's copy: a small first push, and no run of this project's own tests. */
const LEFT_OUT = /^(lab|tests|bench|docs|\.ci)\/|^\.github\/workflows\/ci\.yml$|\.itg\.test\.ts$|\/tests\//;

/**
 * Copies a checkout to `target` as a repository of its own and returns its environments. The workflow files and the
 * actions are the real ones. Seven things change: the registry's address in every overlay, AWS's in its `settings.env`, what
 * its pods reach (`reach.yaml`), the repository's address in `argocd/`, the App and the API's address in the notifications'
 * settings, the variables of the Packer templates that the lab has its own values for, and those of Terraform.
 */
export async function seedRepository(
  exec: Exec,
  target: string,
  seed: Seed,
  { source = repositoryRoot, edit }: SeedOptions = {},
): Promise<ReadonlyMap<string, LabEnvironment>> {
  await copyCheckout(exec, source, target);
  edit?.(target);
  const environments = readEnvironments(target);
  for (const { overlay } of environments.values()) {
    pointToRegistry(target, overlay, seed.registryHost);
    pointToAws(target, overlay, seed.awsEndpoint);
    if (seed.reach !== undefined) writeReach(join(target, overlay), seed.reach);
  }
  pointToRepository(target, environments, seed.repositoryUrl);
  pointToApp(target, seed.reports);
  setVariables(target, { base_image: seed.baseImage, npm_registry: seed.npmRegistry });
  const stack = join(target, 'terraform/aws');
  if (existsSync(stack)) writeFileSync(join(stack, 'lab.auto.tfvars.json'), JSON.stringify(ON_MOTO));
  return environments;
}

/** Copies the files that git knows or would add, as they are on disk. */
async function copyCheckout(exec: Exec, source: string, target: string): Promise<void> {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'] as const;
  const { stdout } = await exec(['git', '-C', source, ...list]);
  const paths = stdout
    .toString('utf8')
    .split('\0')
    .filter((path) => path !== '' && !LEFT_OUT.test(path) && existsSync(join(source, path)));
  for (const path of paths) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(source, path), join(target, path), { verbatimSymlinks: true });
  }
}

function pointToRegistry(target: string, overlay: string, host: string): void {
  const file = join(overlay, 'kustomization.yaml');
  const before = readFileSync(join(target, file), 'utf8');
  const after = before.replaceAll(/(newName: ["']?)[^/\s"']+\//g, `$1${host}/`);
  if (after === before)
    throw new Refusal(`${file} names no registry: give its images a newName, such as registry.example/discord-bot`);
  writeFileSync(join(target, file), after);
}

/** What the bot is told besides; an overlay without settings has a bot that needs no AWS. */
function pointToAws(target: string, overlay: string, endpoint: string): void {
  const file = join(target, overlay, 'settings.env');
  if (existsSync(file)) appendFileSync(file, `AWS_ENDPOINT_URL=${endpoint}\n`);
}

const application = z.looseObject({
  spec: z.looseObject({ source: z.looseObject({ repoURL: z.string(), path: z.string() }) }),
});

/**
 * The address that the environments' Applications follow is the repository itself: it becomes the lab's wherever
 * `argocd/` has it, so that `kubectl apply -k argocd` from a clone leaves the cluster with the lab.
 */
function pointToRepository(target: string, environments: ReadonlyMap<string, LabEnvironment>, url: string): void {
  const overlays = [...environments.values()].map(({ overlay }) => overlay);
  const own = readArgoObjects(target).flatMap((object) => {
    const { success, data } = application.safeParse(object);
    if (!success || !overlays.includes(data.spec.source.path.replace(/\/+$/, ''))) return [];
    return [data.spec.source.repoURL];
  });
  for (const file of listArgoFiles(target)) {
    const before = readFileSync(join(target, file), 'utf8');
    const after = own.reduce(
      (text, address) => text.replaceAll(new RegExp(`${escapePattern(address)}(?![\\w./-])`, 'g'), url),
      before,
    );
    writeFileSync(join(target, file), after);
  }
}

function pointToApp(target: string, reports: Seed['reports']): void {
  const file = join(target, NOTIFICATIONS);
  if (reports === undefined || !existsSync(file)) return;
  const { api, app, installation } = reports;
  const after = readFileSync(file, 'utf8')
    .replace(/^( +)appID: .*$/m, `$1enterpriseBaseURL: ${api}\n$1appID: ${app}`)
    .replace(/^( +)installationID: .*$/m, `$1installationID: ${installation}`);
  writeFileSync(file, after);
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

const images = z.record(z.string(), z.looseObject({ template: z.string() }));

/** Sets, for each image, the variables that its template declares. */
function setVariables(target: string, values: Readonly<Record<string, string>>): void {
  const file = join(target, 'slipway.yaml');
  const document = parseDocument(readFileSync(file, 'utf8'));
  for (const [name, { template }] of Object.entries(images.parse(document.toJS().images))) {
    const text = readFileSync(join(target, template), 'utf8');
    for (const [variable, value] of Object.entries(values))
      if (text.includes(`variable "${variable}"`)) document.setIn(['images', name, 'variables', variable], value);
  }
  writeFileSync(file, document.toString({ lineWidth: 0 }));
}
