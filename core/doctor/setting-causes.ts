import { type Case, type Cause, cite, command, named } from '#core/doctor/cause.ts';
import { or } from '#core/doctor/facts.ts';
import type { ExternalSecret, SecretStore } from '#core/doctor/kube.ts';
import { listContainers, type PodContainer } from '#core/doctor/pods.ts';

/** Returns why containers lack what their environment refers to, and which Secrets are no longer renewed. */
export function findSettingCauses(theCase: Case): readonly Cause[] {
  const failing = or(theCase.cluster.externalSecrets, []).flatMap((one) => explainExternal(theCase, one));
  const missing = listContainers(theCase)
    .filter((one) => lacksSettings(one) && !LATER.test(messageOf(one)))
    .map((one) => explainMissing(theCase, one));
  return [...failing, ...missing];
}

/** True for a container that is not made because its settings cannot be had. */
export function lacksSettings({ status }: Pick<PodContainer, 'status'>): boolean {
  return status.state.waiting?.reason === 'CreateContainerConfigError';
}

function messageOf({ status }: Pick<PodContainer, 'status'>): string {
  return status.state.waiting?.message ?? '';
}

/** A busy kubelet's own words: it has not got the Secret yet, which says nothing of whether there is one. */
const LATER = /failed to sync (secret|configmap) cache: timed out/;

/** False where External Secrets says that it could not write the Secret. */
export function isRenewed({ status }: ExternalSecret): boolean {
  return status.conditions.every(({ type, status: word }) => type !== 'Ready' || word === 'True');
}

function explainExternal({ namespace, cluster }: Case, one: ExternalSecret): Cause[] {
  if (isRenewed(one)) return [];
  const { metadata, spec, status } = one;
  const ready = status.conditions.find(({ type }) => type === 'Ready');
  const target = spec.target?.name ?? metadata.name;
  const events = or(cluster.events, []).filter(
    ({ type, involvedObject }) =>
      type === 'Warning' && involvedObject.kind === 'ExternalSecret' && involvedObject.name === metadata.name,
  );
  const words = [ready?.message ?? '', ...events.map(({ message }) => message)].filter((text) => text !== '');
  const detail = words.find((text) =>
    /ParameterNotFound|AccessDenied|not authorized|UnrecognizedClient|could not/i.test(text),
  );
  const place = findPlace(one, or(cluster.secretStores, []));
  const key = findKey(words);
  const parameter = place === undefined || key === undefined ? undefined : `${place.prefix}${key}`;
  return [
    {
      code: 'external-secret-failing',
      said:
        parameter === undefined
          ? `the Secret ${target} is not written: External Secrets cannot read its source`
          : `the parameter ${named(parameter)} is missing, so the Secret ${target} is not written`,
      evidence: [...new Set([words[0], detail, words.at(-1)])].flatMap((text) =>
        text === undefined ? [] : [`ExternalSecret ${metadata.name}: ${cite(text)}`],
      ),
      next:
        parameter === undefined
          ? command('kubectl', '-n', namespace, 'describe', 'externalsecret', metadata.name)
          : command(
              ...['aws', 'ssm', 'get-parameters', '--names', parameter],
              ...(place?.region === undefined ? [] : ['--region', place.region]),
              ...['--query', 'InvalidParameters'],
            ),
      about: [`secret:${target}`],
    },
  ];
}

/** Where an ExternalSecret reads; undefined where its store is of the cluster, or not known. */
function findPlace({ spec: { secretStoreRef } }: ExternalSecret, stores: readonly SecretStore[]) {
  if (secretStoreRef?.kind === 'ClusterSecretStore') return undefined;
  return stores.find(({ metadata }) => metadata.name === secretStoreRef?.name)?.spec.provider.aws;
}

/** The key that AWS does not have, as External Secrets names it in its events: without the prefix of the store. */
function findKey(words: readonly string[]): string | undefined {
  const text = words.find((one) => /ParameterNotFound|Secret does not exist/i.test(one));
  return text === undefined ? undefined : /\(?key: "?([\w./-]+)/.exec(text)?.[1];
}

function explainMissing({ namespace }: Case, { pod, container, status }: PodContainer): Cause {
  const message = messageOf({ status });
  const evidence = [`pod ${pod.metadata.name}: ${cite(message)}`];
  const about = (name: string): string[] => [`pod:${pod.metadata.name}`, `secret:${name}`];
  const [, key, holder] = /couldn't find key (\S+) in (?:Secret|ConfigMap) \S+\/(\S+)/.exec(message) ?? [];
  if (key !== undefined && holder !== undefined) {
    return {
      code: 'secret-key-missing',
      said: `${named(holder)} has no key ${named(key)}, which ${container.name} needs`,
      evidence,
      next: command(
        'kubectl',
        '-n',
        namespace,
        'describe',
        message.includes('ConfigMap') ? 'configmap' : 'secret',
        holder,
      ),
      about: about(holder),
    };
  }
  const [, kind, name] = /(secret|configmap) "([^"]+)" not found/i.exec(message) ?? [];
  if (kind !== undefined && name !== undefined) {
    return {
      code: 'secret-missing',
      said: `the ${kind === 'secret' ? 'Secret' : 'ConfigMap'} ${named(name)} does not exist in ${namespace}`,
      evidence,
      next: command('kubectl', '-n', namespace, 'get', `${kind}s`),
      about: about(name),
    };
  }
  return {
    code: 'settings-missing',
    said: `${container.name} cannot be given its settings`,
    evidence,
    next: command('kubectl', '-n', namespace, 'describe', 'pod', pod.metadata.name),
    about: [`pod:${pod.metadata.name}`],
  };
}
