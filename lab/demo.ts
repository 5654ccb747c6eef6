import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { findKustomize, renderOverlay } from '#core/overlay/kustomization/render.ts';
import { isServing } from '#lab/cluster/serving.ts';
import { findEnvironment } from '#lab/environments.ts';
import { describeFailure } from '#lab/github/runner/failure.ts';
import type { RunRecord } from '#lab/github/runner/run-record.ts';
import { untilProven } from '#lab/proven.ts';
import { openPullRequest, type PullRequest } from '#lab/pull-request.ts';
import { runInterruptibly } from '#lab/supervisor/interruption.ts';
import { duration, showSteps } from '#lab/supervisor/progress.ts';
import { openTerminal } from '#lab/supervisor/terminal.ts';
import { clusterTools, hasTools } from '#lab/toolbox/toolbox.ts';
import { type Change, openWorld, type World } from '#lab/world.ts';

interface Stage {
  readonly name: string;
  readonly milliseconds: number;
  readonly outcome: string;
}

const terminal = openTerminal(process.stdout, process.env);
const progress = showSteps(terminal);
const stages: Stage[] = [];

/** What a stage of the demo must come to. */
interface Expected {
  /** The images that a release was landed of. */
  readonly images: readonly string[];
  readonly releases: number;
  /** What the report says of it. */
  readonly outcome: string;
}

/** Starts something, waits until all is done, and holds what happened against what must happen. */
async function show(
  world: World,
  name: string,
  start: () => Promise<readonly RunRecord[]>,
  expected: Expected,
): Promise<void> {
  const started = performance.now();
  await progress.step(`${name}, ${expected.outcome}`, async () => {
    const before = (await world.releases()).length;
    const runs = await start();
    await world.settled();
    const failed = runs.find((run) => run.conclusion !== 'success');
    if (runs.length === 0) throw new Error(`${name}: it started no run`);
    if (failed !== undefined) throw new Error(`${name}: ${describeFailure(failed)}`);
    const releases = await world.releases();
    const landed = releases.slice(0, releases.length - before);
    const images = [...new Set(landed.map((release) => release.image))].sort();
    if (landed.length !== expected.releases || images.join() !== expected.images.join()) {
      throw new Error(
        `${name}: expected ${expected.releases} releases of ${expected.images.join(', ') || 'nothing'}, got ${landed.length} of ${images.join(', ') || 'nothing'}`,
      );
    }
    if (landed.length > 0) await waitForPods(world, name);
  });
  stages.push({ name, milliseconds: performance.now() - started, outcome: expected.outcome });
}

/** With a cluster, a push counts as shown when a ready pod of every environment runs its newest release. */
async function waitForPods(world: World, name: string): Promise<void> {
  const { delivery } = world;
  if (delivery === undefined) return;
  const wanted = new Map(
    (await world.releases()).reverse().map((release) => [`${release.environment}/${release.image}`, release]),
  );
  await world.until(
    `${name}: the pods of every environment run what landed`,
    async () => ((await isServing(delivery.cluster, world.environments, [...wanted.values()])) ? true : undefined),
    240_000,
  );
}

/** Terraform waits for queues while the pushes travel; the light world applies the repositories alone. */
async function showTerraform(world: World): Promise<void> {
  const { rest } = world.tenant;
  if (rest === undefined) return;
  const milliseconds = await progress.step('terraform apply, begun beside the first push', rest);
  stages.push({
    name: 'beside the pushes: terraform',
    milliseconds,
    outcome: 'tables, queues, repositories, identities, secrets',
  });
}

const pod = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({ spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string() })) }) }),
  }),
});

