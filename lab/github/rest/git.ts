import type { Exec } from '#core/system/exec.ts';

/** What git said. */
export interface GitAnswer {
  readonly code: number;
  readonly bytes: Buffer;
  /** {@link GitAnswer.bytes} as UTF-8. */
  readonly text: string;
  readonly stderr: string;
}

/** Standard input and variables for one call of git. */
export interface GitOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs git in the bare repository; every exit code is an answer. */
export type Git = (args: readonly string[], options?: GitOptions) => Promise<GitAnswer>;

/** Returns a {@link Git} for a bare repository. */
export function openGit(exec: Exec, bare: string): Git {
  return async (args, { input, env } = {}) => {
    const { code, stdout, stderr } = await exec(['git', '-C', bare, ...args], {
      accept: 'any',
      ...(input === undefined ? {} : { input }),
      ...(env === undefined ? {} : { extraEnv: env }),
    });
    return { code, bytes: stdout, text: stdout.toString('utf8'), stderr };
  };
}

/** The kinds of objects that git keeps. */
export type ObjectKind = 'blob' | 'tree' | 'commit' | 'tag';

/** Returns the kind of the object with this full SHA; undefined where there is none. */
export async function kindOf(git: Git, sha: string): Promise<ObjectKind | undefined> {
  if (!isSha(sha)) return undefined;
  return remember(git, `kind ${sha}`, async () => {
    const { code, text } = await git(['cat-file', '-t', sha]);
    const kinds: readonly ObjectKind[] = ['blob', 'tree', 'commit', 'tag'];
    return code === 0 ? kinds.find((kind) => kind === text.trim()) : undefined;
  });
}

const remembered = new WeakMap<Git, Map<string, unknown>>();

/** Returns what `read` found the first time: objects never change. What is not there is asked for again. */
export async function remember<Found>(
  git: Git,
  key: string,
  read: () => Promise<Found | undefined>,
): Promise<Found | undefined> {
  const known = remembered.get(git) ?? new Map<string, unknown>();
  remembered.set(git, known);
  const found = (known.get(key) as Found | undefined) ?? (await read()); // a key is read in one way only
  if (found !== undefined) known.set(key, found);
  return found;
}

/** Returns the SHA of a revision; undefined where it has none. */
export async function resolve(git: Git, revision: string): Promise<string | undefined> {
  const read = async (): Promise<string | undefined> => {
    const { code, text } = await git(['rev-parse', '--verify', '--quiet', '--end-of-options', revision]);
    return code === 0 ? text.trim().split('\n').at(-1) : undefined;
  };
  return isSha(revision.split('^')[0] ?? '') ? remember(git, `revision ${revision}`, read) : read();
}

/** Returns whether a text is a full SHA. */
export function isSha(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}

/** Means "no object" where a reference is made or deleted. */
export const NO_OBJECT = '0'.repeat(40);
