import { openClient, systemTime } from '#core/action/comment.ts';
import type { Runner } from '#core/action/runner.ts';
import { openStatuses } from '#core/github/statuses.ts';
import { type Opened, openBranchPorts, openInScratch, openProposing, workplaceOf } from '#core/release/open-ports.ts';
import { systemClock } from '#core/system/clock.ts';
import { openDeployments } from '#core/verdict/deployments.ts';
import { openListedStatuses } from '#core/verdict/listed-statuses.ts';
import { RECORD_WRITER } from '#core/verdict/record-format.ts';
import type { SettlePorts } from '#core/verdict/settle.ts';
import type { Inputs } from './inputs.ts';

/** What this action needs from the world. */
export type Ports = SettlePorts;

/** Opens this action's ports on a real runner. */
export function openPorts(runner: Runner, inputs: Inputs): Promise<Opened<Ports>> {
  const { config, token } = inputs;
  const place = workplaceOf(runner, token);
  const client = openClient(runner, token, systemTime);
  const { serverUrl, repository } = runner.environment;
  return openInScratch(place, 'report-verdict', async (scratch, exec) => ({
    ...(await openBranchPorts(place, config, scratch, exec, openProposing(runner, inputs))),
    listStatuses: openListedStatuses(client),
    statuses: openStatuses(client),
    deployments: openDeployments(client, RECORD_WRITER),
    repositoryUrl: `${serverUrl}/${repository}`,
    now: systemClock.now,
    log: runner.log,
  }));
}
