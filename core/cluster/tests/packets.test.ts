import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { KubeApi } from '#core/cluster/api.ts';
import { checkPackets } from '#core/cluster/packets.ts';
import { CommandError } from '#core/system/exec.ts';

const run = promisify(execFile);
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

const ready = [{ type: 'Ready', status: 'True' }];
const pod = (name: string, podIP: string, more: object = {}, conditions: object[] = ready) => ({
  metadata: { name: `${name}-1`, labels: { app: name }, ...more },
  status: { podIP, hostIP: '127.9.9.3', conditions },
});
const PODS = [pod('discord-bot', '127.9.9.1'), pod('dev-sandbox', '127.9.9.2')];
const NODES = [
  { status: { addresses: [{ address: '127.9.9.3' }], daemonEndpoints: { kubeletEndpoint: { Port: 10_251 } } } },
];

/** A cluster whose pods answer as `answer` says of each place. */
function openApi(answer: (place: string, pod: string) => unknown, pods: object[] = PODS, status = 200): KubeApi {
  return {
    call: async (_method, path) => {
      const items = path.startsWith('/api/v1/nodes') ? NODES : pods;
      return { status, body: status === 200 ? { items } : { kind: 'Status', message: 'pods is forbidden' } };
    },
    kubectl: async (words) => {
      expect(words.slice(0, 3)).toEqual(['exec', '-n', 'staging']);
      const places: string[] = JSON.parse(words.at(-1) ?? '');
      return JSON.stringify(places.map((place) => answer(place, words[3] ?? '')));
    },
    close: async () => {},
  };
}

const isWalled = (place: string, name: string): string => {
  if (place === '' || place === '127.9.9.2:8080') return 'open';
  return place === 'the API server' && name === 'dev-sandbox-1' ? 'open' : 'closed';
};
const open = (): string => 'open';

describe('packets', () => {
  test('that meet the walls', async () => {
    const findings = await checkPackets(openApi(isWalled), 'staging');
    expect(findings.map(({ word, what }) => `${word} ${what}`)).toEqual([
      "holds staging: the bot reaches the cluster's DNS",
      'holds staging: the bot reaches the sandbox',
      'holds staging: the bot does not reach the API server',
      'holds staging: the bot does not reach the kubelet of its node',
      "holds staging: the bot does not reach the cloud's metadata address",
      "holds staging: the sandbox reaches the cluster's DNS",
      'holds staging: the sandbox reaches the API server',
      'holds staging: the sandbox does not reach the bot',
      'holds staging: the sandbox does not reach the kubelet of its node',
      "holds staging: the sandbox does not reach the cloud's metadata address",
    ]);
  });

  test.each([
    ['that all arrive', open, 6],
    ['where there is no metadata address', (place: string) => (place.startsWith('169.') ? 'closed' : 'open'), 4],
  ])('%s: the network ignores policies', async (_where, answer, count) => {
    const findings = (await checkPackets(openApi(answer), 'staging')).filter(({ word }) => word === 'open');
    expect(findings).toHaveLength(count);
    for (const { why } of findings) expect(why).toContain('needs a plugin that enforces them');
  });

  test('of which one arrives that must not, and one does not that must', async () => {
    const turned = ['127.9.9.3:10251', ''];
    const other = (place: string, name: string): string => {
      const said = isWalled(place, name);
      return name === 'dev-sandbox-1' && turned.includes(place) ? (said === 'open' ? 'closed' : 'open') : said;
    };
    const findings = (await checkPackets(openApi(other), 'staging')).filter(({ word }) => word === 'open');
    expect(findings.map(({ what, why }) => `${what}: ${why}`)).toEqual([
      expect.stringMatching(/the sandbox reaches the cluster's DNS: no connection was made: .*reach\.yaml/),
      expect.stringMatching(/the sandbox does not reach the kubelet .*: a connection was made: look for a policy/),
    ]);
  });

  test.each([
    ['nothing runs', [], 'no pod of discord-bot and of dev-sandbox is Ready'],
    ['the bot goes', [pod('discord-bot', '1', { deletionTimestamp: 'x' }), PODS[1]], 'no pod of discord-bot is Ready'],
    ['not Ready', [PODS[0], pod('dev-sandbox', '2', {}, [])], 'no pod of dev-sandbox is Ready'],
  ])('are not sent where %s', async (_why, pods, words) => {
    const findings = await checkPackets(openApi(open, pods as object[]), 'staging');
    expect(findings).toEqual([
      {
        word: 'unproven',
        what: 'staging: packets are dropped as the network policies say',
        why: expect.stringContaining(words),
      },
    ]);
  });

  test('are unknown where pods may not be listed', async () => {
    const [finding, ...others] = await checkPackets(openApi(open, PODS, 403), 'staging');
    expect([finding?.word, finding?.why, others]).toEqual(['unknown', 'pods is forbidden', []]);
  });

  test.each([
    [
      'kubectl may not',
      () =>
        new CommandError({ argv: ['kubectl'], code: 1, reason: 'exited with 1', stderr: 'pods "x" is forbidden\n' }),
      'the pod dev-sandbox-1 cannot be asked: pods "x" is forbidden',
    ],
    [
      'kubectl is killed',
      () => new CommandError({ argv: ['kubectl'], code: undefined, reason: 'was killed', stderr: '' }),
      'kubectl exec fails',
    ],
    ['there is no answer', () => undefined, 'the pod dev-sandbox-1 cannot be asked'],
  ])('are unknown where %s', async (_why, fault, words) => {
    const api = openApi(isWalled);
    const kubectl: KubeApi['kubectl'] = async (asked) => {
      if (asked[3] !== 'dev-sandbox-1') return api.kubectl(asked);
      const error = fault();
      if (error !== undefined) throw error;
      return '[]';
    };
    const findings = await checkPackets({ ...api, kubectl }, 'staging');
    expect(findings.filter(({ word }) => word === 'holds')).toHaveLength(5);
    const unknown = findings.filter(({ word }) => word === 'unknown');
    expect(unknown).toHaveLength(5);
    for (const { why } of unknown) expect(why).toContain(words);
    for (const { why } of unknown) expect(why).not.toContain('require(');
  });

  test('are really sent by the script that runs in the pods', async () => {
    const listen = (host: string, port: number): Promise<number> =>
      new Promise((resolve) => {
        const server = createServer((socket) => socket.end());
        servers.push(server);
        server.listen(port, host, () => resolve((server.address() as { port: number }).port));
      });
    await listen('127.9.9.1', 3_000);
    await listen('127.9.9.2', 8_080);
    const apiPort = await listen('127.9.9.4', 0);
    const env = {
      PATH: process.env['PATH'],
      KUBERNETES_SERVICE_HOST: '127.9.9.4',
      KUBERNETES_SERVICE_PORT: String(apiPort),
    };
    const kubectl: KubeApi['kubectl'] = async (words) => {
      const [program = '', ...argv] = words.slice(words.indexOf('--') + 1);
      return (await run(program, argv, { env })).stdout;
    };
    const findings = await checkPackets({ ...openApi(open), kubectl }, 'staging');
    const said = Object.fromEntries(findings.map(({ what, word }) => [what.slice('staging: '.length), word]));
    expect(said).toMatchObject({
      'the bot reaches the sandbox': 'holds',
      'the bot does not reach the API server': 'open',
      'the bot does not reach the kubelet of its node': 'holds', // nothing listens there
      "the bot reaches the cluster's DNS": 'open', // the name is one of a cluster
      'the sandbox reaches the API server': 'holds',
      'the sandbox does not reach the bot': 'open',
    });
  }, 20_000);
});
