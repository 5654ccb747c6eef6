import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fetchKubeconfig } from '#core/cluster/digitalocean.ts';
import { type Account, type DigitalOcean, startDigitalOcean } from '#lab/digitalocean/digitalocean.ts';

const GOOD = `apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: "https://a.k8s.ondigitalocean.com", certificate-authority-data: Yg==}}]
users: [{name: a, user: {token: "0123"}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
current-context: a
`;
const id = (at: number): string => `bd5f5959-5e1e-4205-a714-a914373942a${at}`;

let account: Account;
let api: DigitalOcean;

beforeEach(async () => {
  account = {
    token: 'dop_v1_secret',
    scopes: ['kubernetes:read', 'kubernetes:access_cluster'],
    clusters: [
      { id: id(1), name: 'tor1-staging', kubeconfig: 'no' },
      { id: id(2), name: 'tor1-main', kubeconfig: GOOD },
    ],
  };
  api = await startDigitalOcean(account);
});
afterEach(() => api.close());

const ask = (name: string, token = account.token): Promise<string> =>
  fetchKubeconfig(name, { ask: fetch, url: `http://${api.host}`, token });

test('a kubeconfig of the named cluster, valid for half an hour; the token is in no address', async () => {
  expect(await ask('tor1-main')).toBe(GOOD);
  expect(api.asked).toEqual([
    'GET /v2/kubernetes/clusters?per_page=200&page=1',
    `GET /v2/kubernetes/clusters/${id(2)}/kubeconfig?expiry_seconds=1800&type=token`,
  ]);
});

test('it is found on a later page', async () => {
  account.pageSize = 1;
  expect(await ask('tor1-main')).toBe(GOOD);
});

const rejection = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no refusal',
    (error: Error) => error.message,
  );

describe('each refusal has its sentence', () => {
  test.each<[string, (given: Account) => unknown, string]>([
    ['tor1-mian', () => {}, 'DigitalOcean has no cluster "tor1-mian"; did you mean "tor1-main"?'],
    ['production', () => {}, 'DigitalOcean has no cluster "production"; there are tor1-staging, tor1-main'],
    [
      'x',
      (given) => Object.assign(given, { clusters: [] }),
      'DigitalOcean shows this token no cluster: is it of the account that has "x"?',
    ],
    [
      'new',
      (given) => Object.assign(given, { clusters: [{ id: id(3), name: 'new', state: 'provisioning' }] }),
      'the cluster "new" is "provisioning" at DigitalOcean: wait until it runs, then repeat',
    ],
    [
      'tor1-main',
      (given) => Object.assign(given, { scopes: ['kubernetes:read'] }),
      'the token in DO_TOKEN lacks the scope kubernetes:access_cluster: add it at DigitalOcean, or use another token',
    ],
    [
      'tor1-main',
      (given) => Object.assign(given, { scopes: [] }),
      'the token in DO_TOKEN lacks the scope kubernetes:read: add it at DigitalOcean, or use another token',
    ],
    ['tor1-main', (given) => Object.assign(given, { failure: 500 }), 'DigitalOcean answers 500: try again later'],
    [
      'tor1-main',
      (given) => Object.assign(given, { failure: 429 }),
      'DigitalOcean answers that this token asked too often: wait an hour, or use another token',
    ],
  ])('%s', async (name, change, sentence) => {
    change(account);
    expect(await rejection(ask(name))).toBe(sentence);
  });

  test('a token that is not known is not shown', async () => {
    const said = await rejection(ask('tor1-main', 'dop_v1_wrong'));
    expect(said).toBe('DigitalOcean does not know the token in DO_TOKEN: it is wrong, expired or revoked');
  });

  test('no one answers', async () => {
    await api.close();
    expect(await rejection(ask('tor1-main'))).toMatch(/^DigitalOcean does not answer at http:\/\/127\.0\.0\.1:\d+: /);
    api = await startDigitalOcean(account);
  });
});

test.each([
  [
    'a program',
    GOOD.replace('{token: "0123"}', '{exec: {command: /bin/sh, apiVersion: client.authentication.k8s.io/v1}}'),
  ],
  ['a program beside the token', GOOD.replace('token: "0123"', 'token: "0123", exec: {command: /bin/sh}')],
  ['a file', GOOD.replace('{token: "0123"}', '{tokenFile: /etc/passwd}')],
  ['no encryption', GOOD.replace('https:', 'http:')],
  ['a proxy', GOOD.replace('Yg==', 'Yg==, proxy-url: "http://evil"')],
  ['text', 'hello'],
])('a kubeconfig that names %s is not used', async (_what, kubeconfig) => {
  account.clusters = [{ id: id(2), name: 'tor1-main', kubeconfig }];
  expect(await rejection(ask('tor1-main'))).toContain('It is not used');
});
