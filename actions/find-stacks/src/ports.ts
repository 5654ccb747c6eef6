import { openClient, systemTime } from '#core/action/comment.ts';
import type { Runner } from '#core/action/runner.ts';
import { readOriginUrl } from '#core/git/checkout.ts';
import type { Repositories } from '#core/git/common-commit.ts';
import { countSettings, withoutRepository } from '#core/git/environment.ts';
import { openRemote, secretsOf } from '#core/git/remote.ts';
import { createScratchGit } from '#core/git/repository.ts';
import { openPulls, type Pulls } from '#core/github/pulls.ts';
import { type Opened, openInScratch, workplaceOf } from '#core/release/open-ports.ts';
import type { Log } from '#core/system/log.ts';
import type { Inputs } from './inputs.ts';

/** What this action needs from the world. */
export interface Ports extends Repositories {
  /** Opened only after the merge. */
  readonly openPulls: () => Pulls;
  readonly log: Log;
}

/** Opens this action's ports on a real runner, and their clean-up. */
export function openPorts(runner: Runner, { token }: Inputs): Promise<Opened<Ports>> {
  const place = workplaceOf(runner, token);
  return openInScratch(place, 'stacks', async (scratch, exec) => {
    const { checkout, environment, mask, log, serverUrl } = place;
    const remote = openRemote(await readOriginUrl(exec, checkout), token, serverUrl);
    for (const secret of secretsOf(remote)) mask(secret);
    if (remote.withheld !== undefined) log.info(remote.withheld);
    const configCount = countSettings(withoutRepository(environment));
    const [dir, history] = await Promise.all([scratch.folder(), scratch.folder()]);
    return {
      git: createScratchGit({ exec, dir, remote, configCount, borrow: checkout }),
      commits: createScratchGit({ exec, dir: history, remote, configCount }),
      openPulls: () => openPulls(openClient(runner, token, systemTime)),
      log,
    };
  });
}
