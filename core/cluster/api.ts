import * as z from 'zod';
import type { KubeObject } from '#core/cluster/objects.ts';

/** What the API server answered. */
export interface KubeAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** The API server, as the person's kubectl reaches it. */
export interface KubeApi {
  call(method: string, path: string, options?: { body?: unknown; type?: string; accept?: string }): Promise<KubeAnswer>;
  /** Runs kubectl itself for what only it can do; returns what it prints. */
  kubectl(words: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

const failure = z.looseObject({ kind: z.literal('Status'), message: z.string() });

/** Returns the API server's words for a refusal, on one line. */
export function explain({ status, body }: KubeAnswer): string {
  const { data } = failure.safeParse(body);
  const text = data?.message ?? `HTTP ${status}${typeof body === 'string' ? `: ${body}` : ''}`;
  return text
    .replace(/[\s\p{C}]+/gu, ' ')
    .trim()
    .slice(0, 500);
}

/** A kind, as the API server serves it. */
export interface Resource {
  /** `/api/v1` or `/apis/apps/v1`. */
  readonly base: string;
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
  readonly verbs: readonly string[];
}

const resourceList = z.looseObject({
  resources: z.array(
    z.looseObject({
      name: z.string(),
      kind: z.string(),
      namespaced: z.boolean(),
      verbs: z.array(z.string()).default([]),
    }),
  ),
});

/** Returns the kinds of a version of a group; none where the API server does not serve it. */
export async function listResources(api: KubeApi, apiVersion: string): Promise<Resource[]> {
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const answer = await api.call('GET', base);
  const { data } = resourceList.safeParse(answer.body);
  if (answer.status !== 200 || data === undefined) return [];
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  return data.resources
    .filter(({ name }) => !name.includes('/'))
    .map(({ name, kind, namespaced, verbs }) => ({ base, group, plural: name, kind, isNamespaced: namespaced, verbs }));
}

const groupList = z.looseObject({
  groups: z.array(z.looseObject({ preferredVersion: z.looseObject({ groupVersion: z.string() }) })),
});

/** Returns every kind that can be listed and deleted, by the preferred version of its group. */
export async function listAllResources(api: KubeApi): Promise<Resource[]> {
  const { body } = await api.call('GET', '/apis');
  const groups = groupList.parse(body).groups.map(({ preferredVersion }) => preferredVersion.groupVersion);
  const all = await Promise.all(['v1', ...groups].map((version) => listResources(api, version)));
  return all.flat().filter(({ verbs }) => ['list', 'delete'].every((verb) => verbs.includes(verb)));
}

/** Returns the path of an object. */
export function pathOf(
  { base, plural, isNamespaced }: Resource,
  { metadata: { name, namespace } }: KubeObject,
): string {
  return `${base}${isNamespaced ? `/namespaces/${namespace ?? 'default'}` : ''}/${plural}/${encodeURIComponent(name)}`;
}
