import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createExec, type Exec } from '#core/system/exec.ts';
import { findPacketRules, removePacketRules } from '#lab/supervisor/packet-rules.ts';

/** Every process of a lab carries this variable with the lab's id: it proves that we started it. */
export const MARKER = 'SLIPWAY_LAB';

/** Looks at what is left, 100 ms apart, before it is left to the next start. */
const ROUNDS = 100;

/** What identifies a running process, so that the right one is killed: pids are reused, start times are not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of /proc/<pid>/stat. */
  readonly startTime: string;
}

/** Returns the identity of a live process, or undefined where there is none (or only a zombie). */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const startTime = fields[19];
    return fields[0] === 'Z' || startTime === undefined ? undefined : { pid, startTime };
  } catch {
    return undefined;
  }
}

/** True while the very process that was identified is alive. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startTime === identity.startTime;
}

/**
 * Removes everything that a lab of this id left on the machine: processes that carry its marker with all their
 * descendants, processes in its cgroups, mounts below its folder, its network interfaces, its cgroups, and at last its
 * folder. The folder stays while anything else does: by it the next start finds the rest.
 */
export async function removeTraces(id: string, dir: string): Promise<void> {
  const plain = createExec({ PATH: process.env['PATH'] });
  const endOn = new AbortController().signal; // a group of its own: no Ctrl-C ends it half-way
  const exec: Exec = (argv, options) => plain(argv, { ...options, endOn });
  for (let round = 0; round < ROUNDS; round++) {
    const pids = processesOf(id);
    for (const pid of pids) killQuietly(pid);
    if (pids.length === 0) {
      for (const mount of mountsBelow(dir)) await exec(['umount', '--lazy', mount], { accept: 'any' });
      for (const name of interfacesOf(id)) await exec(['ip', 'link', 'delete', name], { accept: 'any' });
      removePacketRules(id);
      removeCgroups(id);
    }
    if (findTraces(id, dir).every((trace) => trace === folderTrace(dir))) {
      await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
      return;
    }
    await sleep(100);
  }
}

/** Returns what a lab of this id still has on the machine, one line each; empty when it left nothing. */
export function findTraces(id: string, dir: string): string[] {
  return [
    ...processesOf(id).map((pid) => `process ${pid}`),
    ...mountsBelow(dir).map((path) => `mount ${path}`),
    ...interfacesOf(id).map((name) => `interface ${name}`),
    ...findPacketRules(id),
    ...cgroupsOf(id).map((path) => `cgroup ${path}`),
    ...(existsSync(dir) ? [folderTrace(dir)] : []),
  ];
}

function folderTrace(dir: string): string {
  return `folder ${dir}`;
}

function processesOf(id: string): number[] {
  return [...new Set([...markedProcesses(id), ...processesInCgroups(id)])].filter((pid) => pid !== process.pid);
}

/** Ends the processes that this one started, and theirs: SIGTERM, and SIGKILL from `graceMs` on. */
export function endDescendants(graceMs: number): () => void {
  const begun = performance.now();
  const round = (): void => {
    const signal = performance.now() - begun < graceMs ? 'SIGTERM' : 'SIGKILL';
    for (const pid of withDescendants(new Set([process.pid]), readParents()))
      if (pid !== process.pid) killQuietly(pid, signal);
  };
  round();
  const timer = setInterval(round, 250);
  return () => clearInterval(timer);
}

/** Network interfaces of a lab are named `slw<id>…`, at most 15 characters; veths are found by their bridge. */
export function interfaceName(id: string, suffix: string): string {
  return `slw${id}${suffix}`;
}

function markedProcesses(id: string): number[] {
  const marker = `${MARKER}=${id}`;
  const parents = readParents();
  const marked = [...parents.keys()].filter((pid) => readEnvironment(pid).includes(marker));
  return [...withDescendants(new Set(marked), parents)];
}

/** Returns the parent of each process that is alive. */
function readParents(): Map<number, number> {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || identifyProcess(pid) === undefined) continue;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // it ended while we looked
    }
  }
  return parents;
}

function readEnvironment(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return []; // it ended while we looked, or it is not ours to read
  }
}

function withDescendants(pids: ReadonlySet<number>, parents: ReadonlyMap<number, number>): Set<number> {
  const family = new Set(pids);
  for (let grown = true; grown; ) {
    grown = false;
    for (const [pid, parent] of parents) {
      if (family.has(pid) || !family.has(parent)) continue;
      family.add(pid);
      grown = true;
    }
  }
  return family;
}

function cgroupsOf(id: string): string[] {
  const name = cgroupName(id);
  const roots = [
    '/sys/fs/cgroup',
    ...listFolders('/sys/fs/cgroup').map((controller) => join('/sys/fs/cgroup', controller)),
  ];
  return roots.map((root) => join(root, name)).filter((path) => existsSync(path));
}

/** The cgroup below which a lab puts its containers and pods. */
export function cgroupName(id: string): string {
  return `slipway-${id}`;
}

function processesInCgroups(id: string): number[] {
  return cgroupsOf(id).flatMap((root) =>
    treeOf(root).flatMap((path) => {
      try {
        return readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
      } catch {
        return [];
      }
    }),
  );
}

function removeCgroups(id: string): void {
  for (const root of cgroupsOf(id)) {
    for (const path of treeOf(root).reverse()) {
      try {
        rmdirSync(path);
      } catch {
        // a process that is just ending keeps it for a moment; findTraces tells when it stays
      }
    }
  }
}

function treeOf(root: string): string[] {
  return [root, ...listFolders(root).flatMap((name) => treeOf(join(root, name)))];
}

function listFolders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

function mountsBelow(dir: string): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => (line.split(' ')[1] ?? '').replace(/\\040/g, ' '))
    .filter((path) => path.startsWith(`${dir}/`))
    .sort((a, b) => b.length - a.length);
}

function interfacesOf(id: string): string[] {
  const names = listInterfaces();
  const own = names.filter((name) => name.startsWith(interfaceName(id, '')));
  const attached = names.filter((name) => own.includes(masterOf(name) ?? ''));
  return [...attached, ...own];
}

function listInterfaces(): string[] {
  return readdirSync('/sys/class/net');
}

function masterOf(name: string): string | undefined {
  try {
    return readFileSync(`/sys/class/net/${name}/master/uevent`, 'utf8').match(/INTERFACE=(.*)/)?.[1];
  } catch {
    return undefined;
  }
}

function killQuietly(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it ended by itself
  }
}
