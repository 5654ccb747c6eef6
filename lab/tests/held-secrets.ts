import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Cluster } from '#lab/cluster/cluster.ts';
import { findCanaries, type Writing } from '#lab/tests/canaries.ts';

/** A secret that the cluster holds. */
export interface HeldSecret {
  /** Its namespace and what it is: `discord-bot: the AWS key of the cluster`. */
  readonly name: string;
  readonly value: string;
}

const login = z.object({ auths: z.record(z.string(), z.object({ password: z.string() })) });
const password = (text: string): string => Object.values(login.parse(JSON.parse(text)).auths)[0]?.password ?? '';
/** PEM has lines of 64 characters; one of the middle is in every form of it. */
const middle = (text: string): string => text.split('\n')[8] ?? '';
const same = (text: string): string => text;

/** What a person calls it, the Secret, its key, and the part of the value that occurs nowhere else. */
const KINDS: readonly (readonly [what: string, secret: string, key: string, part: (text: string) => string])[] = [
  ['the token of Discord', 'discord-bot-secrets', 'DISCORD_TOKEN', same],
  ['the key of LiteLLM', 'discord-bot-secrets', 'LITELLM_API_KEY', same],
  ['the AWS key of the bot', 'discord-bot-secrets', 'AWS_SECRET_ACCESS_KEY', same],
  ['the AWS key of the cluster', 'aws-cluster', 'AWS_SECRET_ACCESS_KEY', same],
  ["ECR's password", 'ecr-registry', '.dockerconfigjson', password],
  ["the App's private key", 'argocd-notifications-secret', 'github-private-key', middle],
  ["Argo CD's login at git", 'tenant-repository', 'password', same],
];

const secrets = z.object({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
      data: z.record(z.string(), z.string()).default({}),
    }),
  ),
});

/** Returns what the cluster's Secrets hold, of `kubectl get secrets -A -o json`. Refuses one without its value. */
export function listHeldSecrets(list: string): HeldSecret[] {
  return secrets.parse(JSON.parse(list)).items.flatMap(({ metadata, data }) =>
    KINDS.filter(([, name]) => name === metadata.name).map(([what, , key, part]) => {
      const value = part(Buffer.from(data[key] ?? '', 'base64').toString('utf8'));
      const name = `${metadata.namespace}: ${what}`;
      if (value.length < 20) throw new Error(`${name} has ${value.length} characters: has its form changed?`);
      return { name, value };
    }),
  );
}

/** Returns where each secret is written, by its name: `discord-bot: the AWS key of the cluster in the log of redis`. */
export function findHeld(held: readonly HeldSecret[], writings: readonly Writing[]): string[] {
  return held.flatMap(({ name, value }) =>
    findCanaries([value], writings).map((line) => line.replace(value, () => name)),
  );
}

const pods = z.object({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({
        uid: z.string(),
        name: z.string(),
        namespace: z.string(),
        labels: z.record(z.string(), z.string()).default({}),
      }),
    }),
  ),
});

/** Who runs on the node, and which secrets they were given. */
export interface Processes {
  /** Pods by `namespace/app`; each has processes. */
  readonly pods: readonly string[];
  /** Names of the secrets in the environment or the arguments of a process, by its pod, or by its program outside of pods. */
  readonly given: Readonly<Record<string, readonly string[]>>;
}

/** Looks at every process of the machine, which is the node. */
export async function readProcesses(
  { kubectl }: Pick<Cluster, 'kubectl'>,
  held: readonly HeldSecret[],
): Promise<Processes> {
  const { items } = pods.parse(JSON.parse(await kubectl(['get', 'pods', '-A', '-o', 'json'])));
  const placeOf = new Map(
    items.map(({ metadata: { uid, namespace, name, labels } }) => [
      uid,
      `${namespace}/${labels['app'] ?? labels['k8s-app'] ?? name}`,
    ]),
  );
  const seen = new Set<string>();
  const given = new Map<string, Set<string>>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const uid = /\/pod([0-9a-f-]{36})/.exec(read(pid, 'cgroup'))?.[1];
    const place = placeOf.get(uid ?? '') ?? `outside of pods: ${read(pid, 'comm').trim()}`;
    seen.add(place);
    const text = `${read(pid, 'environ')}\0${read(pid, 'cmdline')}`;
    for (const { name, value } of held)
      if (findCanaries([value], [{ where: '', text }]).length > 0)
        given.set(place, (given.get(place) ?? new Set()).add(name));
  }
  return {
    pods: [...new Set(placeOf.values())].filter((place) => seen.has(place)).sort(),
    given: Object.fromEntries([...given].map(([place, names]) => [place, [...names].sort()])),
  };
}

/** Empty where the process has ended. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(join('/proc', pid, file), 'utf8');
  } catch {
    return '';
  }
}

/** Returns the files that the kubelet mounts into pods. */
export function readVolumes(kubeletRoot: string): Writing[] {
  const folder = join(kubeletRoot, 'pods');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.includes('/volumes/') && statSync(join(folder, path), { throwIfNoEntry: false })?.isFile())
    .map((path) => ({ where: `the volume ${path}`, text: readFileSync(join(folder, path), 'utf8') }));
}
