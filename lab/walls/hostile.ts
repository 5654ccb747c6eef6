/** A manifest that someone got merged, and the words with which Argo CD refuses it. */
export interface Hostile {
  readonly name: string;
  readonly manifest: object;
  /** Instead of the tenant's own repository. */
  readonly repository?: string;
  readonly refusal: RegExp;
}

const metadata = (name: string) => ({ name });

/** Each is one step outside of what the project allows; {@link HARMLESS} is one inside. */
export const HOSTILE: readonly Hostile[] = [
  {
    name: 'cluster-role',
    manifest: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: metadata('hostile'),
      rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
    },
    refusal: /ClusterRole is not permitted in project discord-bot/,
  },
  {
    name: 'other-namespace',
    manifest: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...metadata('hostile'), namespace: 'kube-system' },
    },
    refusal: /namespace kube-system is not permitted in project 'discord-bot'/,
  },
  {
    name: 'other-repository',
    manifest: { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('hostile') },
    repository: 'https://github.com/stranger/tenant.git',
    refusal: /repo https:\/\/github.com\/stranger\/tenant.git is not permitted in project 'discord-bot'/,
  },
  {
    name: 'daemon-set',
    manifest: {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: metadata('hostile'),
      spec: {
        selector: { matchLabels: { app: 'hostile' } },
        template: {
          metadata: { labels: { app: 'hostile' } },
          spec: { containers: [{ name: 'root', image: 'root', securityContext: { privileged: true } }] },
        },
      },
    },
    refusal: /apps:DaemonSet is not permitted in project discord-bot/,
  },
];

/** Proves that it is the manifest that is refused, not the way it comes. */
export const HARMLESS = {
  name: 'harmless',
  manifest: { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('harmless') },
};

/** Returns the Application that would bring a manifest of `hostile/<name>` in. */
export function describeApplication(name: string, repoURL: string, namespace: string): object {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: `hostile-${name}`, namespace: 'argocd' },
    spec: {
      project: 'discord-bot',
      source: { repoURL, targetRevision: 'main', path: `hostile/${name}` },
      destination: { server: 'https://kubernetes.default.svc', namespace },
      syncPolicy: { automated: {} },
    },
  };
}
