import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openImagesPorts } from '#core/images/open-ports.ts';
import { type ImagesPorts, previewImages } from '#core/images/preview.ts';
import { type ImagesReport, imagesReportSchema } from '#core/images/report.ts';
import { type Digest, parseCommitSha } from '#core/values/reference.ts';
import { createTestClock } from '#tests/support/clock.ts';
import { commitFiles, git, gitEnv, openRepositories } from '#tests/support/repositories.ts';
import { silentLog } from '#tests/support/silent-log.ts';

/** How a preview is asked for; a registry that has nothing unless given. */
export interface Asked {
  readonly registry?: ImagesPorts['registry'];
  /** Undefined: the first parent of the head. */
  readonly base?: string | undefined;
  readonly head?: string;
  /** A clone that the commits are read from; that of a person unless given. */
  readonly checkout?: string;
  readonly config?: string;
}

/** A repository with two images and two environments, and its remote. */
export interface ImagesRepository {
  readonly remote: string;
  readonly clone: string;
  readonly temp: string;
  /** Commits files in the clone, without a push, and returns the commit. */
  commit(files: Record<string, string>, removed?: readonly string[]): string;
  /** Goes back to the first commit. */
  reset(): void;
  preview(asked?: Asked): Promise<ImagesReport>;
  close(): void;
}

/** Returns a registry that has a build of these tags, and what it was asked. */
export function registryWith(...tags: readonly string[]): {
  readonly open: ImagesPorts['registry'];
  readonly asked: string[];
} {
  const asked: string[] = [];
  const findDigest = async (repository: string, tag: string): Promise<Digest | undefined> => {
    asked.push(`${repository}:${tag}`);
    return tags.includes(tag) ? BUILT : undefined;
  };
  return { asked, open: async () => ({ findDigest }) };
}

/** What the registry has for the tags that it has. */
export const BUILT: Digest = `sha256:${'b'.repeat(64)}`;
/** What the overlays run. */
const RUNS: Digest = `sha256:${'a'.repeat(64)}`;

/** Opens the repository, with its first commit. */
export function openImagesRepository(): ImagesRepository {
  const temp = mkdtempSync(join(tmpdir(), 'slipway-images-'));
  const [remote, clone] = [join(temp, 'remote.git'), join(temp, 'clone')];
  openRepositories(remote, clone);
  const first = commitFiles(clone, FILES, 'the tenant');
  const environment = { ...gitEnv, HOME: temp, PATH: process.env['PATH'] ?? '' };
  return {
    remote,
    clone,
    temp,
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
    reset: () => void git(clone, 'checkout', '-q', '--force', '-B', 'main', first),
    preview: async ({ checkout = clone, config = 'slipway.yaml', head = 'main', registry, base } = {}) => {
      const place = { checkout, temp, environment, log: silentLog, mask: () => {}, token: '', serverUrl: '' };
      const { ports, close } = await openImagesPorts(place, true);
      const shaOf = (ref: string) => parseCommitSha('ref', git(clone, 'rev-parse', ref));
      const request = { base: base === undefined ? undefined : shaOf(base), head: shaOf(head), config };
      try {
        const clock = createTestClock();
        return imagesReportSchema.parse(
          await previewImages(request, { ...ports, clock, registry: registry ?? registryWith().open }),
        );
      } finally {
        await close();
      }
    },
    close: () => rmSync(temp, { recursive: true, force: true }),
  };
}

/** The parts of a slipway.yaml that tests change. */
export interface Written {
  readonly bot?: string;
  /** Lines of further images. */
  readonly more?: readonly string[];
  readonly staging?: string;
}

/** Returns a slipway.yaml with two images and two environments. */
export function slipwayYaml({ bot = BOT, more = [WEB], staging = 'deploys: on-push' }: Written = {}): string {
  return [
    'registry: {type: oci, host: registry.example}',
    'images:',
    ...[bot, ...more].filter((line) => line !== '').map((line) => `  ${line}`),
    'environments:',
    `  staging: {overlay: overlays/staging, ${staging}}`,
    '  production: {overlay: overlays/production, deploys: on-promotion, from: staging}',
    '',
  ].join('\n');
}

export const BOT = 'bot: {template: docker/bot.pkr.hcl, inputs: [app], dependencies: [app/package.json], keep: 10}';
export const WEB = `web: {template: docker/web.pkr.hcl, inputs: [web/], base: "node@sha256:${'c'.repeat(64)}", keep: 10}`;

/** Returns a template whose base image is this one. */
export const templateOf = (base: string): string =>
  `// a template\nvariable "base_image" {\n  type    = string\n  default = "${base}"\n}\n`;

const overlay = (names: readonly string[]): string =>
  ['images:', ...names.map((name) => `  - {name: ${name}, digest: "${RUNS}"}`), ''].join('\n');

const FILES = {
  'slipway.yaml': slipwayYaml(),
  'docker/bot.pkr.hcl': templateOf(`node@sha256:${'c'.repeat(64)}`),
  'docker/web.pkr.hcl': templateOf('unused'),
  'app/main.js': '// 0\n',
  'app/package.json': '{}\n',
  'web/index.html': '<p>0\n',
  'overlays/staging/kustomization.yaml': overlay(['bot', 'web']),
  'overlays/production/kustomization.yaml': overlay(['bot']),
};
