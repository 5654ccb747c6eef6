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

/** Returns what roles allow too much and what bindings give away, one sentence each. */
export function checkAccess(objects: readonly Manifest[], namespace: string): string[] {
  return objects.flatMap((object) => {
    if (object.kind === 'Role' || object.kind === 'ClusterRole') return checkRole(object);
    if (object.kind === 'RoleBinding' || object.kind === 'ClusterRoleBinding')
      return checkBinding(object, objects, namespace);
    return [];
  });
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
      ...resources
        .filter((resource) => resource === 'secrets' || resource === 'serviceaccounts/token')
        .map((resource) => `${name} opens ${resource}`),
    ]),
  ];
}

/** A binding joins a Role and ServiceAccounts of its own overlay: the cluster's roles and groups are wider than that. */
function checkBinding(object: Manifest, objects: readonly Manifest[], namespace: string): string[] {
  const { roleRef, subjects } = binding.parse(object);
  const exists = (kind: string, name: string): boolean =>
    objects.some((candidate) => candidate.kind === kind && candidate.metadata.name === name);
  return [
    ...(roleRef.kind === 'Role' && exists('Role', roleRef.name)
      ? []
      : [`${nameOf(object)} binds ${roleRef.kind} ${roleRef.name}, which is not a Role of this overlay`]),
    ...subjects
      .filter((subject) => !(subject.kind === 'ServiceAccount' && exists('ServiceAccount', subject.name)))
      .map(
        ({ kind, name }) =>
          `${nameOf(object)} gives rights to ${kind} ${name}, which is not an account of this overlay`,
      ),
    ...subjects
      .filter((subject) => subject.kind === 'ServiceAccount' && subject.namespace !== namespace)
      .map(({ name, namespace: other }) => `${nameOf(object)} gives rights to ${name} of namespace ${other}`),
  ];
}
