import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { askRemote, explainRemote, isMissing, type Remote, type RunGit, refuseLack } from '#core/git/remote.ts';
import { parsePrintedCommit } from '#core/git/sha256.ts';
import { CommandError } from '#core/system/exec.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What to fetch, and how much of it. */
export interface Fetch {
  readonly refspecs: readonly string[];
  readonly depth?: number;
  readonly filter?: 'tree:0' | 'blob:none';
  /** Also forgets the refs here that the remote no longer has, below the refspecs with a `*`. */
  readonly prune?: boolean;
  /**
   * Fetches as into an empty repository: forgets our refs and where the history ends here. A server packs a whole
   * history in less than half of the time that the rest of one takes it.
   */
  readonly afresh?: boolean;
}

/** Fetches refs or commits; false when the remote does not have one of them. */
export async function fetchFrom(run: RunGit, remote: Remote, what: Fetch): Promise<boolean> {
  const depth = what.depth === undefined ? [] : [`--depth=${what.depth}`];
  const filter = what.filter === undefined ? [] : [`--filter=${what.filter}`];
  const prune = what.prune === true ? ['--prune'] : [];
  const flags = [
    '--quiet',
    '--no-tags',
    '--no-write-fetch-head',
    '--no-auto-maintenance',
    ...depth,
    ...filter,
    ...prune,
  ];
  // by standard input: thousands of them would not fit into the arguments
  const argv = ['fetch', ...flags, '--stdin', remote.url];
  const input = what.refspecs.map((refspec) => `${refspec}\n`).join('');
  try {
    await askRemote(run, argv, { input });
    return true;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    refuseLack(remote, error);
    const sources = what.refspecs.map((refspec) => refspec.replace(/^\+/, '').split(':')[0] ?? refspec);
    for (const source of sources.filter((name) => name.startsWith('refs/') && !name.includes('*'))) {
      if ((await lsRemote(run, remote, source)) === undefined) return false;
    }
    // git has one exit code for all of it
    if (isMissing(error) && sources.some((name) => !name.startsWith('refs/'))) return false;
    return explainRemote(remote)(error);
  }
}

/** Forgets our refs and where the history ends here; the objects stay. */
export async function forget(run: RunGit, dir: string): Promise<void> {
  const { stdout } = await run(['for-each-ref', '--format=delete %(refname)', 'refs/slipway/']);
  if (stdout.length > 0) await run(['update-ref', '--stdin'], { input: stdout });
  await rm(join(dir, 'shallow'), { force: true });
}

/** Fetches single objects by their ids, whatever a filter left out. */
export async function fetchObjects(run: RunGit, remote: Remote, oids: readonly string[]): Promise<void> {
  if (oids.length === 0) return;
  const flags = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--filter=blob:none'];
  // what the filter left out is asked for by name: common history need not be found first
  const argv = ['-c', 'fetch.negotiationAlgorithm=noop', 'fetch', ...flags, '--stdin', remote.url];
  await askRemote(run, argv, { input: oids.map((oid) => `${oid}\n`).join('') }).catch(explainRemote(remote));
}

/** Returns the commit of a ref on the remote, undefined where there is none. */
export async function lsRemote(run: RunGit, remote: Remote, ref: string): Promise<CommitSha | undefined> {
  const { code, stdout } = await askRemote(run, ['ls-remote', '--exit-code', remote.url, ref], {
    accept: [0, 2],
  }).catch(explainRemote(remote));
  return code === 2 ? undefined : parseLsRemote(stdout).get(ref);
}

/** Returns the commits of those of the refs that the remote has, by one request. */
export async function lsRefs(
  run: RunGit,
  remote: Remote,
  refs: readonly string[],
): Promise<ReadonlyMap<string, CommitSha>> {
  const { stdout } = await askRemote(run, ['ls-remote', remote.url, ...refs]).catch(explainRemote(remote));
  return parseLsRemote(stdout);
}

/** `git ls-remote` prints `<oid>\t<ref>` lines. */
function parseLsRemote(output: Buffer): Map<string, CommitSha> {
  const lines = output.toString('utf8').split('\n').filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [sha = '', ref = ''] = line.split('\t');
      return [ref, parsePrintedCommit(ref, sha)];
    }),
  );
}
