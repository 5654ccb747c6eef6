import type { Asked } from '#core/cluster/asked.ts';
import { findAdmissionCauses } from '#core/doctor/admission-causes.ts';
import { findApplicationCauses } from '#core/doctor/application-causes.ts';
import { CAUSES, type Case, type Cause, cite, command, named } from '#core/doctor/cause.ts';
import { type ClusterFacts, type Facts, or } from '#core/doctor/facts.ts';
import type { Application, Deployment } from '#core/doctor/kube.ts';
import { isUnready, listContainers } from '#core/doctor/pods.ts';
import { findProcessCauses } from '#core/doctor/process-causes.ts';
import { findPullCauses, isPulling } from '#core/doctor/pull-causes.ts';
import { findReadyCauses } from '#core/doctor/ready-causes.ts';
import { findReleaseCauses } from '#core/doctor/release-causes.ts';
import { findSettingCauses, lacksSettings } from '#core/doctor/setting-causes.ts';
import { digitsOf } from '#core/values/reference.ts';

/** What doctor knows of an environment. */
export interface Diagnosis {
  readonly environment: string;
  /** Roots before their consequences; empty where nothing is wrong. */
  readonly causes: readonly Cause[];
  /** What could not be asked, and what therefore is not known. */
  readonly open: readonly string[];
}

/** Returns why an environment does not run what it should, by the facts alone: each cause is proven by one of them. */
export function diagnose(facts: Facts): Diagnosis {
  const { environment, git, namespace, cluster, pulls, run } = facts;
  const ofGit = findReleaseCauses(environment, git, run);
  if ('unknown' in cluster)
    return { environment, causes: order(ofGit), open: [`the cluster: ${cluster.unknown}`, ...listOpen(facts)] };
  const theCase: Case = { environment, git, namespace, cluster: cluster.value };
  const found = [
    ...ofGit,
    ...findApplicationCauses(theCase),
    ...findAdmissionCauses(theCase),
    ...findPullCauses(theCase, pulls),
    ...findSettingCauses(theCase),
    ...findProcessCauses(theCase),
    ...findReadyCauses(theCase),
  ];
  const causes = order(found.length > 0 ? found : findUnapplied(theCase));
  return { environment, causes, open: [...listOpen(facts), ...listUnexplained(theCase, causes)] };
}

/** Puts roots first, and leaves out what another cause about the same thing explains. */
function order(found: readonly Cause[]): Cause[] {
  const rank = ({ code }: Cause): number => CAUSES.indexOf(code);
  const kept: Cause[] = [];
  for (const cause of found.toSorted((one, other) => rank(one) - rank(other))) {
    const isExplained = kept.some((root) => root.about.some((thing) => cause.about.includes(thing)));
    if (!isExplained) kept.push(cause);
  }
  return kept;
}

/** A sync window holds a sync back, which goes on by itself: another one helps nothing. */
function waitsForWindow({ status }: Application): boolean {
  return /sync window/i.test(status.operationState?.message ?? '');
}

/** Nothing failed, and a Deployment does not have the overlay's digest: Argo CD has not come that far. */
function findUnapplied(theCase: Case): Cause[] {
  const { git, cluster } = theCase;
  const own = or(cluster.application, null);
  const deployments = or(cluster.deployments, undefined);
  if (own === null || deployments === undefined || waitsForWindow(own)) return [];
  const images = deployments.flatMap(({ spec }) => spec.template.spec.containers.map(({ image }) => image));
  const absent = git.images.filter(
    ({ digest }) => digest !== null && !images.some((image) => image.endsWith(`@${digest}`)),
  );
  if (absent.length === 0) return [];
  const revision = own.status.sync?.revision?.slice(0, 7) ?? 'nothing';
  return [
    {
      code: 'not-synced',
      said: `Argo CD has not applied what ${git.overlay} says`,
      evidence: [
        ...absent.map(({ image, digest }) => `no Deployment has ${named(image)} ${digitsOf(digest ?? '')}`),
        `${git.branch} is at ${git.head.slice(0, 7)}, the Application compared with ${named(revision)}`,
      ],
      next: command(
        'kubectl',
        '-n',
        'argocd',
        'annotate',
        'application',
        own.metadata.name,
        'argocd.argoproj.io/refresh=normal',
        '--overwrite',
      ),
      about: ['application'],
    },
  ];
}

