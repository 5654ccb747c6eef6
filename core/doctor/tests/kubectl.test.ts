import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { gatherFacts } from '#core/doctor/gather.ts';
import { type KubePort, openKubectl } from '#core/doctor/kubectl.ts';
import { createExec } from '#core/system/exec.ts';
import { type FakeKubectl, makeKubectl } from './fake-kubectl.ts';
import { readFacts } from './worlds.ts';

let kubectl: FakeKubectl;
let port: KubePort;

beforeEach(() => {
  kubectl = makeKubectl();
  const exec = createExec({ PATH: `${kubectl.folder}:/usr/bin:/bin` });
  port = openKubectl({ exec, kubeconfig: '/home/a person/config', context: 'prod', folder: kubectl.folder });
});

afterEach(async () => {
  await port.close();
  kubectl.remove();
});

test('one process serves all questions, goes to the cluster that was named, and is ended', async () => {
  await Promise.all([port.get('/api/v1/namespaces/a/pods'), port.secretNames('a'), port.get('/api')]);
  const [start, ...others] = kubectl.calls().filter((line) => !line.startsWith('GET '));
  expect(start).toBe(
    `--kubeconfig=/home/a person/config --context=prod proxy --unix-socket=${kubectl.folder}/api.sock`,
  );
  expect(others).toEqual([]);
  await port.close();
  expect(await port.get('/api')).toEqual({ unknown: expect.stringMatching(/ECONNREFUSED|ENOENT/) });
});

test('an object, nothing of that name, and a right that is missing are three answers', async () => {
  kubectl.answer('/api/v1/namespaces/a', { metadata: { name: 'a' } });
  const message = 'pods is forbidden: User "a" cannot list resource "pods"';
  kubectl.answer('/api/v1/namespaces/a/pods', { kind: 'Status', message }, 403);
  kubectl.answer('/api/v1/namespaces/a/events', 'dial tcp 10.0.0.1:443: connect: connection refused', 502);
  kubectl.answer('/api/v1/namespaces/a/services', 'not JSON');
  expect(await port.get('/api/v1/namespaces/a')).toEqual({ value: { metadata: { name: 'a' } } });
  expect(await port.get('/api/v1/namespaces/b')).toEqual({ value: null });
  expect(await port.get('/api/v1/namespaces/a/pods')).toEqual({ unknown: message });
  expect(await port.get('/api/v1/namespaces/a/events')).toEqual({
    unknown: expect.stringMatching(/^HTTP 502: dial tcp/),
  });
  expect(await port.get('/api/v1/namespaces/a/services')).toEqual({ unknown: expect.stringContaining('not JSON') });
});

test('of Secrets the metadata is asked for and nothing else; an answer with values is not taken', async () => {
  const path = '/api/v1/namespaces/a/secrets';
  const items = [{ metadata: { name: 'ecr-registry' } }];
  kubectl.answer(path, { kind: 'PartialObjectMetadataList', items });
  expect(await port.secretNames('a')).toEqual({ value: ['ecr-registry'] });
  expect(kubectl.calls()).toContain(`GET ${path} application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1`);
  kubectl.answer(path, { kind: 'SecretList', items });
  expect(await port.secretNames('a')).toEqual({ unknown: expect.anything() });
});

test('the last lines of a container are those before its restart, where there was one', async () => {
  const path = '/api/v1/namespaces/a/pods/bot-1/log?container=bot&tailLines=10';
  kubectl.answer(path, 'now\n');
  expect(await port.lastLines('a', 'bot-1', 'bot')).toEqual({ value: ['now'] });
  kubectl.answer(`${path}&previous=true`, 'before\n\n');
  expect(await port.lastLines('a', 'bot-1', 'bot')).toEqual({ value: ['before'] });
  expect(await port.lastLines('a', 'bot-2', 'bot')).toEqual({ unknown: 'not found' });
});

test('a log that the kubelet has no more is not a line of it: that of the container now is read, or it is not known', async () => {
  const path = '/api/v1/namespaces/a/pods/bot-3/log?container=bot&tailLines=10';
  const lost = 'unable to retrieve container logs for containerd://ac294bbd189e';
  kubectl.answer(`${path}&previous=true`, lost);
  kubectl.answer(path, 'PORT is 99999\n');
  expect(await port.lastLines('a', 'bot-3', 'bot')).toEqual({ value: ['PORT is 99999'] });
  kubectl.answer(path, '');
  expect(await port.lastLines('a', 'bot-3', 'bot')).toEqual({ unknown: lost });
  kubectl.answer(path, `${lost}\n`);
  expect(await port.lastLines('a', 'bot-3', 'bot')).toEqual({ unknown: lost });
});

