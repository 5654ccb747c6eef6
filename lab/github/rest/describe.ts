import { JOB_LOGIN } from '#lab/github/identity/tokens.ts';
import type { RestContext } from '#lab/github/rest/call.ts';

/** Returns the id that GitHub's GraphQL interface would know a thing by; here it only has the form. */
export function nodeId(kind: string, id: number | string): string {
  return Buffer.from(`${kind}:${id}`).toString('base64');
}

/** Returns a `simple-user`. */
export function describeUser(context: RestContext, login: string): Record<string, unknown> {
  const id = idOf(login);
  const url = `${context.api}/users/${encodeURIComponent(login)}`;
  return {
    login,
    id,
    node_id: nodeId('User', id),
    avatar_url: `${context.url}/avatars/${id}`,
    gravatar_id: '',
    url,
    html_url: `${context.url}/${encodeURIComponent(login)}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: login.endsWith('[bot]') ? 'Bot' : 'User',
    site_admin: false,
  };
}

/** The repository's number, as in OIDC tokens. */
export const REPOSITORY_ID = 2002;
/** Every fork's. */
export const FORK_ID = 2003;

/** The addresses of a `minimal-repository`, relative to its own. */
const ADDRESSES = {
  archive_url: '{archive_format}{/ref}',
  assignees_url: 'assignees{/user}',
  blobs_url: 'git/blobs{/sha}',
  branches_url: 'branches{/branch}',
  collaborators_url: 'collaborators{/collaborator}',
  comments_url: 'comments{/number}',
  commits_url: 'commits{/sha}',
  compare_url: 'compare/{base}...{head}',
  contents_url: 'contents/{+path}',
  contributors_url: 'contributors',
  deployments_url: 'deployments',
  downloads_url: 'downloads',
  events_url: 'events',
  forks_url: 'forks',
  git_commits_url: 'git/commits{/sha}',
  git_refs_url: 'git/refs{/sha}',
  git_tags_url: 'git/tags{/sha}',
  hooks_url: 'hooks',
  issue_comment_url: 'issues/comments{/number}',
  issue_events_url: 'issues/events{/number}',
  issues_url: 'issues{/number}',
  keys_url: 'keys{/key_id}',
  labels_url: 'labels{/name}',
  languages_url: 'languages',
  merges_url: 'merges',
  milestones_url: 'milestones{/number}',
  notifications_url: 'notifications{?since,all,participating}',
  pulls_url: 'pulls{/number}',
  releases_url: 'releases{/id}',
  stargazers_url: 'stargazers',
  statuses_url: 'statuses/{sha}',
  subscribers_url: 'subscribers',
  subscription_url: 'subscription',
  tags_url: 'tags',
  teams_url: 'teams',
  trees_url: 'git/trees{/sha}',
} as const;

/** Returns the repository's address in the API. */
export function repositoryUrl(context: RestContext): string {
  return `${context.api}/repos/${context.repository}`;
}

/** Returns a `minimal-repository`. */
export function describeRepository(context: RestContext): Record<string, unknown> {
  const [owner = '', name = ''] = context.repository.split('/');
  const url = repositoryUrl(context);
  return {
    id: REPOSITORY_ID,
    node_id: nodeId('Repository', REPOSITORY_ID),
    name,
    full_name: context.repository,
    owner: describeUser(context, owner),
    private: true,
    html_url: `${context.url}/${context.repository}`,
    description: null,
    fork: false,
    url,
    ...Object.fromEntries(Object.entries(ADDRESSES).map(([key, path]) => [key, `${url}/${path}`])),
  };
}

/** Returns the address that GitHub gives an account's commits. */
export function noreplyOf(login: string): string {
  return `${idOf(login)}+${login}@users.noreply.github.com`;
}

/** The first is the id of github-actions[bot], the owner's is in OIDC tokens as well; every other login has its own. */
function idOf(login: string): number {
  const known: Readonly<Record<string, number>> = {
    [JOB_LOGIN]: 41898282,
    octocat: 1001,
    acme: 1001,
    'slipway[bot]': 3003,
  };
  return known[login] ?? [...login].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 1_000_000_007, 10_000);
}

/** Returns a `git-commit`: as git has it, not as the repository's pages show it. */
export function describeGitCommit(
  context: RestContext,
  { sha, tree, parents, author, committer, message }: Commit,
): Record<string, unknown> & { readonly url: string } {
  const url = (kind: string, id: string): string => `${repositoryUrl(context)}/git/${kind}/${id}`;
  const page = (id: string): string => `${context.url}/${context.repository}/commit/${id}`;
  return {
    sha,
    node_id: nodeId('Commit', sha),
    url: url('commits', sha),
    html_url: page(sha),
    author,
    committer,
    message,
    tree: { sha: tree, url: url('trees', tree) },
    parents: parents.map((id) => ({ sha: id, url: url('commits', id), html_url: page(id) })),
    verification: verificationOf(context, sha),
  };
}

/** Returns a `verification`: the stand-in remembers what GitHub would have signed, the commit itself has no signature. */
export function verificationOf(context: RestContext, sha: string): Record<string, unknown> {
  if (!context.rules.isSigned(sha))
    return { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null };
  return { verified: true, reason: 'valid', ...SIGNATURE, verified_at: context.now().toISOString() };
}

/** Says what it is. */
export const SIGNATURE = {
  signature: '-----BEGIN PGP SIGNATURE-----\n\nthe stand-in for GitHub\n-----END PGP SIGNATURE-----',
  payload: 'not kept by the stand-in',
};

/** A commit as git has it. Times are ISO. */
export interface Commit {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Person;
  readonly committer: Person;
  readonly message: string;
}

interface Person {
  readonly name: string;
  readonly email: string;
  readonly date: string;
}

/** Reads a commit that is known to be there. */
export async function readCommit(context: RestContext, sha: string): Promise<Commit> {
  const { text } = await context.git([
    'log',
    '-1',
    '--format=%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B',
    sha,
  ]);
  const [tree = '', parents = '', name = '', email = '', date = '', by = '', byEmail = '', at = '', message = ''] =
    text.split('\0');
  return {
    sha,
    tree,
    parents: parents.split(' ').filter(Boolean),
    author: { name, email, date },
    committer: { name: by, email: byEmail, date: at },
    message: message.trimEnd(),
  };
}
