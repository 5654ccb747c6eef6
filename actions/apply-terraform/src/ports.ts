import { openClient, readRun, systemTime } from '#core/action/comment.ts';
import type { Runner } from '#core/action/runner.ts';
import { type LeaveArtifact, openUpload } from '#core/action/upload.ts';
import { type Artifacts, openArtifacts } from '#core/github/artifacts.ts';
import { openPeople, type People } from '#core/github/people.ts';
import { openPulls, type Pulls } from '#core/github/pulls.ts';
import { openRuns, type Runs } from '#core/github/runs.ts';
import type { Opened } from '#core/release/open-ports.ts';
import { openStackPorts, type StackPorts } from '#core/terraform/open-ports.ts';
import type { Inputs } from './inputs.ts';

/** What GitHub is asked. */
export interface GitHubPorts {
  readonly runs: Pick<Runs, 'newestOfPull'>;
  readonly artifacts: Artifacts;
  readonly pulls: Pulls;
  readonly people: People;
}

/** What this action needs from the world. */
export interface Ports extends StackPorts {
  /** Undefined without a token. */
  readonly github: GitHubPorts | undefined;
  /** Leaves an artifact; undefined where none is wanted, or the runner keeps none. */
  readonly leave: LeaveArtifact | undefined;
  /** Id of this run. */
  readonly run: number;
  /** How often the run was begun. */
  readonly attempt: number;
  /** Who started the run, and who started it again. */
  readonly actors: readonly string[];
}

/** Opens this action's ports on a real runner, and their clean-up. */
export async function openPorts(runner: Runner, inputs: Inputs): Promise<Opened<Ports>> {
  const { actor, all } = runner.environment;
  const { ports, close } = await openStackPorts(runner, inputs);
  const leave = inputs.artifacts ? openUpload(runner, ports.folder) : undefined;
  const actors = [actor, all['GITHUB_TRIGGERING_ACTOR'] || actor];
  const about = readRun(runner.environment);
  return { ports: { ...ports, github: openGitHub(runner, inputs.token), leave, ...about, actors }, close };
}

function openGitHub(runner: Runner, token: string): GitHubPorts | undefined {
  if (token === '') return undefined;
  const client = openClient(runner, token, systemTime);
  return {
    runs: openRuns(client),
    artifacts: openArtifacts(client, systemTime),
    pulls: openPulls(client),
    people: openPeople(client),
  };
}
