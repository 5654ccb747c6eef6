import { z } from 'zod';
import type { GitHubClient } from '#core/github/client.ts';
import { hashStackList, readStackList } from '#core/terraform/stack-list.ts';

/** The branch that pull requests are merged into, as it is at one commit. */
export interface Base {
  readonly branch: string;
  readonly commit: string;
  /** Returns the id of a folder's tree, of a file's blob, or of a list of stacks; undefined where the commit has none. */
  readTree(path: string): Promise<string | undefined>;
  /** Returns the newest commit that changed a path; undefined where none did. */
  newestChange(path: string): Promise<{ readonly sha: string; readonly subject: string } | undefined>;
}

const reference = z.object({ object: z.object({ sha: z.string() }) });
const tree = z.object({ tree: z.array(z.object({ path: z.string(), sha: z.string(), type: z.string() })) });
const blob = z.object({ content: z.string(), encoding: z.string() });
const commits = z.array(z.object({ sha: z.string(), commit: z.object({ message: z.string() }) }));

const READ = 'contents: read';

/** Returns the branch as it is now. Each folder above the asked ones is one request. */
export async function readBase(client: GitHubClient, branch: string): Promise<Base> {
  const { where } = client;
  const request = { what: `the branch ${branch}`, right: READ };
  const data = await client.ask(request, ({ git }) => git.getRef({ ...where, ref: `heads/${branch}` }));
  const commit = reference.parse(data).object.sha;
  return {
    branch,
    commit,
    readTree: openTrees(client, commit),
    newestChange: async (path) => {
      const what = `the commits of ${branch} that change ${path}`;
      const answer = await client.ask({ what, right: READ }, ({ repos }) =>
        repos.listCommits({ ...where, sha: commit, path: readStackList(path) ?? path, per_page: 1 }),
      );
      const [newest] = commits.parse(answer);
      return newest && { sha: newest.sha, subject: newest.commit.message.split('\n')[0] ?? '' };
    },
  };
}

/** Returns what reads the id of a folder or a file at a commit; undefined for one that it does not have. */
export function openTrees(client: GitHubClient, commit: string): Base['readTree'] {
  const folders = new Map<string, Promise<z.output<typeof tree>['tree']>>();
  const readFolder = (sha: string): Promise<z.output<typeof tree>['tree']> => {
    const known = folders.get(sha);
    if (known !== undefined) return known;
    const reading = client
      .ask({ what: `the tree ${sha.slice(0, 7)} of ${commit.slice(0, 7)}`, right: READ }, ({ git }) =>
        git.getTree({ ...client.where, tree_sha: sha }),
      )
      .then((answer) => tree.parse(answer).tree);
    folders.set(sha, reading);
    return reading;
  };
  const readId = async (path: string): Promise<string | undefined> => {
    const names = path.split('/');
    let at: string | undefined = commit;
    for (const [index, name] of names.entries()) {
      if (at === undefined) return undefined;
      const isLast = index === names.length - 1;
      at = (await readFolder(at)).find((entry) => entry.path === name && (isLast || entry.type === 'tree'))?.sha;
    }
    return at;
  };
  return async (path) => {
    const config = readStackList(path);
    const id = await readId(config ?? path);
    if (config === undefined || id === undefined) return id;
    const answer = await client.ask({ what: `${config} of ${commit.slice(0, 7)}`, right: READ }, ({ git }) =>
      git.getBlob({ ...client.where, file_sha: id }),
    );
    return hashStackList(Buffer.from(blob.parse(answer).content, 'base64').toString('utf8'));
  };
}
