import { openClient, openSettlePorts, systemTime, type Time } from '#core/action/comment.ts';
import type { Runner } from '#core/action/runner.ts';
import { openTrees } from '#core/github/base.ts';
import { openMergeQueue } from '#core/github/merge-group.ts';
import type { GroupPorts } from '#core/github/settle-group.ts';
import type { Inputs } from './inputs.ts';

/** What this action needs from the world. */
export type Ports = GroupPorts;

/** Opens this action's ports on a real runner. */
export function openPorts(runner: Runner, { token }: Pick<Inputs, 'token'>, time: Time = systemTime): Ports {
  const client = openClient(runner, token, time);
  return {
    ...openSettlePorts(runner, client, time),
    queue: openMergeQueue(client),
    openTrees: (commit) => openTrees(client, commit),
  };
}
