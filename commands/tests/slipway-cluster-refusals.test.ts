import { createHash, generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { runSlipway } from '#commands/slipway.ts';
import { type FakeKubectl, makeKubectl } from '#core/doctor/tests/fake-kubectl.ts';
import { type Account, type DigitalOcean, startDigitalOcean } from '#lab/digitalocean/digitalocean.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { kustomizeFolder } from '#tests/support/tenant.ts';

/** `cluster connect`, typed in a clone, with a kubectl whose cluster is empty and takes whatever it is asked for. */
let folder: string;
let clone: string;
let kubectl: FakeKubectl;

const KEY = String(
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }),
);
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/** As much of Argo CD's manifest as a plan needs. */
const MANIFEST = [
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'argocd-notifications-secret' }, type: 'Opaque' },
  ...[
    ['AppProject', 'appprojects'],
    ['Application', 'applications'],
  ].map(([kind, plural]) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.argoproj.io` },
    spec: { group: 'argoproj.io', names: { kind, plural }, scope: 'Namespaced' },
  })),
]
  .map((object) => JSON.stringify(object))
  .join('\n---\n');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-connect-'));
  clone = join(folder, 'clone');
  for (const name of ['argocd', 'overlays', 'base'])
    cpSync(join(repositoryRoot, name), join(clone, name), { recursive: true });
  const path = join(clone, 'argocd/pins.json');
  const pins = JSON.parse(readFileSync(path, 'utf8').replaceAll(': null', `: "sha256:${'ab'.repeat(32)}"`));
  pins.argocd.manifest.sha256 = createHash('sha256').update(MANIFEST).digest('hex');
  const files = {
    'argocd/pins.json': JSON.stringify(pins),
    'install.yaml': MANIFEST,
    'app.pem': KEY,
    'cut.pem': KEY.replace(/\n[^\n]+\n[^\n]+\n(?=-----END)/, '\n'),
    'ec.pem': EC,
    'public.pem': KEY.replaceAll('PRIVATE', 'PUBLIC'),
    'note.pem': 'the key is in the safe\n',
    'cluster.yaml': '',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(clone, name), text);
  mkdirSync(join(folder, 'temp'));
});
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => {
  kubectl = makeKubectl();
  kubectl.answer('/api', {});
  kubectl.answer(REVIEWS, { status: { allowed: true } });
});
afterEach(() => {
  kubectl.remove();
  expect(readdirSync(join(folder, 'temp'))).toEqual([]);
});

interface Typed {
  readonly exitCode: number;
  readonly said: string;
  readonly shown: string;
  readonly reads: number;
}

/** Types `cluster connect …`; what is said is without the usage. */
async function connect(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Typed> {
  const shown: string[] = [];
  let reads = 0;
  const { exitCode, stdout, stderr } = await runSlipway(['cluster', 'connect', ...words], {
    environment: { PATH: `${kubectl.folder}:${kustomizeFolder}:${process.env['PATH']}`, HOME: folder, ...environment },
    resolve: (path) => resolve(clone, path),
    now: () => new Date(),
    show: (text) => void shown.push(text),
    tell: (text) => void shown.push(text),
    readInput: async () => {
      reads += 1;
      return '';
    },
    confirm: undefined,
    ...{ temp: join(folder, 'temp'), width: 120, isColoured: false },
  });
  const said = stderr.replace(/usage: [\s\S]*/, '').replaceAll(clone, 'CLONE');
  return { exitCode, said: said.trim(), shown: shown.join('') + stdout, reads };
}

const dryRun = (...words: string[]) => connect(['--dry-run', '--argocd-manifest', 'install.yaml', ...words]);

describe('which cluster', () => {
  test.each<[string, readonly string[], () => void, string]>([
    [
      'a kubeconfig that is not there, which kubectl takes for an empty one',
      ['--kubeconfig', 'clutser.yaml'],
      () => {},
      '--kubeconfig: "CLONE/clutser.yaml" does not exist: check the path',
    ],
    [
      'a kubeconfig without a context',
      ['--kubeconfig', 'cluster.yaml'],
      () => kubectl.configure(null, ''),
      '--kubeconfig: "CLONE/cluster.yaml" has no context: pass a file that names a cluster',
    ],
    [
      'no kubeconfig',
      [],
      () => kubectl.configure(null, ''),
      'kubectl knows no cluster: neither KUBECONFIG nor ~/.kube/config has a context. Pass --kubeconfig, or DO_TOKEN with --do-cluster-name',
    ],
    [
      'a context with a slip',
      ['--context', 'prodution'],
      () => kubectl.configure(['staging', 'production'], 'staging'),
      'kubectl has no context "prodution"; did you mean "production"?',
    ],
    [
      'another context',
      ['--context', 'kind'],
      () => kubectl.configure(['staging', 'production'], 'staging'),
      'kubectl has no context "kind"; there are staging, production',
    ],
    [
      'no current context, which kubectl takes for localhost:8080',
      [],
      () => kubectl.configure(['staging', 'production'], ''),
      "kubectl's current context is not set: pass --context; there are staging, production",
    ],
    [
      'a current context that was removed',
      [],
      () => kubectl.configure(['staging'], 'gone'),
      'kubectl\'s current context is "gone", which its configuration does not have: pass --context; there are staging',
    ],
    [
      'a configuration that is not one',
      [],
      () => kubectl.fail('error: error loading config file "own.yaml": yaml: line 3'),
      'kubectl cannot read its configuration: error loading config file "own.yaml": yaml: line 3. Repair the file, or pass another with --kubeconfig',
    ],
    [
      'a login that has ended',
      [],
      () => kubectl.answer('/api', { kind: 'Status', message: 'Unauthorized' }, 401),
      'the cluster does not know who you are: log in again, or pass another --kubeconfig',
    ],
    [
      'a login that may not even look',
      [],
      () => kubectl.answer('/api', { kind: 'Status', message: 'forbidden: User "a" cannot get path "/api"' }, 403),
      'the cluster does not let you in: forbidden: User "a" cannot get path "/api"; use the context of an administrator (--context)',
    ],
    [
      'a cluster that is down',
      [],
      () => kubectl.answer('/api', 'dial tcp 203.0.113.7:443: connect: connection refused', 502),
      'the cluster does not answer: HTTP 502: dial tcp 203.0.113.7:443: connect: connection refused; check that it runs, and that this is its context',
    ],
  ])('%s', async (_what, words, prepare, sentence) => {
    prepare();
    expect(await connect([...words, '--yes'])).toMatchObject({ exitCode: 1, said: sentence });
  });

  test('no kubectl', async () => {
    expect(await connect(['--yes'], { PATH: kustomizeFolder })).toMatchObject({
      exitCode: 1,
      said: 'kubectl is not on PATH: install it (https://kubernetes.io/docs/tasks/tools/), then repeat',
    });
  });
});

describe('the cluster at DigitalOcean', () => {
  const id = 'bd5f5959-5e1e-4205-a714-a914373942a1';
  const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: "https://a.k8s.ondigitalocean.com", certificate-authority-data: Yg==}}]
users: [{name: a, user: {token: "0123"}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
current-context: a
`;
  let account: Account;
  let api: DigitalOcean;
  const at = (token: string) => ({ DO_TOKEN: token, DIGITALOCEAN_API_URL: `http://${api.host}` });

  beforeEach(async () => {
    const scopes = ['kubernetes:read', 'kubernetes:access_cluster'];
    account = { token: 'dop_v1_secret', scopes, clusters: [{ id, name: 'tor1-main', kubeconfig }] };
    api = await startDigitalOcean(account);
  });
  afterEach(() => api.close());

  test.each<[readonly string[], Readonly<Record<string, string>>]>([
    [['--do-cluster-name', 'tor1-main'], {}],
    [['--do-cluster-name', 'tor1-main'], { DO_TOKEN: '' }],
    [[], { DO_CLUSTER_NAME: 'tor1-main' }],
  ])('%j and %j: no token', async (words, environment) => {
    const { exitCode, said } = await connect([...words, '--yes'], environment);
    expect([exitCode, said]).toEqual([
      2,
      'DO_TOKEN is not set: export it with the scopes kubernetes:read and kubernetes:access_cluster',
    ]);
  });

  test('two ways to name a cluster', async () => {
    const { exitCode, said } = await connect(['--do-cluster-name', 'tor1-main', '--context', 'one']);
    expect([exitCode, said]).toEqual([
      2,
      '--do-cluster-name asks DigitalOcean for the login: leave --kubeconfig and --context out',
    ]);
  });

  test.each([
    ['dop_v1_wrong', 'DigitalOcean does not know the token in DO_TOKEN: it is wrong, expired or revoked'],
    [
      'dop_v1_\nsecret',
      'DO_TOKEN holds a space, a line break or another character that no token has: copy the token again and export it',
    ],
  ])('the token %j is told and not shown', async (token, sentence) => {
    const { exitCode, said, shown } = await connect(['--do-cluster-name', 'tor1-main', '--yes'], at(token));
    expect([exitCode, said, shown]).toEqual([1, sentence, '']);
  });

  test('a token goes over no open line', async () => {
    const open = { DO_TOKEN: 'dop_v1_secret', DIGITALOCEAN_API_URL: 'http://192.0.2.1' };
    const { exitCode, said } = await connect(['--do-cluster-name', 'tor1-main'], open);
    expect([exitCode, said]).toEqual([2, 'DIGITALOCEAN_API_URL: "http://192.0.2.1" is not an https address']);
  });

  test('the login is in a file that only this person may read; kubectl gets no token', async () => {
    const seen = join(folder, 'seen');
    const tools = join(folder, 'tools');
    mkdirSync(tools);
    const script = `#!/bin/sh\necho "\${DO_TOKEN-none} $(stat -c %a "\${1#--kubeconfig=}")" >>${seen}\nexec ${kubectl.folder}/kubectl "$@"\n`;
    writeFileSync(join(tools, 'kubectl'), script, { mode: 0o755 });
    const path = { PATH: `${tools}:${kustomizeFolder}:${process.env['PATH']}` };
    const words = ['--do-cluster-name', 'tor1-main', '--dry-run', '--argocd-manifest', 'install.yaml'];
    expect(await connect(words, { ...at('dop_v1_secret'), ...path })).toMatchObject({ exitCode: 0, said: '' });
    expect([...new Set(readFileSync(seen, 'utf8').trim().split('\n'))]).toEqual(['none 600']);
  });
});

