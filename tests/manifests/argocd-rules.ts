import { posix } from 'node:path';
import { z } from 'zod';
import { type Manifest, nameOf, readManifests, refuseUnknownKeys } from '#tests/manifests/objects.ts';

/** What the rules ask of an environment: where its overlay is and the namespace that it writes. */
export interface DeployedEnvironment {
  readonly name: string;
  readonly overlay: string;
  readonly namespace: string;
}

const destination = z.looseObject({
  server: z.string().optional(),
  name: z.string().optional(),
  namespace: z.string().optional(),
});
const project = z.looseObject({
  sourceRepos: z.array(z.string()).default([]),
  destinations: z.array(destination).default([]),
  clusterResourceWhitelist: z.array(z.looseObject({ group: z.string(), kind: z.string() })).default([]),
});
const application = z.looseObject({
  project: z.string(),
  source: z.looseObject({ repoURL: z.string(), path: z.string().optional() }).optional(),
  destination,
});
type Destination = z.output<typeof destination>;
type Project = z.output<typeof project> & { readonly name: string };

/** The cluster that Argo CD itself runs in. */
const SERVER = 'https://kubernetes.default.svc';
/** The keys that are read below and those that only narrow; `roles`, `sourceNamespaces` … widen. */
const PROJECT_KEYS = [
  'description',
  'sourceRepos',
  'destinations',
  'clusterResourceWhitelist',
  'clusterResourceBlacklist',
  'namespaceResourceBlacklist',
  'namespaceResourceWhitelist',
  'orphanedResources',
  'signatureKeys',
  'syncWindows',
];
const APPLICATION_KEYS = ['project', 'source', 'destination', 'syncPolicy', 'revisionHistoryLimit', 'info'];
/** Without `kustomize`, `helm`, `plugin` …: `kustomize.images` would run a digest that is not in the overlay. */
const SOURCE_KEYS = ['repoURL', 'targetRevision', 'path'];

/** Returns where argocd/ lets more into the cluster than the environments need, one sentence each. */
export function checkArgo(rendered: readonly unknown[], environments: readonly DeployedEnvironment[]): string[] {
  const objects = readManifests(rendered);
  const specOf = <T>(object: Manifest, shape: z.ZodType<T>): T => shape.parse(object['spec']);
  const projects = objects
    .filter(({ kind }) => kind === 'AppProject')
    .map((object) => ({ ...specOf(object, project), name: object.metadata.name }));
  return objects.flatMap((object) => {
    if (object.kind === 'AppProject') {
      const spec = specOf(object, project);
      return [
        ...refuseUnknownKeys(nameOf(object), spec, PROJECT_KEYS),
        ...checkProject(nameOf(object), spec, environments),
      ];
    }
    if (object.kind === 'Application') {
      const spec = specOf(object, application);
      return [
        ...refuseUnknownKeys(nameOf(object), spec, APPLICATION_KEYS),
        ...refuseUnknownKeys(`${nameOf(object)}'s source`, spec.source ?? {}, SOURCE_KEYS),
        ...checkApplication(nameOf(object), spec, projects, environments),
      ];
    }
    return [`${nameOf(object)} is neither an AppProject nor an Application: no rule reads it`];
  });
}

function checkProject(
  name: string,
  { sourceRepos, destinations, clusterResourceWhitelist }: z.output<typeof project>,
  environments: readonly DeployedEnvironment[],
): string[] {
  return [
    ...(sourceRepos.length === 1 ? [] : [`${name} has ${sourceRepos.length} sourceRepos: it needs one repository`]),
    ...sourceRepos
      .filter(isPattern)
      .map((repository) => `${name} takes manifests from ${repository}: name the repository`),
    ...destinations.flatMap((to) => checkDestination(name, to, environments)),
    ...environments
      .filter(({ namespace }) => !destinations.some((to) => to.namespace === namespace))
      .map((environment) => `${name} has no destination ${environment.namespace}, where ${environment.name} runs`),
    ...clusterResourceWhitelist
      .filter(({ group, kind }) => group !== '' || kind !== 'Namespace')
      .map(({ group, kind }) => `${name} may write ${kind} of the group "${group}" for the whole cluster`),
  ];
}

function checkDestination(name: string, to: Destination, environments: readonly DeployedEnvironment[]): string[] {
  return [
    ...(to.name === undefined ? [] : [`${name} has a destination by the cluster's name ${to.name}: write its server`]),
    ...(to.server === SERVER ? [] : [`${name} may deploy to the server ${to.server}: only ${SERVER} is ours`]),
    ...(environments.some(({ namespace }) => namespace === to.namespace)
      ? []
      : [`${name} may deploy to the namespace ${to.namespace}, where no environment runs`]),
  ];
}

function checkApplication(
  name: string,
  spec: z.output<typeof application>,
  projects: readonly Project[],
  environments: readonly DeployedEnvironment[],
): string[] {
  const own = projects.find((candidate) => candidate.name === spec.project);
  const path = posix.normalize(spec.source?.path ?? '.').replace(/\/$/, '');
  const environment = environments.find(({ overlay }) => overlay === path);
  const { server, namespace } = spec.destination;
  return [
    ...(own !== undefined && own.name !== 'default'
      ? []
      : [`${name} is in the project ${spec.project}: use the AppProject of argocd/`]),
    ...(own === undefined || own.sourceRepos.includes(spec.source?.repoURL ?? '')
      ? []
      : [`${name} takes manifests from ${spec.source?.repoURL}, which is not its project's repository`]),
    ...(environment === undefined
      ? [`${name} syncs ${path}, which is not an environment's overlay`]
      : checkDestination(name, spec.destination, [environment])),
    ...(own === undefined || own.destinations.some((to) => to.server === server && to.namespace === namespace)
      ? []
      : [`${name} deploys to ${namespace} on ${server}, which is not a destination of its project`]),
  ];
}

/** Argo CD matches these fields as globs, and `!` in front denies. */
function isPattern(text: string): boolean {
  return /[*?[\]{}!]/.test(text);
}
