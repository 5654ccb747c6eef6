import { z } from 'zod';
import { type Bearer, loginOf } from '#lab/github/identity/tokens.ts';
import { type Answer, created, type Handlers, type RestContext, refuse } from '#lab/github/rest/call.ts';
import { toBase64 } from '#lab/github/rest/contents.ts';
import { describeGitCommit, nodeId, noreplyOf, readCommit, repositoryUrl } from '#lab/github/rest/describe.ts';
import { isSha, kindOf, resolve } from '#lab/github/rest/git.ts';
import { readTree, type TreeEntry } from '#lab/github/rest/tree.ts';
import { WrongTree, writeTree } from '#lab/github/rest/write-tree.ts';

const blobRequest = z.object({ content: z.string(), encoding: z.string().default('utf-8') });
const person = z.object({ name: z.string(), email: z.string(), date: z.string().optional() });
const commitRequest = z.object({
  message: z.string(),
  tree: z.string(),
  parents: z.array(z.string()).default([]),
  author: person.optional(),
  committer: person.optional(),
  signature: z.string().optional(),
});
const treeRequest = z.object({
  base_tree: z.string().optional(),
  tree: z.array(
    z.object({
      path: z.string().default(''),
      mode: z.string().default('100644'),
      type: z.enum(['blob', 'tree', 'commit']).optional(),
      sha: z.string().nullish(),
      content: z.string().optional(),
    }),
  ),
});

/**
 * Git's objects as they are: blobs, trees and commits, read and written.
 * https://docs.github.com/en/rest/git
 */
export function objectHandlers(context: RestContext): Handlers {
  return {
    'git/get-blob': async ({ parameters, media }) => {
      const sha = String(parameters['file_sha']);
      if ((await kindOf(context.git, sha)) !== 'blob') return refuse(404, 'Not Found');
      const { bytes } = await context.git(['cat-file', 'blob', sha]);
      if (media === 'raw') return { status: 200, type: 'application/vnd.github.raw; charset=utf-8', bytes };
      const content = { content: toBase64(bytes), encoding: 'base64', size: bytes.length };
      return {
        status: 200,
        body: { sha, node_id: nodeId('Blob', sha), url: urlOf(context, 'blobs', sha), ...content },
      };
    },
    'git/create-blob': async ({ body }) => {
      const { content, encoding } = blobRequest.parse(body);
      if (!['utf-8', 'base64'].includes(encoding)) return refuse(422, `Unsupported encoding: ${encoding}`);
      const bytes = Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8');
      const { text } = await context.git(['hash-object', '-w', '--stdin'], { input: bytes });
      return created({ sha: text.trim(), url: urlOf(context, 'blobs', text.trim()) });
    },
    'git/get-tree': async ({ parameters }) => {
      const wanted = String(parameters['tree_sha']);
      const sha = wanted.startsWith('-') ? undefined : await resolve(context.git, `${wanted}^{tree}`);
      if (sha === undefined) return refuse(404, 'Not Found');
      // "Setting this parameter to any value returns the objects or subtrees"
      const entries = await readTree(context.git, sha, { recursive: parameters['recursive'] !== undefined });
      return { status: 200, body: describeTree(context, sha, entries) };
    },
    'git/create-tree': ({ body }) => createTree(context, treeRequest.parse(body)),
    'git/create-commit': async ({ body, bearer }) => createCommit(context, commitRequest.parse(body), bearer),
    'git/get-commit': async ({ parameters }) => {
      const sha = String(parameters['commit_sha']);
      if ((await kindOf(context.git, sha)) !== 'commit') return refuse(404, 'Not Found');
      return { status: 200, body: describeGitCommit(context, await readCommit(context, sha)) };
    },
  };
}

function urlOf(context: RestContext, kind: string, sha: string): string {
  return `${repositoryUrl(context)}/git/${kind}/${sha}`;
}

function describeTree(
  context: RestContext,
  sha: string,
  entries: readonly TreeEntry[],
): Record<string, unknown> & { readonly url: string } {
  const tree = entries.map(({ path, mode, kind, sha: id, size }) => ({
    path,
    mode,
    type: kind,
    sha: id,
    ...(size === undefined ? {} : { size }),
    ...(kind === 'commit' ? {} : { url: urlOf(context, `${kind}s`, id) }),
  }));
  return { sha, url: urlOf(context, 'trees', sha), tree, truncated: false };
}

async function createTree(context: RestContext, wanted: z.output<typeof treeRequest>): Promise<Answer> {
  try {
    const sha = await writeTree(context.git, wanted.base_tree, wanted.tree);
    return created(describeTree(context, sha, await readTree(context.git, sha)));
  } catch (error) {
    if (error instanceof WrongTree) return refuse(error.status, error.message);
    throw error;
  }
}

async function createCommit(
  context: RestContext,
  { message, tree, parents, author, committer, signature }: z.output<typeof commitRequest>,
  bearer: Bearer,
): Promise<Answer> {
  if (!isSha(tree) || (await kindOf(context.git, tree)) !== 'tree') return refuse(422, 'Tree SHA does not exist');
  for (const parent of parents) {
    if (!isSha(parent)) return refuse(422, 'The parents parameter must have full SHAs');
    if ((await kindOf(context.git, parent)) !== 'commit')
      return refuse(422, 'Parent SHA does not exist or is not a commit object');
  }
  if (signature !== undefined) return refuse(422, 'The stand-in cannot keep the signature of another');
  const login = loginOf(bearer);
  const self = { name: login, email: noreplyOf(login) };
  const by = author ?? self;
  const lines = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${inscribe(by, context.now())}`,
    `committer ${inscribe(committer ?? by, context.now())}`,
  ];
  // the object as it is: what git makes of names and messages in its own commands cannot get in between
  const { code, text } = await context.git(['hash-object', '-t', 'commit', '-w', '--stdin'], {
    input: `${lines.join('\n')}\n\n${message}`,
  });
  if (code !== 0) return refuse(422, 'Invalid author, committer or date');
  const sha = text.trim();
  // "GitHub will automatically sign" what a bot commits without a custom author, committer or signature
  // https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification#signature-verification-for-bots
  if (bearer.kind === 'job' && author === undefined && committer === undefined) context.rules.sign(sha);
  return created(describeGitCommit(context, await readCommit(context, sha)));
}

/** `name <email> seconds +0000`; what would end a line or the address is left out, as git does it. */
function inscribe({ name, email, date }: z.output<typeof person>, now: Date): string {
  const clean = (text: string): string => text.replace(/[<>\p{Cc}]/gu, '').trim();
  const at = date === undefined ? now : new Date(date);
  return `${clean(name)} <${clean(email)}> ${Math.floor(at.getTime() / 1000)} +0000`;
}