const PROVES: Readonly<Record<string, string>> = {
  application: 'whether Argo CD follows the overlay, and what it says',
  namespace: 'whether the namespace exists',
  deployments: 'whether the overlay was applied',
  replicaSets: 'whether pods are refused',
  pods: 'whether pods run',
  events: 'what the node said last',
  claims: 'whether volumes are bound',
  policies: 'whether a network policy blocks a pod',
  externalSecrets: 'whether Secrets are renewed',
  secretStores: 'how the parameters are called in full',
  secrets: 'which Secrets exist',
};

function listOpen({ cluster, git, run }: Facts): string[] {
  const ofCluster =
    'value' in cluster ? Object.entries(PROVES).flatMap(([kind, proves]) => describe(cluster.value, kind, proves)) : [];
  const builds = git.images.flatMap(({ image, waits }) =>
    waits.unknown === null ? [] : [`whether a newer ${named(image)} waits: ${waits.unknown}`],
  );
  const runs = run !== null && 'unknown' in run ? [`how the last run ended: ${run.unknown}`] : [];
  return [...ofCluster, ...builds, ...runs];
}

function describe(cluster: ClusterFacts, kind: string, proves: string): string[] {
  const answer = cluster[kind as keyof ClusterFacts] as Asked<unknown>; // PROVES names only such
  return 'unknown' in answer ? [`${proves}: ${answer.unknown}`] : [];
}

/** What is not as it should be, and whose cause no fact proves: said, not guessed. */
function listUnexplained(theCase: Case, causes: readonly Cause[]): string[] {
  const pods = listUnready(theCase, causes);
  // with a cause there is something to do, and the rest may follow from it
  return causes.length > 0 || pods.length > 0 ? pods : [...listShort(theCase), ...listApplication(theCase)];
}

/** Deployments that have fewer ready pods than they ask for, with the last warning about one of them; a rollout takes its time. */
function listShort({ cluster }: Case): string[] {
  const pods = new Set(or(cluster.pods, []).map((pod) => pod.metadata.name));
  return or(cluster.deployments, [])
    .filter(({ spec, status }) => status.readyReplicas < spec.replicas && !isRollingOut(status))
    .map(({ metadata, spec, status }) => {
      const warning = or(cluster.events, []).findLast(
        ({ type, involvedObject: { name } }) =>
          type === 'Warning' && name.startsWith(`${metadata.name}-`) && pods.has(name),
      );
      const words = warning === undefined ? '' : `: ${named(warning.reason)} ${cite(warning.message)}`;
      return `why ${metadata.name} has ${status.readyReplicas} of ${spec.replicas} pods ready${words}`;
    });
}

/** Kubernetes itself says that it gets on, until its deadline for that is over. */
function isRollingOut({ conditions }: Deployment['status']): boolean {
  return conditions.some(
    ({ type, status, reason }) => type === 'Progressing' && status === 'True' && reason !== 'NewReplicaSetAvailable',
  );
}

/** The Application, where it is not well; a sync that runs is given its time, unless a window holds it back. */
function listApplication({ cluster }: Case): string[] {
  const own = or(cluster.application, null);
  if (own === null) return [];
  const { sync, health, operationState } = own.status;
  const isSyncing = operationState?.phase === 'Running' && !waitsForWindow(own);
  const faults = [
    sync?.status === 'OutOfSync' && !isSyncing ? [sync.status] : [],
    ['Degraded', 'Missing', 'Unknown', 'Suspended'].includes(health?.status ?? '') ? [health?.status] : [],
  ].flat();
  if (faults.length === 0) return [];
  const message = operationState?.phase === 'Succeeded' ? '' : (operationState?.message ?? '');
  const words = message === '' ? '' : `: ${cite(message)}`;
  return [`why the Application ${own.metadata.name} is ${faults.join(' and ')}${words}`];
}

function listUnready(theCase: Case, causes: readonly Cause[]): string[] {
  return listContainers(theCase)
    .filter((one) => isUnready(one) || (causes.length === 0 && (isPulling(one) || lacksSettings(one))))
    .filter(({ pod }) => !causes.some(({ about }) => about.includes(`pod:${pod.metadata.name}`)))
    .map(({ pod, container }) => {
      const asked = theCase.cluster.ready.find((answer) => answer.pod === pod.metadata.name);
      const why = asked !== undefined && 'unknown' in asked.answer ? `: ${asked.answer.unknown}` : '';
      return `why ${container.name} of ${pod.metadata.name} is not ready${why}`;
    });
}
