import * as z from 'zod';
import { type Case, type Cause, type CauseCode, cite, command, named } from '#core/doctor/cause.ts';
import { or, type ReadyAnswer } from '#core/doctor/facts.ts';
import type { Pod, Policy } from '#core/doctor/kube.ts';
import { isUnready, listContainers } from '#core/doctor/pods.ts';

const body = z.object({
  checks: z.array(z.object({ name: z.string(), status: z.string(), reason: z.string().default('') })),
});

/** A dependency that fails, in the words of the bot's /ready. */
interface Failing {
  readonly name: string;
  readonly reason: string;
}

/** Returns why pods that run get no traffic: which dependency fails, and how. */
export function findReadyCauses(theCase: Case): readonly Cause[] {
  return listContainers(theCase)
    .filter(isUnready)
    .flatMap(({ pod, container }) => {
      const asked = theCase.cluster.ready.find((answer) => answer.pod === pod.metadata.name);
      const probe = container.readinessProbe?.httpGet;
      if (asked === undefined || probe === undefined) return [];
      return explain(theCase, pod, asked);
    });
}

function explain(theCase: Case, pod: Pod, { path, answer }: ReadyAnswer): Cause[] {
  const logs = command('kubectl', '-n', theCase.namespace, 'logs', pod.metadata.name, '--tail=20');
  const about = [`pod:${pod.metadata.name}`];
  if ('unknown' in answer) return [];
  const { status, body: text } = answer.value;
  const failing = readFailing(text);
  if (failing.length > 0) return groupByKind(failing).map((group) => explainDependency(theCase, pod, group, logs));
  if (status < 400) return []; // by now it is ready
  return [
    {
      code: 'probe-fails',
      said: `${pod.metadata.name} answers ${status} to its readiness probe ${named(path)}`,
      evidence: [`it says ${cite(text)}`],
      next: logs,
      about,
    },
  ];
}

function readFailing(text: string): Failing[] {
  try {
    const parsed = body.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.checks.filter(({ status }) => status === 'failing') : [];
  } catch {
    return [];
  }
}

const KINDS: readonly (readonly [CauseCode, RegExp])[] = [
  ['dependency-credentials', /credentials are missing or wrong/],
  ['dependency-denied', /lacks \w+:\w+|AccessDenied/],
  ['dependency-missing', /does not exist/],
];

interface Group {
  readonly code: CauseCode;
  readonly failing: readonly Failing[];
}

function codeOf({ reason }: Failing): CauseCode {
  return KINDS.find(([, words]) => words.test(reason))?.[0] ?? 'dependency-silent';
}

/** True where a pod says that a dependency does not answer: a pod that has just started may say so once. */
export function isAboutSilence({ answer }: ReadyAnswer): boolean {
  return 'value' in answer && readFailing(answer.value.body).some((one) => codeOf(one) === 'dependency-silent');
}

/** One cause for all dependencies that fail in the same way. */
function groupByKind(failing: readonly Failing[]): Group[] {
  const codes = [...new Set(failing.map(codeOf))];
  return codes.map((code) => ({ code, failing: failing.filter((one) => codeOf(one) === code) }));
}

