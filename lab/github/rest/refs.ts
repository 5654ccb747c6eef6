import { z } from 'zod';
import {
  type Answer,
  type Call,
  type Handlers,
  type RestContext,
  refuse,
  resolveCommit,
} from '#lab/github/rest/call.ts';
import { nodeId, readCommit, repositoryUrl } from '#lab/github/rest/describe.ts';

const creation = z.object({ ref: z.string(), sha: z.string() });
const update = z.object({ sha: z.string(), force: z.boolean().default(false) });

/**
 * References and commits of the bare repository.
 * https://docs.github.com/en/rest/git/refs, https://docs.github.com/en/rest/git/commits
 */
export function refHandlers(context: RestContext): Handlers {
  const shaOf = async (ref: string): Promise<string | undefined> => {
    const { code, text } = await context.git(['rev-parse', '--verify', '--quiet', '--end-of-options', ref]);
    return code === 0 ? text.trim().split('\n').at(-1) : undefined;
  };
  const describe = async (ref: string, sha: string): Promise<Record<string, unknown>> => ({
    ref,
    node_id: nodeId('Ref', ref),
    url: `${repositoryUrl(context)}/git/${ref}`,
    object: {
      type: (await context.git(['cat-file', '-t', sha])).text.trim(),
      sha,
      url: `${repositoryUrl(context)}/git/commits/${sha}`,
    },
  });
  const guard = (call: Call, ref: string): Answer | undefined =>
    call.bearer.kind === 'job' && context.isProtected(ref)
      ? refuse(422, `GH006: Protected branch update failed for ${ref}.`)
      : undefined;
  const move = async (call: Call, ref: string, next: string, before: string): Promise<Answer | undefined> => {
    const { code } = await context.git(['update-ref', ref, next, before]);
    if (code !== 0) return refuse(422, `Reference cannot be updated: ${ref} moved meanwhile`);
    await context.moved(call.bearer);
    return undefined;
  };
  const NONE = '0'.repeat(40);
  return {
    'git/get-ref': async ({ parameters }) => {
      const ref = `refs/${String(parameters['ref'])}`;
      const sha = await shaOf(ref);
      return sha === undefined ? refuse(404, 'Not Found') : { status: 200, body: await describe(ref, sha) };
    },
    'git/list-matching-refs': async ({ parameters }) => {
      const prefix = `refs/${String(parameters['ref'])}`;
      const { text } = await context.git(['for-each-ref', '--format=%(refname) %(objectname)']);
      const rows = text
        .split('\n')
        .map((line) => line.split(' '))
        .filter(([ref = '']) => ref.startsWith(prefix));
      return { status: 200, list: await Promise.all(rows.map(([ref = '', sha = '']) => describe(ref, sha))) };
    },
    'git/create-ref': async (call) => {
      const { ref, sha } = creation.parse(call.body);
      const isName = /^refs\/[^/]+\/.+/.test(ref) && (await context.git(['check-ref-format', ref])).code === 0;
      if (!isName) return refuse(422, `${ref} is not a valid ref name.`);
      if ((await shaOf(ref)) !== undefined) return refuse(422, 'Reference already exists');
      if (!(await isObject(context, sha))) return refuse(422, 'Object does not exist');
      return guard(call, ref) ?? (await move(call, ref, sha, NONE)) ?? { status: 201, body: await describe(ref, sha) };
    },
    'git/update-ref': async (call) => {
      const ref = `refs/${String(call.parameters['ref'])}`;
      const { sha, force } = update.parse(call.body);
      const before = await shaOf(ref);
      if (before === undefined) return refuse(422, 'Reference does not exist');
      if (!(await isObject(context, sha))) return refuse(422, 'Object does not exist');
      const isForward = (await context.git(['merge-base', '--is-ancestor', before, sha])).code === 0;
      if (!force && !isForward) return refuse(422, 'Update is not a fast forward');
      return (
        guard(call, ref) ?? (await move(call, ref, sha, before)) ?? { status: 200, body: await describe(ref, sha) }
      );
    },
    'git/delete-ref': async (call) => {
      const ref = `refs/${String(call.parameters['ref'])}`;
      const before = await shaOf(ref);
      // the description gives this refusal no body
      if (before === undefined || guard(call, ref) !== undefined) return { status: 422 };
      const { code } = await context.git(['update-ref', '-d', ref, before]);
      return { status: code === 0 ? 204 : 422 };
    },
    'git/get-commit': async ({ parameters }) => {
      const wanted = String(parameters['commit_sha']);
      const sha = /^[0-9a-f]{40}$/.test(wanted) ? await resolveCommit(context, wanted) : undefined;
      if (sha === undefined) return refuse(404, 'Not Found');
      const { tree, parents, author, committer, message } = await readCommit(context, sha);
      const url = (kind: string, id: string): string => `${repositoryUrl(context)}/git/${kind}/${id}`;
      const page = (id: string): string => `${context.url}/${context.repository}/commit/${id}`;
      return {
        status: 200,
        body: {
          sha,
          node_id: nodeId('Commit', sha),
          url: url('commits', sha),
          html_url: page(sha),
          author,
          committer,
          message,
          tree: { sha: tree, url: url('trees', tree) },
          parents: parents.map((id) => ({ sha: id, url: url('commits', id), html_url: page(id) })),
          verification: { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null },
        },
      };
    },
  };
}

async function isObject(context: RestContext, sha: string): Promise<boolean> {
  return /^[0-9a-f]{40}$/.test(sha) && (await context.git(['cat-file', '-e', sha])).code === 0;
}
