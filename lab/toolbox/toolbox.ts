import { dirname, join } from 'node:path';
import { createExec } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';
import type { Progress } from '#lab/supervisor/progress.ts';
import { labHome, repositoryRoot } from '#lab/supervisor/root.ts';
import { SERVICE_POLICY } from '#lab/toolbox/apt.ts';
import { binariesOf, isBuilt, type Lock, label, readLock, type Tool, type ToolName } from '#lab/toolbox/lock.ts';
import { lookAtMachine, type Machine } from '#lab/toolbox/machine.ts';
import { type Makers, obtainMissing, realMakers } from '#lab/toolbox/obtain.ts';
import { openShelf, type Shelf } from '#lab/toolbox/shelf.ts';

export type { ToolName } from '#lab/toolbox/lock.ts';

/** What the light world needs: everything real up to the commit. */
export const lightTools = [
  'act',
  'kustomize',
  'moto',
  'docker',
  'registry',
  'packer',
  'busybox',
  'network',
  'terraform',
  'kubeconform',
  'git',
] as const satisfies readonly ToolName[];

/** What the cluster world needs on top of {@link lightTools}. */
export const clusterTools = [
  'kubernetes',
  'argocd',
  'external-secrets',
  'etcd',
  'network-policies',
  'coredns',
  'cni',
  'redis',
  'compiler',
] as const satisfies readonly ToolName[];

/** What the checks of workflows and manifests need, and the tests of plans. */
export const checkTools = [
  'actionlint',
  'zizmor',
  'kubeconform',
  'kustomize',
  'terraform',
] as const satisfies readonly ToolName[];

/** What the audit of the Terraform code needs. */
export const auditTools = ['checkov'] as const satisfies readonly ToolName[];

/** What only the benchmark needs, on top of the world that it measures: a peer. */
export const benchTools = ['buildkit'] as const satisfies readonly ToolName[];

/** The other program that runs stacks; it takes many minutes to build, so only who asks for it gets it. */
export const otherTools = ['opentofu'] as const satisfies readonly ToolName[];

/** The tools that were asked for, each in its place. */
export interface Toolbox {
  /** Folders for PATH, the first with Node 24. */
  readonly path: readonly string[];
  /** Returns the absolute path of a binary of an obtained tool: `kube-apiserver`, `dockerd`, `moto_server`. */
  tool(binary: string): string;
  /** Returns the absolute path of a folder that came with a tool: `argocd/manifests`, `cni/plugins`. */
  file(name: string): string;
}

/** What a toolbox is made of. */
export interface ToolboxPorts {
  readonly lock: Lock;
  readonly shelf: Shelf;
  readonly machine: Machine;
  readonly makers: Makers;
  /** The folder of the `node` that processes of the lab run on. */
  readonly nodeFolder: string;
}

/**
 * Obtains the tools that are not there yet and returns them all; a few milliseconds when nothing is missing. Refuses
 * with one sentence per cause when something cannot be had.
 */
export function obtainTools(names: readonly ToolName[], progress: Progress): Promise<Toolbox> {
  return obtainFrom(realPorts(), names, progress);
}

/** True when all these tools are there. Builds nothing and costs a few milliseconds. */
export function hasTools(names: readonly ToolName[]): boolean {
  const ports = realPorts();
  return pick(ports.lock, names).every((tool) => isThere(ports, tool));
}

/** {@link obtainTools} with everything that it touches handed in. */
export async function obtainFrom(ports: ToolboxPorts, names: readonly string[], progress: Progress): Promise<Toolbox> {
  const tools = pick(ports.lock, names);
  const missing = tools.filter((tool) => !isThere(ports, tool));
  if (missing.length > 0) await obtainMissing(ports, missing, progress);
  return openToolbox(ports, tools);
}

function realPorts(): ToolboxPorts {
  const shelf = openShelf(join(labHome, 'tools'));
  const machine = lookAtMachine(process.env['PATH'] ?? '');
  const apt = { exec: createExec(process.env), machine, isRoot: process.getuid?.() === 0, policyFile: SERVICE_POLICY };
  return {
    lock: readLock(),
    shelf,
    machine,
    makers: realMakers(apt, shelf),
    nodeFolder: join(repositoryRoot, 'node_modules', 'node', 'bin'),
  };
}

function pick(lock: Lock, names: readonly string[]): Tool[] {
  return [...new Set(names)].map((name) => {
    const tool = lock.get(name);
    if (tool === undefined)
      throw new Refusal(`${name}: no such tool in tools.lock.json, which has ${[...lock.keys()].join(', ')}`);
    return tool;
  });
}

function isThere(ports: Pick<ToolboxPorts, 'shelf' | 'machine'>, tool: Tool): boolean {
  return isBuilt(tool) ? ports.shelf.has(tool) : ports.machine.missing(tool).length === 0;
}

function openToolbox(ports: ToolboxPorts, tools: readonly Tool[]): Toolbox {
  const binaries = new Map<string, string>();
  const files = new Map<string, string>();
  for (const tool of tools) {
    for (const name of binariesOf(tool)) {
      const path = isBuilt(tool) ? join(ports.shelf.pathOf(tool), 'bin', name) : ports.machine.find(name);
      if (path === undefined) throw new Refusal(`${label(tool)}: ${name} is gone from PATH`);
      binaries.set(name, path);
    }
    for (const [name, path] of filesOf(ports.shelf, tool)) files.set(name, path);
  }
  const built = tools.filter(isBuilt).map((tool) => join(ports.shelf.pathOf(tool), 'bin'));
  const installed = tools.filter((tool) => !isBuilt(tool)).flatMap((tool) => binariesOf(tool));
  // what is on the machine stays behind its PATH: of /usr/bin in front, other programs would be taken as well
  const folders = installed.map((name) => dirname(binaries.get(name) ?? '')).filter((folder) => folder !== '.');
  return {
    path: [...new Set([ports.nodeFolder, ...built, ...folders.filter((folder) => folder.endsWith('sbin'))])],
    tool: (name) => lookUp(binaries, name, 'binary'),
    file: (name) => lookUp(files, name, 'file'),
  };
}

function filesOf(shelf: Shelf, tool: Tool): [string, string][] {
  if (tool.from === 'apt') return Object.entries(tool.files);
  if (tool.from !== 'go-module') return [];
  return Object.keys(tool.files).map((name) => [name, join(shelf.pathOf(tool), 'files', name)]);
}

function lookUp(paths: ReadonlyMap<string, string>, name: string, kind: string): string {
  const path = paths.get(name);
  if (path === undefined)
    throw new Error(`the toolbox has no ${kind} ${name}; what was asked for brings ${[...paths.keys()].join(', ')}`);
  return path;
}
