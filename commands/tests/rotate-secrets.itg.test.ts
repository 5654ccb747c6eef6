import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { type BareCluster, startBareCluster } from '#tests/support/bare-cluster.ts';

/** docs/runbooks/rotate-secrets.md: its blocks for Argo CD's notifications, before a real API server, by kubectl itself. */
const page = readFileSync(join(repositoryRoot, 'docs/runbooks/rotate-secrets.md'), 'utf8');
const blocks = [...page.matchAll(/^```bash\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
const [byConnect = '', byHand = '', again = '', ask = '', webhook = '', ...others] = blocks;

let cluster: BareCluster;

beforeAll(async () => {
  cluster = await startBareCluster();
  const connected = await cluster.type(['cluster', 'connect', '--argocd-manifest', cluster.manifest, '--yes']);
  expect([connected.exitCode, connected.stderr]).toEqual([0, '']);
}, 2_700_000); // on a new machine it builds the API server first
afterAll(() => cluster?.lab.stop(), 60_000);

/** Pastes blocks into one shell in the clone; what was typed follows the block that asks. */
const paste = async (text: string): Promise<string> => {
  const extraEnv = { PATH: cluster.path, KUBECONFIG: cluster.kubeconfig };
  const { stdout, stderr } = await cluster.lab.exec(['bash'], {
    cwd: cluster.clone,
    extraEnv,
    input: `set -e -o pipefail\n${text}`,
  });
  return `${stdout.toString('utf8')}${stderr}`;
};

const makeKey = (): string => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = String(privateKey.export({ type: 'pkcs1', format: 'pem' }));
  writeFileSync(join(cluster.clone, 'app.pem'), key);
  return key;
};

const secretShape = z.object({ data: z.record(z.string(), z.string()).default({}) });

async function readSecret(): Promise<Record<string, string>> {
  const text = await cluster.kubectl(['get', 'secret', 'argocd-notifications-secret', '-n', 'argocd', '-o', 'json']);
  const { data } = secretShape.parse(JSON.parse(text));
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}

test('the names in the Secret are those that the settings of the notifications read', () => {
  const settings = readFileSync(join(repositoryRoot, 'argocd/platform/notifications.yaml'), 'utf8');
  const read = [...settings.matchAll(/^ {4}(?:privateKey|url): \$(\S+)$/gm)].map(([, name]) => name);
  expect(read).toEqual(['github-private-key', 'discord-webhook', 'slack-webhook']);
  expect(others).toEqual([]);
});

test("the App's key by connect: it asks, and goes in whole; a second run has nothing to do", async () => {
  const key = makeKey();
  const words = /^npm run -s slipway -- (.*)\n$/.exec(byConnect)?.[1]?.split(' ') ?? [];
  const type = () => cluster.type([...words, '--argocd-manifest', cluster.manifest], { answer: true });
  const { exitCode, stderr, stdout, asked } = await type();
  expect([exitCode, stderr, asked.length]).toEqual([0, '', 1]);
  expect(stdout).toContain("  ~ argocd/secret argocd-notifications-secret: the GitHub App's key\n");
  expect(stdout).not.toContain(Buffer.from(key).toString('base64').slice(40, 80));
  expect(await readSecret()).toEqual({ 'github-private-key': key });
  expect((await type()).stdout).toMatch(/Nothing to do\.\n$/);
}, 120_000);

test('the key by hand, and the webhooks: each goes in whole, and the others stay', async () => {
  const key = makeKey();
  expect(await paste(byHand)).toBe('secret/argocd-notifications-secret patched\n');
  expect(await readSecret()).toEqual({ 'github-private-key': key });
  const discord = 'https://discord.com/api/webhooks/1/planted-word?a=b&c="d"';
  const said = await paste(`${ask}${discord}\n${webhook}test -z "\${WEBHOOK-}"\n`);
  expect(said).toMatch(/^Address of the webhook, not shown: \nsecret\/argocd-notifications-secret patched\n$/);
  const slack = 'https://hooks.slack.com/services/T/B/x';
  await paste(`${ask.replace('discord', 'slack')}${slack}\n${webhook}`);
  expect(await readSecret()).toEqual({ 'github-private-key': key, 'discord-webhook': discord, 'slack-webhook': slack });
  await paste(`${ask}${discord}2\n${webhook}`);
  expect((await readSecret())['discord-webhook']).toBe(`${discord}2`);
}, 60_000);

test('connect without a key takes none of them out', async () => {
  const before = await readSecret();
  const { exitCode, stderr } = await cluster.type([
    'cluster',
    'connect',
    '--argocd-manifest',
    cluster.manifest,
    '--yes',
  ]);
  expect([exitCode, stderr, await readSecret()]).toEqual([0, '', before]);
  expect(Object.keys(before)).toHaveLength(3);
}, 60_000);

test('what was said is forgotten for every Application, and the table shows what was said since', async () => {
  const notified = 'notified.notifications.argoproj.io';
  const sent = '{"slipway:[0].abc:github:":1}';
  await cluster.kubectl(['annotate', 'applications', '--all', '-n', 'argocd', `${notified}=${sent}`]);
  const [forget, wait, look, ...rest] = again.trim().split('\n');
  expect([wait, rest]).toEqual(['sleep 10', []]);
  await paste(`${forget}\n`);
  const table = async () => (await paste(`${look}\n`)).split('\n').map((line) => line.split(/ +/));
  const names = ['external-secrets', 'production', 'reloader', 'staging'];
  expect(await table()).toEqual([['NAME', 'SENT'], ...names.map((name) => [name, '<none>']), ['']]);
  await cluster.kubectl(['annotate', 'application', 'production', '-n', 'argocd', `${notified}=${sent}`]);
  expect(await table()).toContainEqual(['production', sent]);
}, 60_000);

test('the page of the verdict gives the key by the same command', () => {
  const verdict = readFileSync(join(repositoryRoot, 'docs/verdict.md'), 'utf8').replaceAll(/^ {3}/gm, '');
  expect(verdict).toContain(`\`\`\`text\n${byHand}\`\`\``);
});
