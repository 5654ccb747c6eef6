import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readArgoObjects, readEnvironments } from '#lab/environments.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { addEnvironment } from '#lab/tests/third-environment.ts';
import { checkArgo } from '#tests/manifests/argocd-rules.ts';

const SERVER = 'https://kubernetes.default.svc';
const REPOSITORY = 'https://github.com/acme/shop.git';
const ELSEWHERE = 'https://github.com/stranger/shop.git';
const environments = [
  { name: 'staging', overlay: 'overlays/staging', namespace: 'shop-staging' },
  { name: 'production', overlay: 'overlays/production', namespace: 'shop' },
];

/** An argocd/ that breaks no rule, in parts that a row changes. */
const good = () => ({
  project: {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name: 'shop', namespace: 'argocd' },
    spec: {
      description: 'The shop.',
      sourceRepos: [REPOSITORY],
      destinations: environments.map(({ namespace }) => ({ server: SERVER, namespace })),
      clusterResourceWhitelist: [{ group: '', kind: 'Namespace' }],
    },
  },
  application: {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'production', namespace: 'argocd' },
    spec: {
      project: 'shop',
      source: { repoURL: REPOSITORY, targetRevision: 'main', path: 'overlays/production' },
      destination: { server: SERVER, namespace: 'shop' },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  },
});
type Argo = ReturnType<typeof good>;
type Row = [string, (argo: Argo) => void, string[]];

const project =
  (change: object) =>
  (argo: Argo): void =>
    void Object.assign(argo.project.spec, change);
const addDestination =
  (destination: object) =>
  ({ project: { spec } }: Argo): void =>
    void spec.destinations.push({ server: SERVER, namespace: 'shop', ...destination });
const application =
  (change: object) =>
  (argo: Argo): void =>
    void Object.assign(argo.application.spec, change);
const source =
  (change: object) =>
  (argo: Argo): void =>
    void Object.assign(argo.application.spec.source, change);
const destination =
  (change: object) =>
  (argo: Argo): void =>
    void Object.assign(argo.application.spec.destination, change);

const projects: Row[] = [
  ['as it is meant', () => {}, []],
  ...['*', 'https://github.com/acme/*', '!https://github.com/acme/other.git'].map(
    (repository): Row => [
      `sourceRepos ${repository}`,
      (argo) => {
        project({ sourceRepos: [repository] })(argo);
        source({ repoURL: repository })(argo);
      },
      [`AppProject shop takes manifests from ${repository}: name the repository`],
    ],
  ),
  [
    'a second repository',
    project({ sourceRepos: [REPOSITORY, ELSEWHERE] }),
    ['AppProject shop has 2 sourceRepos: it needs one repository'],
  ],
  ...['*', 'https://*', 'https://other.example'].map(
    (server): Row => [
      `the server ${server}`,
      addDestination({ server }),
      [`AppProject shop may deploy to the server ${server}: only ${SERVER} is ours`],
    ],
  ),
  ...['*', 'shop-*', 'kube-system', 'argocd'].map(
    (namespace): Row => [
      `the namespace ${namespace}`,
      addDestination({ namespace }),
      [`AppProject shop may deploy to the namespace ${namespace}, where no environment runs`],
    ],
  ),
  [
    'every cluster by its name',
    addDestination({ name: '*' }),
    ["AppProject shop has a destination by the cluster's name *: write its server"],
  ],
  [
    "an environment's namespace is missing",
    ({ project: { spec } }) => void spec.destinations.pop(),
    [
      'AppProject shop has no destination shop, where production runs',
      `Application production deploys to shop on ${SERVER}, which is not a destination of its project`,
    ],
  ],
  ...[
    { group: '*', kind: '*' },
    { group: '', kind: '*' },
    { group: 'rbac.authorization.k8s.io', kind: 'ClusterRoleBinding' },
    { group: 'x', kind: 'Namespace' },
  ].map(
    (written): Row => [
      `the cluster resource ${written.group}/${written.kind}`,
      project({ clusterResourceWhitelist: [written] }),
      [`AppProject shop may write ${written.kind} of the group "${written.group}" for the whole cluster`],
    ],
  ),
  ...['roles', 'sourceNamespaces', 'destinationServiceAccounts'].map(
    (key): Row => [
      key,
      project({ [key]: [] }),
      [`AppProject shop has ${key}, which no rule reads: remove it, or write its rule`],
    ],
  ),
];

