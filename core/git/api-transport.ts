import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import type { FileChange, NewCommit } from '#core/git/commit.ts';
import type { GitHubApi } from '#core/git/github-api.ts';
import type { PushResult, RefUpdate } from '#core/git/push.ts';
import type { Transport } from '#core/git/transport.ts';
import type { Log } from '#core/system/log.ts';
import { Refusal } from '#core/values/errors.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';

/** In an update of refs: "is not there". */
const NO_OBJECT = '0'.repeat(40);

const FIND_REPOSITORY = `query ($owner: String!, $name: String!) {repository(owner: $owner, name: $name) {id}}`;
const FIND_TREE = `query ($owner: String!, $name: String!, $parent: GitObjectID!) {
  repository(owner: $owner, name: $name) {id object(oid: $parent) {... on Commit {tree {oid}}}}
}`;
const UPDATE_REFS = `mutation ($input: UpdateRefsInput!) {updateRefs(input: $input) {clientMutationId}}`;

const found = z.object({
  repository: z.object({
    id: z.string(),
    object: z.object({ tree: z.object({ oid: z.string() }).optional() }).nullish(),
  }),
});
const made = z.object({ sha: z.string() });
const committed = made.extend({ verification: z.object({ verified: z.boolean(), reason: z.string() }) });
const updated = z.object({ updateRefs: z.object({}) });

/**
 * Returns the transport of GitHub's API. GitHub signs what it writes for a bot, so a branch that requires signatures
 * takes it. A commit on a parent and its refs are at most four requests: parent's tree, new tree, commit, refs; a root
 * commit and its ref are three.
 */
export function createApiTransport(api: GitHubApi, log: Log): Transport {
  let repositoryId: string | undefined;
  const find = async (query: string, variables: object): Promise<string> =>
    api.query(query, { owner: api.owner, name: api.name, ...variables }, (data) => {
      const { id, object } = found.parse(data).repository;
      repositoryId = id;
      return query === FIND_REPOSITORY ? id : object?.tree?.oid;
    });
  return {
    name: 'api',
    commit: async (what) => {
      const known = what.parent === undefined ? undefined : what.tree;
      const base = what.parent === undefined ? undefined : (known ?? (await find(FIND_TREE, { parent: what.parent })));
      const commit = await writeCommit(api, base, what);
      log.info(`Commit ${commit.slice(0, 7)} is signed by GitHub`);
      return commit;
    },
    update: async (updates) => {
      const [first, ...more] = updates;
      if (first?.commit !== undefined && first.lease === undefined && more.length === 0)
        return createRef(api, first.ref, first.commit);
      return updateRefs(api, repositoryId ?? (await find(FIND_REPOSITORY, {})), updates);
    },
  };
}

async function writeCommit(api: GitHubApi, base: string | undefined, what: NewCommit): Promise<CommitSha> {
  const { files, message, parent } = what;
  const tree = base !== undefined && files.length === 0 ? base : await writeTree(api, base, files);
  const parents = parent === undefined ? [] : [parent];
  // neither author nor committer: GitHub signs only what carries its own
  const answer = await api.rest('contents: write', 'POST', 'git/commits', { message, tree, parents });
  const { sha, verification } = committed.parse(answer);
  if (verification.verified) return parseCommitSha('git/commits', sha);
  throw new Refusal(
    `GitHub did not sign the commit ${sha} (${verification.reason}), and no branch has it: ${remedyOf(verification.reason)}`,
  );
}

function remedyOf(reason: string): string {
  return reason.startsWith('gpgverify_')
    ? 'its signing service does not answer, run the job again later'
    : "pass the job's own token or that of a GitHub App; GitHub never signs for a personal access token";
}

async function writeTree(api: GitHubApi, base: string | undefined, files: readonly FileChange[]): Promise<string> {
  const tree: object[] = [];
  for (const { path, mode, content } of files)
    tree.push({ path, mode, type: 'blob', ...(await inlineOrBlob(api, content)) });
  const body = { tree, ...(base === undefined ? {} : { base_tree: base }) };
  return made.parse(await api.rest('contents: write', 'POST', 'git/trees', body)).sha;
}

/** JSON carries text only; a NUL is text that servers cut. */
async function inlineOrBlob(api: GitHubApi, content: Uint8Array): Promise<{ content: string } | { sha: string }> {
  if (isUtf8(content) && !content.includes(0)) return { content: Buffer.from(content).toString('utf8') };
  const body = { content: Buffer.from(content).toString('base64'), encoding: 'base64' };
  return { sha: made.parse(await api.rest('contents: write', 'POST', 'git/blobs', body)).sha };
}

/** One request, where the mutation needs the repository's id first. Refuses a ref that exists. */
async function createRef(api: GitHubApi, ref: string, commit: CommitSha): Promise<PushResult> {
  const result = await api.create('git/refs', { ref, sha: commit });
  return result.done ? { outcome: 'pushed' } : { outcome: result.outcome, reason: result.reason };
}

async function updateRefs(api: GitHubApi, repositoryId: string, updates: readonly RefUpdate[]): Promise<PushResult> {
  const refUpdates = updates.map((update) => ({
    name: update.ref,
    beforeOid: update.lease ?? NO_OBJECT,
    afterOid: update.commit ?? NO_OBJECT,
    force: update.commit !== undefined && update.isRewrite === true,
  }));
  const result = await api.mutate(UPDATE_REFS, { input: { repositoryId, refUpdates } });
  if (!result.done) return { outcome: result.outcome, reason: result.reason };
  if (updated.safeParse(result.data).success) return { outcome: 'pushed' };
  return { outcome: 'unclear', reason: 'an answer without a result' };
}
