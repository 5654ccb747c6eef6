import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { type Cluster, isReadyPod } from '#lab/cluster/cluster.ts';
import { readServedSource } from '#lab/cluster/serving.ts';
import { findEnvironment } from '#lab/environments.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import { editFile } from '#lab/tests/edit-file.ts';
import { openWorld, type World } from '#lab/world.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
let world: World;
let cluster: Cluster;
let namespace: string;

/** The sweep in a hurry: the hour between two becomes two seconds. And the other workflows of a push take their time. */
function hurry(clone: string): void {
  const folder = join(clone, '.github/workflows');
  for (const name of readdirSync(folder)) if (name !== 'deploy.yml') rmSync(join(folder, name));
  const line = '          image: dev-sandbox\n';
  const more = `${line}          env: [{name: SANDBOX_SWEEP_SECONDS, value: "2"}]\n`;
  editFile(clone, 'base/dev-sandbox/deployment.yaml', line, more);
}

beforeAll(async () => {
  world = await openWorld(
    lineProgress((line) => process.stderr.write(`${line}\n`)),
    { cluster: true, edit: hurry },
  );
  if (world.delivery === undefined) throw new Error('the world has no cluster');
  cluster = world.delivery.cluster;
  namespace = findEnvironment(world.environments, 'staging').namespace;
  const { sha } = await world.push({ files: {}, message: 'The tenant' });
  const serves = async () => ((await readServedSource(cluster, namespace)) === sha ? true : undefined);
  await world.until('staging serves the tenant', serves, 7 * MINUTE);
  // with the secret's hash the bot's pod is replaced once more
  const variables = ['get', 'deployment', 'discord-bot', '-n', namespace, '-o', 'jsonpath={..env[*].name}'];
  const isNoted = async () => (await cluster.kubectl(variables)).includes('STAKATER_') || undefined;
  await world.until('Reloader has seen the secret', isNoted);
  for (const name of ['discord-bot', 'dev-sandbox'])
    await cluster.kubectl(['rollout', 'status', `deployment/${name}`, '-n', namespace, '--timeout=180s']);
}, 2_700_000); // on a new machine it builds the cluster's programs first

afterAll(async () => {
  await world?.stop();
  expect(findTraces(world.lab.id, world.lab.dir)).toEqual([]);
}, MINUTE);

const page = readFileSync(join(repositoryRoot, 'docs/sandbox.md'), 'utf8');
const answer = z.looseObject({
  exitCode: z.number().optional(),
  signal: z.string().optional(),
  timedOut: z.boolean(),
  stdout: z.string(),
  truncated: z.object({ stdout: z.boolean(), stderr: z.boolean() }),
  files: z.record(z.string(), z.string()),
  omitted: z.array(z.object({ path: z.string(), why: z.string() })),
});
type Answer = z.output<typeof answer>;

