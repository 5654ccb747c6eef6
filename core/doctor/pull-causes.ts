import { type Case, type Cause, cite, command, named, slipway } from '#core/doctor/cause.ts';
import { or, type PullAnswer } from '#core/doctor/facts.ts';
import type { KubeEvent } from '#core/doctor/kube.ts';
import { listContainers, type PodContainer } from '#core/doctor/pods.ts';
import { digitsOf } from '#core/values/reference.ts';

const WAITING = ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'RegistryUnavailable'];

/** True for a container whose image does not come. */
export function isPulling({ status }: Pick<PodContainer, 'status'>): boolean {
  return WAITING.includes(status.state.waiting?.reason ?? '');
}

/**
 * The words of containerd, CRI-O and of registries, from the narrowest: a manifest of another platform is also "not
 * found", and a registry that refuses a login may speak of anything.
 */
const KINDS = [
  ['platform', /no match for platform|exec format error|no matching manifest/i],
  [
    'denied',
    /\b(401|403)\b|unauthorized|no basic auth credentials|authorization failed|authorization token|access denied|\bdenied\b/i,
  ],
  [
    'unreachable',
    /connection refused|no such host|i\/o timeout|TLS handshake|context deadline|connection reset|network is unreachable|no route to host|x509|\b(429|50[0234])\b|toomanyrequests|unexpected EOF/i,
  ],
  ['missing', /not found|manifest unknown|MANIFEST_UNKNOWN|NAME_UNKNOWN/i],
] as const;

/** Returns why images are not pulled, one cause for each image. */
export function findPullCauses(theCase: Case, answers: readonly PullAnswer[]): readonly Cause[] {
  const seen = new Set<string>();
  return listContainers(theCase)
    .filter(isPulling)
    .flatMap((one) => {
      const key = one.container.image;
      if (seen.has(key)) return [];
      seen.add(key);
      const answer = answers.find(({ reference }) => reference === key);
      return explain(theCase, one, answer) ?? [];
    });
}

/** Returns nothing while the last try proves nothing. */
function explain(theCase: Case, one: PodContainer, answer: PullAnswer | undefined): Cause | undefined {
  const { pod, container, status } = one;
  const message = readMessage(theCase, one);
  const asked = answer === undefined ? undefined : or(answer.fault, undefined);
  const said = asked?.said === undefined ? [] : [`the registry, asked from here: ${cite(asked.said)}`];
  const evidence = [`pod ${pod.metadata.name}, ${status.state.waiting?.reason}: ${cite(message)}`, ...said];
  const kind = classify(message);
  const about = [`pod:${pod.metadata.name}`, `image:${container.image.split('@')[1] ?? container.image}`];
  const short = shortImage(container.image);
  if (kind === 'platform')
    return {
      code: 'wrong-platform',
      said: `${short} is built for another platform than the node's`,
      evidence,
      next: goBack(theCase, container.image),
      about,
    };
  if (kind === 'denied') return explainDenial(theCase, one, evidence, about);
  if (kind === 'unreachable') return explainUnreachable(theCase, container.image, evidence, about, asked);
  if (kind === 'missing')
    return {
      code: 'image-missing',
      said: `the registry does not have ${short}`,
      evidence,
      next: goBack(theCase, container.image),
      about,
    };
  return {
    code: 'pull-fails',
    said: `${short} cannot be pulled`,
    evidence,
    next: command('kubectl', '-n', theCase.namespace, 'describe', 'pod', pod.metadata.name),
    about,
  };
}

/** Names of images are left out: one may have any word in it. */
function classify(message: string): (typeof KINDS)[number][0] | undefined {
  const words = message.replace(/"[^"]*"/g, '').replace(/\S+@sha256:[0-9a-f]+|sha256:[0-9a-f]{64}/g, '');
  return KINDS.find(([, pattern]) => pattern.test(words))?.[0];
}

/** The state says it while the kubelet tries, and in newer kubelets while it waits; else the event does. */
function readMessage({ cluster }: Case, { pod, status }: PodContainer): string {
  const own = status.state.waiting?.message ?? '';
  if (classify(own) !== undefined) return own;
  const events = or(cluster.events, []).filter(
    ({ reason, message, involvedObject }) =>
      involvedObject.name === pod.metadata.name && reason === 'Failed' && /pull/i.test(message),
  );
  return events.find(({ message }) => classify(message) !== undefined)?.message ?? own;
}

