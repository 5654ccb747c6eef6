import * as z from 'zod';
import { explain, type KubeApi } from '#core/cluster/api.ts';
import { Refusal } from '#core/values/errors.ts';

/** Something that the person must be allowed to do. */
export interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly subresource?: string;
}

const review = z.looseObject({ status: z.looseObject({ allowed: z.boolean() }) });

/** Returns which of the rights the person does not have, each once. */
async function findMissingRights(api: KubeApi, rights: readonly Right[]): Promise<Right[]> {
  const each = [...new Map(rights.map((right) => [JSON.stringify(right), right])).values()];
  const answers = await inTurn(each, 8, async (right) => {
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: right },
    };
    const answer = await api.call('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { body });
    const { data } = review.safeParse(answer.body);
    if (data === undefined) throw new Refusal(`the cluster does not say what you may do: ${explain(answer)}`);
    return data.status.allowed;
  });
  return each.filter((_right, at) => answers[at] === false);
}

/** Returns one line for each kind and place: `create and patch clusterroles.rbac.authorization.k8s.io`. */
export function describeRights(rights: readonly Right[]): string[] {
  const verbs = new Map<string, string[]>();
  for (const { verb, group, resource, namespace, subresource } of rights) {
    const what = `${resource}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`;
    const key = `${what}${namespace === undefined ? '' : ` in ${namespace}`}`;
    verbs.set(key, [...(verbs.get(key) ?? []), verb]);
  }
  return [...verbs].map(([what, list]) => `${joinWords(list)} ${what}`);
}

/** Refuses with each right that is missing. */
export async function requireRights(api: KubeApi, rights: readonly Right[], purpose: string): Promise<void> {
  const missing = describeRights(await findMissingRights(api, rights));
  if (missing.length === 0) return;
  throw new Refusal(
    [
      `${purpose} needs rights that you do not have on this cluster. Nothing was changed. You may not:`,
      ...missing.map((line) => `  ${line}`),
      'Use the context of an administrator (--context, --kubeconfig), or ask one for the role cluster-admin.',
    ].join('\n'),
  );
}

function joinWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** Returns what `work` gives for each item, at most `width` at a time. */
export async function inTurn<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += width)
    results.push(...(await Promise.all(items.slice(at, at + width).map(work))));
  return results;
}
