import type { Git } from '#core/git/repository.ts';
import type { Log } from '#core/system/log.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** Fetches the branch's newest commit with its tree and returns it. */
export async function readHead(branch: string, { git, log }: { git: Git; log: Log }): Promise<CommitSha> {
  const isThere = await git.fetch({ refspecs: [`+refs/heads/${branch}:refs/slipway/head`], depth: 1 });
  const head = isThere ? await git.revParse('refs/slipway/head') : undefined;
  if (head === undefined) throw refuseMissing(branch);
  log.info(`${branch} is at ${head.slice(0, 7)}`);
  return head;
}

/** What is said of a branch that the repository does not have. */
export function refuseMissing(branch: string): Refusal {
  return new Refusal(
    `branch: the repository has no branch ${JSON.stringify(branch)}: it was deleted or never pushed, and is not created here; give the one that Argo CD follows`,
  );
}
