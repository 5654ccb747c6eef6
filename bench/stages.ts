import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '#bench/measure.ts';
import type { Delivery } from '#lab/cluster/delivery.ts';
import type { World } from '#lab/world.ts';

/** The way of a push, each part up to what its name says; in the order in which they come. */
const STAGES = [
  'the push is taken and its run begins',
  'the images are built and pushed',
  'the commit with their digests is on the branch',
  'Argo CD has made the new pod',
  'its container runs',
  'it is ready',
  'it answers',
] as const;

/** When a push's stages ended, in milliseconds since it began. */
export type Times = readonly number[];

/** Follows pushes to the pods of one namespace, by what the lab and the API server say when it happens. */
export interface Follower {
  /** Pushes and returns when each of {@link STAGES} ended. */
  follow(push: () => Promise<{ sha: string }>): Promise<Times>;
  stop(): void;
}

/** A pod of the bot, as one line of the watch says it. */
interface SeenPod {
  readonly name: string;
  readonly image: string;
  readonly address: string;
  readonly startedAt: string;
  readonly isReady: boolean;
}

const LINE =
  '{.metadata.name} {.spec.containers[0].image} {.status.podIP} {.status.containerStatuses[0].state.running.startedAt} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}';

const PATIENCE_MS = 120_000;

/** Starts to follow; one watch runs for all pushes, since asking again and again would slow down what is measured. */
export function followDeliveries(world: World, { cluster }: Delivery, namespace: string): Follower {
  const commits = new Map<string, number>();
  world.github.onPush(({ ref, after }) => ref === 'refs/heads/main' && commits.set(after, performance.now()));
  const first = new Map<string, number>();
  const pods = new Map<string, SeenPod>();
  const watch = startWatch(cluster.commandLine, namespace, (pod) => {
    pods.set(pod.name, pod);
    const note = (what: string): unknown => first.has(what) || first.set(what, performance.now());
    note(`${pod.image} made`);
    if (pod.startedAt !== '') note(`${pod.image} runs`);
    if (pod.isReady) note(`${pod.image} ready`);
  });
  const until = async <T>(find: () => T | undefined | Promise<T | undefined>): Promise<T> => {
    for (const limit = performance.now() + PATIENCE_MS; performance.now() < limit; await sleep(10)) {
      const found = await find();
      if (found !== undefined) return found;
    }
    throw new Error('a push was not served within two minutes');
  };
  return {
    follow: async (push) => {
      const started = performance.now();
      const began = Date.now();
      const { sha } = await push();
      const run = await until(() =>
        world.github.runs.find((one) => one.sha === sha && one.path.endsWith('/deploy.yml') && one.jobs.length > 0),
      );
      const build = await until(() => run.jobs.find(({ id, endedAt }) => id === 'build' && endedAt !== undefined));
      const digest = build.outputs['discord-bot'] ?? '';
      const made = await until(() => [...pods.values()].find(({ image }) => image.endsWith(`@${digest}`)));
      const at = (what: string): Promise<number> => until(() => first.get(`${made.image} ${what}`));
      await at('ready');
      await until(async () => ((await askVersion(pods.get(made.name)?.address ?? '')) === sha ? true : undefined));
      const answered = performance.now();
      const landed = [...commits.values()].filter(
        (time) => time > started + (build.endedAt?.getTime() ?? 0) - began,
      )[0];
      return [
        run.createdAt.getTime() - began,
        (build.endedAt?.getTime() ?? 0) - began,
        (landed ?? Number.NaN) - started,
        (await at('made')) - started,
        (await at('runs')) - started,
        (await at('ready')) - started,
        answered - started,
      ];
    },
    stop: () => void watch.kill(),
  };
}

function startWatch(kubectl: string, namespace: string, onPod: (pod: SeenPod) => void): ChildProcess {
  const [program = '', ...words] = kubectl.split(' ');
  const label = 'app.kubernetes.io/name=discord-bot';
  const argv = [...words, 'get', 'pods', '-n', namespace, '-l', label, '--watch', '-o', `jsonpath=${LINE}`];
  const watch = spawn(program, argv, { stdio: ['ignore', 'pipe', 'ignore'] });
  createInterface({ input: watch.stdout }).on('line', (line) => {
    const [name = '', image = '', address = '', startedAt = '', ready] = line.split(' ');
    onPod({ name, image, address, startedAt, isReady: ready === 'True' });
  });
  return watch;
}

async function askVersion(address: string): Promise<unknown> {
  const answer = await fetch(`http://${address}:3000/version`, { signal: AbortSignal.timeout(2_000) }).catch(
    () => undefined,
  );
  const said: unknown = answer?.ok === true ? await answer.json() : undefined;
  return typeof said === 'object' && said !== null && 'source' in said ? said.source : undefined;
}

/** Prints how long each stage takes, the median of the runs, and what they come to. */
export function printStages(runs: readonly Times[]): void {
  const lengths = STAGES.map((_stage, index) =>
    median(runs.map((times) => (times[index] ?? Number.NaN) - (index === 0 ? 0 : (times[index - 1] ?? Number.NaN)))),
  );
  for (const [index, stage] of STAGES.entries())
    console.log(`  ${((lengths[index] ?? Number.NaN) / 1000).toFixed(2).padStart(6)} s  ${stage}`);
  const sum = lengths.reduce((total, length) => total + length, 0);
  console.log(`  ${(sum / 1000).toFixed(2).padStart(6)} s  in all`);
}
