import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openReplay, type Replay } from '#lab/notifications/replay.ts';
import type { Situation } from '#lab/notifications/situations.ts';
import { type LoopbackServer, listen } from '#lab/supervisor/http.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import { obtainTools } from '#lab/toolbox/toolbox.ts';

/** docs/runbooks/rotate-secrets.md for Argo CD's notifications, beside the real controller, which nothing restarts. */
const page = readFileSync(join(repositoryRoot, 'docs/runbooks/rotate-secrets.md'), 'utf8');
const blocks = [...page.matchAll(/^```bash\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
const [, byHand = '', again = '', ask = '', webhook = ''] = blocks;

/** It runs since a minute, and nothing of it changes: what is said more comes from the runbook. */
const SITUATION: Situation = {
  name: 'production',
  branch: ['p'],
  steps: [{ phase: 'Succeeded', synced: 'p', sync: 'Synced', health: 'Healthy', finished: 60, says: 0 }],
  expected: [],
  words: {},
};

let lab: Lab;
let replay: Replay;
let tools: string;
let channel: LoopbackServer;
const messages: [path: string, body: string][] = [];

beforeAll(async () => {
  const progress = lineProgress((line) => process.stderr.write(`${line}\n`));
  const toolbox = await obtainTools(['kubernetes', 'argocd', 'etcd', 'act', 'git'], progress);
  lab = await openLab({ progress, path: toolbox.path });
  tools = dirname(toolbox.tool('kubectl'));
  channel = await listen(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer); // a request's body is bytes
    messages.push([request.url ?? '', Buffer.concat(chunks).toString('utf8')]);
    response.writeHead(204).end();
  });
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const secrets = { 'github-private-key': String(privateKey.export({ type: 'pkcs1', format: 'pem' })) };
  const edit = (text: string): string => text.replace('recipients: []', 'recipients: [discord]');
  replay = await lab.build(() => openReplay(lab, toolbox, { secrets, edit }));
  await replay.play(SITUATION);
}, 2_700_000);

afterAll(async () => {
  await channel?.close();
  await lab?.stop();
  expect(findTraces(lab.id, lab.dir)).toEqual([]);
}, 60_000);

async function paste(text: string): Promise<string> {
  const extraEnv = { PATH: `${tools}:${process.env['PATH']}`, KUBECONFIG: replay.kubeconfig };
  const input = `set -e -o pipefail\n${text}`;
  return (await lab.exec(['bash'], { cwd: lab.folder('at-work'), extraEnv, input })).stdout.toString('utf8');
}

/** Argo CD's application controller, which is not here, takes the annotation for a refresh off when it has refreshed. */
const refreshed = (): Promise<string> =>
  paste('kubectl -n argocd annotate applications --all argocd.argoproj.io/refresh-\n');

const sentOf = (table: string): string => /^production +(\S+)$/m.exec(table)?.[1] ?? 'no row';

test('with a key that GitHub does not know nothing arrives, and the table says so', async () => {
  expect(sentOf(await paste(again))).toBe('<none>');
  expect(replay.said(SITUATION)).toEqual([]);
  await refreshed();
}, 60_000);

test('the new key is used at once, and what was said before is said by it', async () => {
  writeFileSync(join(lab.folder('at-work'), 'app.pem'), replay.privateKey);
  expect(sentOf(await paste(`${byHand}${again}`))).toMatch(/:github:/);
  const said = replay.said(SITUATION).map(({ context, state, sha }) => [context, state, sha]);
  expect(said).toContainEqual(['argocd/production', 'success', replay.commits.p]);
  expect(messages).toEqual([]);
}, 60_000);

test('a new webhook gets the messages from then on, and the old one none', async () => {
  const give = (path: string): string => `${ask}http://${channel.host}${path}\n${webhook}`;
  expect(sentOf(await paste(`${give('/old')}${again}`))).toMatch(/people:.*:discord:/);
  const text = `production runs ${replay.commits.p.slice(0, 7)}`;
  const body = JSON.stringify({ content: text, allowed_mentions: { parse: [] } });
  const told = () => messages.splice(0).map(([path, said]) => [path, JSON.stringify(JSON.parse(said))]);
  expect(told()).toContainEqual(['/old', body]);
  await paste(`${give('/new')}${again}`);
  const after = told();
  expect(after).toContainEqual(['/new', body]);
  expect(after.filter(([path]) => path === '/old')).toEqual([]);
}, 120_000);
