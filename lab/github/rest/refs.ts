import { z } from 'zod';
import { type Answer, type Call, created, type Handlers, type RestContext, refuse } from '#lab/github/rest/call.ts';
import { nodeId, repositoryUrl } from '#lab/github/rest/describe.ts';
import { kindOf, NO_OBJECT } from '#lab/github/rest/git.ts';
import type { RuleRefusal } from '#lab/github/rules.ts';

const creation = z.object({ ref: z.string(), sha: z.string() });
const update = z.object({ sha: z.string(), force: z.boolean().default(false) });

/** References of the bare repository. https://docs.github.com/en/rest/git/refs */
export function refHandlers(context: RestContext): Handlers {
  const { git } = context;
  return {
    'git/get-ref': async ({ parameters }) => {
      const ref = `refs/${String(parameters['ref'])}`;
      const sha = await read(context, ref);
      return sha === undefined ? refuse(404, 'Not Found') : { status: 200, body: await describe(context, ref, sha) };
    },
    'git/list-matching-refs': async ({ parameters }) => {
      const prefix = `refs/${String(parameters['ref'])}`;
      const { text } = await git(['for-each-ref', '--format=%(refname) %(objectname)']);
      const rows = text.split('\n').map((line) => line.split(' '));
      const matching = rows.filter(([ref = '']) => ref.startsWith(prefix));
      return {
        status: 200,
        body: await Promise.all(matching.map(([ref = '', sha = '']) => describe(context, ref, sha))),
      };
    },
    'git/create-ref': (call) => createRef(context, call),
    'git/update-ref': (call) => updateRef(context, call),
    'git/delete-ref': async (call) => {
      const ref = `refs/${String(call.parameters['ref'])}`;
      const before = await read(context, ref);
      if (before === undefined) return refuse(422, 'Reference does not exist');
      return (await move(context, call, ref, NO_OBJECT, before)) ?? { status: 204 };
    },
  };
}

async function createRef(context: RestContext, call: Call): Promise<Answer> {
  const { git } = context;
  const { ref, sha } = creation.parse(call.body);
  const isName = /^refs\/[^/]+\/.+/.test(ref) && (await git(['check-ref-format', ref])).code === 0;
  if (!isName) return refuse(422, `${ref} is not a valid ref name.`);
  if ((await read(context, ref)) !== undefined) return refuse(422, 'Reference already exists');
  const kind = await kindOf(git, sha);
  if (kind === undefined) return refuse(422, 'Object does not exist');
  if (ref.startsWith('refs/heads/') && kind !== 'commit') return refuse(422, 'Object is not a commit');
  const refusal = await move(context, call, ref, sha, NO_OBJECT);
  return refusal ?? created(await describe(context, ref, sha));
}

async function updateRef(context: RestContext, call: Call): Promise<Answer> {
  const { git } = context;
  const ref = `refs/${String(call.parameters['ref'])}`;
  const { sha, force } = update.parse(call.body);
  const before = await read(context, ref);
  if (before === undefined) return refuse(422, 'Reference does not exist');
  if ((await kindOf(git, sha)) === undefined) return refuse(422, 'Object does not exist');
  const isForward = (await git(['merge-base', '--is-ancestor', before, sha])).code === 0;
  if (!force && !isForward) return refuse(422, 'Update is not a fast forward');
  const refusal = await move(context, call, ref, sha, before);
  return refusal ?? { status: 200, body: await describe(context, ref, sha) };
}

/** A reference is its name and nothing else: `main~1` is none. */
async function read(context: RestContext, ref: string): Promise<string | undefined> {
  const { code, text } = await context.git(['show-ref', '--verify', '--hash', '--', ref]);
  return code === 0 ? text.trim() : undefined;
}

/** Moves a reference that is still where the caller saw it; returns the refusal, or undefined when it moved. */
async function move(
  context: RestContext,
  { bearer }: Call,
  ref: string,
  after: string,
  before: string,
): Promise<Answer | undefined> {
  const refusal = await context.rules.refuse(bearer, { ref, before, after });
  if (refusal !== undefined) return tell(refusal);
  const change = after === NO_OBJECT ? ['-d', ref] : [ref, after];
  const { code } = await context.git(['update-ref', ...change, before]);
  if (code !== 0) return refuse(422, `Reference cannot be updated: ${ref} moved meanwhile`);
  await context.moved(bearer, [{ ref, before, after }]);
  return undefined;
}

/** What a missing right would have to be is told in a header. */
function tell({ rule, message }: RuleRefusal): Answer {
  if (rule !== 'workflows') return refuse(422, message);
  const wanted = { 'x-accepted-github-permissions': 'contents=write; contents=write,workflows=write' };
  return { ...refuse(403, message), headers: wanted };
}

async function describe(
  context: RestContext,
  ref: string,
  sha: string,
): Promise<Record<string, unknown> & { readonly url: string }> {
  const type = (await kindOf(context.git, sha)) ?? 'commit';
  const object = { type, sha, url: `${repositoryUrl(context)}/git/${type}s/${sha}` };
  return { ref, node_id: nodeId('Ref', ref), url: `${repositoryUrl(context)}/git/${ref}`, object };
}
