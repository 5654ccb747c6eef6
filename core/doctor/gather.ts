import type * as z from 'zod';
import type { Asked } from '#core/cluster/asked.ts';
import { findOwn } from '#core/doctor/application-causes.ts';
import {
  type ClusterFacts,
  type Facts,
  type GitFacts,
  or,
  type PullAnswer,
  type RunFacts,
} from '#core/doctor/facts.ts';
import * as kube from '#core/doctor/kube.ts';
import type { KubePort } from '#core/doctor/kubectl.ts';
import { containersOf, isCrashing, isMeant, isUnready } from '#core/doctor/pods.ts';
import { isPulling } from '#core/doctor/pull-causes.ts';
import { isAboutSilence } from '#core/doctor/ready-causes.ts';
import { isRenewed } from '#core/doctor/setting-causes.ts';
import type { Clock } from '#core/system/clock.ts';

/** Where facts come from, beside git. */
export interface FactPorts {
  /** The cluster, or why it cannot be asked. */
  readonly cluster: Omit<KubePort, 'close'>;
  /** Asks the registry, as the person who types, whether an image can be pulled. */
  readonly checkPull: (reference: string) => Promise<PullAnswer['fault']>;
  /** Asks GitHub for the newest run of the deploy workflow; null without a token. */
  readonly newestRun: (() => Promise<Asked<RunFacts | null>>) | null;
  readonly clock: Pick<Clock, 'sleep'>;
}

/** Gathers, once, everything that doctor judges by. What needs no question is not asked: a pod that runs was pulled. */
export async function gatherFacts(environment: string, git: GitFacts, ports: FactPorts): Promise<Facts> {
  const applications = await listAll(
    ports.cluster,
    '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications',
    kube.application,
  );
  const application: ClusterFacts['application'] =
    'unknown' in applications ? applications : { value: findOwn({ git, environment }, applications.value) ?? null };
  const namespace = git.namespace ?? or(application, null)?.spec.destination.namespace ?? environment;
  const cluster = isOutOfReach(application)
    ? { unknown: application.unknown }
    : { value: await gatherCluster(ports, namespace, application) };
  const isBuilt = git.images.some(({ waits }) => waits.digest !== null);
  return {
    environment,
    git,
    namespace,
    cluster,
    pulls: await gatherPulls(cluster, ports),
    run: isBuilt && ports.newestRun !== null ? await ports.newestRun() : null,
  };
}

/** A right that is missing is an answer of the cluster; anything else means that none comes. */
function isOutOfReach(answer: Asked<unknown>): answer is { readonly unknown: string } {
  return 'unknown' in answer && !/forbidden/.test(answer.unknown);
}

async function gatherCluster(
  ports: FactPorts,
  namespace: string,
  application: ClusterFacts['application'],
): Promise<ClusterFacts> {
  const { cluster: port } = ports;
  const core = `/api/v1/namespaces/${namespace}`;
  const of = (group: string, kind: string): string => `/apis/${group}/namespaces/${namespace}/${kind}`;
  const [own, deployments, replicaSets, pods, events, claims, policies, externalSecrets, secrets] = await Promise.all([
    getOne(port, core, kube.namespace),
    listAll(port, of('apps/v1', 'deployments'), kube.deployment),
    listAll(port, of('apps/v1', 'replicasets'), kube.replicaSet),
    listAll(port, `${core}/pods`, kube.pod),
    listAll(port, `${core}/events`, kube.event),
    listAll(port, `${core}/persistentvolumeclaims`, kube.claim),
    listAll(port, of('networking.k8s.io/v1', 'networkpolicies'), kube.policy),
    listAll(port, of('external-secrets.io/v1', 'externalsecrets'), kube.externalSecret),
    port.secretNames(namespace),
  ]);
  const containers = or(pods, []).filter(isMeant).flatMap(containersOf);
  const areAllReady = or(externalSecrets, []).every(isRenewed);
  const [secretStores, ready, lastLines] = await Promise.all([
    areAllReady ? { value: [] } : listAll(port, of('external-secrets.io/v1', 'secretstores'), kube.secretStore),
    Promise.all(
      containers.filter(isUnready).flatMap(({ pod, container }) => askReady(ports, namespace, pod, container)),
    ),
    Promise.all(
      containers.filter(isCrashing).map(async ({ pod, container }) => ({
        pod: pod.metadata.name,
        container: container.name,
        lines: await port.lastLines(namespace, pod.metadata.name, container.name),
      })),
    ),
  ]);
  return {
    application,
    namespace: own,
    deployments,
    replicaSets,
    pods,
    events,
    claims,
    policies,
    externalSecrets,
    secretStores,
    secrets,
    ready,
    lastLines,
  };
}

