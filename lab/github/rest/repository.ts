import { loginOf } from '#lab/github/identity/tokens.ts';
import type { Call, Handlers, RestContext } from '#lab/github/rest/call.ts';
import { describeRepository, describeUser, repositoryUrl } from '#lab/github/rest/describe.ts';
import { mayDo } from '#lab/github/rest/rights.ts';

/**
 * The repository itself, and who asks.
 * https://docs.github.com/en/rest/repos/repos#get-a-repository, https://docs.github.com/en/rest/users/users
 */
export function repositoryHandlers(context: RestContext): Handlers {
  const openedAt = context.now().toISOString();
  return {
    'repos/get': async ({ bearer }) => ({
      status: 200,
      body: {
        ...describeFully(context, openedAt, await pushedAt(context, openedAt)),
        ...mergingOf(context),
        permissions: rightsOf(bearer),
      },
    }),
    'users/get-authenticated': ({ bearer }) => ({
      status: 200,
      body: { ...describeUser(context, loginOf(bearer)), ...NOTHING_KNOWN, created_at: openedAt, updated_at: openedAt },
    }),
  };
}

/** What a stand-in cannot know of a person. */
const NOTHING_KNOWN = {
  name: null,
  company: null,
  blog: '',
  location: null,
  email: null,
  hireable: null,
  bio: null,
  public_repos: 0,
  public_gists: 0,
  followers: 0,
  following: 0,
};

async function pushedAt(context: RestContext, openedAt: string): Promise<string> {
  const { text } = await context.git([
    'for-each-ref',
    '--sort=-committerdate',
    '--count=1',
    '--format=%(committerdate:iso-strict)',
    'refs/heads/',
  ]);
  return text.trim() === '' ? openedAt : new Date(text.trim()).toISOString();
}

function mergingOf({ pulls: { settings } }: RestContext): Record<string, boolean> {
  const methods = { allow_merge_commit: true, allow_squash_merge: true, allow_rebase_merge: true };
  return { ...methods, allow_auto_merge: settings.allowAutoMerge, delete_branch_on_merge: false };
}

function rightsOf(bearer: Call['bearer']): Record<string, boolean> {
  const isPerson = bearer.kind === 'user';
  const push = mayDo(bearer, ['contents', 'write']);
  return { admin: isPerson, maintain: isPerson, push, triage: isPerson, pull: mayDo(bearer, ['contents', 'read']) };
}

/** Returns a `repository`. */
export function describeFully(context: RestContext, openedAt: string, pushed: string): Record<string, unknown> {
  const web = `${context.url}/${context.repository}`;
  const counts = ['forks', 'open_issues', 'watchers', 'stargazers', 'subscribers', 'network'];
  return {
    ...describeRepository(context),
    ...Object.fromEntries(counts.map((name) => [`${name}_count`, 0])),
    forks: 0,
    open_issues: 0,
    watchers: 0,
    clone_url: `${web}.git`,
    git_url: `${web}.git`,
    ssh_url: `${web}.git`, // the stand-in speaks HTTP only
    svn_url: web,
    mirror_url: null,
    homepage: null,
    language: null,
    license: null,
    size: 0,
    default_branch: 'main',
    visibility: 'private',
    topics: [],
    is_template: false,
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_downloads: false,
    has_discussions: false,
    archived: false,
    disabled: false,
    allow_forking: false,
    web_commit_signoff_required: false,
    created_at: openedAt,
    updated_at: openedAt,
    pushed_at: pushed,
    deployments_url: `${repositoryUrl(context)}/deployments`,
  };
}
