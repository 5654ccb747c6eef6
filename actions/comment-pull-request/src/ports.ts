import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { openSettlePorts, readRun, systemTime, type Time } from '#core/action/comment.ts';
import type { Runner } from '#core/action/runner.ts';
import type { SettlePorts } from '#core/github/settle-plan.ts';
import type { Inputs } from './inputs.ts';

/** What this action needs from the world. */
export interface Ports extends SettlePorts {
  /** Returns a file's text; the path is absolute, or from the checkout. */
  readonly readText: (path: string) => Promise<string>;
  /** What started the run. */
  readonly eventName: string;
  readonly run: number;
  readonly attempt: number;
}

/** Opens this action's ports on a real runner. */
export function openPorts(runner: Runner, inputs: Pick<Inputs, 'token'>, time: Time = systemTime): Ports {
  const { workspace, eventName } = runner.environment;
  return {
    ...openSettlePorts(runner, inputs.token, time),
    readText: (path) => readFile(resolve(workspace, path), 'utf8'),
    eventName,
    ...readRun(runner.environment),
  };
}
