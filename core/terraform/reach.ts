import { posix } from 'node:path';
import type { Config } from '#core/config/config.ts';
import { readConfig } from '#core/config/read.ts';
import type { Git } from '#core/git/repository.ts';
import type { TreeEntry } from '#core/git/tree-entry.ts';
import { openCommit } from '#core/source/source-tree.ts';
import { isExpected } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';
import { CODE, isInside, listNamedPaths, resolvePath } from './named-paths.ts';

type Terraform = NonNullable<Config['terraform']>;
type StackOf = Terraform['stacks'] extends ReadonlyMap<string, infer Stack> ? Stack : never;

/** What is compared. */
export interface StackChange {
  readonly base: CommitSha;
  readonly head: CommitSha;
  /** slipway.yaml's path. */
  readonly config: string;
}

/** Stacks by name, in the order of slipway.yaml. */
export interface Reached {
  readonly reached: readonly string[];
  readonly all: readonly string[];
  /** Those that a merge leaves to a person. */
  readonly byHand: readonly string[];
  /** For each stack, those that must be applied before it. */
  readonly after: ReadonlyMap<string, readonly string[]>;
  /** The program that runs them. */
  readonly binary: Terraform['binary'];
}

const NOTHING: Reached = { reached: [], all: [], byHand: [], after: new Map(), binary: 'terraform' };

/**
 * Returns the stacks of the head that a change can alter, in the order of slipway.yaml: by a file of their folder, of a
 * local module that they call (through others as well), by a file that their code names by a relative path, or by what
 * slipway.yaml says of them. Refuses a head whose slipway.yaml cannot be read.
 */
export async function findReachedStacks(git: Git, { base, head, config }: StackChange): Promise<Reached> {
  const [paths, after] = await Promise.all([git.listChangedPaths(base, head), readTerraform(git, head, config)]);
  if (after === undefined) return NOTHING;
  const isSame = !paths.includes(posix.normalize(config));
  const before = isSame ? after : await readTerraform(git, base, config).catch(passUnreadable);
  const [old, now] = await Promise.all([readPlaces(git, base), readPlaces(git, head)]);
  const reached = [...after.stacks].flatMap(([name, stack]) => {
    const was = before?.stacks.get(name);
    const isOther = after.binary !== before?.binary || describe(stack) !== describe(was);
    const places = [now(stack.folder), was === undefined ? [] : old(was.folder)].flat();
    return isOther || paths.some((path) => places.some((place) => isWithin(path, place))) ? [name] : [];
  });
  const byHand = [...after.stacks].flatMap(([name, { applies }]) => (applies === 'by-hand' ? [name] : []));
  const order = new Map([...after.stacks].map(([name, stack]) => [name, stack.after]));
  return { reached, all: [...after.stacks.keys()], byHand, after: order, binary: after.binary };
}

/** What slipway.yaml says of a stack that a plan of it depends on; its place in the order is not of it. */
function describe(stack: StackOf | undefined): string {
  return JSON.stringify(stack === undefined ? null : { ...stack, after: undefined });
}

async function readTerraform(git: Git, commit: CommitSha, config: string): Promise<Terraform | undefined> {
  return (await readConfig(openCommit(git, commit), config)).terraform;
}

/** What is not known of a base counts as changed. */
function passUnreadable(error: unknown): undefined {
  if (!isExpected(error)) throw error;
}

/** Returns what leads from a stack's folder to all places that its code can read. */
async function readPlaces(git: Git, commit: CommitSha): Promise<(folder: string) => string[]> {
  const entries = (await git.lsTree(commit, '', true)).filter((entry) => CODE.test(entry.path) || isLink(entry));
  const texts = await git.readBlobs(entries.map(({ oid }) => oid));
  const targets = new Map<string, string[]>();
  for (const [at, entry] of entries.entries()) {
    const folder = posix.dirname(entry.path);
    const text = texts[at]?.toString('utf8') ?? '';
    const named = isLink(entry) ? [resolvePath(folder, text)] : listNamedPaths(folder, text);
    targets.set(folder, [...(targets.get(folder) ?? []), ...named]);
  }
  return (folder) => follow(posix.normalize(folder), targets);
}

function isLink({ mode }: TreeEntry): boolean {
  return mode === '120000';
}

function follow(folder: string, targets: ReadonlyMap<string, readonly string[]>): string[] {
  const places = new Set([folder]);
  for (const place of places) for (const target of targets.get(place) ?? []) places.add(target); // grows while it is read
  return [...places].filter(isInside);
}

function isWithin(path: string, place: string): boolean {
  return place === '.' || path === place || path.startsWith(`${place}/`);
}
