import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '#bench/measure.ts';
import { formatRelease } from '#core/release/trailer.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { git, openRepositories } from '#tests/support/repositories.ts';

/** The command's arguments as npm runs it. */
const slipway: readonly string[] = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'))
  .scripts.slipway.split(' ')
  .slice(1);

const RELEASES = 10_000;
const RUNS = 5;

/** `slipway history` of 10,000 releases, each after a commit of its own: the whole command, and without its fetching. */
export async function benchHistory(): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  try {
    const [remote, clone] = [join(root, 'remote.git'), join(root, 'clone')];
    openRepositories(remote, clone);
    fill(remote, RELEASES);
    git(clone, 'pull', '-q', 'origin', 'main');
    const runs = Array.from({ length: RUNS }, (_one, run) => measure(clone, join(root, `trace-${run}`)));
    const [whole, fetching] = [median(runs.map(({ total }) => total)), median(runs.map(({ fetched }) => fetched))];
    const own = median(runs.map(({ total, fetched }) => total - fetched));
    const cpu = median(runs.map((run) => run.cpu));
    console.log(
      `history of ${RELEASES} releases: median ${seconds(whole)}, of which git fetches for ${seconds(fetching)}; without fetching ${seconds(own)} (we want 1 s); CPU of all processes, fetching included, ${seconds(cpu)}`,
    );
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

/**
 * One run in milliseconds; git itself says in its trace how long each fetch took. It is asked for by a setting, since the
 * command passes no GIT_TRACE on.
 */
function measure(clone: string, trace: string): { total: number; fetched: number; cpu: number } {
  const home = mkdtempSync(`${trace}-home-`);
  writeFileSync(join(home, '.gitconfig'), `[trace2]\n\teventTarget = ${trace}\n`);
  const argv = [...slipway, 'history', '--repository', clone, '--limit', String(RELEASES), '--json'];
  const [started, cpuBefore] = [performance.now(), readChildCpu()];
  const output = execFileSync(process.execPath, argv, {
    cwd: repositoryRoot,
    env: { PATH: process.env['PATH'], HOME: home },
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 2 ** 30,
  });
  const total = performance.now() - started;
  const cpu = readChildCpu() - cpuBefore;
  const { releases } = JSON.parse(output.toString('utf8'));
  if (releases.length !== RELEASES) throw new Error(`history lists ${releases.length} releases`);
  return { total, fetched: sumFetches(readFileSync(trace, 'utf8')), cpu };
}

/** CPU time of our children and theirs that have ended, in milliseconds: cutime and cstime of proc(5), in ticks of 10 ms. */
function readChildCpu(): number {
  const [, fields = ''] = readFileSync('/proc/self/stat', 'utf8').split(') ');
  return fields
    .split(' ')
    .slice(13, 15)
    .reduce((sum, ticks) => sum + Number(ticks) * 10, 0);
}

/** Adds up the fetches that we start, in milliseconds; those that git starts itself have a parent's id before a slash. */
function sumFetches(trace: string): number {
  const events = trace
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const fetches = new Set(
    events.filter(({ event, name }) => event === 'cmd_name' && name === 'fetch').map(({ sid }) => sid),
  );
  const ends = events.filter(({ event, sid }) => event === 'exit' && fetches.has(sid) && !sid.includes('/'));
  return ends.reduce((sum, { t_abs }) => sum + t_abs * 1000, 0);
}

/** Makes the branch in one process: a source, its release, the next source. */
function fill(remote: string, releases: number): void {
  const digests = Array.from({ length: releases }, (_one, at) => digestOf(at));
  const parts: string[] = [];
  const commit = (mark: number, message: string, files: Readonly<Record<string, string>>): void => {
    parts.push(`commit refs/heads/main\nmark :${mark}\ncommitter P <p@example.com> ${1_700_000_000 + mark} +0000\n`);
    parts.push(`data ${Buffer.byteLength(message)}\n${message}\n`);
    for (const [path, text] of Object.entries(files))
      parts.push(`M 644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`);
  };
  const source = 'a'.repeat(40) as CommitSha; // which commit it is does not matter here
  commit(1, 'The tenant\n', {
    'slipway.yaml': CONFIG,
    'docker/build.pkr.hcl': '# a template\n',
    'app/main.js': '//\n',
    [OVERLAY]: renderOverlay(undefined),
  });
  for (const [at, to] of digests.entries()) {
    commit(2 * at + 2, `change ${at}\n`, { 'app/main.js': `// ${at}\n` });
    const who = { run: 'https://github.example/acme/tenant/actions/runs/42', actor: 'octocat' };
    const release = {
      environment: 'production',
      image: 'web',
      to,
      from: digests[at - 1],
      kind: 'deploy',
      source,
    } as const;
    const trailer = formatRelease({ ...release, ...who, intent: String(at).padStart(26, '0') });
    commit(2 * at + 3, `deploy(production): web\n\n${to}\n\n${trailer}\n`, { [OVERLAY]: renderOverlay(to) });
  }
  execFileSync('git', ['fast-import', '--quiet', '--force'], { cwd: remote, input: parts.join('') });
  execFileSync('git', ['gc', '--quiet'], { cwd: remote });
}

const OVERLAY = 'overlays/production/kustomization.yaml';
const CONFIG = `registry: {type: oci, host: "127.0.0.1:1"}
images:
  web: {template: docker/build.pkr.hcl, inputs: [app], keep: 10}
environments:
  production: {overlay: overlays/production, deploys: on-push}
`;

function digestOf(at: number): Digest {
  return `sha256:${createHash('sha256').update(String(at)).digest('hex')}`;
}

function renderOverlay(digest: Digest | undefined): string {
  return `resources: [../../base]\nimages:\n  - name: web\n    newName: 127.0.0.1:1/web\n    digest: ${digest ?? `sha256:${'0'.repeat(64)}`} # set by Slipway\n`;
}