describe("the App's key", () => {
  test('a dry run names the Secret, shows nothing of the key and reads no standard input', async () => {
    const { exitCode, said, shown, reads } = await dryRun('--app-key', 'app.pem');
    expect([exitCode, said, reads]).toEqual([0, '', 0]);
    expect(shown).toContain("  + argocd/secret argocd-notifications-secret: the GitHub App's key\n");
    for (const line of KEY.trim().split('\n')) expect(shown).not.toContain(line);
    expect(shown).not.toContain(Buffer.from(KEY).toString('base64').slice(0, 40));
    expect((await dryRun()).shown).not.toContain("App's key");
  });

  const NO_KEY =
    '--app-key is not a whole private RSA key in PEM: pass the .pem file as GitHub gives it, under Private keys in the settings of the App';
  test.each([
    ['app.pme', '--app-key: "CLONE/app.pme" does not exist: check the path'],
    ['overlays', '--app-key: "CLONE/overlays" is a folder: check the path'],
    ['note.pem', NO_KEY],
    ['cut.pem', NO_KEY],
    ['ec.pem', NO_KEY],
    ['public.pem', NO_KEY],
  ])('%s is refused', async (file, sentence) => {
    expect(await dryRun('--app-key', file)).toEqual({ exitCode: 1, said: sentence, shown: '', reads: 0 });
  });

  test('a wrong one is told before the AWS key is read, whose secret is printed once', async () => {
    const words = ['--argocd-manifest', 'install.yaml', '--aws-key', '--yes', '--app-key', 'cut.pem'];
    expect(await connect(words)).toMatchObject({ exitCode: 1, said: NO_KEY, reads: 0 });
  });
});

test.each([
  [['--repository', 'nowhere'], '"CLONE/nowhere/argocd/pins.json" does not exist: pass your clone with --repository'],
  [['--argocd-manifest', 'instal.yaml'], '--argocd-manifest: "CLONE/instal.yaml" does not exist: check the path'],
])('%j: a file that is missing is named', async (words, sentence) => {
  const { exitCode, said } = await connect([...words, '--yes']);
  expect([exitCode, said]).toEqual([1, expect.stringContaining(sentence)]);
});
