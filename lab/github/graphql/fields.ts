import { z } from 'zod';
import { Refused } from '#lab/github/graphql/refused.ts';
import { updateRefs } from '#lab/github/graphql/update-refs.ts';
import { type Bearer, loginOf } from '#lab/github/identity/tokens.ts';
import type { RestContext } from '#lab/github/rest/call.ts';
import { describeUser, nodeId, readCommit, SIGNATURE } from '#lab/github/rest/describe.ts';
import { kindOf, resolve } from '#lab/github/rest/git.ts';
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
    updateRefs: (args, bearer) => updateRefs(context, args, bearer),
  };
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
    const sha = await resolve(context.git, oid ?? expression ?? '');
    // git takes every 40 hex digits for an object
    const isThere = sha !== undefined && (await kindOf(context.git, sha)) !== undefined;
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

async function objectOf(context: RestContext, sha: string): Promise<Record<string, unknown>> {
  const kind = (await kindOf(context.git, sha)) ?? 'commit';
  const common = { __typename: `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`, id: nodeId(kind, sha), oid: sha };
  if (kind !== 'commit') return common;
  const { message, committer, author, tree } = await readCommit(context, sha);
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
