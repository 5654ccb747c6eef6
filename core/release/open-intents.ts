import type { PushResult } from '#core/git/push.ts';
import type { Git } from '#core/git/repository.ts';
import type { Transport } from '#core/git/transport.ts';
import { refuseMissing } from '#core/release/head.ts';
import type { Intent } from '#core/release/intent.ts';
import { formatIntent, parseIntent } from '#core/release/intent-file.ts';
import type { Log } from '#core/system/log.ts';
import type { CommitSha } from '#core/values/reference.ts';

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
  const refspecs = [`+refs/heads/${branch}:refs/slipway/head`, `+${PREFIX}*:${PREFIX}*`];
  const isThere = await git.fetch({ refspecs, depth: 1, prune: true });
  const head = isThere ? await git.revParse('refs/slipway/head') : undefined;
  if (head === undefined) throw refuseMissing(branch);
  const refs = await git.readRefs(PREFIX);
  const read = refs.map(({ ref, commit, message }) => ({ ref, commit, intent: parseIntent(message) }));
  const isOwn = ({ ref, intent }: (typeof read)[number]) => intent !== undefined && ref === `${PREFIX}${intent.id}`;
  const open = read.filter(isOwn) as OpenIntent[]; // those with an intent
  log.info(`${branch} is at ${head.slice(0, 7)}${open.length === 0 ? '' : `, ${open.length} intents are open`}`);
  return { head, open, foreign: read.filter((one) => !isOwn(one)).map(({ ref }) => ref) };
}

/**
 * Publishes an intent: a ref of its own, which conflicts with nothing, to a commit that holds one small file and no
 * workflow files.
 */
export async function publishIntent(intent: Intent, transport: Transport): Promise<PushResult> {
  const text = formatIntent(intent);
  const commit = await transport.commit({
    parent: undefined,
    message: text,
    files: [{ path: 'intent.json', mode: '100644', content: Buffer.from(`${text}\n`, 'utf8') }],
    at: intent.at,
  });
  return transport.update([{ ref: `${PREFIX}${intent.id}`, commit, lease: undefined }]);
}

/** Takes an intent back; false where it may still be there. */
export async function withdrawIntent({ ref, commit }: OpenIntent, transport: Transport): Promise<boolean> {
  return (await transport.update([{ ref, commit: undefined, lease: commit }])).outcome === 'pushed';
}