/** Types the command of docs/sandbox.md: the bot's own pod asks the sandbox's, through the cluster's network. */
async function askFromBot(text: string): Promise<string> {
  const [, command = ''] = /`kubectl (exec -i [^`<]+) <run\.json`/.exec(page) ?? [];
  const words = command.split(' ').map((word) => (word === 'discord-bot' ? namespace : word));
  return cluster.kubectl(words, text);
}

/** Runs shell code, or what is given in its place. */
async function run(workspace: string, code: string, more: object = {}): Promise<Answer> {
  const text = JSON.stringify({ workspace, language: 'sh', code, ...more });
  return answer.parse(JSON.parse(await askFromBot(text)));
}

async function sandboxPod(): Promise<string> {
  const pods = await cluster.pods(namespace, 'app=dev-sandbox');
  return pods.find((pod) => isReadyPod(pod) && pod.metadata.deletionTimestamp === undefined)?.metadata.name ?? '';
}

test("the bot's pod runs the example of docs/sandbox.md: output, exit code and file come back as the page says", async () => {
  const [, asked = '', answered = ''] = /```json\n(.*?)\n```\n.*?```json\n(.*?)\n```/s.exec(page) ?? [];
  const { durationMs: _time, ...result } = JSON.parse(await askFromBot(asked)) as Record<string, unknown>;
  expect(result).toEqual(JSON.parse(answered));
});

test("it runs in the sandbox's pod, sees no variable of the pod, and reaches neither the bot nor what the bot reaches", async () => {
  expect((await run('who', 'hostname')).stdout).toBe(`${await sandboxPod()}\n`);
  // the bot is Ready, so this address answers from its pod
  const aws = /^AWS_ENDPOINT_URL=(\S+)$/m.exec(await world.read('overlays/staging/settings.env'))?.[1];
  const code = `(async () => {
  const { lookup } = require('node:dns').promises;
  const reach = (url) => fetch(url, { signal: AbortSignal.timeout(2000) }).then(() => 'open', () => 'shut');
  console.log(Object.keys(process.env).filter((name) => name !== 'SHLVL').sort().join()); // some shells set it
  console.log((await lookup('discord-bot')).address !== '', await reach('http://discord-bot/health'));
  console.log(await reach('http://169.254.169.254/'), await reach(${JSON.stringify(aws)}));
})();`;
  const { stdout } = await run('who', code, { language: 'javascript' });
  expect(stdout.split('\n')).toEqual(['HOME,LANG,PATH,PWD,SANDBOX_RUN,TMPDIR', 'true shut', 'shut shut', '']);
});

test('at its time a run ends, with all that it started', async () => {
  const began = performance.now();
  const flight = 'trap "" TERM HUP; setsid sleep 600 & (sleep 600 &); sleep 600';
  const { exitCode, signal, timedOut } = await run('late', flight, { timeoutSeconds: 2 });
  expect({ exitCode, signal, timedOut }).toEqual({ exitCode: undefined, signal: 'SIGKILL', timedOut: true });
  expect(performance.now() - began).toBeLessThan(30_000);
  expect((await run('late', 'ps -o args | grep -c "^sleep"')).stdout).toBe('0\n');
});

test(
  'output and files are cut at their limit, and the bot is told',
  async () => {
    const long = await run('large', 'yes | head -c 5000000; exit 4', { outputBytes: 1_000 });
    expect([long.stdout.length, long.truncated, long.exitCode]).toEqual([1_000, { stdout: true, stderr: false }, 4]);
    const files = 'head -c 9000000 /dev/zero >big; head -c 3000000 /dev/zero >small';
    const { files: back, omitted } = await run('large', files, { collect: ['small', 'big'] });
    expect(Object.entries(back).map(([path, text]) => [path, Buffer.from(text, 'base64').length])).toEqual([
      ['small', 3_000_000],
    ]);
    expect(omitted).toEqual([{ path: 'big', why: 'it has 9000000 bytes, and 5388608 are left of 8388608' }]);
    const tooLarge = { files: { big: Buffer.alloc(9_000_000).toString('base64') } };
    await expect(run('large', ':', tooLarge)).rejects.toThrow('the files have 9000000 bytes, more than 8388608');
  },
  MINUTE,
);

test(
  'a workspace with more than its gibibyte takes no run; the way out that is printed frees it',
  async () => {
    await run('full', 'fallocate -l 600000000 one && fallocate -l 600000000 two');
    const refusal = await run('full', ':').then(String, String);
    expect(refusal).toMatch(/the workspace full holds 12\d{8} bytes, more than 1073741824: delete it/);
    const [, path = ''] = /\(DELETE (\/workspaces\/full)\)/.exec(refusal) ?? [];
    const remove = `fetch('http://dev-sandbox${path}', { method: 'DELETE' }).then(({ status }) => console.log(status))`;
    const argv = ['exec', 'deployment/discord-bot', '-n', namespace, '--', 'node', '-e', remove];
    expect(await cluster.kubectl(argv)).toBe('200\n');
    expect((await run('full', 'ls')).stdout).toBe('');
  },
  MINUTE,
);

test(
  'a workspace outlives its pod',
  async () => {
    expect((await run('kept', 'echo mine >note; hostname')).exitCode).toBe(0);
    const before = await sandboxPod();
    await cluster.kubectl(['delete', 'pod', '-n', namespace, before]);
    const isBack = async () => ![before, ''].includes(await sandboxPod()) || undefined;
    await world.until('the sandbox is back', isBack, 2 * MINUTE);
    const after = await sandboxPod();
    // the Service hears of the new pod a moment after it is ready
    const again = () => run('kept', 'cat note; hostname').catch(() => undefined);
    expect((await world.until('the bot reaches it', again)).stdout).toBe(`mine\n${after}\n`);
  },
  4 * MINUTE,
);

test(
  'the sweep removes a workspace that no one used for a week, and no other',
  async () => {
    for (const name of ['stale', 'fresh']) await run(name, 'echo x >file');
    const age = `const { utimesSync } = require('node:fs');
for (const [name, days] of [['stale', 8], ['fresh', 6]]) {
  const time = (Date.now() - days * ${DAY}) / 1000;
  utimesSync('../' + name, time, time);
}`;
    await run('other', age, { language: 'javascript' });
    const log = () => cluster.kubectl(['logs', '-n', namespace, 'deployment/dev-sandbox']);
    const said = 'removed the workspace stale, which was not used for 168 hours';
    await world.until('the sweep', async () => (await log()).includes(said) || undefined);
    const { stdout } = await run('other', 'ls ..');
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['fresh', 'kept', 'other']));
    expect(stdout.split('\n')).not.toContain('stale');
    expect((await log()).match(/removed the workspace \S+/g)).toEqual(['removed the workspace stale,']);
  },
  2 * MINUTE,
);