/** The kubelet could not read a pull secret, and tries without it. */
const UNREAD = 'FailedToRetrieveImagePullSecret';
/** Milliseconds in which a try ends. The kubelet begins the next one ten seconds later. */
const TRY_MS = 8_000;

/**
 * True where a try with the login was denied. A busy kubelet has a Secret that exists only a moment later, says so, and tries
 * without it; before it says anything, nothing is known of a try.
 */
function wasLoginTried(events: readonly KubeEvent[]): boolean {
  const denied = events.filter(({ reason, message }) => reason === 'Failed' && classify(message) === 'denied');
  const unread = events.filter(({ reason }) => reason === UNREAD);
  if (denied.length === 0 || unread.length === 0) return denied.length > 0 || events.length === 0; // none: long ago
  const last = (of: readonly KubeEvent[]): number =>
    Math.max(...of.map(({ lastTimestamp }) => Date.parse(lastTimestamp ?? '')));
  return last(denied) - last(unread) > TRY_MS;
}

function explainDenial(
  theCase: Case,
  { pod, container }: PodContainer,
  evidence: readonly string[],
  about: readonly string[],
): Cause | undefined {
  const { namespace, cluster } = theCase;
  const wanted = pod.spec.imagePullSecrets.flatMap(({ name }) => name ?? []);
  const known = or(cluster.secrets, undefined);
  const events = or(cluster.events, []).filter(({ involvedObject }) => involvedObject.name === pod.metadata.name);
  const event = events.find(({ reason }) => reason === UNREAD);
  const isAbsent = (name: string): boolean =>
    known === undefined ? event?.message.includes(name) === true : !known.includes(name);
  const absent = wanted.filter(isAbsent);
  const host = named(container.image.split('/')[0] ?? '');
  const [name] = absent.length > 0 ? absent : wanted;
  const writer = or(cluster.externalSecrets, []).find(
    ({ metadata, spec }) => (spec.target?.name ?? metadata.name) === name,
  );
  const look = ['get', 'secrets', '--field-selector', 'type=kubernetes.io/dockerconfigjson'];
  const next =
    writer === undefined
      ? command('kubectl', '-n', namespace, ...look)
      : `${command('kubectl', '-n', namespace, 'annotate', 'externalsecret', writer.metadata.name)} force-sync="$(date +%s)" --overwrite`;
  if (absent.length > 0) {
    const said = `the pull secret ${absent.join(', ')} does not exist in ${namespace}`;
    return {
      code: 'pull-secret-missing',
      said,
      evidence,
      next,
      about: [...about, ...absent.map((one) => `secret:${one}`)],
    };
  }
  if ('value' in cluster.events && !wasLoginTried(events)) return undefined;
  const said =
    wanted.length === 0
      ? `${host} asks for a login, and the pod has no pull secret`
      : `${host} refuses the login of ${wanted.join(', ')}: it is wrong or expired`;
  return { code: 'pull-denied', said, evidence, next, about: [...about, ...wanted.map((one) => `secret:${one}`)] };
}

function explainUnreachable(
  theCase: Case,
  image: string,
  evidence: readonly string[],
  about: readonly string[],
  asked: { readonly said: string } | null | undefined,
): Cause {
  const host = named(image.split('/')[0] ?? '');
  return {
    code: 'registry-unreachable',
    said: `the node gets no image from ${host}: it does not answer, or answers with an error of its own`,
    evidence:
      asked === null ? [...evidence, 'from here the registry answers: it is between the node and it'] : evidence,
    next: command('kubectl', '-n', theCase.namespace, 'get', 'events', '--field-selector', 'reason=Failed'),
    about,
  };
}

/** Back to the release before, where git knows one; else who wrote this digest. */
function goBack({ environment, git }: Case, reference: string): string {
  const digest = reference.split('@')[1];
  const image = git.images.find((candidate) => candidate.digest === digest);
  if (image?.release?.to === digest && image?.release?.hasPrevious === true)
    return slipway(
      'rollback',
      environment,
      '--image',
      image.image,
      '--steps',
      '1',
      '--reason',
      'its image cannot be pulled',
    );
  return command('git', 'log', '-p', '-1', `origin/${git.branch}`, '--', `${git.overlay}/kustomization.yaml`);
}

function shortImage(image: string): string {
  const [name = '', digest] = image.split('@');
  return named(digest === undefined ? name : `${name.replace(/^.*\//, '')} ${digitsOf(digest)}`);
}
