/** What one might want of a cluster: read and write, get in, get up. */
const ORDINARY = [
  ...['pods', 'pods/log', 'services', 'endpoints', 'events', 'persistentvolumeclaims', 'apps:deployments'],
  ...['apps:replicasets', 'batch:cronjobs', 'networking.k8s.io:networkpolicies'],
].flatMap((resource) => ['list', 'get', 'delete', 'create'].map((verb) => [verb, resource] as const));
const FORBIDDEN = [
  ...['pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy', 'pods/ephemeralcontainers', 'nodes/proxy'],
  ...['services/proxy', 'serviceaccounts/token', 'secrets', 'configmaps', 'nodes', 'namespaces'],
].flatMap((resource) => ['get', 'create'].map((verb) => [verb, resource] as const));

/** Verb and resource, `group:resource` outside the core group, that are asked from inside the sandbox. */
export const PAIRS: readonly (readonly [verb: string, resource: string])[] = [
  ...ORDINARY,
  ...FORBIDDEN,
  ['update', 'pods/ephemeralcontainers'],
  ['patch', 'pods/ephemeralcontainers'],
  ['watch', 'pods'],
  ['patch', 'pods'],
  ['get', 'nodes/metrics'],
  ['impersonate', 'users'],
  ['escalate', 'rbac.authorization.k8s.io:roles'],
  ['bind', 'rbac.authorization.k8s.io:clusterroles'],
];
