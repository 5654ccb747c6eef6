import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { openClient, readRun, systemTime, type Time } from '#core/action/comment.ts';
import type { Runner } from '#core/action/runner.ts';
import type { Place } from '#core/drift/page.ts';
import type { IssuePorts } from '#core/drift/settle-issue.ts';
import { type Artifacts, openArtifacts } from '#core/github/artifacts.ts';
import { openComments } from '#core/github/comments.ts';
import { openIssues } from '#core/github/issues.ts';
import type { Inputs } from './inputs.ts';

/** What this action needs from the world. */
export interface Ports extends IssuePorts {
  /** Returns the text of a file of the checkout. */
  readonly readText: (path: string) => Promise<string>;
  /** What the jobs of this run left. */
  readonly artifacts: Pick<Artifacts, 'list' | 'read'>;
  readonly run: number;
  readonly attempt: number;
  readonly place: Place;
}

/** Opens this action's ports on a real runner. */
export function openPorts(runner: Runner, { token }: Pick<Inputs, 'token'>, time: Time = systemTime): Ports {
  const { workspace, serverUrl, repository, runUrl } = runner.environment;
  const client = openClient(runner, token, time);
  return {
    issues: openIssues(client),
    comments: openComments(client, 'issues'),
    artifacts: openArtifacts(client, time),
    readText: (path) => readFile(resolve(workspace, path), 'utf8'),
    place: { repositoryUrl: `${serverUrl}/${repository}`, runUrl },
    log: runner.log,
    ...readRun(runner.environment),
    ...time,
  };
}
