import { explainRemote, type RunGit } from '#core/git/remote.ts';
import { CommandError } from '#core/system/exec.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';

/** What to fetch, and how much of it. */
export interface Fetch {
  readonly refspecs: readonly string[];
  readonly depth?: number;
  readonly filter?: 'tree:0' | 'blob:none';
}

/** Fetches refs or commits; false when the remote does not have one of them. */
export async function fetchFrom(run: RunGit, url: string, what: Fetch): Promise<boolean> {
  const depth = what.depth === undefined ? [] : [`--depth=${what.depth}`];
  const filter = what.filter === undefined ? [] : [`--filter=${what.filter}`];
  const flags = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', ...depth, ...filter];
  const argv = ['fetch', ...flags, url, ...what.refspecs];
  const first = await run(argv, { accept: 'any' });
  if (first.code === 0) return true;
  const sources = what.refspecs.map((refspec) => refspec.replace(/^\+/, '').split(':')[0] ?? refspec);
  for (const source of sources.filter((name) => name.startsWith('refs/'))) {
    const { code } = await run(['ls-remote', '--exit-code', url, source], { accept: [0, 2] }).catch(explainRemote(url));
    if (code === 2) return false;
  }
  const again = await run(argv, { accept: 'any' });
  if (again.code === 0) return true;
  if (sources.some((name) => !name.startsWith('refs/')) && /not our ref|unadvertised object/.test(again.stderr))
    return false;
  return explainRemote(url)(
    new CommandError({ argv: ['git', 'fetch'], code: again.code, reason: 'failed', stderr: again.stderr }),
  );
}

/** Returns the commit of a ref on the remote, undefined where there is none. */
export async function lsRemote(run: RunGit, url: string, ref: string): Promise<CommitSha | undefined> {
  const { code, stdout } = await run(['ls-remote', '--exit-code', url, ref], { accept: [0, 2] }).catch(
    explainRemote(url),
  );
  return code === 2 ? undefined : parseLsRemote(stdout).get(ref);
}

/** Returns the remote's refs whose names begin with `prefix`. */
export async function lsRemoteBelow(run: RunGit, url: string, prefix: string): Promise<ReadonlyMap<string, CommitSha>> {
  const { stdout } = await run(['ls-remote', url, `${prefix}*`]).catch(explainRemote(url));
  return parseLsRemote(stdout);
}

/** `git ls-remote` prints `<oid>\t<ref>` lines. */
function parseLsRemote(output: Buffer): Map<string, CommitSha> {
  const lines = output.toString('utf8').split('\n').filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [sha = '', ref = ''] = line.split('\t');
      return [ref, parseCommitSha(ref, sha)];
    }),
  );
}
