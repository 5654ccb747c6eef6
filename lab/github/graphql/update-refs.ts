import { z } from 'zod';
import { Refused } from '#lab/github/graphql/refused.ts';
import type { Bearer } from '#lab/github/identity/tokens.ts';
import type { RefMove } from '#lab/github/repository.ts';
import type { RestContext } from '#lab/github/rest/call.ts';
import { nodeId } from '#lab/github/rest/describe.ts';
import { kindOf, NO_OBJECT } from '#lab/github/rest/git.ts';
import { mayDo } from '#lab/github/rest/rights.ts';

const wantedUpdate = z.object({
  name: z.string(),
  afterOid: z.string(),
  beforeOid: z.string().nullish(),
  force: z.boolean().nullish(),
});
type WantedUpdate = z.output<typeof wantedUpdate>;
const request = z.object({
  input: z.object({
    repositoryId: z.string(),
    refUpdates: z.array(wantedUpdate),
    clientMutationId: z.string().nullish(),
  }),
});

/**
 * "Creates, updates and/or deletes multiple refs in a repository … either all or none." A `beforeOid` of zeros means
 * "is not there yet", an `afterOid` of zeros deletes.
 * https://docs.github.com/en/graphql/reference/mutations#updaterefs
 */
export async function updateRefs(context: RestContext, args: unknown, bearer: Bearer): Promise<unknown> {
  const { repositoryId, refUpdates, clientMutationId } = request.parse(args).input;
  if (repositoryId !== nodeId('Repository', 2002))
    throw new Refused('NOT_FOUND', `Could not resolve to a node with the global id of '${repositoryId}'`);
  if (!mayDo(bearer, ['contents', 'write'])) throw new Refused('FORBIDDEN', 'Resource not accessible by integration');
  const names = refUpdates.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Refused('UNPROCESSABLE', `${twice} is updated more than once`);
  const moves = await Promise.all(refUpdates.map((update) => planMove(context, update, bearer)));
  await moveAll(context, moves);
  await context.moved(bearer, moves);
  return { clientMutationId: clientMutationId ?? null };
}

async function planMove(context: RestContext, update: WantedUpdate, bearer: Bearer): Promise<RefMove> {
  const { name: ref, afterOid: after } = update;
  const refuse = (reason: string): Refused => new Refused('UNPROCESSABLE', `Could not update ${ref}: ${reason}`);
  const isName = /^refs\/[^/]+\/.+/.test(ref) && (await context.git(['check-ref-format', ref])).code === 0;
  if (!isName) throw refuse('it is not the name of a reference');
  const { code, text } = await context.git(['show-ref', '--verify', '--hash', '--', ref]);
  const before = code === 0 ? text.trim() : NO_OBJECT;
  if (update.beforeOid && update.beforeOid !== before) throw refuse(`expected ${update.beforeOid}, found ${before}`);
  const broken = await context.rules.refuse(bearer, { ref, before, after });
  if (broken?.rule === 'workflows') throw new Refused('FORBIDDEN', broken.message);
  if (broken !== undefined) throw refuse(broken.message);
  if (after === NO_OBJECT) {
    if (before === NO_OBJECT) throw refuse('it does not exist');
    return { ref, before, after };
  }
  const kind = await kindOf(context.git, after);
  if (kind === undefined) throw refuse(`the object ${after} does not exist`);
  if (ref.startsWith('refs/heads/') && kind !== 'commit') throw refuse(`${after} is not a commit`);
  if (before === NO_OBJECT || update.force === true) return { ref, before, after };
  const isForward = (await context.git(['merge-base', '--is-ancestor', before, after])).code === 0;
  if (!isForward) throw refuse('not a fast forward');
  return { ref, before, after };
}

/** One transaction: git takes all of them, or none. */
async function moveAll(context: RestContext, moves: readonly RefMove[]): Promise<void> {
  const lines = moves.map(({ ref, before, after }) => `update ${ref}\0${after}\0${before}\0`);
  const { code, stderr } = await context.git(['update-ref', '-z', '--stdin'], { input: lines.join('') });
  if (code !== 0) throw new Refused('UNPROCESSABLE', `Could not update the references: ${stderr.trim()}`);
}
