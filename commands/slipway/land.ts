import { parseEnvironment, parseReason } from '#core/action/inputs.ts';
import { describeImages } from '#core/action/landing.ts';
import type { CommitText } from '#core/git/read.ts';
import type { AskPorts } from '#core/release/ask.ts';
import type { Decided } from '#core/release/decide.ts';
import type { Intent } from '#core/release/intent.ts';
import { type LandResult, land } from '#core/release/land.ts';
import { type Preview, previewIntent, readLanded } from '#core/release/preview.ts';
import { sayDecided } from '#core/release/say.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommandResult } from '../command.ts';
import {
  asUsage,
  COMMON,
  type CommonValues,
  readEnvironment,
  type SlipwayPorts,
  toJson,
  withSession,
} from './session.ts';
import { inert, type Page, paint, short } from './text.ts';

/** The options of every verb that writes. */
export const WRITING = {
  ...COMMON,
  yes: { type: 'boolean', help: 'lands the commit without a question' },
} as const;

/** What was typed for every verb that writes. */
export interface WritingLine {
  readonly values: CommonValues & { readonly image?: string; readonly reason?: string; readonly yes?: boolean };
  readonly operands: readonly string[];
}

/** What every verb that writes asks for. */
export interface Request {
  readonly environment: string;
  readonly image: string | undefined;
  /** Empty where none was given. */
  readonly reason: string;
}

/** Returns the environment, the image and the reason, checked as the actions check them. */
export function readRequest({ values, operands }: WritingLine): Request {
  const { image, reason } = values;
  return asUsage(() => ({
    environment: parseEnvironment('ENVIRONMENT', readEnvironment(operands)),
    image,
    reason: reason === undefined ? '' : parseReason('--reason', reason),
  }));
}

/** How a verb comes to its intent, and what a person does next. */
export interface Verb {
  readonly prepare: (ports: AskPorts, branch: string) => Intent | Promise<Intent>;
  /** What is said when there is nothing to write and no image to speak of. */
  readonly nothing: string;
  /** What to do next, when it has landed. */
  readonly next: (result: LandResult, ports: AskPorts, branch: string) => string | Promise<string>;
}

/** Shows the exact commit, asks, and lands it. */
export function landAfterQuestion(
  { values }: WritingLine,
  screen: SlipwayPorts,
  { prepare, nothing, next }: Verb,
): Promise<CommandResult> {
  return withSession(values, screen, { isWriting: true }, async ({ ports, branch }) => {
    const intent = await prepare(ports, branch);
    const preview = await previewIntent(intent, branch, ports);
    if (preview.commit === undefined) return tellNothing(preview, branch, nothing, values);
    const shown = renderPreview(preview.commit, preview, branch, screen);
    if (values.json !== true) screen.show(shown);
    if (values.yes !== true) {
      if (screen.confirm === undefined)
        throw new Refusal('nothing was written: a question needs a terminal; add --yes to land the commit');
      if (values.json === true) screen.tell(shown);
      if (!(await screen.confirm(`Land this commit on ${branch}? [y/N] `)))
        return { exitCode: 1, stdout: '', stderr: 'nothing was written\n' };
    }
    const result = await land(intent, branch, ports);
    const landed = result.commit === undefined ? undefined : await readLanded(result.commit, ports);
    const differs = landed !== undefined && !isSame(landed, preview.commit);
    if (values.json === true) return leave(toJson(toShape(result, branch, preview, landed)));
    const text =
      result.commit === undefined
        ? renderUnwritten(result, nothing)
        : renderLanded(result, branch, await next(result, ports, branch), screen);
    return leave(differs ? `${renderDifference(landed, preview, branch, screen)}${text}` : text);
  });
}

function leave(stdout: string): CommandResult {
  return { exitCode: 0, stdout, stderr: '' };
}

function isSame(one: CommitText, other: CommitText): boolean {
  return one.message === other.message && one.diff === other.diff;
}

function tellNothing(
  preview: Preview,
  branch: string,
  nothing: string,
  { json }: WritingLine['values'],
): CommandResult {
  const { decided } = preview;
  return leave(
    json
      ? toJson(toShape({ ...decided, commit: undefined }, branch, preview, undefined))
      : renderUnwritten(decided, nothing),
  );
}

function toShape(
  result: Pick<Decided, 'outcome' | 'images' | 'holds'> & Pick<LandResult, 'commit'>,
  branch: string,
  { head, commit: previewed }: Preview,
  landed: CommitText | undefined,
) {
  return {
    outcome: result.outcome,
    branch,
    commit: result.commit ?? null,
    images: describeImages(result.images),
    holds: result.holds,
    preview: previewed === undefined ? null : { head, ...previewed },
    landed:
      landed === undefined ? null : { ...landed, isAsPreviewed: previewed !== undefined && isSame(landed, previewed) },
  };
}

function renderPreview(commit: CommitText, { head, others }: Preview, branch: string, page: Page): string {
  const more = others === 0 ? '' : `, with ${others} open ${others === 1 ? 'intent' : 'intents'} of others`;
  const title = `On ${branch}, which is at ${short(head)}${more}, this commit would be:`;
  return `${title}\n\n${renderCommit(commit, page)}\n`;
}

/** As `git show` does: the message indented, then the diff. */
function renderCommit({ message, diff }: CommitText, page: Page): string {
  const indented = inert(message)
    .trimEnd()
    .replaceAll(/^(?=.)/gm, '    ');
  const lines = inert(diff).split('\n');
  return `${indented}\n\n${lines.map((line) => paintDiff(line, page)).join('\n')}`;
}

function paintDiff(line: string, page: Page): string {
  if (/^(diff|index|---|\+\+\+) /.test(line)) return paint(line, 'bold', page);
  if (line.startsWith('@@')) return paint(line, 'cyan', page);
  if (line.startsWith('+')) return paint(line, 'green', page);
  return line.startsWith('-') ? paint(line, 'red', page) : line;
}

function renderDifference(landed: CommitText, { head }: Preview, branch: string, page: Page): string {
  const title = `${branch} moved on from ${short(head)} meanwhile, so the commit was decided again. It is not the one of the preview:`;
  return `${paint(title, 'yellow', page)}\n\n${renderCommit(landed, page)}\n`;
}

function renderLanded(result: LandResult, branch: string, next: string, page: Page): string {
  const title = paint(`Landed on ${branch} as ${short(result.commit)}.`, 'green', page);
  const lines = describe(result).map((line) => `  ${line}`);
  const isRunning = result.images.some(({ outcome }) => outcome === 'landed');
  const arrival = isRunning
    ? 'Argo CD applies it within half a minute; that its pods start is not proven yet: kubectl get applications -n argocd. '
    : '';
  return `${[title, ...lines].join('\n')}\n\n${arrival}${next}\n`;
}

function renderUnwritten(result: Pick<Decided, 'images' | 'holds'>, nothing: string): string {
  const lines = describe(result);
  return `nothing was written: ${lines.length === 0 ? nothing : lines.join('; ')}\n`;
}

function describe(result: Pick<Decided, 'images' | 'holds'>): string[] {
  const lines: string[] = [];
  const add = (line: string): void => void lines.push(inert(line));
  sayDecided(result, { debug: add, info: add, warn: add });
  return lines;
}
