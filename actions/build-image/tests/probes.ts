import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchGetImageCommand } from '@aws-sdk/client-ecr';
import { createEcrClient } from '#lab/aws/images.ts';
import type { BuildWorld } from './world.ts';

/** What the tests ask of the engine, the registry and ECR after a build. */
export type Probes = ReturnType<typeof openProbes>;

/** Returns the probes of a world. */
export function openProbes(world: BuildWorld) {
  const ecr = () => createEcrClient(world.aws.endpoint);
  const list = async (...args: string[]) =>
    (await world.docker.exec(args)).stdout.toString('utf8').split('\n').filter(Boolean);
  return {
    ecr,
    /** Containers, images and folders that a run must not leave; base and dependency images may stay. */
    leftovers: async (): Promise<string[]> => {
      const images = await list('image', 'ls', '--all', '--format', '{{.Repository}}:{{.Tag}}');
      return [
        ...(await list('ps', '--all', '--format', '{{.ID}} {{.Command}}')),
        ...images.filter((name) => !/\/lab\/base:|:deps-/.test(name)),
        ...readdirSync(world.lab.folder('temp')),
      ];
    },
    digestOf: async (repositoryName: string, imageTag: string) => {
      const { images = [] } = await ecr().send(new BatchGetImageCommand({ repositoryName, imageIds: [{ imageTag }] }));
      return images[0]?.imageId?.imageDigest;
    },
    layersOf: async (digest: string) => {
      const headers = { Accept: 'application/vnd.docker.distribution.manifest.v2+json' };
      const answer = await fetch(`http://${world.registry.host}/v2/discord-bot/manifests/${digest}`, { headers });
      const manifest = (await answer.json()) as { layers: { digest: string; size: number }[] }; // of our own making
      return manifest.layers;
    },
    /** Runs an image, or a command in it, pulled from the plain registry behind ECR. */
    runImage: async (repository: string, digest: string, command?: string, ...args: string[]): Promise<string> => {
      const reference = `${world.registry.host}/${repository}@${digest}`;
      const entrypoint = command === undefined ? [] : ['--entrypoint', command];
      try {
        const { stdout } = await world.docker.exec(['run', '--rm', ...entrypoint, reference, ...args]);
        return stdout.toString('utf8').trim();
      } finally {
        await world.docker.exec(['image', 'rm', reference], { accept: 'any' });
      }
    },
    /** Starts a build and kills it and all that it started, once the engine has a container in that state. */
    killBuildWhen: async (status: 'running' | 'paused'): Promise<void> => {
      const killed = world.build({ image: 'discord-bot' }, { KILL_ME: 'yes' }).catch(() => undefined);
      await untilContainer(world, status);
      for (const pid of processesWith('KILL_ME=yes')) process.kill(pid, 'SIGKILL');
      await killed;
    },
  };
}

async function untilContainer(world: BuildWorld, status: string): Promise<void> {
  for (let round = 0; round < 1_200; round++) {
    const { stdout } = await world.docker.exec(['ps', '--quiet', '--filter', `status=${status}`]);
    if (stdout.length > 0) return;
    await sleep(10);
  }
  throw new Error(`no container came to be ${status}`);
}

/** The action and all that it started, but not the engine: those have the variable in their environment. */
function processesWith(variable: string): number[] {
  const found = execFileSync('sh', ['-c', `grep -lzs '^${variable}$' /proc/[0-9]*/environ || true`], {
    encoding: 'utf8',
  });
  return [...found.matchAll(/\/proc\/(\d+)\//g)].map((match) => Number(match[1]));
}
