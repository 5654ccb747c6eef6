import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Delivery } from '#lab/cluster/delivery.ts';
import { findEnvironment } from '#lab/environments.ts';
import { readLogs, readRedis, type Writing } from '#lab/tests/canaries.ts';
import type { World } from '#lab/world.ts';

/** Everything that a person, an account that reads, or Argo CD could show. */
export async function readEverything(world: World, { cluster, argocd }: Delivery): Promise<Writing[]> {
  const kubectl = (...args: string[]): Promise<string> => cluster.kubectl(args);
  const kinds =
    'pods,deployments,replicasets,events,configmaps,externalsecrets,secretstores,ecrauthorizationtokens,applications,services,endpoints';
  const read = async (where: string, ...args: string[]) => ({ where, text: await kubectl(...args) });
  const pods = (
    await kubectl(
      'get',
      'pods',
      '-A',
      '-o',
      'jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name}{"\\n"}{end}',
    )
  )
    .trim()
    .split('\n')
    .map((line) => line.split(' ') as [string, string]);
  const logs = await Promise.all(
    pods.map(async ([of, name]) => ({
      where: `the log of ${name}`,
      text: await kubectl('logs', '-n', of, name, '--all-containers').catch(() => ''), // a pod that never started has none
    })),
  );
  const redis = /--port (\d+)/.exec(readFileSync(join(world.lab.logs, 'redis.log'), 'utf8'))?.[1];
  return [
    ...(await Promise.all([
      read('kubectl get', 'get', kinds, '-A', '-o', 'yaml', '--show-managed-fields'),
      read('kubectl describe', 'describe', kinds, '-A'),
      read('kubectl describe secrets', 'describe', 'secrets', '-A'),
    ])),
    ...logs,
    ...readLogs(world.lab.logs),
    ...(await readRedis(Number(redis))),
    ...(await readArgoPages(world, argocd.url)),
  ];
}

/** What Argo CD's pages ask its API for, the secret itself among it. */
function readArgoPages({ environments }: Pick<World, 'environments'>, url: string): Promise<Writing[]> {
  const secretOf = (of: string) =>
    `resource?namespace=${of}&resourceName=discord-bot-secrets&kind=Secret&version=v1&group=`;
  const paths = ['staging', 'production'].flatMap((name) => {
    const of = findEnvironment(environments, name).namespace;
    return ['', '/resource-tree', '/managed-resources', '/events', '/manifests', `/${secretOf(of)}`].map(
      (page) => `/api/v1/applications/${name}${page}`,
    );
  });
  return Promise.all(paths.map(async (path) => ({ where: path, text: await (await fetch(`${url}${path}`)).text() })));
}