/** Without a cluster: renders the overlay as Argo CD would and asks the registry for every image in it. */
async function verifyRendered(world: World, environment: string): Promise<string[]> {
  const folder = join(world.lab.folder('rendered'), environment);
  mkdirSync(folder);
  await world.lab.exec(['git', 'clone', '--quiet', world.github.bareRepository, folder]);
  const kustomize = await findKustomize(world.lab.exec);
  const rendered = await renderOverlay(
    { exec: world.lab.exec, kustomize },
    join(folder, findEnvironment(world.environments, environment).overlay),
    environment,
  );
  const images = rendered.documents.flatMap((document) => {
    const parsed = pod.safeParse(parse(document));
    return parsed.success ? parsed.data.spec.template.spec.containers.map((container) => container.image) : [];
  });
  for (const image of images) {
    const [name = '', digest = ''] = image.slice(image.indexOf('/') + 1).split('@');
    const answer = await fetch(`http://${world.registry.host}/v2/${name}/manifests/${digest}`, {
      method: 'HEAD',
      headers: {
        accept: 'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json',
      },
    });
    if (!answer.ok) throw new Error(`${environment} names ${image}, which the registry does not have`);
  }
  return images;
}

async function main(signal: AbortSignal): Promise<void> {
  const started = performance.now();
  const cluster = process.argv.includes('--cluster') || (!process.argv.includes('--light') && hasTools(clusterTools));
  introduce(cluster);
  const world = await openWorld(progress, { cluster, signal });
  try {
    stages.push({
      name: 'start the lab',
      milliseconds: performance.now() - started,
      outcome: `runs at ${world.github.url}`,
    });
    stages.push({
      name: '  of it: terraform apply',
      milliseconds: world.tenant.milliseconds,
      outcome: 'the roles of GitHub Actions, the image repositories',
    });
    terminal.say(`\nWatch the runs at ${world.github.url}\n`);
    await showPushes(world);
    await showTerraform(world);
    await showPullRequest(world);
    const images = await verifyRendered(world, 'production');
    report(world, images, performance.now() - started);
  } finally {
    await progress.step('take the lab down', () => world.stop());
  }
}

function introduce(cluster: boolean): void {
  terminal.say(
    'Slipway: pushes, a promotion and the way back, on this machine. Real: git, the workflow files, Packer, Docker, the registry.',
  );
  terminal.say('Stand-ins: GitHub (lab/github/README.md) and AWS (lab/aws/README.md).\n');
  if (cluster) return;
  terminal.say(
    'Light world: everything real up to the commit; then the overlay is rendered and checked, no cluster runs it.',
  );
  if (!hasTools(clusterTools))
    terminal.say('For the real cluster: npm run demo -- --cluster (builds its binaries once, about 10 min).');
  terminal.say('');
}

const BOTH = ['dev-sandbox', 'discord-bot'] as const;
const BOT = ['discord-bot'] as const;

/** Pushes travel to staging, which deploys on push; a promotion brings the same digests to production. */
async function showPushes(world: World): Promise<void> {
  const push = (change: Change) => async () => (await world.push(change)).runs;
  const line = (text: string): Change => ({
    files: { 'app/src/main.ts': (before: string) => `${before}\n// ${text}\n` },
    message: text,
  });
  await show(world, 'push 1: everything', push({ files: {}, message: 'The tenant' }), {
    images: BOTH,
    releases: 2,
    outcome: 'both images → staging',
  });
  if (world.delivery !== undefined) {
    const started = performance.now();
    await progress.step('the verdict: Argo CD reports, GitHub says it on the source commits', () =>
      untilProven(world, 'staging'),
    );
    stages.push({
      name: 'the verdict',
      milliseconds: performance.now() - started,
      outcome: 'staging was seen running, so it may go on',
    });
  }
  await show(world, 'promote to production', click(world, 'promote.yml', { environment: 'production' }), {
    images: BOTH,
    releases: 2,
    outcome: 'the same digests → production',
  });
  await show(world, 'push 2: one line of the app', push(line('one line more')), {
    images: BOT,
    releases: 1,
    outcome: 'discord-bot → staging',
  });
  await show(world, 'push 3: a document', push({ files: { 'NOTES.md': '# Notes\n' }, message: 'Write a note' }), {
    images: [],
    releases: 0,
    outcome: 'nothing to deploy, no commit',
  });
  await showTheWayBack(world, push(line('a better line')));
}

