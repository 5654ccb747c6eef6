import { isLoginWanted, type Remote, type RunGit, showAddress } from '#core/git/remote.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What became of a push: `rejected` carries the server's reason, `unclear` what git printed when the answer got lost. */
export type PushResult =
  /** `oneByOne`: the server does not take several refs as one. */
  { outcome: 'pushed'; oneByOne?: true } | { outcome: 'rejected' | 'unclear'; reason: string };

/**
 * One ref of a push: where it must be, where it goes. A lease of undefined: the ref must not exist yet. A commit of
 * undefined deletes the ref.
 */
export type RefUpdate =
  | {
      readonly ref: string;
      readonly commit: CommitSha;
      readonly lease: CommitSha | undefined;
      /** The commit is not on top of the lease, which it replaces: for a branch that is written again from the base each time. */
      readonly isRewrite?: true;
    }
  | { readonly ref: string; readonly commit: undefined; readonly lease: CommitSha };

/**
 * Moves and deletes remote refs, all or none. The lease makes the update conditional on what was read, so a deleted branch is not
 * created again; the commit is a child of the lease, so nothing can be lost (but with `isRewrite`, where the lease alone
 * keeps what others pushed). A server that cannot do several at once
 * gets them one by one, in their order: the first decides, and what a later one leaves behind the next writer removes.
 */
export async function pushTo(run: RunGit, remote: Remote, updates: readonly RefUpdate[]): Promise<PushResult> {
  const pushed = await pushAtOnce(run, remote, updates);
  if (pushed.outcome !== 'unclear' || !NOT_ATOMIC.test(pushed.reason)) return pushed;
  const [first, ...rest] = updates;
  if (first === undefined) return pushed;
  const decided = await pushAtOnce(run, remote, [first]);
  if (decided.outcome !== 'pushed') return decided;
  for (const update of rest) await pushAtOnce(run, remote, [update]);
  return { outcome: 'pushed', oneByOne: true };
}

/** What git says before anything is sent, where the server does not take several refs as one. */
const NOT_ATOMIC = /does not support --atomic/;

/** The result is read from `--porcelain`, whose flags are stable. */
async function pushAtOnce(run: RunGit, remote: Remote, updates: readonly RefUpdate[]): Promise<PushResult> {
  const leases = updates.map((update) => `--force-with-lease=${update.ref}:${update.lease ?? ''}`);
  const refspecs = updates.map((update) => `${update.commit ?? ''}:${update.ref}`);
  const atomic = updates.length > 1 ? ['--atomic'] : []; // one is always all or none, on any server
  const argv = ['push', '--porcelain', '--no-verify', ...atomic, ...leases, remote.url, ...refspecs];
  const { code, stdout, stderr } = await run(argv, { accept: 'any' });
  const lines = stdout
    .toString('utf8')
    .split('\n')
    .filter((text) => /^[ +*=!-]\t/.test(text));
  const refused = lines.filter((line) => line.startsWith('!'));
  if (code === 0 && lines.length > 0 && refused.length === 0) return { outcome: 'pushed' };
  if (refused.length === 0 && remote.withheld !== undefined && isLoginWanted(stderr))
    throw new Refusal(`the repository ${showAddress(remote)} takes no push without credentials: ${remote.withheld}`);
  if (refused.length === 0) return { outcome: 'unclear', reason: stderr.trim() };
  const reasons = new Set(refused.map((line) => line.split('\t')[2] ?? ''));
  return { outcome: 'rejected', reason: [...reasons, ...remoteWords(stderr)].join(' ').trim() };
}

function remoteWords(stderr: string): string[] {
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('remote: '))
    .map((line) => line.slice('remote: '.length).trim())
    .filter((line) => line !== '');
}
