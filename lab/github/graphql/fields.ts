import { z } from 'zod';
import { disableAutoMerge, enableAutoMerge } from '#lab/github/graphql/auto-merge.ts';
import { Refused } from '#lab/github/graphql/refused.ts';
import { updateRefs } from '#lab/github/graphql/update-refs.ts';
import { type Bearer, loginOf } from '#lab/github/identity/tokens.ts';
import type { RestContext } from '#lab/github/rest/call.ts';
import { type Commit, describeUser, nodeId, readCommit, SIGNATURE } from '#lab/github/rest/describe.ts';
import { isSha, kindOf, type ObjectKind, resolve } from '#lab/github/rest/git.ts';
import { mayDo } from '#lab/github/rest/rights.ts';

/** Answers a field that has arguments, or depends on who asks. */
export type Field = (args: unknown, bearer: Bearer) => unknown;

const where = z.object({ owner: z.string(), name: z.string() });
const wantedRef = z.object({ qualifiedName: z.string() });
const wantedObject = z.object({ oid: z.string().nullish(), expression: z.string().nullish() });

/** Returns the fields of `Query` and `Mutation` that the stand-in has. */
export function rootOf(context: RestContext): Record<string, Field> {
  return {
    viewer: (_args, bearer) => userOf(context, loginOf(bearer)),
    repository: (args) => {
      const { owner, name } = where.parse(args);
      if (`${owner}/${name}`.toLowerCase() === context.repository.toLowerCase()) return repositoryOf(context);
      throw new Refused('NOT_FOUND', `Could not resolve to a Repository with the name '${owner}/${name}'.`);
    },
    node: (args, bearer) => commentOf(context, args, bearer),
    updateRefs: (args, bearer) => updateRefs(context, args, bearer),
    enablePullRequestAutoMerge: (args, bearer) => enableAutoMerge(context, args, bearer),
    disablePullRequestAutoMerge: (args, bearer) => disableAutoMerge(context, args, bearer),
  };
}

const wantedNode = z.object({ id: z.string() });

/** Nodes are comments only. https://docs.github.com/en/graphql/reference/objects#issuecomment */
function commentOf(context: RestContext, args: unknown, bearer: Bearer): Record<string, unknown> {
  const { id: node } = wantedNode.parse(args);
  const comment = context.pulls.comments.find(({ id }) => nodeId('IssueComment', id) === node);
  if (comment === undefined)
    throw new Refused('NOT_FOUND', `Could not resolve to a node with the global id of '${node}'.`);
  if (!mayDo(bearer, ['pullRequests', 'read']))
    throw new Refused('FORBIDDEN', 'Resource not accessible by integration');
  const { id, body, edits } = comment;
  const nodes = edits.length === 1 ? [] : edits.map((diff) => ({ __typename: 'UserContentEdit', diff })).reverse();
  const userContentEdits = { __typename: 'UserContentEditConnection', nodes, totalCount: nodes.length };
  return { __typename: 'IssueComment', id: node, databaseId: id, body, userContentEdits };
}

function userOf(context: RestContext, login: string): Record<string, unknown> {
  const { id, node_id, html_url, avatar_url } = describeUser(context, login);
  return { __typename: 'User', login, id: node_id, databaseId: id, url: html_url, avatarUrl: avatar_url };
}

function repositoryOf(context: RestContext): Record<string, unknown> {
  const [owner = '', name = ''] = context.repository.split('/');
  const readable = (bearer: Bearer): void => {
    if (!mayDo(bearer, ['contents', 'read'])) throw new Refused('FORBIDDEN', 'Resource not accessible by integration');
  };
  const ref: Field = (args, bearer) => {
    readable(bearer);
    const { qualifiedName } = wantedRef.parse(args);
    return refOf(context, qualifiedName.startsWith('refs/') ? qualifiedName : `refs/heads/${qualifiedName}`);
  };
  const object: Field = async (args, bearer) => {
    readable(bearer);
    const { oid, expression } = wantedObject.parse(args);
    const name = oid ?? expression ?? '';
    const sha = isSha(name) ? name : await resolve(context.git, name);
    // git takes every 40 hex digits for an object
    const isThere = sha !== undefined && (await readObject(context, sha)).kind !== undefined;
    return isThere ? objectOf(context, sha) : null;
  };
  return {
    __typename: 'Repository',
    id: nodeId('Repository', 2002),
    databaseId: 2002,
    name,
    nameWithOwner: context.repository,
    url: `${context.url}/${context.repository}`,
    isPrivate: true,
    autoMergeAllowed: context.pulls.settings.allowAutoMerge,
    ...{ mergeCommitAllowed: true, rebaseMergeAllowed: true, squashMergeAllowed: true },
    owner: { ...userOf(context, owner) },
    defaultBranchRef: (_args: unknown, bearer: Bearer) => {
      readable(bearer);
      return refOf(context, 'refs/heads/main');
    },
    ref,
    object,
  };
}

async function refOf(context: RestContext, ref: string): Promise<Record<string, unknown> | null> {
  const { code, text } = await context.git(['show-ref', '--verify', '--hash', '--', ref]);
  if (code !== 0) return null;
  const [, prefix = '', name = ''] = ref.match(/^(refs\/[^/]+\/)(.*)$/) ?? [];
  return { __typename: 'Ref', id: nodeId('Ref', ref), name, prefix, target: await objectOf(context, text.trim()) };
}

/** GraphQL knows people only: a bot's commit has no user. */
function accountOf(context: RestContext, email: string): Record<string, unknown> | null {
  const login = email.match(/^\d+\+([^@]+)@users\.noreply\.github\.com$/)?.[1];
  return login === undefined || login.endsWith('[bot]') ? null : userOf(context, login);
}

function signatureOf(email: string): Record<string, unknown> {
  const state = { isValid: true, state: 'VALID', wasSignedByGitHub: true };
  return { __typename: 'GpgSignature', email, ...state, signer: null, keyId: null, ...SIGNATURE };
}

interface ReadObject {
  readonly kind: ObjectKind | undefined;
  readonly commit: Commit | undefined;
}

/** Objects never change: many questions about the same commits would start a process for each. */
const objects = new WeakMap<RestContext, Map<string, Promise<ReadObject>>>();

async function readObject(context: RestContext, sha: string): Promise<ReadObject> {
  const known = objects.get(context) ?? new Map<string, Promise<ReadObject>>();
  objects.set(context, known);
  const read = async (): Promise<ReadObject> => {
    const kind = await kindOf(context.git, sha);
    return { kind, commit: kind === 'commit' ? await readCommit(context, sha) : undefined };
  };
  const reading = known.get(sha) ?? read();
  known.set(sha, reading);
  if ((await reading).kind === undefined) known.delete(sha); // it may come
  return reading;
}

async function objectOf(context: RestContext, sha: string): Promise<Record<string, unknown>> {
  const { kind = 'commit', commit } = await readObject(context, sha);
  const common = { __typename: `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`, id: nodeId(kind, sha), oid: sha };
  if (commit === undefined) return common;
  const { message, committer, author, tree } = commit;
  return {
    ...common,
    message,
    messageHeadline: message.split('\n')[0],
    committedDate: committer.date,
    authoredDate: author.date,
    author: { __typename: 'GitActor', ...author, user: accountOf(context, author.email) },
    committer: { __typename: 'GitActor', ...committer, user: accountOf(context, committer.email) },
    tree: { __typename: 'Tree', id: nodeId('tree', tree), oid: tree },
    signature: context.rules.isSigned(sha) ? signatureOf(committer.email) : null,
  };
}
