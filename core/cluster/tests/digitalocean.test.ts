import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fetchKubeconfig } from '#core/cluster/digitalocean.ts';
import { type Account, type DigitalOcean, startDigitalOcean } from '#lab/digitalocean/digitalocean.ts';
import { listen } from '#lab/supervisor/http.ts';

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

test('two clusters of one name: neither is taken', async () => {
  account.clusters = [...account.clusters, { id: id(3), name: 'tor1-main', kubeconfig: GOOD }];
  expect(await rejection(ask('tor1-main'))).toBe(
    `DigitalOcean has 2 clusters "tor1-main": ${id(2)} in "tor1", ${id(3)} in "tor1". Rename all but one, or pass the kubeconfig of the one you mean with --kubeconfig`,
  );
  expect(api.asked).toHaveLength(1);
  expect(await rejection(ask('tor1-staging'))).toContain('It is not used');
});

describe('a damaged answer', () => {
  const NO_LIST =
    'DigitalOcean answers with something that is not a list of clusters: repeat; if it stays so, download the kubeconfig yourself and pass it with --kubeconfig';
  const page = (cluster: object, links = {}): string => JSON.stringify({ kubernetes_clusters: [cluster], links });
  const answering = (text: string): Promise<string> =>
    fetchKubeconfig('tor1-main', {
      ask: async () => ({ ok: true, status: 200, text: async () => text }),
      url: 'https://api.example',
      token: account.token,
    });

  test.each([
    ['text', '<html>'],
    ['half of the JSON', page({ id: id(2), name: 'tor1-main' }).slice(0, -9)],
    ['a cluster without a name', page({ id: id(2) })],
    ['an id that leads elsewhere', page({ id: '../../droplets', name: 'tor1-main' })],
    ['an object in place of the list', '{"kubernetes_clusters": {}}'],
  ])('%s', async (_what, text) => {
    expect(await rejection(answering(text))).toBe(NO_LIST);
  });

  test('a page that always has a next one', async () => {
    let pages = 0;
    const text = async () => page({ id: id(1), name: 'a' }, { pages: { next: 'https://api.example' } });
    const ask = async () => {
      pages += 1;
      return { ok: pages < 200, status: 500, text };
    };
    const asked = fetchKubeconfig('tor1-main', { ask, url: 'https://api.example', token: account.token });
    expect([await rejection(asked), pages]).toEqual([NO_LIST, 50]);
  });

  test('a list that breaks off', async () => {
    const server = await listen(async (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"kubernetes_clusters": [', () => response.destroy());
    });
    const url = `http://${server.host}`;
    const asked = fetchKubeconfig('tor1-main', { ask: fetch, url, token: account.token });
    expect(await rejection(asked)).toMatch(
      /^DigitalOcean's answer from http:\/\/127\.0\.0\.1:\d+ broke off \(.+\): repeat$/,
    );
    await server.close();
  });

  test('a cluster that goes while it is asked for', async () => {
    account.clusters = [{ id: id(2), name: 'tor1-main' }];
    expect(await rejection(ask('tor1-main'))).toBe('the cluster was removed at DigitalOcean a moment ago');
  });
});

test.each(['dop_v1_\nsecret', 'dop_v1_sec ret', 'dop_v1_sécret', ''])(
  'the token %j is in no message: a header that cannot hold it would show it',
  async (token) => {
    const said = await rejection(ask('tor1-main', token));
    expect(said).toBe(
      'DO_TOKEN holds a space, a line break or another character that no token has: copy the token again and export it',
    );
    expect(api.asked).toEqual([]);
  },
);

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
