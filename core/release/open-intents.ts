import type { PushResult } from '#core/git/push.ts';
import { BORROWED, type Git } from '#core/git/repository.ts';
import type { Transport } from '#core/git/transport.ts';
import { refuseMissing } from '#core/release/head.ts';
import type { Intent } from '#core/release/intent.ts';
import { formatIntent, parseIntent } from '#core/release/intent-file.ts';
import type { Log } from '#core/system/log.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** The branch, as it was read last. */
export const HEAD = 'refs/slipway/head';
const PREFIX = 'refs/slipway/intents/';

/** The ref of an intent that waits to be landed, and the commit that it points at. */
export interface OpenRef {
  readonly ref: string;
  readonly commit: CommitSha;
}

/** An intent that waits to be landed. */
export interface OpenIntent extends OpenRef {
  readonly intent: Intent;
}

/** What the remote lists: the branch's newest commit, and the refs that have an intent's name. */
export interface Glance {
  readonly head: CommitSha;
  readonly open: readonly OpenRef[];
}

/** The branch's newest commit, and the intents that wait. */
export interface Tip {
  readonly head: CommitSha;
  readonly open: readonly OpenIntent[];
  /** Refs below the intents' prefix that hold none of ours: left as they are, and reported. */
  readonly foreign: readonly string[];
}

/** Lists what {@link readTip} would fetch: most writers learn from it that it is not their turn, or that they are alone. */
export async function glanceAt(branch: string, { git }: { git: Git }): Promise<Glance> {
  const refs = await git.lsRefs([`refs/heads/${branch}`, `${PREFIX}*`]);
  const head = refs.get(`refs/heads/${branch}`);
  if (head === undefined) throw refuseMissing(branch);
  const open = [...refs].map(([ref, commit]) => ({ ref, commit })).filter(({ ref }) => ULID.test(idOf(ref)));
  return { head, open };
}

/** A ULID (github.com/ulid/spec): 26 characters of Crockford's base 32. */
const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/;

/** Returns the ref of an intent. */
export function refOf(id: string): string {
  return `${PREFIX}${id}`;
}

/** Returns the id of the intent that a ref is for. */
export function idOf(ref: string): string {
  return ref.startsWith(PREFIX) ? ref.slice(PREFIX.length) : '';
}

/** Fetches the branch's newest commit with its tree, and all open intents, in one request. */
export async function readTip(branch: string, { git, log }: { git: Git; log: Log }): Promise<Tip> {
  const refspecs = [`+refs/heads/${branch}:${HEAD}`, `+${PREFIX}*:${PREFIX}*`];
  const isThere = await git.fetch({ refspecs, depth: 1, prune: true });
  const refs = isThere ? await git.readRefs([HEAD, PREFIX]) : [];
  const head = refs.find(({ ref }) => ref === HEAD)?.commit;
  if (head === undefined) throw refuseMissing(branch);
  const intents = refs.filter(({ ref }) => ref !== HEAD);
  const read = intents.map(({ ref, commit, message }) => ({ ref, commit, intent: parseIntent(message) }));
  const isOwn = ({ ref, intent }: (typeof read)[number]) => intent !== undefined && ref === refOf(intent.id);
  const open = read.filter(isOwn) as OpenIntent[]; // those with an intent
  sayTip(branch, head, open.length, log);
  return { head, open, foreign: read.filter((one) => !isOwn(one)).map(({ ref }) => ref) };
}

/**
 * Reads the tip that a glance has seen; without a request where all of it is here: the own intent alone is open, and the
 * branch is where the checkout is, or where it was read before.
 */
export async function openTip(
  { head, open }: Glance,
  own: OpenIntent | undefined,
  branch: string,
  ports: { git: Git; log: Log },
): Promise<Tip> {
  const { git, log } = ports;
  const here = await Promise.all([git.revParse(HEAD), git.revParse(BORROWED)]);
  if (!here.includes(head) || open.some(({ ref }) => ref !== own?.ref)) return readTip(branch, ports);
  const intents = own !== undefined && open.length > 0 ? [own] : [];
  sayTip(branch, head, intents.length, log);
  return { head, open: intents, foreign: [] };
}

function sayTip(branch: string, head: CommitSha, open: number, log: Log): void {
  log.info(`${branch} is at ${head.slice(0, 7)}${describeOpen(open)}`);
}

/**
 * Fetches the branch's newest commit with its tree, and of the intents one alone, in one request: what a writer that waits
 * for others asks again and again.
 */
export async function readTipFor(
  { ref, commit, intent }: OpenIntent,
  branch: string,
  { git }: { git: Git },
): Promise<Tip> {
  const refspecs = [`+refs/heads/${branch}:${HEAD}`, `+${ref}*:${ref}*`]; // no fault where a pattern matches nothing
  const isThere = await git.fetch({ refspecs, depth: 1, prune: true });
  const [head, own] = isThere ? await Promise.all([git.revParse(HEAD), git.revParse(ref)]) : [];
  if (head === undefined) throw refuseMissing(branch);
  return { head, open: own === commit ? [{ ref, commit, intent }] : [], foreign: [] };
}

function describeOpen(count: number): string {
  if (count === 0) return '';
  return count === 1 ? ', 1 intent is open' : `, ${count} intents are open`;
}

/**
 * Publishes an intent: a ref of its own, which conflicts with nothing, to a commit that holds one small file and no
 * workflow files.
 */
export async function publishIntent(
  intent: Intent,
  transport: Transport,
): Promise<{ pushed: PushResult; open: OpenIntent }> {
  const text = formatIntent(intent);
  const commit = await transport.commit({
    parent: undefined,
    message: text,
    files: [{ path: 'intent.json', mode: '100644', content: Buffer.from(`${text}\n`, 'utf8') }],
    at: intent.at,
  });
  const ref = refOf(intent.id);
  return { pushed: await transport.update([{ ref, commit, lease: undefined }]), open: { ref, commit, intent } };
}

/** Takes an intent back; `rejected` when another writer was faster. */
export function withdrawIntent({ ref, commit }: OpenIntent, transport: Transport): Promise<PushResult> {
  return transport.update([{ ref, commit: undefined, lease: commit }]);
}
