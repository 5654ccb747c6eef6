import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startBuildkit } from '#lab/docker/buildkit.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { benchTools, obtainTools } from '#lab/toolbox/toolbox.ts';
import type { BuildWorld } from '../actions/build-image/tests/world.ts';

const DOCKERFILE = `ARG BASE
FROM $BASE
WORKDIR /app
COPY app/package.json app/package-lock.json ./
ARG NPM
RUN npm ci --omit=dev --registry=$NPM
COPY app/src src
USER 10001:10001
CMD ["src/main.ts"]
`;

/** A builder of the same app by a Dockerfile, with its cache on disk. */
export interface Peer {
  /** Leaves the image in the builder's own store. */
  build(): Promise<unknown>;
  buildAndPush(): Promise<unknown>;
}

/** What is measured, each a call. */
export interface Builders {
  /** Commits another line of the app. */
  change(): Promise<unknown>;
  /** Runs the action build-image. */
  ours(inputs?: Record<string, string>): Promise<void>;
  readonly docker: Peer;
  readonly buildkit: Peer;
  /** Bytes that the registry has taken so far. */
  sentBytes(): number;
  /** Milliseconds of each `packer build` so far, oldest first. */
  packerTimes(): number[];
}

/** Opens all three in one world; each has built the app once. */
export async function openBuilders(world: BuildWorld): Promise<Builders> {
  const { aws, lab } = world;
  await aws.createRepository('discord-bot').catch(() => {}); // it exists
  const mirror = (await world.git('show', 'HEAD:slipway.yaml')).match(/npm_registry: "([^"]+)"/)?.[1] ?? '';
  const buildArgs = { BASE: world.base.reference, NPM: mirror };
  const clock = placePackerClock(lab.folder('packer-clock'));
  const path = `${clock.folder}:${lab.env['PATH'] ?? ''}`;
  const app = readApp();
  let count = 0;
  const builders: Builders = {
    change: () => {
      const main = `${app['app/src/main.ts'] ?? ''}\n// ${count++}\n`;
      return world.commit({ ...app, 'app/src/main.ts': main, Dockerfile: DOCKERFILE });
    },
    ours: async (inputs = {}) => {
      const run = await world.build({ image: 'discord-bot', ...inputs }, { PATH: path });
      if (run.code !== 0) throw new Error(run.log);
    },
    docker: dockerPeer(world, buildArgs),
    buildkit: await buildkitPeer(world, buildArgs),
    sentBytes: () => aws.requests.reduce((sum, request) => sum + request.sent, 0),
    packerTimes: clock.times,
  };
  await builders.change();
  await builders.ours();
  await builders.docker.buildAndPush();
  await builders.buildkit.buildAndPush();
  return builders;
}

function dockerPeer({ docker, registry, checkout }: BuildWorld, buildArgs: Record<string, string>): Peer {
  const tag = `${registry.host}/peer-docker:latest`;
  const args = Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  const build = () => docker.exec(['build', '--quiet', ...args, '--tag', tag, checkout]);
  return {
    build,
    buildAndPush: async () => {
      await build();
      await docker.exec(['push', '--quiet', tag]);
    },
  };
}

async function buildkitPeer(world: BuildWorld, buildArgs: Record<string, string>): Promise<Peer> {
  const { lab, registry, checkout } = world;
  const toolbox = await obtainTools(['docker', ...benchTools], silentProgress);
  const buildkit = await startBuildkit(lab, toolbox, registry.host);
  const image = { folder: checkout, buildArgs, name: `${registry.host}/peer-buildkit:latest` };
  return {
    build: () => buildkit.build({ ...image, push: false }),
    buildAndPush: () => buildkit.build({ ...image, push: true }),
  };
}

/**
 * Puts a `packer` into a folder for the front of PATH that notes when the real one begins and ends. It costs the step
 * the start of a shell, one hundredth of what it measures.
 */
function placePackerClock(folder: string): { folder: string; times(): number[] } {
  const notes = join(folder, 'times');
  mkdirSync(folder, { recursive: true });
  writeFileSync(notes, '');
  const script = `#!/bin/bash
[ "$1" = build ] || exec "$REAL" "$@"
began=$EPOCHREALTIME
"$REAL" "$@"
code=$?
echo "$began $EPOCHREALTIME" >>"$NOTES"
exit $code
`;
  const real = execFileSync('sh', ['-c', 'command -v packer'], { encoding: 'utf8' }).trim();
  const quoted = (path: string): string => `'${path.replaceAll("'", `'\\''`)}'`;
  const text = script.replaceAll('"$REAL"', quoted(real)).replace('"$NOTES"', quoted(notes));
  writeFileSync(join(folder, 'packer'), text, { mode: 0o755 });
  return {
    folder,
    times: () =>
      readFileSync(notes, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => {
          const [began = 0, ended = 0] = line.split(' ').map(Number);
          return (ended - began) * 1000;
        }),
  };
}

/** The bot itself, with its real dependencies. */
function readApp(): Record<string, string> {
  const paths = execFileSync('git', ['ls-files', 'app'], { cwd: repositoryRoot, encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(repositoryRoot, path), 'utf8')]));
}