/** One click back, held against the next push, and let go. */
async function showTheWayBack(world: World, push: () => Promise<readonly RunRecord[]>): Promise<void> {
  const reason = { environment: 'staging', reason: 'shown in the demo' };
  await show(world, 'rollback of staging, 1 step', click(world, 'rollback.yml', reason), {
    images: BOT,
    releases: 1,
    outcome: 'the release before → staging, held',
  });
  await show(world, 'push 4: held', push, { images: [], releases: 0, outcome: 'built; staging stays where it is' });
  await show(world, 'release of staging', click(world, 'hold.yml', { ...reason, action: 'release' }), {
    images: BOT,
    releases: 1,
    outcome: 'let go, the newest build → staging',
  });
}

/** One comment says what the merge will do, and the merge does it. Without the whole of AWS it changes the cluster alone. */
async function showPullRequest(world: World): Promise<void> {
  const isWhole = world.tenant.rest !== undefined;
  const table = {
    'terraform/modules/tables/main.tf': (text: string) => text.replace(/(ttl \{\n[^}]*enabled +=) true/, '$1 false'),
  };
  const change: Change = {
    files: {
      'app/src/main.ts': (text: string) => `${text}\n// by a pull request\n`,
      'base/discord-bot/deployment.yaml': (text) => text.replace(/(limits: \{[^}]*memory: )\w+/, '$1640Mi'),
      ...(isWhole ? table : {}),
    },
    message: 'More memory, and items that stay',
  };
  let pull: PullRequest | undefined;
  const open = async (): Promise<readonly RunRecord[]> => {
    const before = world.github.runs.length;
    pull = await openPullRequest(world, 'more-memory', change);
    comment = readVerdict(await pull.comments());
    return world.github.runs.slice(before);
  };
  let comment = '';
  await show(world, 'pull request', open, { images: [], releases: 0, outcome: 'one comment says what it does' });
  const merge = async (): Promise<readonly RunRecord[]> => {
    const before = world.github.runs.length;
    await pull?.merge();
    return world.github.runs.slice(before);
  };
  await show(world, 'its merge', merge, {
    images: BOT,
    releases: 1,
    outcome: `exactly that${isWhole ? ', in AWS' : ''} → staging`,
  });
  terminal.say(`  The comment before the merge: ${comment}`);
  if (isWhole) terminal.say(`  The same comment now: ${readVerdict((await pull?.comments()) ?? [])}`);
}

/** Returns the first line that a reader sees of the one comment. */
function readVerdict(comments: readonly string[]): string {
  const verdict = /^### (.*)$/m.exec(comments[0] ?? '')?.[1];
  if (comments.length === 1 && verdict !== undefined) return verdict;
  throw new Error(`the pull request has ${comments.length} comments; expected one with a verdict`);
}

/** Starts a workflow as the button on its page does. */
function click(world: World, workflow: string, inputs: Readonly<Record<string, string>>) {
  return async (): Promise<readonly RunRecord[]> => [await world.dispatch(workflow, inputs)];
}

/** A digest of 64 digits is not broken: it gets a line of its own where the terminal is too narrow. */
function splitImage(image: string, width: number): string {
  return image.length + 2 <= width ? `  ${image}` : `  ${image.replace('@', '\n    @')}`;
}

function report(world: World, images: readonly string[], total: number): void {
  const width = Math.max(...stages.map((stage) => stage.name.length));
  terminal.say('\nWhat happened');
  for (const stage of stages)
    terminal.say(`  ${stage.name.padEnd(width)}  ${duration(stage.milliseconds).padStart(9)}  ${stage.outcome}`);
  terminal.say(`  ${'all'.padEnd(width)}  ${duration(total).padStart(9)}`);
  const seen = world.delivery === undefined ? 'light world: no cluster runs it' : 'and its pods run on a real node';
  terminal.say(`\nProduction, rendered by kustomize; each digest is in the registry (${seen})`);
  for (const image of images) terminal.say(splitImage(image, terminal.width));
  terminal.say(
    `\nTo look further: npm run lab keeps such a lab up and prints the remote to push to.\nLogs of this one: ${world.lab.logs}`,
  );
}

process.exitCode = await runInterruptibly(terminal, main);
process.exit();
