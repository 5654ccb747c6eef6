import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureInTurn, median, type Row, rowOf } from '#bench/measure.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { type BuildWorld, openBuildWorld } from '../actions/build-image/tests/world.ts';

const RUNS = 5;
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

/** build-image against docker build and push of the same app, and against itself without its dependency layer. */
export async function benchImage(): Promise<Row[]> {
  process.env['BUILD_IMAGE_MAIN'] ??= join(repositoryRoot, 'actions/build-image/dist/index.cjs'); // what a runner starts
  const world = await openBuildWorld('ecr');
  try {
    const builds = await openBuilds(world);
    await builds.change();
    await builds.ours();
    await builds.peerBuildAndPush();
    const skip = await measureInTurn(RUNS, () => builds.ours(), builds.peerBuild);
    return [rowOf('skip decision / docker build, nothing changed', skip, 0.5), ...(await benchRebuild(builds))];
  } finally {
    await world.lab.stop();
  }
}

/** What is measured, each a call. */
interface Builds {
  /** Commits another line of the app. */
  change(): Promise<unknown>;
  ours(inputs?: Record<string, string>): Promise<void>;
  peerBuild(): Promise<unknown>;
  peerBuildAndPush(): Promise<void>;
  /** Bytes that the registry has taken so far. */
  sentBytes(): number;
}

async function openBuilds(world: BuildWorld): Promise<Builds> {
  const { docker, aws, registry } = world;
  const mirror = (await world.git('show', 'HEAD:slipway.yaml')).match(/npm_registry: "([^"]+)"/)?.[1] ?? '';
  await aws.createRepository('discord-bot').catch(() => {}); // it exists
  const app = readApp();
  let count = 0;
  const tag = `${registry.host}/peer:latest`;
  const args = ['--build-arg', `BASE=${world.base.reference}`, '--build-arg', `NPM=${mirror}`, '--tag', tag];
  const peerBuild = () => docker.exec(['build', '--quiet', ...args, world.checkout]);
  return {
    peerBuild,
    peerBuildAndPush: async () => {
      await peerBuild();
      await docker.exec(['push', '--quiet', tag]);
    },
    change: () => {
      const main = `${app['app/src/main.ts'] ?? ''}\n// ${count++}\n`;
      return world.commit({ ...app, 'app/src/main.ts': main, Dockerfile: DOCKERFILE });
    },
    ours: async (inputs = {}) => {
      const run = await world.build({ image: 'discord-bot', ...inputs });
      if (run.code !== 0) throw new Error(run.log);
    },
    sentBytes: () => aws.requests.reduce((sum, request) => sum + request.sent, 0),
  };
}

/** One changed line: rebuilt by its layers, by docker build, and by the whole template. */
async function benchRebuild(builds: Builds): Promise<Row[]> {
  const [ours, peer, whole]: [number[], number[], number[]] = [[], [], []];
  const bytes: { app: number[]; whole: number[] } = { app: [], whole: [] };
  const counted = (into: number[], work: () => Promise<void>) => async () => {
    const before = builds.sentBytes();
    await work();
    into.push(builds.sentBytes() - before);
  };
  for (let run = 0; run < RUNS; run++) {
    await builds.change();
    await timed(
      ours,
      counted(bytes.app, () => builds.ours()),
    );
    await timed(peer, builds.peerBuildAndPush);
    await timed(
      whole,
      counted(bytes.whole, () => builds.ours({ force: 'true' })),
    );
  }
  return [
    rowOf('app-only rebuild / docker build and push, cached', { ours, peer }, 1.5),
    rowOf('app-only rebuild / one-template build', { ours, peer: whole }, 0.2),
    {
      what: 'bytes pushed, app-only / one-template',
      ours: `${median(bytes.app)} B`,
      peer: `${median(bytes.whole)} B`,
      ratio: median(bytes.app) / median(bytes.whole),
      limit: 0.1,
    },
  ];
}

/** The bot itself, with its real dependencies. */
function readApp(): Record<string, string> {
  const paths = execFileSync('git', ['ls-files', 'app'], { cwd: repositoryRoot, encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(repositoryRoot, path), 'utf8')]));
}

async function timed(times: number[], work: () => Promise<unknown>): Promise<void> {
  const started = performance.now();
  await work();
  times.push(performance.now() - started);
}