test('no kubectl at all is an answer as well', async () => {
  const exec = createExec({ PATH: '/nowhere' });
  const bare = openKubectl({ exec, kubeconfig: undefined, context: undefined, folder: kubectl.folder });
  expect(await bare.get('/api')).toEqual({ unknown: 'kubectl could not be started: not found on PATH' });
});

describe('a pod is asked through a port on loopback', () => {
  test('its answer is read, whatever its status, and the port is closed', async () => {
    const server = createServer((request, response) => response.writeHead(503).end(`you asked ${request.url}`));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port: number } = server.address() as AddressInfo; // it listens on TCP
    kubectl.forward(`Forwarding from 127.0.0.1:${number} -> 3000\n`);
    expect(await port.ask('a', 'bot-1', 3000, '/ready')).toEqual({ value: { status: 503, body: 'you asked /ready' } });
    expect(kubectl.calls()[0]).toMatch(/ port-forward --namespace a pod\/bot-1 :3000$/);
    server.close();
  });

  test('a port that does not open is said', async () => {
    kubectl.fail('error: unable to forward port because pod is not running. Current status=Pending');
    expect(await port.ask('a', 'bot-1', 3000, '/ready')).toEqual({
      unknown: 'unable to forward port because pod is not running. Current status=Pending',
    });
  });
});

const NOW = '2026-11-28T06:00:00Z';

describe('facts are gathered', () => {
  const { git } = readFacts('wrong-probe');
  const ports = (cluster: Omit<KubePort, 'close'>) => ({
    cluster,
    checkPull: async () => ({ value: null }),
    newestRun: null,
    clock: { sleep: async () => {} },
  });
  const applications = '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications';
  const pods = '/api/v1/namespaces/wrong-probe/pods';

  test('without a cluster, git alone is left', async () => {
    kubectl.fail('The connection to the server localhost:8080 was refused - did you specify the right host or port?');
    const { cluster } = await gatherFacts('wrong-probe', git, ports(port));
    expect(cluster).toEqual({ unknown: expect.stringContaining('localhost:8080 was refused') });
    expect(kubectl.calls()).toHaveLength(1); // it is not tried again
  });

  test('values of variables are not among the facts', async () => {
    const env = [{ name: 'DISCORD_TOKEN', value: 'canary-of-a-secret' }];
    const spec = { containers: [{ name: 'bot', image: 'bot', env }] };
    kubectl.answer(applications, { items: [] });
    kubectl.answer(pods, { items: [{ metadata: { name: 'bot-1' }, spec, status: {} }] });
    const facts = JSON.stringify(await gatherFacts('wrong-probe', git, ports(port)));
    expect(facts).toContain('DISCORD_TOKEN');
    expect(facts).not.toContain('canary');
  });

  const says = (reason: string) => JSON.stringify({ checks: [{ name: 'table sessions', status: 'failing', reason }] });
  const silent = says('no answer within 1500 ms');
  const missing = says('table discord_sessions in us-east-1 does not exist (ResourceNotFoundException)');

  test.each([
    ['silence is asked about again', [silent, missing, missing], missing, 2],
    ['silence that stays is believed', [silent, silent, silent, missing], silent, 3],
    ['anything else is believed at once', [missing, silent], missing, 1],
  ])('%s', async (_name, bodies, believed, asked) => {
    const probe = { httpGet: { path: '/ready', port: 3000 } };
    const spec = { containers: [{ name: 'bot', image: 'bot', readinessProbe: probe }] };
    const running = { name: 'bot', ready: false, restartCount: 0, state: { running: { startedAt: NOW } } };
    const pod = { metadata: { name: 'bot-1' }, spec, status: { phase: 'Running', containerStatuses: [running] } };
    kubectl.answer(applications, { items: [] });
    kubectl.answer(pods, { items: [pod] });
    const answers = bodies.map((body) => ({ value: { status: 503, body } }));
    const ask = async () => answers.shift() ?? { unknown: 'asked too often' };
    const { cluster } = await gatherFacts('wrong-probe', git, ports({ ...port, ask }));
    const answer = { value: { status: 503, body: believed } };
    expect(cluster).toMatchObject({ value: { ready: [{ pod: 'bot-1', path: '/ready', answer }] } });
    expect(bodies.length - answers.length).toBe(asked);
  });

  test.each([
    ['a name that a terminal obeys', { metadata: { name: 'bot\u001b[2J' }, spec: {}, status: {} }],
    ['an object without a name', { metadata: {}, spec: {}, status: {} }],
    ['something else', 'text'],
  ])('%s is said, and not believed', async (_name, item) => {
    kubectl.answer(applications, { items: [] });
    kubectl.answer(pods, { items: [item] });
    const { cluster } = await gatherFacts('wrong-probe', git, ports(port));
    expect(cluster).toMatchObject({ value: { pods: { unknown: expect.stringContaining('another form') } } });
    expect(JSON.stringify(cluster)).not.toContain('2J');
  });
});
