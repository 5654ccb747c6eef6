import { z } from 'zod';
import { loginOf } from '#lab/github/identity/tokens.ts';
import {
  type Answer,
  type Call,
  created,
  type Fault,
  type Handlers,
  type RestContext,
  refuse,
  resolveCommit,
} from '#lab/github/rest/call.ts';
import { describeRepository, describeUser, nodeId, repositoryUrl } from '#lab/github/rest/describe.ts';
import { kindOf } from '#lab/github/rest/git.ts';

const creation = z.object({
  state: z.enum(['error', 'failure', 'pending', 'success']),
  target_url: z.string().nullable().default(null),
  description: z.string().nullable().default(null),
  context: z.string().default('default'),
});

/** A status of a commit, newest last in its list. */
export interface StatusRecord extends z.output<typeof creation> {
  readonly id: number;
  readonly sha: string;
  readonly login: string;
  readonly createdAt: Date;
}

/** "There is a limit of 1000 statuses per sha and context within a repository." https://docs.github.com/en/rest/commits/statuses */
const LIMIT = 1000;

/** Returns the newest status of each context. */
export function latestStatuses(statuses: readonly StatusRecord[], sha: string): StatusRecord[] {
  const latest = new Map<string, StatusRecord>();
  for (const status of statuses) if (status.sha === sha) latest.set(status.context, status);
  return [...latest.values()];
}

/** Returns GitHub's combined state: failure wins, then pending; a commit without statuses is pending. */
export function combineStates(states: readonly StatusRecord['state'][]): 'failure' | 'pending' | 'success' {
  if (states.some((state) => state === 'failure' || state === 'error')) return 'failure';
  return states.length === 0 || states.includes('pending') ? 'pending' : 'success';
}

/** Commit statuses. https://docs.github.com/en/rest/commits/statuses */
export function statusHandlers(context: RestContext, statuses: StatusRecord[]): Handlers {
  return {
    'repos/create-commit-status': (call) => createStatus(context, statuses, call),
    'repos/list-commit-statuses-for-ref': async ({ parameters }) => {
      const sha = await resolveCommit(context, String(parameters['ref']));
      if (sha === undefined) return refuse(404, 'Not Found');
      const list = statuses.filter((status) => status.sha === sha).reverse();
      return { status: 200, list: list.map((status) => describeWithCreator(context, status)) };
    },
    'repos/get-combined-status-for-ref': async ({ parameters }) => {
      const sha = await resolveCommit(context, String(parameters['ref']));
      if (sha === undefined) return refuse(404, 'Not Found');
      const latest = latestStatuses(statuses, sha);
      const wrap = (page: readonly unknown[]): unknown => ({
        state: combineStates(latest.map((status) => status.state)),
        sha,
        total_count: latest.length,
        statuses: page,
        repository: describeRepository(context),
        commit_url: `${repositoryUrl(context)}/commits/${sha}`,
        url: `${repositoryUrl(context)}/commits/${sha}/status`,
      });
      return { status: 200, list: latest.map((status) => describe(context, status)), wrap };
    },
  };
}

async function createStatus(
  context: RestContext,
  statuses: StatusRecord[],
  { parameters, body, bearer }: Call,
): Promise<Answer> {
  const sha = String(parameters['sha']);
  const wanted = creation.parse(body);
  const fault = findFault(sha, wanted);
  if (fault !== undefined) return refuse(422, 'Validation Failed', DOCUMENTATION, [fault]);
  if ((await kindOf(context.git, sha)) !== 'commit') return refuse(422, `No commit found for SHA: ${sha}`);
  const same = statuses.filter((status) => status.sha === sha && status.context === wanted.context);
  if (same.length >= LIMIT) return refuse(422, 'This SHA and context has reached the maximum number of statuses.');
  const status = { ...wanted, id: statuses.length + 1, sha, login: loginOf(bearer), createdAt: context.now() };
  statuses.push(status);
  await context.pulls.noteStatus(sha, status.context, status.state);
  await context.statusWritten(bearer, status);
  return created(describeWithCreator(context, status));
}

const DOCUMENTATION = 'https://docs.github.com/rest/commits/statuses#create-a-commit-status';
const DESCRIPTION_LENGTH = 140;

/** Returns what GitHub refuses beyond its published description: users' reports have the words. */
function findFault(sha: string, { target_url, description }: z.output<typeof creation>): Fault | undefined {
  const fault = (field: string, message: string): Fault => ({ resource: 'Status', code: 'custom', field, message });
  if (!/^[0-9a-f]{40}$/i.test(sha)) return fault('sha', 'sha must be a 40 character SHA1');
  if (target_url !== null && target_url !== '' && !/^https?:\/\//i.test(target_url))
    return fault('target_url', 'target_url must use http(s) scheme');
  if ([...(description ?? '')].length > DESCRIPTION_LENGTH)
    return fault('description', `description is too long (maximum is ${DESCRIPTION_LENGTH} characters)`);
  return undefined;
}

function describeWithCreator(context: RestContext, status: StatusRecord): ReturnType<typeof describe> {
  return { ...describe(context, status), creator: describeUser(context, status.login) };
}

function describe(context: RestContext, status: StatusRecord): Record<string, unknown> & { readonly url: string } {
  return {
    url: `${repositoryUrl(context)}/statuses/${status.sha}`,
    avatar_url: `${context.url}/avatars/${encodeURIComponent(status.login)}`,
    id: status.id,
    node_id: nodeId('StatusContext', status.id),
    state: status.state,
    description: status.description,
    target_url: status.target_url,
    context: status.context,
    created_at: status.createdAt.toISOString(),
    updated_at: status.createdAt.toISOString(),
  };
}
