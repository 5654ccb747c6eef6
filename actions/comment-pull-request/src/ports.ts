import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { openClient, openSettlePorts, readRun, systemTime, type Time } from '#core/action/comment.ts';
import type { Runner } from '#core/action/runner.ts';
import { type Artifacts, openArtifacts } from '#core/github/artifacts.ts';
import { type Base, openTrees } from '#core/github/base.ts';
import { openRuns, type Runs } from '#core/github/runs.ts';
import type { SettlePorts } from '#core/github/settle-plan.ts';
import type { Inputs } from './inputs.ts';

/** What this action needs from the world. */
export interface Ports extends SettlePorts {
  readonly artifacts: Artifacts;
  readonly runs: Runs;
  /** Returns a folder's tree at a commit; undefined where it has none. */
  readonly readTreeAt: (commit: string, path: string) => Promise<string | undefined>;
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
  const client = openClient(runner, inputs.token, time);
  const trees = new Map<string, Base['readTree']>();
  return {
    ...openSettlePorts(runner, client, time),
    artifacts: openArtifacts(client, time),
    runs: openRuns(client),
    readTreeAt: (commit, path) => {
      const readTree = trees.get(commit) ?? openTrees(client, commit);
      trees.set(commit, readTree);
      return readTree(path);
    },
    readText: (path) => readFile(resolve(workspace, path), 'utf8'),
    eventName,
    ...readRun(runner.environment),
  };
}
