import * as z from 'zod';
import { explain, type KubeApi } from '#core/cluster/api.ts';
import type { Finding } from '#core/cluster/finding.ts';
import { CommandError } from '#core/system/exec.ts';
import { describeError } from '#core/values/errors.ts';

/** The two pods that packets start in, by their label `app`. */
const APPS = { bot: 'discord-bot', sandbox: 'dev-sandbox' } as const;
type Source = keyof typeof APPS;

/** One connection. The targets listen, on every cluster: the kubelet answers to this command, the pods are Ready. */
interface Probe {
  readonly from: Source;
  readonly to: string;
  readonly after: 'open' | 'closed';
  /** Where to; undefined asks the pod's own resolver for a name instead. */
  readonly place?: (ends: Ends) => string;
  /** Not every cluster has it: that no connection is made says little. */
  readonly isRare?: true;
}

interface Pod {
  readonly name: string;
  readonly address: string;
  readonly node: string;
}

interface Ends {
  readonly pods: Readonly<Record<Source, Pod>>;
  /** The kubelet's port on the node of the pod that asks. */
  readonly kubelets: ReadonlyMap<string, number>;
  readonly from: Pod;
}

const metadata = {
  to: "the cloud's metadata address",
  after: 'closed',
  place: () => '169.254.169.254:80',
  isRare: true,
} as const;
const kubelet = {
  to: 'the kubelet of its node',
  after: 'closed',
  place: ({ from, kubelets }: Ends) => `${from.node}:${kubelets.get(from.node) ?? 10_250}`,
} as const;
const api = { to: 'the API server', place: () => 'the API server' } as const;
const dns = { to: "the cluster's DNS", after: 'open' } as const;

/** The lines of docs/walls.md that can be asked of any cluster. */
const PROBES: readonly Probe[] = [
  { from: 'sandbox', ...dns },
  { from: 'sandbox', ...api, after: 'open' },
  { from: 'sandbox', to: 'the bot', after: 'closed', place: ({ pods }) => `${pods.bot.address}:3000` },
  { from: 'sandbox', ...kubelet },
  { from: 'sandbox', ...metadata },
  { from: 'bot', ...dns },
  { from: 'bot', to: 'the sandbox', after: 'open', place: ({ pods }) => `${pods.sandbox.address}:8080` },
  { from: 'bot', ...api, after: 'closed' },
  { from: 'bot', ...kubelet },
  { from: 'bot', ...metadata },
];

/**
 * Runs in the pod: says of each target whether a connection is made. Only `open` is sure: a network may drop a packet or
 * refuse it. The API server's address is the one that every pod is told.
 */
const SCRIPT = `
const { KUBERNETES_SERVICE_HOST: apiHost, KUBERNETES_SERVICE_PORT: apiPort } = process.env;
const within = (work) => Promise.race([work, new Promise((done) => setTimeout(done, 2500, 'closed'))]);
const reach = (host, port) => new Promise((done) => {
  const socket = require('node:net').connect({ host, port });
  socket.once('connect', () => done('open')).once('error', () => done('closed'));
});
const ask = () => require('node:dns').promises.lookup('kubernetes.default.svc').then(() => 'open', () => 'closed');
const probe = (place) => {
  if (place === '') return ask();
  if (place === 'the API server') return reach(apiHost, Number(apiPort));
  const colon = place.lastIndexOf(':');
  return reach(place.slice(0, colon), Number(place.slice(colon + 1)));
};
Promise.all(JSON.parse(process.argv[1]).map((place) => within(probe(place)))).then((answers) => {
  console.log(JSON.stringify(answers));
  process.exit(0);
});
`;

/**
 * Sends a packet for each probe from the environment's own pods, and returns what arrives against what the policies say.
 * Nothing is written; each of the two pods runs one short process.
 */
export async function checkPackets(api: KubeApi, namespace: string): Promise<Finding[]> {
  const what = `${namespace}: packets are dropped as the network policies say`;
  const found = await findPods(api, namespace);
  if ('word' in found) return [{ ...found, what }];
  const kubelets = await readKubelets(api);
  const asked = (Object.keys(APPS) as Source[]).map((from) => askFrom(api, namespace, from, { ...found, kubelets }));
  const answers = (await Promise.all(asked)).flat();
  const isIgnored = answers.every(
    ({ answer, probe: { after, isRare } }) => answer === 'open' || after === 'open' || isRare,
  );
  return answers.map(({ probe, answer, why }) => judge(namespace, probe, answer, why, isIgnored));
}

const podList = z.looseObject({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({
        name: z.string().regex(/^[a-z0-9.-]{1,253}$/),
        deletionTimestamp: z.string().optional(),
        labels: z.record(z.string(), z.string()).default({}),
      }),
      status: z.looseObject({
        podIP: z.string().default(''),
        hostIP: z.string().default(''),
        conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
      }),
    }),
  ),
});

