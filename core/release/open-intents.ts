import type { PushResult } from '#core/git/push.ts';
import type { Git } from '#core/git/repository.ts';
import type { Transport } from '#core/git/transport.ts';
import { refuseMissing } from '#core/release/head.ts';
import type { Intent } from '#core/release/intent.ts';
import { formatIntent, parseIntent } from '#core/release/intent-file.ts';
import type { Log } from '#core/system/log.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** The branch, as it was read last. */
export const HEAD = 'refs/slipway/head';
const PREFIX = 'refs/slipway/intents/';

/** An intent that waits to be landed, and the commit that its ref points at. */
export interface OpenIntent {
  readonly ref: string;
  readonly commit: CommitSha;
  readonly intent: Intent;
}

/** The branch's newest commit, and the intents that wait. */
export interface Tip {
  readonly head: CommitSha;
  readonly open: readonly OpenIntent[];
  /** Refs below the intents' prefix that hold none of ours: left as they are, and reported. */
  readonly foreign: readonly string[];
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
  const isOwn = ({ ref, intent }: (typeof read)[number]) => intent !== undefined && ref === `${PREFIX}${intent.id}`;
  const open = read.filter(isOwn) as OpenIntent[]; // those with an intent
  log.info(`${branch} is at ${head.slice(0, 7)}${describeOpen(open.length)}`);
  return { head, open, foreign: read.filter((one) => !isOwn(one)).map(({ ref }) => ref) };
}

/** Fetches a commit of the branch by its name, without the intents; undefined where the remote does not have it any more. */
export async function readTipAt(head: CommitSha, { git }: { git: Git }): Promise<Tip | undefined> {
  const isThere = await git.fetch({ refspecs: [`+${head}:${HEAD}`], depth: 1 });
  return isThere ? { head, open: [], foreign: [] } : undefined;
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
  const ref = `${PREFIX}${intent.id}`;
  return { pushed: await transport.update([{ ref, commit, lease: undefined }]), open: { ref, commit, intent } };
}

/** Takes an intent back; `rejected` when another writer was faster. */
export function withdrawIntent({ ref, commit }: OpenIntent, transport: Transport): Promise<PushResult> {
  return transport.update([{ ref, commit: undefined, lease: commit }]);
}