/** How often, and after how many milliseconds, a pod is asked again: its own answers stay fresh for two seconds. */
const SILENCE = { asked: 3, pauseMs: 2_500 } as const;

/** Asks what the kubelet asks, by the pod's own probe. Silence is believed only of a pod that says so each time. */
function askReady(
  { cluster, clock }: FactPorts,
  namespace: string,
  pod: kube.Pod,
  container: kube.Container,
): Promise<ClusterFacts['ready'][number]>[] {
  const probe = container.readinessProbe?.httpGet;
  if (probe === undefined) return [];
  const number =
    typeof probe.port === 'number'
      ? probe.port
      : container.ports.find(({ name }) => name === probe.port)?.containerPort;
  if (number === undefined) return [];
  const ask = async (count: number): Promise<ClusterFacts['ready'][number]> => {
    const answer = await cluster.ask(namespace, pod.metadata.name, number, probe.path);
    const said = { pod: pod.metadata.name, path: probe.path, answer };
    if (count >= SILENCE.asked || !isAboutSilence(said)) return said;
    await clock.sleep(SILENCE.pauseMs);
    return ask(count + 1);
  };
  return [ask(1)];
}

async function getOne<T extends z.ZodType>(
  port: FactPorts['cluster'],
  path: string,
  schema: T,
): Promise<Asked<z.output<T> | null>> {
  const answer = await port.get(path);
  if ('unknown' in answer || answer.value === null) return answer as Asked<null>; // neither has a value of its own
  return parse(schema, answer.value);
}

/** A kind that the cluster does not have is an empty list. */
async function listAll<T extends z.ZodType>(
  port: FactPorts['cluster'],
  path: string,
  item: T,
): Promise<Asked<readonly z.output<T>[]>> {
  const answer = await port.get(path);
  if ('unknown' in answer) return answer;
  if (answer.value === null) return { value: [] };
  const { items } = answer.value as { items?: unknown }; // checked below
  if (!Array.isArray(items)) return { unknown: `${path} is answered with something that is not a list` };
  const parsed = items.map((one) => parse(item, one));
  const fault = parsed.find((one) => 'unknown' in one);
  return fault ?? { value: parsed.flatMap((one) => ('value' in one ? [one.value] : [])) };
}

function parse<T extends z.ZodType>(schema: T, value: unknown): Asked<z.output<T>> {
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return { value: data as z.output<T> }; // there is no error
  const [issue] = error.issues;
  return {
    unknown: `an object of the cluster has another form than expected: ${issue?.path.join('.')}: ${issue?.message}`,
  };
}

async function gatherPulls(cluster: Asked<ClusterFacts>, ports: FactPorts): Promise<PullAnswer[]> {
  const pods = 'value' in cluster ? or(cluster.value.pods, []) : [];
  const pulling = pods.filter(isMeant).flatMap(containersOf).filter(isPulling);
  const references = [...new Set(pulling.map(({ container }) => container.image))];
  return Promise.all(references.map(async (reference) => ({ reference, fault: await ports.checkPull(reference) })));
}
