import { shortDigest } from '#core/action/summary.ts';
import type { BranchPull, PullText } from '#core/git/github-pulls.ts';
import type { Decided } from '#core/release/decide.ts';
import type { ProposedCommit } from '#core/release/proposed-branch.ts';
import { describeBinding } from '#core/release/rules.ts';
import { escapeMarkdown, inlineCode, table } from '#core/values/markdown.ts';

/** What a pull request is to say besides its commit. */
export interface PullNotes {
  readonly environment: string;
  /** What was decided of the intents in it, and of the one that asks. */
  readonly decided: readonly Decided[];
  /** What stops it; empty where nothing does. */
  readonly stops: readonly string[];
}

const WAY = 'Merge it by any method: merge commit, squash or rebase. Close it to turn the digests down.';
const REPLACED = ['<!-- slipway: replaced -->', '<!-- slipway: end -->'] as const;

/**
 * Returns title and body. The title is the commit's, and the body ends with the commit's trailers: a squash makes its
 * message of either, and the record must read the same in both.
 */
export function describePull(commit: ProposedCommit, notes: PullNotes): PullText {
  const [title = ''] = commit.message.split('\n', 1);
  const { environment, stops } = notes;
  const rows = commit.releases.map(({ image, from, to, source, actor }) => [
    inlineCode(image),
    shortDigest(from),
    shortDigest(to),
    inlineCode(source.slice(0, 7)),
    escapeMarkdown(actor),
  ]);
  const holds = commit.holds.map(({ image, action, kind }) => {
    const name = image === '*' ? escapeMarkdown(environment) : inlineCode(image);
    return `- ${name} is ${action === 'set' ? 'held' : 'let go'} (${kind})`;
  });
  const body = [
    ...stops.flatMap((stop) => [`> ✋ **Do not merge:** ${escapeMarkdown(stop)}.`, '']),
    `What ${escapeMarkdown(environment)} is to run. Slipway keeps this pull request up to date and writes its one commit again from the base each time.`,
    '',
    ...(rows.length === 0 ? [] : [table(['image', 'from', 'to', 'source', 'asked for by'], rows), '']),
    ...(holds.length === 0 ? [] : [...holds, '']),
    ...listReplaced(notes),
    ...(stops.length > 0 ? [] : [WAY, '']),
    '```text',
    ...commit.message.split('\n').filter((line) => /^Slipway-(Release|Hold): /.test(line)),
    '```',
  ];
  return { title, body: `${body.join('\n')}\n` };
}

/** Returns the text with what an earlier run said was replaced, where this one replaced nothing. */
export function keepReplaced({ body }: Pick<BranchPull, 'body'>, text: PullText): PullText {
  const [start, end] = REPLACED;
  const [from, to] = [body.indexOf(start), body.indexOf(end)];
  if (from === -1 || to < from || text.body.includes(start)) return text;
  const kept = body.slice(from, to + end.length).replaceAll('\r\n', '\n');
  return { ...text, body: text.body.replace(WAY, () => `${kept}\n\n${WAY}`) };
}

/** How the text of a pull request begins that the pipeline closed itself: no one turned it down. */
export const CLOSED = '> Closed by Slipway:';

/** Returns the last words of a pull request in which nothing is left. */
export function describeClosed({ title, body }: PullText, { environment, decided }: PullNotes): PullText {
  const why = decided.flatMap(explain);
  const lines = [
    `${CLOSED} nothing is left to do in ${escapeMarkdown(environment)}.`,
    ...why.map((line) => `> ${line}`),
  ];
  return { title, body: `${lines.join('\n')}\n\n${body}` };
}

function listReplaced({ decided }: PullNotes): string[] {
  const lines = decided.flatMap(explain);
  if (lines.length === 0) return [];
  return [REPLACED[0], 'Not in it (any more):', '', ...lines, REPLACED[1], ''];
}

function explain({ intent, outcome, images, refusal }: Decided): string[] {
  if (outcome === 'refused')
    return [
      `- the ${intent.kind} that ${escapeMarkdown(intent.actor)} asked for: ${escapeMarkdown(refusal?.message ?? '')}`,
    ];
  if (outcome === 'waits')
    return [`- the ${intent.kind} that ${escapeMarkdown(intent.actor)} asked for, which a newer one replaced`];
  return images.flatMap(({ image, outcome: own, to, source, winner, hold }) => {
    const what = `${inlineCode(image)} ${shortDigest(to)} from ${inlineCode(source.slice(0, 7))}`;
    if (own === 'superseded')
      return [
        `- ${what}: superseded by ${shortDigest(winner?.to)} from ${inlineCode(winner?.source.slice(0, 7) ?? '')}`,
      ];
    if (own === 'held' && hold !== undefined) return [`- ${what}: held (${escapeMarkdown(describeBinding(hold))})`];
    return [];
  });
}
