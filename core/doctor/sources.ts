import * as z from 'zod';
import type { Asked } from '#core/cluster/asked.ts';
import type { PullAnswer, RunFacts } from '#core/doctor/facts.ts';
import { openGitHubClient } from '#core/github/client.ts';
import { parseReference } from '#core/registry/image-reference.ts';
import { checkPullable } from '#core/registry/pullable.ts';
import type { AskPorts } from '#core/release/ask.ts';
import { systemClock } from '#core/system/clock.ts';
import type { Exec } from '#core/system/exec.ts';
import { isExpected } from '#core/values/errors.ts';
import { type CommitSha, isDigest } from '#core/values/reference.ts';

/** What most nodes are. */
const PLATFORM = { os: 'linux', architecture: 'amd64' };

/** Returns what asks the registry of slipway.yaml, with the person's login, whether an image can be pulled. */
export function createPullCheck(
  head: CommitSha | string | undefined,
  ports: AskPorts,
): (reference: string) => Promise<PullAnswer['fault']> {
  return async (reference) => {
    const parsed = parseReference(reference);
    if (typeof parsed === 'string' || parsed.digest === undefined || !isDigest(parsed.digest))
      return { unknown: 'it has no digest' };
    const { digest } = parsed;
    try {
      const { registry: location } = await ports.readConfig(head as CommitSha); // as git has just named it
      const registry = await ports.openRegistry(location);
      if (registry.host !== parsed.domain) return { unknown: `slipway.yaml names the registry ${registry.host}` };
      const fault = await checkPullable(registry, { repository: parsed.path, digest }, PLATFORM);
      return { value: fault === undefined ? null : { kind: fault.kind, said: fault.sentence } };
    } catch (error) {
      if (isExpected(error)) return { unknown: error.message.split('\n')[0] ?? '' };
      throw error;
    }
  };
}

/** Where runs are asked for. */
export interface RunPlace {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly exec: Exec;
  /** The person's clone. */
  readonly folder: string;
  readonly branch: string;
}

const WORKFLOW = 'deploy.yml';
const listed = z.object({
  workflow_runs: z.array(
    z.object({
      conclusion: z.string().nullable(),
      status: z.string(),
      head_sha: z.string(),
      html_url: z.string(),
    }),
  ),
});

/** Returns what asks GitHub for the newest deploy; null without a token, or where the remote is not on GitHub. */
export async function openNewestRun({
  environment,
  exec,
  folder,
  branch,
}: RunPlace): Promise<(() => Promise<Asked<RunFacts | null>>) | null> {
  const token = environment['GITHUB_TOKEN'] ?? environment['GH_TOKEN'] ?? '';
  if (token === '') return null;
  const { stdout } = await exec(['git', '-C', folder, 'remote', 'get-url', 'origin'], { accept: 'any' });
  const repository = /[/:]([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/.exec(stdout.toString('utf8').trim())?.[1];
  const apiUrl =
    environment['GITHUB_API_URL'] ?? (/github\.com/.test(stdout.toString('utf8')) ? 'https://api.github.com' : '');
  if (repository === undefined || apiUrl === '') return null;
  return async () => {
    try {
      const log = { debug: () => {}, info: () => {}, warn: () => {} };
      const client = openGitHubClient({ apiUrl, repository, token, clock: systemClock, log });
      const request = { what: `the runs of ${WORKFLOW}`, right: 'actions: read' };
      const data = await client.ask(request, ({ actions }) =>
        actions.listWorkflowRuns({ ...client.where, workflow_id: WORKFLOW, branch, per_page: 1 }),
      );
      const [run] = listed.parse(data).workflow_runs;
      if (run === undefined) return { value: null };
      return {
        value: { workflow: WORKFLOW, conclusion: run.conclusion ?? run.status, sha: run.head_sha, url: run.html_url },
      };
    } catch (error) {
      if (isExpected(error)) return { unknown: error.message.split('\n')[0] ?? '' };
      throw error;
    }
  };
}