const applications: Row[] = [
  ...['default', 'other'].map(
    (name): Row => [
      `the project ${name}`,
      application({ project: name }),
      [`Application production is in the project ${name}: use the AppProject of argocd/`],
    ],
  ),
  [
    'a project that is called default',
    (argo) => {
      argo.project.metadata.name = 'default';
      application({ project: 'default' })(argo);
    },
    ['Application production is in the project default: use the AppProject of argocd/'],
  ],
  [
    'a foreign repository',
    source({ repoURL: ELSEWHERE }),
    [`Application production takes manifests from ${ELSEWHERE}, which is not its project's repository`],
  ],
  [
    'several sources',
    application({ sources: [{ repoURL: ELSEWHERE }] }),
    ['Application production has sources, which no rule reads: remove it, or write its rule'],
  ],
  ...['kustomize', 'helm', 'plugin', 'directory', 'chart'].map(
    (key): Row => [
      `a source with ${key}`,
      source({ [key]: {} }),
      [`Application production's source has ${key}, which no rule reads: remove it, or write its rule`],
    ],
  ),
  [
    'no source',
    application({ source: undefined }),
    [
      "Application production takes manifests from undefined, which is not its project's repository",
      "Application production syncs ., which is not an environment's overlay",
    ],
  ],
  [
    "a path that is not an environment's",
    source({ path: 'overlays/production/../../base' }),
    ["Application production syncs base, which is not an environment's overlay"],
  ],
  ['a path with a slash behind it', source({ path: './overlays/production/' }), []],
  [
    "a neighbour's namespace",
    destination({ namespace: 'shop-staging' }),
    ['Application production may deploy to the namespace shop-staging, where no environment runs'],
  ],
  [
    'a namespace outside the project',
    destination({ namespace: 'kube-system' }),
    [
      'Application production may deploy to the namespace kube-system, where no environment runs',
      `Application production deploys to kube-system on ${SERVER}, which is not a destination of its project`,
    ],
  ],
  [
    'another cluster',
    destination({ server: 'https://other.example' }),
    [
      `Application production may deploy to the server https://other.example: only ${SERVER} is ours`,
      'Application production deploys to shop on https://other.example, which is not a destination of its project',
    ],
  ],
  [
    'a cluster by its name',
    destination({ name: 'other' }),
    ["Application production has a destination by the cluster's name other: write its server"],
  ],
  [
    'what makes Applications',
    ({ application: written }) => void Object.assign(written, { kind: 'ApplicationSet' }),
    ['ApplicationSet production is neither an AppProject nor an Application: no rule reads it'],
  ],
];

test.each([...projects, ...applications])('%s', (_name, change, expected) => {
  const argo = good();
  change(argo);
  expect(checkArgo(Object.values(argo), environments)).toEqual(expected);
});

describe('the environments are those of slipway.yaml', () => {
  let checkout: string;
  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'slipway-argocd-'));
    // all that slipway.yaml names, and the buttons that name its environments
    for (const part of ['.github', 'slipway.yaml', 'overlays', 'base', 'argocd', 'docker', 'app', 'terraform'])
      cpSync(join(repositoryRoot, part), join(checkout, part), {
        recursive: true,
        filter: (path) => !/\/(node_modules|\.terraform)$/.test(path),
      });
  });
  afterEach(() => rmSync(checkout, { recursive: true }));
  const check = () => checkArgo(readArgoObjects(checkout), [...readEnvironments(checkout).values()]);

  test('a third one is let in with its destination', () => {
    addEnvironment(checkout, 'preview', { deploys: 'by-hand' });
    expect(check()).toEqual([]);
  });

  test('and asked for without', () => {
    addEnvironment(checkout, 'preview', { deploys: 'by-hand', without: 'destination' });
    expect(check()).toEqual([
      'AppProject discord-bot has no destination discord-bot-preview, where preview runs',
      `Application preview deploys to discord-bot-preview on ${SERVER}, which is not a destination of its project`,
    ]);
  });

  test('a destination without its environment is refused', () => {
    addEnvironment(checkout, 'preview', { deploys: 'by-hand', without: 'slipway.yaml' });
    expect(check()).toEqual([
      'AppProject discord-bot may deploy to the namespace discord-bot-preview, where no environment runs',
      "Application preview syncs overlays/preview, which is not an environment's overlay",
    ]);
  });
});
