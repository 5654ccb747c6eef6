import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { type Builders, openBuilders } from '#bench/image-builders.ts';
import { describeSeconds, measureAll, median, printRows, type Row, rowOf, timed } from '#bench/measure.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { type BuildWorld, openBuildWorld } from '../actions/build-image/tests/world.ts';

const RUNS = 5;

/**
 * build-image against BuildKit and the older docker build of the same app, and against itself without its dependency
 * layer. Then what its time is made of.
 */
export async function benchImage(): Promise<void> {
  process.env['BUILD_IMAGE_MAIN'] ??= join(repositoryRoot, 'actions/build-image/dist/index.cjs'); // what a runner starts
  const world = await openBuildWorld('ecr');
  try {
    const builders = await openBuilders(world);
    printRows(await benchSkip(builders));
    await printParts(world);
    printRows(await benchRebuild(builders));
  } finally {
    await world.lab.stop();
  }
}

/** Nothing changed: the skip decision against builders that leave the image in their store and push nothing. */
async function benchSkip(builders: Builders): Promise<Row[]> {
  const { ours, buildkit, docker } = await measureAll(RUNS, {
    ours: () => builders.ours(),
    buildkit: builders.buildkit.build,
    docker: builders.docker.build,
  });
  return [
    rowOf('skip decision / BuildKit, nothing changed', { ours, peer: buildkit }, 0.5),
    rowOf('skip decision / docker build, nothing changed', { ours, peer: docker }, 0.5),
  ];
}

/** What the skip decision cannot be without: a start of Node and an answer of the registry. */
async function printParts({ lab, registry, base }: BuildWorld): Promise<void> {
  const empty = join(lab.folder('empty'), 'index.cjs');
  writeFileSync(empty, '');
  const [, digest = ''] = base.reference.split('@');
  const { node, head } = await measureAll(RUNS, {
    node: () => lab.exec([join(repositoryRoot, 'node_modules/.bin/node'), empty]),
    head: () => askHead(`http://${registry.host}/v2/lab/base/manifests/${digest}`),
  });
  printCost('an empty start of Node', node);
  printCost('one HEAD of a manifest at the registry', head);
}

/** On a connection of its own, as the first question of a process is. */
function askHead(url: string): Promise<void> {
  const headers = { accept: 'application/vnd.docker.distribution.manifest.v2+json' };
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    request(url, { method: 'HEAD', headers, agent }, (response) => {
      response
        .resume()
        .once('end', () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`${url}: ${response.statusCode}`)),
        );
    })
      .once('error', reject)
      .end();
  });
}

/** One changed line: rebuilt by its layers, by the peers, and by the whole template. */
async function benchRebuild(builders: Builders): Promise<Row[]> {
  const times: Record<'ours' | 'packer' | 'buildkit' | 'docker' | 'whole', number[]> = {
    ours: [],
    packer: [],
    buildkit: [],
    docker: [],
    whole: [],
  };
  const bytes: { app: number[]; whole: number[] } = { app: [], whole: [] };
  const counted = (into: number[], work: () => Promise<void>) => async () => {
    const before = builders.sentBytes();
    await work();
    into.push(builders.sentBytes() - before);
  };
  for (let run = 0; run < RUNS; run++) {
    await builders.change();
    times.ours.push(await timed(counted(bytes.app, () => builders.ours())));
    times.packer.push(...builders.packerTimes().slice(-1));
    times.buildkit.push(await timed(builders.buildkit.buildAndPush));
    times.docker.push(await timed(builders.docker.buildAndPush));
    times.whole.push(await timed(counted(bytes.whole, () => builders.ours({ force: 'true' }))));
  }
  const { ours, packer } = times;
  printCost('of the app-only rebuild, Packer', packer);
  printCost(
    'of the app-only rebuild, all else',
    ours.map((time, run) => time - (packer[run] ?? Number.NaN)),
  );
  return [
    rowOf('app-only rebuild / BuildKit, cached, with its push', { ours, peer: times.buildkit }, 1.5),
    rowOf('app-only rebuild / docker build and push, cached', { ours, peer: times.docker }, 1.5),
    rowOf('app-only rebuild / one-template build', { ours, peer: times.whole }, 0.2),
    {
      what: 'bytes pushed, app-only / one-template',
      ours: `${median(bytes.app)} B`,
      peer: `${median(bytes.whole)} B`,
      ratio: median(bytes.app) / median(bytes.whole),
      limit: 0.1,
    },
  ];
}

function printCost(what: string, times: readonly number[]): void {
  console.log(`  ${what.padEnd(50)}      ${describeSeconds(median(times)).padStart(10)}`);
}
