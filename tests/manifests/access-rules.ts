import { z } from 'zod';
import { type Manifest, nameOf } from '#tests/manifests/objects.ts';

const texts = z.array(z.string()).default([]);
const role = z.looseObject({
  aggregationRule: z.unknown().optional(),
  rules: z
    .array(z.looseObject({ apiGroups: texts, resources: texts, nonResourceURLs: texts, verbs: texts }))
    .nullish()
    .transform((rules) => rules ?? []),
});
const binding = z.looseObject({
  roleRef: z.looseObject({ kind: z.string(), name: z.string() }),
  subjects: z
    .array(z.looseObject({ kind: z.string(), name: z.string(), namespace: z.string().optional() }))
    .default([]),
});

/** Subresources by which one gets into a running container. */
const WAYS_IN = /^(pods\/(exec|attach|portforward|proxy|ephemeralcontainers)|(nodes|services)\/proxy)$/;
/** Verbs by which one gets rights that one does not have: https://kubernetes.io/docs/concepts/security/rbac-good-practices/ */
const WAYS_UP = ['escalate', 'bind', 'impersonate'];

/** All that a sandbox may do with what it sees. */
const READS = ['get', 'list', 'watch'];

/** Where a sandbox runs: its overlay's namespace, and the accounts that the overlay has. */
export interface AccountsOf {
  readonly namespace: string;
  readonly accounts: readonly string[];
}

/**
 * Returns what the roles of argocd/platform allow too much and what its bindings give away, one sentence each. A
 * ClusterRole is bound in a namespace, never for the whole cluster.
 */
export function checkAccess(objects: readonly Manifest[], environments: readonly AccountsOf[]): string[] {
  return objects.flatMap((object) => {
    if (object.kind === 'Role' || object.kind === 'ClusterRole') return checkRole(object);
    if (object.kind === 'RoleBinding') return checkBinding(object, objects, environments);
    if (object.kind === 'ClusterRoleBinding')
      return [`${nameOf(object)} gives rights in the whole cluster: bind in a namespace`];
    return [];
  });
}

/** Returns the rights that an overlay writes, one sentence each: they are the cluster's, and the AppProject refuses them. */
export function refuseRights(objects: readonly Manifest[]): string[] {
  return objects
    .filter(({ apiVersion }) => apiVersion.startsWith('rbac.authorization.k8s.io/'))
    .map((object) => `${nameOf(object)} gives rights: move it to argocd/platform/access.yaml`);
}

function checkRole(object: Manifest): string[] {
  const { rules, aggregationRule } = role.parse(object);
  const name = nameOf(object);
  return [
    ...(aggregationRule === undefined ? [] : [`${name} aggregates other roles: write its rules out`]),
    ...rules.flatMap(({ apiGroups, resources, nonResourceURLs, verbs }) => [
      ...Object.entries({ apiGroups, resources, nonResourceURLs, verbs }).flatMap(([field, values]) =>
        values
          .filter((value) => value.includes('*'))
          .map((value) => `${name} has ${value} in ${field}: write them out`),
      ),
      ...resources.filter((resource) => WAYS_IN.test(resource)).map((way) => `${name} lets into pods by ${way}`),
      ...verbs.filter((verb) => WAYS_UP.includes(verb)).map((verb) => `${name} lets its holder take rights by ${verb}`),
      ...verbs
        .filter((verb) => ![...READS, ...WAYS_UP, '*'].includes(verb))
        .map((verb) => `${name} has the verb ${verb}: it may only read`),
      ...resources
        .filter((resource) => resource === 'secrets' || resource === 'serviceaccounts/token')
        .map((resource) => `${name} opens ${resource}`),
    ]),
  ];
}

/** A binding joins a role of this folder and accounts of its own namespace: the cluster's roles and groups are wider. */
function checkBinding(object: Manifest, objects: readonly Manifest[], environments: readonly AccountsOf[]): string[] {
  const { roleRef, subjects } = binding.parse(object);
  const own = environments.find(({ namespace }) => namespace === object.metadata.namespace);
  const isOurs = objects.some(({ kind, metadata }) => kind === roleRef.kind && metadata.name === roleRef.name);
  return [
    ...(own === undefined ? [`${nameOf(object)} is in ${object.metadata.namespace}, where no environment runs`] : []),
    ...(isOurs ? [] : [`${nameOf(object)} binds ${roleRef.kind} ${roleRef.name}, which is not a role of this folder`]),
    ...subjects
      .filter(({ kind, name }) => kind !== 'ServiceAccount' || own?.accounts.includes(name) === false)
      .map(
        ({ kind, name }) => `${nameOf(object)} gives rights to ${kind} ${name}, which is not an account of its overlay`,
      ),
    ...subjects
      .filter(({ kind, namespace }) => kind === 'ServiceAccount' && namespace !== object.metadata.namespace)
      .map(({ name, namespace }) => `${nameOf(object)} gives rights to ${name} of namespace ${namespace}`),
  ];
}
