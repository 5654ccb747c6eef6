import { openClient, openSettlePorts, systemTime, type Time } from '#core/action/comment.ts';
import type { Runner } from '#core/action/runner.ts';
import type { SettlePorts } from '#core/github/settle-plan.ts';
import type { Inputs } from './inputs.ts';

/** What this action needs from the world. */
export type Ports = SettlePorts;

/** Opens this action's ports on a real runner. */
export function openPorts(runner: Runner, { token }: Pick<Inputs, 'token'>, time: Time = systemTime): Ports {
  return openSettlePorts(runner, openClient(runner, token, time), time);
}
