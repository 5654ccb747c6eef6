import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureInTurn, median, type Row, rowOf } from '#bench/measure.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { openBuildWorld } from '../actions/build-image/tests/world.ts';

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
    const { docker, aws, registry } = world;
    const mirror = (await world.git('show', 'HEAD:slipway.yaml')).match(/npm_registry: "([^"]+)"/)?.[1] ?? '';
    let count = 0;
    const app = readApp();
    const main = app['app/src/main.ts'] ?? '';
    const change = () =>
      world.commit({ ...app, 'app/src/main.ts': `${main}\n// ${count++}\n`, Dockerfile: DOCKERFILE });
    const ours =
      (inputs: Record<string, string> = {}) =>
      async () => {
        const run = await world.build({ image: 'discord-bot', ...inputs });
        if (run.code !== 0) throw new Error(run.log);
      };
    const tag = `${registry.host}/peer:latest`;
    const build = () =>
      docker.exec([
        'build',
        '--quiet',
        '--build-arg',
        `BASE=${world.base.reference}`,
        '--build-arg',
        `NPM=${mirror}`,
        '--tag',
        tag,
        world.checkout,
      ]);
    const buildAndPush = async () => {
      await build();
      await docker.exec(['push', '--quiet', tag]);
    };
    const sent = () => aws.requests.reduce((sum, request) => sum + request.sent, 0);
    await aws.createRepository('discord-bot').catch(() => {});
    await change();
    await ours()();
    await buildAndPush();
    const skip = await measureInTurn(RUNS, ours(), build);
    const rebuild = { ours: [] as number[], peer: [] as number[] };
    const whole: number[] = [];
    const bytes: { app: number[]; whole: number[] } = { app: [], whole: [] };
    for (let run = 0; run < RUNS; run++) {
      await change();
      await timed(rebuild.ours, async () => {
        const before = sent();
        await ours()();
        bytes.app.push(sent() - before);
      });
      await timed(rebuild.peer, buildAndPush);
      await timed(whole, async () => {
        const before = sent();
        await ours({ force: 'true' })();
        bytes.whole.push(sent() - before);
      });
    }
    return [
      rowOf('skip decision / docker build, nothing changed', skip, 0.5),
      rowOf('app-only rebuild / docker build and push, cached', rebuild, 1.5),
      rowOf('app-only rebuild / one-template build', { ours: rebuild.ours, peer: whole }, 0.2),
      {
        what: 'bytes pushed, app-only / one-template',
        ours: `${median(bytes.app)} B`,
        peer: `${median(bytes.whole)} B`,
        ratio: median(bytes.app) / median(bytes.whole),
        limit: 0.1,
      },
    ];
  } finally {
    await world.lab.stop();
  }
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
