import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type OciRegistry, startRegistry } from '#lab/aws/registry.ts';
import { type BaseImage, makeBaseImage } from '#lab/docker/base-image.ts';
import { type Docker, startDocker } from '#lab/docker/docker.ts';
import { listen } from '#lab/supervisor/http.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { findTraces, removeTraces } from '#lab/supervisor/traces.ts';
import { obtainTools, type Toolbox } from '#lab/toolbox/toolbox.ts';

let toolbox: Toolbox;
let lab: Lab;
let docker: Docker;
let registry: OciRegistry;
let base: BaseImage;

beforeAll(async () => {
  toolbox = await obtainTools(['docker', 'registry', 'network', 'busybox'], silentProgress);
  lab = await openLab({ progress: silentProgress, path: toolbox.path });
  docker = await startDocker(lab, toolbox);
  registry = await startRegistry(lab, toolbox);
  base = await makeBaseImage(lab, toolbox, registry, docker);
}, 300_000); // on a fresh machine the tools come first

afterAll(() => lab.stop(), 60_000);

const run = async (...command: string[]) =>
  (await docker.exec(['run', '--rm', base.reference, ...command])).stdout.toString('utf8').trim();

describe('the engine', () => {
  test('keeps its containers in the cgroup and its mounts in the folder of the lab', async () => {
    expect(await run('cat', '/proc/self/cgroup')).toContain(`/slipway-${lab.id}/`);
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(lab.dir);
  });

  test('lets a container reach the bridge and changes no forwarding of the machine', async () => {
    const before = readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8');
    const server = await listen(async (_request, response) => {
      response.end('hello from outside');
    }, docker.bridgeAddress);
    const script = `fetch('http://${server.host}/').then((answer) => answer.text()).then(console.log)`;
    expect(await run('node', '--eval', script)).toBe('hello from outside');
    await server.close();
    expect(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8')).toBe(before);
  });
});

describe('the base image', () => {
  test('runs Node 24 and npm as root and as the user node', async () => {
    expect(await run('node', '--version')).toMatch(/^v24\./);
    expect(await run('npm', '--version')).toMatch(/^\d+\.\d+\.\d+$/);
    const asNode = [
      'run',
      '--rm',
      '--user',
      'node',
      base.reference,
      'sh',
      '-c',
      'touch ~/x /tmp/x && id -un && node -p 6*7',
    ];
    expect((await docker.exec(asNode)).stdout.toString('utf8')).toBe('node\n42\n');
  });

  test('has the same digest when it is made again, and is in the registry under it', async () => {
    const again = await makeBaseImage(lab, toolbox, registry);
    expect(again).toEqual(base);
    const answer = await fetch(`http://${registry.host}/v2/lab/base/manifests/${base.digest}`, { method: 'HEAD' });
    expect(answer.headers.get('docker-content-digest')).toBe(base.digest);
  });
});

test('nothing is left when the lab stops with a container that ignores SIGTERM', async () => {
  const other = await openLab({ progress: silentProgress, path: toolbox.path });
  const engine = await startDocker(other, toolbox);
  const tar = await lab.exec(['tar', '-C', dirname(toolbox.tool('busybox')), '-c', 'busybox']);
  await engine.exec(['import', '-', 'tiny'], { input: tar.stdout });
  await engine.exec([
    'run',
    '--detach',
    'tiny',
    '/busybox',
    'sh',
    '-c',
    'trap "" TERM; while :; do /busybox sleep 1; done',
  ]);
  const started = performance.now();
  await other.stop();
  expect(performance.now() - started).toBeLessThan(8_000);
  expect(findTraces(other.id, other.dir)).toEqual([]);
});

test('after kill -9 of the supervisor the sweep finds everything', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'abandoned-'));
  const note = join(folder, 'lab.json');
  const script = join(dirname(fileURLToPath(import.meta.url)), 'abandoned-lab.ts');
  const child = spawn(process.execPath, [script, note], { stdio: 'inherit' });
  while (!existsSync(note) || readFileSync(note, 'utf8') === '') {
    expect(child.exitCode).toBeNull();
    await sleep(100);
  }
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  const { id, dir } = JSON.parse(readFileSync(note, 'utf8'));
  expect(findTraces(id, dir).map((line) => line.split(' ')[0])).toEqual(
    expect.arrayContaining(['process', 'interface', 'cgroup', 'folder']),
  );
  await removeTraces(id, dir);
  expect(findTraces(id, dir)).toEqual([]);
  rmSync(folder, { recursive: true });
});