function explainDependency(theCase: Case, pod: Pod, { code, failing }: Group, logs: string): Cause {
  const names = failing.map(({ name }) => named(name)).join(', ');
  const evidence = failing.map(
    ({ name, reason }) => `pod ${pod.metadata.name}, /ready, ${named(name)}: ${cite(reason)}`,
  );
  const about = [`pod:${pod.metadata.name}`];
  const region = /\bin ([a-z]{2}(?:-[a-z]+)+-\d)\b/.exec(failing[0]?.reason ?? '')?.[1];
  const project = projectOf(theCase);
  const right = /lacks (\w+:\w+)/.exec(failing[0]?.reason ?? '')?.[1];
  if (code === 'dependency-credentials')
    return {
      code,
      said: `the bot's AWS key is missing or wrong: ${names} cannot be asked`,
      evidence,
      next: command(...ROTATE, ...(project === PROJECT ? [] : ['--project', project])),
      about,
    };
  if (code === 'dependency-denied') {
    const said = `the bot's AWS identity lacks ${right ?? 'a right'} on ${names}`;
    return {
      code,
      said,
      evidence,
      next: command('aws', 'iam', 'list-user-policies', '--user-name', `${project}-bot`),
      about,
    };
  }
  if (code === 'dependency-missing') {
    const isQueue = failing[0]?.name.startsWith('queue') === true;
    const words = isQueue ? ['aws', 'sqs', 'list-queues'] : ['aws', 'dynamodb', 'list-tables'];
    const place = region === undefined ? [] : ['--region', region];
    const said = `${names} ${failing.length === 1 ? 'does' : 'do'} not exist${region === undefined ? '' : ` in ${region}`}: the name or the region is wrong`;
    return { code, said, evidence, next: command(...words, ...place), about };
  }
  const wall = findWall(theCase, pod);
  if (wall === undefined)
    return {
      code,
      said: `${names} ${failing.length === 1 ? 'does' : 'do'} not answer the pod`,
      evidence,
      next: logs,
      about,
    };
  return {
    code: 'network-policy',
    said: `the network policies of ${theCase.namespace} let ${pod.metadata.name} reach no ${wall.missing}: ${names} cannot be asked`,
    evidence: [`out of the pod count only ${wall.policies.join(', ')}`, ...evidence],
    next: command('kubectl', '-n', theCase.namespace, 'describe', 'networkpolicies'),
    about,
  };
}

const PROJECT = 'discord-bot';
const ROTATE = ['npm', 'run', '-s', 'keys', '--', 'rotate', 'bot'] as const;

/** Terraform calls the identities of a further environment as its namespace is called, `discord-bot-staging`. */
function projectOf({ namespace }: Case): string {
  return namespace.startsWith(`${PROJECT}-`) ? namespace : PROJECT;
}

/** Ports without which nothing outside can be asked: names, and HTTPS. */
const NEEDED = [
  { protocol: 'UDP', port: 53, said: 'DNS (port 53)' },
  { protocol: 'TCP', port: 443, said: 'port 443' },
] as const;

/** The policies that hold a pod, where none of them opens a port that it needs; undefined where that is not proven. */
function findWall({ cluster }: Case, pod: Pod): { policies: string[]; missing: string } | undefined {
  const holding = or(cluster.policies, []).filter((policy) => isEgress(policy) && selects(policy, pod));
  if (holding.length === 0) return undefined;
  const missing = NEEDED.find((needed) => !holding.some((policy) => opens(policy, needed)));
  return missing && { policies: holding.map(({ metadata }) => metadata.name), missing: missing.said };
}

function isEgress({ spec }: Policy): boolean {
  return spec.policyTypes.includes('Egress');
}

/** With an operator that is not known, a policy counts as one that does not hold the pod: nothing is proven by it. */
function selects({ spec: { podSelector } }: Policy, { metadata }: Pod): boolean {
  const labels = metadata.labels ?? {};
  const isMatched = Object.entries(podSelector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return (
    isMatched &&
    podSelector.matchExpressions.every(({ key, operator, values }) => {
      const value = labels[key];
      if (operator === 'In') return value !== undefined && values.includes(value);
      if (operator === 'NotIn') return value === undefined || !values.includes(value);
      if (operator === 'Exists') return value !== undefined;
      return operator === 'DoesNotExist' && value === undefined;
    })
  );
}

/** A rule without ports opens all of them; a port by its name may be any. */
function opens({ spec }: Policy, needed: { readonly protocol: string; readonly port: number }): boolean {
  return spec.egress.some(
    ({ ports }) =>
      ports.length === 0 ||
      ports.some(({ protocol, port, endPort }) => {
        if (protocol !== needed.protocol) return false;
        if (typeof port !== 'number') return true;
        return port <= needed.port && needed.port <= (endPort ?? port);
      }),
  );
}
