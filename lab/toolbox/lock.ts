import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

type LockFile = typeof import('./tools.lock.json');

/** The name of an entry of tools.lock.json. */
export type ToolName = keyof LockFile;

/** The folder that holds the lock and what its entries refer to: Go modules, lists of Python packages. */
export const lockFolder = dirname(fileURLToPath(import.meta.url));

const go = {
  version: z.string(),
  /** The oldest Go that builds it. */
  go: z.string().regex(/^1\.\d+(\.\d+)?$/),
  /** The module that `version` is the version of. */
  module: z.string(),
  /** Binary → the import path of its main package. */
  binaries: z.record(z.string(), z.string()),
  ldflags: z.string(),
  /** Flags of the compiler for all packages: what takes less time to build runs a little slower. */
  gcflags: z.string().optional(),
};

const tool = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('go'), ...go }),
  z.strictObject({
    from: z.literal('go-module'),
    ...go,
    /** Our module below modules/, whose go.mod and go.sum pin everything that is compiled in. */
    folder: z.string(),
    /** A name → folders of the foreign module that are wanted at run time. */
    files: z.record(z.string(), z.array(z.string())),
    /** A file of the foreign module → ours that takes its place: what is left out of it is not compiled. */
    overrides: z.record(z.string(), z.string()).optional(),
  }),
  z.strictObject({
    from: z.literal('apt'),
    /** What the lab was proven with; the distribution decides which one is installed. */
    version: z.string(),
    packages: z.array(z.string()).min(1),
    binaries: z.array(z.string()),
    /** A name → where the packages put it. */
    files: z.record(z.string(), z.string()),
  }),
  z.strictObject({
    from: z.literal('python'),
    version: z.string(),
    /** The oldest Python that runs it. */
    python: z.string().regex(/^3\.\d+$/),
    /** A list of pinned packages, as pip reads it. */
    requirements: z.string(),
    binaries: z.array(z.string()).min(1),
  }),
  z.strictObject({
    from: z.literal('machine'),
    version: z.string(),
    binaries: z.array(z.string()).min(1),
    remedy: z.string(),
  }),
]);

type Entry = z.infer<typeof tool>;

/** One tool of the lock: its version, how it is obtained and which binaries and files it brings. */
export type Tool = Entry & { readonly name: string };

/** Tools of one kind. */
export type ToolFrom<From extends Entry['from']> = Extract<Tool, { from: From }>;

/** A tool that is built into a folder of its own below .lab/tools; the others are installed on the machine. */
export type BuiltTool = ToolFrom<'go' | 'go-module' | 'python'>;

/** The tools of a lock, by name. */
export type Lock = ReadonlyMap<string, Tool>;

/** Returns the tools of a lock's text; throws a ZodError that names the place where it is wrong. */
export function parseLock(text: string): Lock {
  const entries = z.record(z.string(), tool).parse(JSON.parse(text));
  return new Map(Object.entries(entries).map(([name, entry]) => [name, { name, ...entry }]));
}

/** Returns the lab's lock. */
export function readLock(): Lock {
  return parseLock(readFileSync(join(lockFolder, 'tools.lock.json'), 'utf8'));
}

/** True for a tool that has a folder of its own below .lab/tools. */
export function isBuilt(candidate: Tool): candidate is BuiltTool {
  return candidate.from !== 'apt' && candidate.from !== 'machine';
}

/**
 * Returns the name of a built tool's folder: name, version and eight hex digits over everything that decides what is
 * in it. `parent` counts for Python alone, whose launchers hold the absolute path of their interpreter.
 */
export function folderName(built: BuiltTool, parent: string): string {
  const hash = createHash('sha256').update(JSON.stringify(built));
  for (const path of sourcesOf(built)) hash.update(`\0${existsSync(path) ? readFileSync(path, 'utf8') : ''}`);
  if (built.from === 'python') hash.update(`\0${parent}`);
  return `${built.name}-${built.version}-${hash.digest('hex').slice(0, 8)}`;
}

/** The names of a tool's binaries. */
export function binariesOf(of: Tool): string[] {
  return Array.isArray(of.binaries) ? of.binaries : Object.keys(of.binaries);
}

/** How people are told of a tool: `act 0.2.89`. */
export function label(of: Tool): string {
  return `${of.name} ${of.version}`;
}

function sourcesOf(built: BuiltTool): string[] {
  if (built.from === 'python') return [join(lockFolder, built.requirements)];
  if (built.from === 'go') return [];
  const folder = join(lockFolder, 'modules', built.folder);
  const own = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.go')) : [];
  const ours = new Set(['go.mod', 'go.sum', ...Object.values(built.overrides ?? {}), ...own.sort()]);
  return [...ours].map((file) => join(folder, file));
}