type Missing = Pick<Finding, 'word' | 'why'>;

/** Returns a Ready pod of each; pods that are about to go are no place to ask from. */
async function findPods(api: KubeApi, namespace: string): Promise<Pick<Ends, 'pods'> | Missing> {
  const selector = encodeURIComponent(`app in (${Object.values(APPS).join(', ')})`);
  const answer = await api.call('GET', `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`);
  const { data } = podList.safeParse(answer.body);
  if (answer.status !== 200 || data === undefined) return { word: 'unknown', why: explain(answer) };
  const ready = data.items.filter(({ metadata: { deletionTimestamp }, status: { conditions } }) => {
    return (
      deletionTimestamp === undefined && conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
    );
  });
  const find = (source: Source): Pod | undefined => {
    const pod = ready.find(({ metadata }) => metadata.labels['app'] === APPS[source]);
    return pod && { name: pod.metadata.name, address: pod.status.podIP, node: pod.status.hostIP };
  };
  const [bot, sandbox] = [find('bot'), find('sandbox')];
  if (bot !== undefined && sandbox !== undefined) return { pods: { bot, sandbox } };
  const missing = (Object.keys(APPS) as Source[]).filter((source) => find(source) === undefined);
  const names = missing.map((source) => APPS[source]).join(' and of ');
  return { word: 'unproven', why: `no packet was sent: no pod of ${names} is Ready; check again when one is` };
}

const nodeList = z.looseObject({
  items: z.array(
    z.looseObject({
      status: z.looseObject({
        addresses: z.array(z.looseObject({ address: z.string() })).default([]),
        daemonEndpoints: z.looseObject({ kubeletEndpoint: z.looseObject({ Port: z.number() }) }),
      }),
    }),
  ),
});

/** Returns the kubelets' ports by their nodes' addresses; who may not list nodes gets none, and the usual port is asked. */
async function readKubelets(api: KubeApi): Promise<ReadonlyMap<string, number>> {
  const { data } = nodeList.safeParse((await api.call('GET', '/api/v1/nodes')).body);
  const entries = (data?.items ?? []).flatMap(({ status: { addresses, daemonEndpoints } }) =>
    addresses.map(({ address }) => [address, daemonEndpoints.kubeletEndpoint.Port] as const),
  );
  return new Map(entries);
}

interface Answer {
  readonly probe: Probe;
  /** Undefined where the pod could not be asked. */
  readonly answer: 'open' | 'closed' | undefined;
  readonly why?: string;
}

const answerList = z.array(z.enum(['open', 'closed']));

async function askFrom(api: KubeApi, namespace: string, from: Source, ends: Omit<Ends, 'from'>): Promise<Answer[]> {
  const probes = PROBES.filter((probe) => probe.from === from);
  const pod = ends.pods[from];
  const places = probes.map(({ place }) => place?.({ ...ends, from: pod }) ?? '');
  const command = ['node', '--input-type=commonjs', '-e', SCRIPT, JSON.stringify(places)];
  try {
    const said = await api.kubectl(['exec', '-n', namespace, pod.name, '--', ...command]);
    const answers = answerList.length(probes.length).parse(JSON.parse(said));
    return probes.map((probe, at) => ({ probe, answer: answers[at] }));
  } catch (error) {
    const why = `the pod ${pod.name} cannot be asked: ${explainExec(error)}`;
    return probes.map((probe) => ({ probe, answer: undefined, why }));
  }
}

/** kubectl's last line says why; its whole command has the script in it. */
function explainExec(error: unknown): string {
  if (!(error instanceof CommandError)) return describeError(error);
  return error.stderr.trim().split('\n').at(-1) || 'kubectl exec fails and does not say why';
}

function judge(
  namespace: string,
  { from, to, after }: Probe,
  answer: Answer['answer'],
  why: string | undefined,
  isIgnored: boolean,
): Finding {
  const what = `${namespace}: the ${from} ${after === 'open' ? 'reaches' : 'does not reach'} ${to}`;
  if (answer === undefined) return { word: 'unknown', what, ...(why !== undefined && { why }) };
  if (answer === after) return { word: 'holds', what };
  if (after === 'open') return { word: 'open', what, why: `no connection was made: ${CLOSED_REMEDY}` };
  const cause = isIgnored ? IGNORED : LET_THROUGH;
  return { word: 'open', what, why: `a connection was made: ${cause}` };
}

const CLOSED_REMEDY = 'see which addresses the policies and reach.yaml of the overlay name (docs/walls.md)';
const IGNORED = 'the network of this cluster ignores network policies, and needs a plugin that enforces them';
const LET_THROUGH = 'look for a policy that lets it through, kubectl get networkpolicies --all-namespaces';
