import { openClient, systemTime } from '#core/action/comment.ts';
import type { Runner } from '#core/action/runner.ts';
import type { Repositories } from '#core/git/common-commit.ts';
import { openPulls, type Pulls } from '#core/github/pulls.ts';
import { type Opened, openInScratch, openRepositories, workplaceOf } from '#core/release/open-ports.ts';
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
    return {
      ...(await openRepositories(place, scratch, exec)),
      openPulls: () => openPulls(openClient(runner, token, systemTime)),
      log: place.log,
    };
  });
}
