import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LifecycleImage } from '#core/aws/ecr-lifecycle/image.ts';
import { readConfig } from '#core/config/read.ts';
import { createScratchGit } from '#core/git/repository.ts';
import { readNames } from '#core/overlay/names.ts';
import { createHistory } from '#core/release/history.ts';
import { formatRelease } from '#core/release/trailer.ts';
import { openCommit } from '#core/source/source-tree.ts';
import { createExec } from '#core/system/exec.ts';
import { type CommitSha, type Digest, parseCommitSha } from '#core/values/reference.ts';
import { commitFiles, gitEnv, openRepositories } from '#tests/support/repositories.ts';
import { silentLog } from '#tests/support/silent-log.ts';
import type { Inputs } from '../src/inputs.ts';
import { type Retention, run } from '../src/run.ts';
import { createMemoryImages, type MemoryImages } from './memory-images.ts';

/** The instant at which every world begins. */
const NOW = new Date('2026-03-01T12:00:00Z');

/** A rule that keeps what has a keep tag, before one that keeps three builds. */
export const SAFE_RULES = [
  {
    rulePriority: 1,
    selection: { tagStatus: 'tagged', tagPatternList: ['keep-*'], countType: 'imageCountMoreThan', countNumber: 100 },
    action: { type: 'expire' },
  },
  {
    rulePriority: 2,
    selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 3 },
    action: { type: 'expire' },
  },
] as const;

/** Returns the digest of the build with this number; the first 12 digits differ. */
export const build = (number: number): `sha256:${string}` =>
  `sha256:${number.toString(16).padStart(4, '0').repeat(16)}`;

/** Returns the tag that keeps a build. */
export const keepTag = (number: number): string => `keep-${build(number).slice(7, 19)}`;

/** A repository with two environments and two images in real git, and ECR in memory. */
export interface World {
  readonly images: MemoryImages;
  /** Path of the bare repository that the action reads. */
  readonly remote: string;
  now: Date;
  /** Runs the action's body. */
  retain(inputs?: Partial<Inputs>): Promise<Retention>;
  /** Pushes an image, `daysAgo` before the world's instant. */
  push(image: string, number: number, more?: Partial<LifecycleImage> & { daysAgo?: number }): void;
  /** Lands a release: one commit with the overlay and the trailer. */
  release(environment: string, image: string, number: number): string;
  /** Commits files on the branch; returns the commit. */
  commit(files: Record<string, string>, message?: string): string;
  close(): void;
}

/** Opens a world in which nothing was released yet. */
export function openWorld(registry = '{type: ecr, region: ca-central-1, account: "123456789012"}'): World {
  const root = mkdtempSync(join(tmpdir(), 'slipway-retain-'));
  const [remote, clone] = [join(root, 'remote.git'), join(root, 'clone')];
  openRepositories(remote, clone);
  const deployed = new Map<string, Digest>();
  const images = createMemoryImages();
  let runs = 0;
  const world: World = {
    images,
    remote,
    now: NOW,
    retain: async (inputs = {}) => {
      runs += 1;
      const open = (name: string) => openScratch(join(root, `${name}-${runs}`), remote);
      const [tree, commits, past] = await Promise.all([open('tree'), open('commits'), open('past')]);
      const all = { ...INPUTS, ...inputs };
      const readConfigAt = (commit: CommitSha) => readConfig(openCommit(tree, commit), all.config);
      return run(all, {
        git: tree,
        history: createHistory({
          git: tree,
          commits,
          past,
          readNames: async (commit) => readNames(await readConfigAt(commit)),
          log: silentLog,
        }),
        readConfig: readConfigAt,
        openImages: async () => images,
        now: () => world.now,
        log: silentLog,
      });
    },
    push: (image, number, { daysAgo = 0, ...more } = {}) => {
      const pushedAt = new Date(world.now.getTime() - daysAgo * 86_400_000);
      const tags = [`in-${number}`, `git-${number}`];
      images.put(image, { digest: build(number), tags, pushedAt, status: 'active', children: [], ...more });
    },
    release: (environment, image, number) => {
      const before = deployed.get(`${environment}/${image}`);
      deployed.set(`${environment}/${image}`, build(number));
      const trailer = trailerOf(environment, image, number, before);
      const path = `overlays/${environment}/kustomization.yaml`;
      return world.commit({ [path]: overlay(environment, deployed) }, `release\n\n${trailer}`);
    },
    commit: (files, message = 'a change') => commitFiles(clone, files, message),
    close: () => rmSync(root, { recursive: true, force: true }),
  };
  world.commit({
    'slipway.yaml': slipwayYaml(registry),
    'docker/build.pkr.hcl': '# a template\n',
    'app/main.js': '// 0\n',
    'overlays/staging/kustomization.yaml': overlay('staging', deployed),
    'overlays/production/kustomization.yaml': overlay('production', deployed),
  });
  return world;
}

const INPUTS = {
  images: [],
  config: 'slipway.yaml',
  branch: 'main',
  releases: 10,
  dryRun: false,
  token: '',
  identity: 'github-actions[bot]',
};

function openScratch(dir: string, remote: string) {
  const exec = createExec(gitEnv);
  return createScratchGit({ exec, dir, remote: { url: `file://${remote}`, token: '' }, configCount: 0 });
}

function trailerOf(environment: string, image: string, number: number, from: Digest | undefined): string {
  return formatRelease({
    environment,
    image,
    to: build(number),
    from,
    kind: 'deploy',
    source: parseCommitSha('source', '1'.repeat(40)),
    intent: '01',
    run: 'https://github.example/run',
    actor: 'octocat',
  });
}

function slipwayYaml(registry: string): string {
  return `registry: ${registry}
images:
  bot: {template: docker/build.pkr.hcl, inputs: [app], keep: 10}
  sandbox: {template: docker/build.pkr.hcl, inputs: [app], keep: 5}
environments:
  staging: {overlay: overlays/staging, deploys: on-push}
  production: {overlay: overlays/production, deploys: on-push}
`;
}

/** An entry for each image of ours, and for one of somebody else's that has a digest, too. */
function overlay(environment: string, deployed: ReadonlyMap<string, string>): string {
  const host = '123456789012.dkr.ecr.ca-central-1.amazonaws.com';
  const entries = ['bot', 'sandbox'].map((image) => {
    const digest = deployed.get(`${environment}/${image}`) ?? `sha256:${'0'.repeat(64)}`;
    return `  - name: ${image}\n    newName: ${host}/${image}\n    digest: ${digest}\n`;
  });
  return `kind: Kustomization\nimages:\n${entries.join('')}  - name: redis\n    digest: ${build(0xbad)}\n`;
}
