/** A line of a role: the API group, its resources and the verbs; a name where the right is to one object. */
type Rule = readonly [group: string, resources: string, verbs: string, name?: string];

/** The account of a chart, and what the chart's roles give it with our values. */
export interface PlatformAccount {
  /** File of argocd/platform, and the chart's name. */
  readonly chart: string;
  readonly version: string;
  /** The values by which the chart's templates were read. */
  readonly values: unknown;
  readonly namespace: string;
  readonly account: string;
  readonly everywhere: readonly Rule[];
  /** In these namespaces and in the account's own. */
  readonly in: readonly string[];
  readonly there: readonly Rule[];
  readonly own: readonly Rule[];
}

const READ = 'get list watch';
const GENERATORS =
  'acraccesstokens cloudsmithaccesstokens clustergenerators ecrauthorizationtokens fakes gcraccesstokens githubaccesstokens quayaccesstokens passwords sshkeys stssessiontokens uuids vaultdynamicsecrets webhooks grafanas mfas';

/** The lab cannot install charts: these are the rights that their templates write, and another version or value must be read again. */
export const PLATFORM_ACCOUNTS: readonly PlatformAccount[] = [
  {
    chart: 'external-secrets',
    version: '0.20.4',
    values: {
      ...{ processClusterStore: false, processClusterExternalSecret: false },
      ...{ processClusterPushSecret: false, processPushSecret: false },
      ...{ log: { level: 'warn' }, webhook: { create: false }, certController: { create: false } },
    },
    namespace: 'external-secrets',
    account: 'external-secrets',
    everywhere: [
      ['external-secrets.io', 'secretstores externalsecrets', READ],
      ['external-secrets.io', 'externalsecrets externalsecrets/status externalsecrets/finalizers', 'get update patch'],
      ['external-secrets.io', 'secretstores secretstores/status secretstores/finalizers', 'get update patch'],
      ['external-secrets.io', 'externalsecrets', 'create update delete'],
      ['generators.external-secrets.io', 'generatorstates', `${READ} create update patch delete deletecollection`],
      ['generators.external-secrets.io', GENERATORS, READ],
      ['', 'serviceaccounts namespaces configmaps', READ],
      ['', 'secrets', `${READ} create update delete patch`],
      ['', 'serviceaccounts/token', 'create'],
      ['', 'events', 'create patch'],
    ],
    in: [],
    there: [],
    own: [
      ['', 'configmaps', 'get update patch', 'external-secrets-controller'],
      ['', 'configmaps', 'create'],
      ['coordination.k8s.io', 'leases', 'get create update patch'],
    ],
  },
  {
    chart: 'reloader',
    version: '2.2.16',
    values: {
      reloader: {
        ...{ watchGlobally: false, namespaces: ['discord-bot', 'discord-bot-staging'], ignoreConfigMaps: true },
        ...{ reloadStrategy: 'env-vars', reloadOnCreate: true, syncAfterRestart: true },
      },
    },
    namespace: 'reloader',
    account: 'reloader-reloader',
    everywhere: [],
    in: ['discord-bot', 'discord-bot-staging'],
    there: [
      ['', 'secrets', READ],
      ['apps', 'deployments daemonsets statefulsets', 'list get update patch'],
      ['batch', 'cronjobs', 'list get'],
      ['batch', 'jobs', 'create delete list get'],
      ['', 'events', 'create patch'],
    ],
    own: [['', 'configmaps', `${READ} create update`]],
  },
];

/** Returns the roles, their bindings and the accounts' namespaces, as the charts would make them. */
export function describePlatformAccounts(): object[] {
  return PLATFORM_ACCOUNTS.flatMap(({ chart, namespace, account, everywhere, there, own, in: places }) => {
    const subjects = [{ kind: 'ServiceAccount', name: account, namespace }];
    const bind = (name: string, rules: readonly Rule[], place?: string): object[] => {
      const kind = place === undefined ? 'ClusterRole' : 'Role';
      const metadata = { name, ...(place === undefined ? {} : { namespace: place }) };
      const apiVersion = 'rbac.authorization.k8s.io/v1';
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name };
      return [
        { apiVersion, kind, metadata, rules: rules.map(describeRule) },
        { apiVersion, kind: `${kind}Binding`, metadata, roleRef, subjects },
      ];
    };
    return [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      ...(everywhere.length === 0 ? [] : bind(chart, everywhere)),
      ...places.flatMap((place) => bind(chart, there, place)),
      ...bind(chart, [...there, ...own], namespace),
    ];
  });
}

function describeRule([group, resources, verbs, name]: Rule): object {
  const rule = { apiGroups: [group], resources: resources.split(' '), verbs: verbs.split(' ') };
  return name === undefined ? rule : { ...rule, resourceNames: [name] };
}
